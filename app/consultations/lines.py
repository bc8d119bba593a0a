"""From a line of the file to the contents it tells of: the proposal, its arguments, their replies, its sources."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar

from app.comments.models import Argument, Comment, Side
from app.comments.services import TITLE_LIMIT as ARGUMENT_TITLE_LIMIT
from app.comments.services import says_something
from app.consultations.proposals.models import Proposal, Source
from app.consultations.proposals.services import web_address
from app.contents import services as contents
from app.contents.models import Content, Voice
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.text import IMPORT_LIMIT, Cleaned, from_plain, html, one_line, plain, shorten, tidy

TITLE_LIMIT = 500
SCALE = contents.AGREEMENT
T = TypeVar("T")


class Refused(Exception):
    """One line, or one part of it, could not be taken; the message says why."""


@dataclass
class Entry:
    """One content to be, with what goes beside it. `key` finds it again: (kind, source)."""

    content: Content
    votes: dict[str, int] = field(default_factory=dict)
    children: list["Entry"] = field(default_factory=list)
    appendices: list[tuple[str, Cleaned]] = field(default_factory=list)
    section: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return str(type(self.content).__mapper_args__["polymorphic_identity"]), self.content.source or ""


def entry_from(text: str, stem: str, refuse: Callable[[str], None]) -> Entry:
    """The proposal of a line with its arguments and sources. A part that cannot be taken is refused alone."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(_("ce n’est pas du JSON")) from None
    if not isinstance(line, dict):
        raise Refused(_("ce n’est pas une proposition"))
    title, markup = text_in(line, "title", TITLE_LIMIT), text_in(line, "body_html", IMPORT_LIMIT)
    proposal = Proposal(is_official=line.get("official") is True, earlier_versions=count_in(line, "versions_count"))
    entry = Entry(proposal, votes_in(line), section=one_line(text_in(line, "section", TITLE_LIMIT, required=False)))
    describe(proposal, line, stem)
    if proposal.is_official:
        proposal.voice = Voice.OFFICIAL
    body = html(markup, IMPORT_LIMIT)
    contents.write(proposal, title=title, body=text_in(line, "body_source", IMPORT_LIMIT, required=False) or markup, body_html=body)
    entry.appendices = taken(list_in(line, "appendices"), _("annexe"), refuse, appendix_from)
    arguments = taken(list_in(line, "arguments"), _("argument"), refuse, partial(argument_from, stem=stem, refuse=refuse))
    sources = taken(list_in(line, "sources"), _("source"), refuse, partial(source_from, stem=stem, of=proposal.source or ""))
    entry.children = arguments + sources
    return entry


def taken(parts: list[Any], what: str, refuse: Callable[[str], None], make: Callable[[dict[str, Any]], T]) -> list[T]:
    """What can be made of these parts; each of the others is refused with its reason."""
    made: list[T] = []
    for part in parts:
        try:
            if not isinstance(part, dict):
                raise Refused(_("ce n’est pas un objet"))
            made.append(make(part))
        except (Refused, DomainError) as error:
            name = part.get("id") or part.get("title") if isinstance(part, dict) else ""
            refuse(f"{what} {str(name)[:60]} : {error}".replace("  ", " "))
    return made


def appendix_from(part: dict[str, Any]) -> tuple[str, Cleaned]:
    """One without a text is kept too: that there was one is said."""
    return one_line(text_in(part, "title", TITLE_LIMIT)), html(text_in(part, "body_html", IMPORT_LIMIT, required=False), IMPORT_LIMIT)


def argument_from(part: dict[str, Any], stem: str, refuse: Callable[[str], None]) -> Entry:
    try:
        side = Side(str(part.get("side")))
    except ValueError:
        raise Refused(_("ni pour ni contre")) from None
    title = one_line(text_in(part, "title", ARGUMENT_TITLE_LIMIT, required=False))
    argument = Argument(side=side, is_titled=bool(title))
    describe(argument, part, stem)
    written_as_typed(argument, part, title)
    entry = Entry(argument, votes_in(part))
    entry.children = taken(list_in(part, "replies"), _("réponse"), refuse, partial(reply_from, stem=stem))
    return entry


def reply_from(part: dict[str, Any], stem: str) -> Entry:
    comment = Comment()
    describe(comment, part, stem)
    written_as_typed(comment, part, "")
    return Entry(comment)


def source_from(part: dict[str, Any], stem: str, of: str) -> Entry:
    source = Source(url=web_address(text_in(part, "url", TITLE_LIMIT)), category=one_line(text_in(part, "category", 80, required=False)))
    whole = "\n".join([of, *(str(part.get(name, "")) for name in ("url", "title", "author", "created_at", "body"))])
    describe(source, part, stem, digest=sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16])
    written_as_typed(source, part, one_line(text_in(part, "title", TITLE_LIMIT)), required=False)
    return Entry(source, votes_in(part))


def describe(content: Content, part: dict[str, Any], stem: str, digest: str = "") -> None:
    """Where it comes from, who said it, and when; a source without any id is known by what it says."""
    given = part.get("source")
    if isinstance(given, str) and given and len(given) <= 200:
        source = tidy(given)
    else:
        source = f"{stem}:{digest or identity_in(part)}"
    created = moment_in(part, "created_at")
    byline = one_line(text_in(part, "author", 200, required=False))
    contents.import_as(content, source=source, byline=byline, created_at=created, updated_at=moment_in(part, "updated_at", created))
    voice = part.get("voice", Voice.CITIZEN)
    if voice not in set(Voice):
        raise Refused(_("voix inconnue"))
    content.voice = Voice(voice)


def written_as_typed(content: Content, part: dict[str, Any], title: str, *, required: bool = True) -> None:
    """Plain text as another platform kept it (not Markdown), or the HTML of an export of ours."""
    typed = tidy(text_in(part, "body", IMPORT_LIMIT, required=required), IMPORT_LIMIT)
    given = text_in(part, "body_html", IMPORT_LIMIT, required=False)
    body = html(given or from_plain(typed), IMPORT_LIMIT)
    words = plain(body)
    if not title and not words:
        raise Refused(_("texte vide"))
    contents.write(content, title=title or shorten(words, ARGUMENT_TITLE_LIMIT - 2), body=typed, body_html=body)


# --- What a line may hold ------------------------------------------------------------------------------------------------


def text_in(part: dict[str, Any], name: str, limit: int, *, required: bool = True) -> str:
    value = part.get(name)
    if value is None or value == "":
        if required:
            raise Refused(_("« %(name)s » manque", name=name))
        return ""
    if not isinstance(value, str):
        raise Refused(_("« %(name)s » n’est pas un texte", name=name))
    if len(value) > limit:
        raise Refused(_("« %(name)s » dépasse %(limit)s signes", name=name, limit=limit))
    if required and not says_something_in(value):
        raise Refused(_("« %(name)s » est vide", name=name))
    return value


def says_something_in(value: str) -> bool:
    return says_something(value[:60_000])


def list_in(part: dict[str, Any], name: str) -> list[Any]:
    value = part.get(name) or []
    if not isinstance(value, list):
        raise Refused(_("« %(name)s » n’est pas une liste", name=name))
    return value


def count_in(part: dict[str, Any], name: str) -> int:
    value = part.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise Refused(_("« %(name)s » n’est pas un nombre possible", name=name))
    return value


def votes_in(part: dict[str, Any]) -> dict[str, int]:
    """Totals by value: three of them, or one number, in favour."""
    given = part.get("votes", 0)
    if isinstance(given, dict):
        return {value: count_in(given, value) for value in contents.VALUES[SCALE]}
    return {"agree": count_in(part, "votes")}


def identity_in(part: dict[str, Any]) -> str:
    value = part.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str) or not 0 < len(str(value)) <= 60:
        raise Refused(_("« id » manque"))
    return one_line(str(value))


def moment_in(part: dict[str, Any], name: str, otherwise: datetime | None = None) -> datetime:
    value = part.get(name)
    if value is None and otherwise is not None:
        return otherwise
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Refused(_("« %(name)s » n’est pas une date", name=name)) from None
    if moment.tzinfo is None or not 1900 < moment.year < 9000:
        raise Refused(_("« %(name)s » n’a pas de fuseau horaire, ou une année impossible", name=name))
    return moment
