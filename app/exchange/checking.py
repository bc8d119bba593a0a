"""Do the addresses that published sheets cite still answer? A few an hour, each every fortnight, as a polite guest.

An address is called broken after two failures days apart: a site that was down one night is not.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Select, delete, func, literal, or_, select, update

from app.contents.models import Content, State
from app.core import clock, formats
from app.core.db import db, insert_or_ignore, stream, transaction
from app.core.fetch import Unreachable, fetch
from app.core.i18n import _, _l
from app.core.worker import every
from app.exchange.models import CitedAddress
from app.initiatives import desk
from app.initiatives.models import Document, Initiative, Tool

AN_HOUR = 40  # addresses
A_HOST = 3  # of them on one host
AGAIN_DAYS, DOUBTFUL_DAYS = 14, 2
REFUSING = {401, 403, 405, 406, 429, 451, 501}  # there is something there, that does not speak to programs
A_LOOK = 200_000  # octets read of a page that will not answer HEAD


def cited() -> Iterator[tuple[int, str]]:
    """(sheet, address) of whatever published sheets cite. Read by column, a few at a time: thousands of whole sheets weigh 100 MB."""
    for model in (Initiative, Document, Tool):
        address = getattr(model, "address", literal(""))
        query = select(model.id, model.sources, address).where(model.state == State.PUBLISHED)
        for sheet_id, sources, own in stream(query, 500):
            urls = [source.get("url", "") for source in sources] + [own]
            yield from ((sheet_id, url) for url in urls if url)


def digest_of(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


@every(minutes=12 * 60)
def list_addresses() -> None:
    """Note what published sheets cite now, and forget what they no longer do."""
    wanted = {(sheet_id, digest_of(url)): url for sheet_id, url in cited()}
    known = {
        (row.content_id, row.digest): row.id for row in db.execute(select(CitedAddress.id, CitedAddress.content_id, CitedAddress.digest))
    }
    for content_id, digest in wanted.keys() - known.keys():
        insert_or_ignore(
            CitedAddress, {"content_id": content_id, "digest": digest, "url": wanted[content_id, digest], "problem": "", "failures": 0}
        )
    gone = [known[key] for key in known.keys() - wanted.keys()]
    for start in range(0, len(gone), 500):
        db.execute(delete(CitedAddress).where(CitedAddress.id.in_(gone[start : start + 500])).execution_options(synchronize_session=False))


@every(minutes=60, own_transactions=True)
def check_some() -> None:
    """Ask those that wait longest; no transaction is open while they answer."""
    with transaction():
        urls = list(islice(due(), AN_HOUR))
    for url in urls:
        status, problem = answer_of(url)
        with transaction():
            remember(url, status, problem)


def due() -> Iterable[str]:
    """Addresses to ask, never asked first, a few a host."""
    fresh, doubtful = clock.from_now(days=-AGAIN_DAYS), clock.from_now(days=-DOUBTFUL_DAYS)
    waits = or_(
        CitedAddress.checked_at.is_(None),
        CitedAddress.checked_at < fresh,
        (CitedAddress.failures == 1) & (CitedAddress.checked_at < doubtful),
    )
    query = select(CitedAddress.url).where(waits).group_by(CitedAddress.url)
    asked: dict[str, int] = {}
    for url in db.scalars(query.order_by(func.min(CitedAddress.id)).limit(20 * AN_HOUR)):
        host = host_of(url)
        asked[host] = asked.get(host, 0) + 1
        if asked[host] <= A_HOST:
            yield url


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def answer_of(url: str) -> tuple[int | None, str]:
    """(status, problem): HEAD first, and a look at the page where HEAD is refused."""
    try:
        status = fetch(url, method="HEAD", seconds=15).status
        if status in REFUSING or status >= 500:
            status = fetch(url, seconds=15, most_bytes=A_LOOK).status
        return status, ""
    except Unreachable as error:
        return (200, "") if error.code == "too_large" else (None, error.code)


def remember(url: str, status: int | None, problem: str) -> None:
    """Of every sheet that cites it."""
    is_well = status is not None and (status < 400 or status in REFUSING)
    now = clock.now()
    here = update(CitedAddress).where(CitedAddress.digest == digest_of(url)).execution_options(synchronize_session=False)
    if is_well:
        db.execute(here.values(status=status, problem="", failures=0, checked_at=now, broken_since=None))
        return
    db.execute(here.values(status=status, problem=problem, failures=CitedAddress.failures + 1, checked_at=now))
    db.execute(here.where(CitedAddress.failures >= 2, CitedAddress.broken_since.is_(None)).values(broken_since=now))


# --- On the curators' desk -------------------------------------------------------------------------------------------------

PROBLEMS = {
    "unknown_host": _l("ce site n’existe plus"),
    "too_slow": _l("trop lente à répondre"),
    "tls": _l("certificat refusé"),
    "redirects": _l("renvoie sans fin"),
    "refused": _l("adresse non publique"),
}


def broken_sheets() -> Select[int]:
    """Published sheets that cite a broken address."""
    return select(CitedAddress.content_id).join(CitedAddress.content).where(is_broken(), Content.state == State.PUBLISHED).distinct()


def is_broken() -> ColumnElement[bool]:
    return CitedAddress.broken_since.is_not(None)


def broken_of(ids: Sequence[int]) -> dict[int, str]:
    """For each of these sheets, its broken addresses with what is wrong and since when. One query."""
    query = select(CitedAddress).where(CitedAddress.content_id.in_(ids), is_broken()).order_by(CitedAddress.broken_since, CitedAddress.id)
    lines: dict[int, list[str]] = {}
    for cited in db.scalars(query):
        lines.setdefault(cited.content_id, []).append(told(cited))
    return {content_id: " · ".join(told_of) for content_id, told_of in lines.items()}


def told(cited: CitedAddress) -> str:
    problem = _("erreur %(status)s", status=cited.status) if cited.status else PROBLEMS.get(cited.problem, _("ne répond pas"))
    return _("%(url)s (%(problem)s, depuis le %(day)s)", url=cited.url, problem=problem, day=formats.day(cited.broken_since))


desk.view(
    "broken",
    _l("Liens en panne"),
    broken_sheets,
    order="updated",
    help=_l(
        "Publiées, elles citent une adresse qui ne répond plus. Chacune est essayée tous les quinze jours, et dite en panne après "
        "deux essais manqués à deux jours d’écart au moins. Corrigez l’adresse dans la fiche, ou retirez-la."
    ),
    detail=broken_of,
)
