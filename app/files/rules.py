"""Who may read a file: whoever its purpose says, once it is part of something; before that, only the person who sent it."""

from collections.abc import Callable
from typing import Any

from app.core.permissions import Predicate, rule

readers: dict[str, Callable[[Any, Any], bool]] = {}  # purpose → may this person read this file; what is not here is read by nobody


def _asked(person: Any, file: Any) -> bool:
    ask = readers.get(file.purpose)
    return ask is not None and bool(ask(person, file))


attached = Predicate(lambda person, file: file.is_attached)
sender = Predicate(lambda person, file: not person.is_anonymous and person.id == file.owner_id)
reader_by_purpose = Predicate(_asked)

rule("file.read", (attached & reader_by_purpose) | (~attached & sender))
