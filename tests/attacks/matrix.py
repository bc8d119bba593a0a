"""Z01. Who may do what, as the whole application answers: every address, method, thing and state, by everyone.

    python -m tests.attacks.matrix --write      makes matrix.tsv anew: read the difference before you commit it

Y: let in (refusals of what was typed included). L: sent to log in. F: refused. N: as if it did not exist, or as what was taken back. X: broke.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from tests.attacks.routes import Route, fields, routes
from tests.attacks.world import ROLES, World, make_world

FILE = Path(__file__).with_name("matrix.tsv")
HEAD = ("endpoint", "method", *ROLES, "things")
Row = tuple[str, str, str]  # endpoint, method, thing


def letter(response) -> str:
    if response.status_code == 401 or (response.status_code == 302 and "/compte/connexion?next=" in response.headers["Location"]):
        return "L"
    if response.status_code >= 500:
        return "Y" if response.request.path == "/readyz" else "X"
    return {403: "F", 404: "N", 410: "N"}.get(response.status_code, "Y")


@contextmanager
def without_words() -> Iterator[None]:
    """Refusals without their page, which is a third of what all of them cost: only their number is read here."""
    with patch("app.core.errors.render_template", lambda *_template, **_context: ""):
        yield


def letters(world: World, route: Route, roles: Iterable[str] = ROLES) -> str:
    """One letter a role."""
    path = route.path(world)
    found = []
    for role in roles:
        data = fields(world, route.endpoint) if route.method != "GET" else None
        try:
            found.append(letter(world.ask(role, route.method, path, data=data)))
        except AssertionError:
            raise
        except Exception as error:
            raise AssertionError(f"{route.method} {path} as {role} broke: {error!r}") from error
    return "".join(found)


def rows(world: World, blueprint: str = "") -> Iterator[tuple[Row, str]]:
    with without_words():
        for route in routes(world, blueprint=blueprint):
            yield (route.endpoint, route.method, route.thing), letters(world, route)


def written() -> dict[Row, str]:
    """What matrix.tsv says: one line for the things of an address that everyone meets alike."""
    lines = [line.split("\t") for line in FILE.read_text().splitlines()[1:]]
    return {(endpoint, method, thing): "".join(given) for endpoint, method, *given, things in lines for thing in things.split()}


def write() -> None:
    world = make_world(Path(tempfile.mkdtemp(prefix="beffroi-matrix-")))
    with world.attacked():
        found = dict(rows(world))
    world.app.extensions["engine"].dispose()
    alike: dict[tuple[str, str, str], list[str]] = {}
    for (endpoint, method, thing), answer in found.items():
        alike.setdefault((endpoint, method, answer), []).append(thing)
    lines = ["\t".join([endpoint, method, *answer, " ".join(things)]) for (endpoint, method, answer), things in alike.items()]
    FILE.write_text("\n".join(["\t".join(HEAD), *lines]) + "\n")
    print(f"{len(found)} lines × {len(ROLES)} people written to {FILE.name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The authorisation matrix, as the application answers it today.")
    parser.add_argument("--write", action="store_true", required=True)
    parser.parse_args()
    sys.exit(write())
