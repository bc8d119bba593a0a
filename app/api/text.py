from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from flask.json.provider import DefaultJSONProvider


class Json(DefaultJSONProvider):
    """Moments in ISO 8601, in UTC; text as it is, in the order it was given; nothing a page could take for its own end."""

    ensure_ascii = False
    sort_keys = False
    compact = True

    @staticmethod
    def default(value: Any) -> Any:  # type: ignore[override]
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, Enum):
            return value.value
        return DefaultJSONProvider.default(value)
