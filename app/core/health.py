"""What must be well for this process to serve: parts register a check, `/readyz` and `flask check` ask them all."""

from collections.abc import Callable

checks: dict[str, Callable[[], str | None]] = {}


def check(name: str):
    """Register a function that returns None when all is well, or one sentence that says what to do."""

    def register(function: Callable[[], str | None]):
        checks[name] = function
        return function

    return register


def troubles() -> dict[str, str]:
    """What is not well, by name. A check that fails to answer is a trouble too."""
    found = {}
    for name, function in checks.items():
        try:
            sentence = function()
        except Exception as error:
            sentence = f"{type(error).__name__}: {error}"
        if sentence:
            found[name] = sentence
    return found
