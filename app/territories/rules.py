"""What anyone may see of a place. Who may change it depends on roles: `territory.edit` is declared by accounts."""

from typing import Any

from app.core.permissions import anyone, rule
from app.files import readers


def any_reader(person: Any, file: Any) -> bool:
    return True


rule("territory.read", anyone)
readers["logo"] = any_reader
