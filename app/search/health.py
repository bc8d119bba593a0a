"""Whether search answers. A site without its index still serves: this is not asked by `/readyz`."""

from app.core import health
from app.search import engines


def declare() -> None:
    health.check("search")(index_is_ready)


def index_is_ready() -> str | None:
    status = engines.current().status()
    return None if status.is_ready else f"L’index de recherche ne se lit pas ({status.detail}). Lancez « flask search rebuild »."
