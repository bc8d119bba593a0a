"""What must be well: parts register a check; `flask check` asks them all, `/readyz` those without which nothing is served."""

from collections.abc import Callable

Ask = Callable[[], str | None]
checks: dict[str, Ask] = {}
serving_checks: set[str] = set()


def check(name: str, *, serving: bool = False) -> Callable[[Ask], Ask]:
    """Register a function that returns None when all is well, or one sentence that says what to do.

    `serving`: the site cannot serve without it; asked by `/readyz`, every few seconds: it must be quick.
    Recounts and comparisons are for `flask check` alone.
    """

    def register(function: Ask) -> Ask:
        checks[name] = function
        if serving:
            serving_checks.add(name)
        return function

    return register


def troubles(*, serving: bool = False) -> dict[str, str]:
    """What is not well, by name. A check that fails to answer is a trouble too."""
    from app.core.db import db

    found = {}
    for name, function in checks.items():
        if serving and name not in serving_checks:
            continue
        try:
            sentence = function()
        except Exception as error:
            db.rollback()
            sentence = f"Ce contrôle n’a pas pu répondre ({type(error).__name__})."
        if sentence:
            found[name] = sentence
    return found
