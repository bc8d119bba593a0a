"""Passages that the public does not read. What is kept public (title, source, HTML, summary) is made again from the sealed original.

A passage is a stretch of a revision's source: Markdown, or the HTML of an import. It is widened so that no half of an
address or of a mark is left: whoever cuts one digit of a link cuts the link. The cut source is then rendered like any
other text, so nothing of what was cut can come out of it.
"""

import html as entities
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import select, update

from app.contents import events
from app.contents.models import Content, Origin, Redaction, Revision, State
from app.contents.queries import get_revision, revisions_of
from app.core import clock
from app.core.db import db
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.text import IMPORT_LIMIT, Cleaned, from_plain, html, is_beginning, markdown, plain, shorten

Render = Callable[[str], Cleaned]
Span = tuple[str, int, int]  # field, start, end: characters of that field's source
FIELDS = ("title", "body_source")
MARK = "[…]"
_HOLE = "\ue000"  # stands for a passage while the text is rendered: no mark of Markdown, no sign anybody types
_link = re.compile(r"!?\[(?P<words>[^\[\]\n]*)\](?:\([^()\n]*\)|\[[^\[\]\n]*\])")
_token = re.compile(r"\S+")
_tag = re.compile(r"<[^<>]*>")
_entity = re.compile(r"&#?\w{1,32};")
_marks = re.compile(r"\n(?:[ \t]*(?:>[ \t]?|[-*+][ \t]|#{1,6}[ \t]))*|[*_~`]+|\|")  # what gives a Markdown text its shape
_holes = re.compile(rf"{_HOLE}(?:[ \t]*{_HOLE})+")


@dataclass(frozen=True)
class Public:
    """A text as the public reads it."""

    title: str
    summary: str
    body_source: str
    body_html: Cleaned


# --- Reading -------------------------------------------------------------------------------------------------------------


def active_on(content: Content, revision: int | None = None) -> Sequence[Redaction]:
    """The passages cut from a revision (the present one), in the order of the text."""
    mine = (Redaction.content_id == content.id, Redaction.revision == (revision or content.revision), Redaction.lifted_at.is_(None))
    return db.scalars(select(Redaction).where(*mine).order_by(Redaction.field.desc(), Redaction.start)).all()


def written(content: Content) -> tuple[str, str]:
    """Title and source as their author wrote them: what they edit. For them, the moderators and the garant."""
    if not content.restriction:
        return content.title, content.body_source
    fields = get_revision(content.id, content.revision).fields
    return fields["title"], fields["body_source"]


def pieces(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is cut: to show an original with its cuts to whoever may read it."""
    found, here = [], 0
    for start, end in sorted(spans):
        found += [(text[here:start], False), (text[start:end], True)]
        here = end
    return [piece for piece in (*found, (text[here:], False)) if piece[0]]


def revisions_for(content: Content, *, whole: bool) -> Sequence[Revision]:
    """The latest first: all, as they were written, for who may read originals; else those of the public."""
    return revisions_of(content) if whole else public_revisions(content)


def public_revisions(content: Content) -> list[Revision]:
    """The versions that anyone may read, the latest first, their passages cut. They are not rows: writing on them changes nothing."""
    rows = db.scalars(select(Revision).where(Revision.content_id == content.id, Revision.sealed_at.is_(None)).order_by(Revision.n.desc()))
    cuts: dict[int, list[Span]] = {}
    for row in db.scalars(select(Redaction).where(Redaction.content_id == content.id, Redaction.lifted_at.is_(None))):
        cuts.setdefault(row.revision, []).append((row.field, row.start, row.end))
    return [shown(revision, cuts.get(revision.n, [])) for revision in rows]


def shown(revision: Revision, spans: Sequence[Span]) -> Revision:
    fields = dict(revision.fields)
    for field in FIELDS:
        fields[field] = cut(fields[field], [(start, end) for name, start, end in spans if name == field])
    if spans:  # a summary, or a title made of the first words, may hold what was cut
        passages = passages_of(revision.fields, spans)
        fields |= {name: without(fields[name], passages) for name in ("title", "summary")}
    return Revision(
        content_id=revision.content_id, n=revision.n, fields=fields, author_id=revision.author_id, created_at=revision.created_at
    )


# --- Cutting -------------------------------------------------------------------------------------------------------------


def redact(content: Content, spans: Iterable[Span], *, article_id: int, at: datetime) -> None:
    """Cut these passages, and only these, from the present revision, and make the public text again.

    Cuts are dated `at`, so that what was done at one moment can be undone together (`undo`).
    """
    if content.own_fields():
        raise DomainError(_("Cette sorte de page ne se coupe pas. Demandez une correction à son auteur."), field="verdict")
    original = get_revision(content.id, content.revision)
    render = renderer(content, original.fields)
    wanted = set(checked(original.fields, spans))
    known = {(row.field, row.start, row.end): row for row in all_on(content)}
    for span, row in known.items():
        if span not in wanted and row.lifted_at is None:
            row.lifted_at = at
        elif span in wanted and row.lifted_at is not None:
            row.lifted_at, row.created_at, row.article_id = None, at, article_id
    for field, start, end in sorted(wanted - known.keys()):
        cut_here = Redaction(content_id=content.id, revision=content.revision, field=field, start=start, end=end, article_id=article_id)
        cut_here.created_at = at
        db.add(cut_here)
    make_public(content, original.fields, sorted(wanted), render)


def lift(content: Content, *, at: datetime) -> None:
    """Show the whole text again."""
    cuts = active_on(content)
    if cuts:
        fields = get_revision(content.id, content.revision).fields
        render = renderer(content, fields)
        for row in cuts:
            row.lifted_at = at
        make_public(content, fields, [], render)


def undo(content: Content, *, at: datetime) -> None:
    """As if the cuts made and lifted at that moment had never been."""
    fields = get_revision(content.id, content.revision).fields
    render = renderer(content, fields)
    for row in all_on(content):
        if row.created_at == at:
            row.lifted_at = clock.now()
        elif row.lifted_at == at:
            row.lifted_at = None
    db.flush()
    make_public(content, fields, [(row.field, row.start, row.end) for row in active_on(content)], render)


def all_on(content: Content) -> Sequence[Redaction]:
    """Lifted ones too."""
    return db.scalars(select(Redaction).where(Redaction.content_id == content.id, Redaction.revision == content.revision)).all()


def checked(fields: dict[str, Any], spans: Iterable[Span]) -> list[Span]:
    """The passages as they will be cut: inside of the text, trimmed, widened, merged."""
    found: list[Span] = []
    by_field: dict[str, list[tuple[int, int]]] = {}
    for field, start, end in spans:
        if field not in FIELDS or not 0 <= start < end <= len(fields[field]):
            raise DomainError(_("Un passage choisi n’est pas dans ce texte. Choisissez-le de nouveau."), field="spans")
        by_field.setdefault(field, []).append((start, end))
    for field, chosen in by_field.items():
        found += [(field, start, end) for start, end in widened(fields[field], chosen, is_line=field == "title")]
    if not found:
        raise DomainError(_("Choisissez au moins un passage à couper."), field="spans")
    return found


def widened(source: str, spans: Iterable[tuple[int, int]], *, is_line: bool = False) -> list[tuple[int, int]]:
    """No half link, address, tag or entity is left; passages that touch are one. In linear time."""
    trimmed = []
    for start, end in spans:
        words = source[start:end]
        start, end = start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())
        if start < end:
            trimmed.append((start, end))
    merged = merge(trimmed)
    if is_line:
        return merged
    links = list(_link.finditer(source))
    inside = [link.span() for link in links]
    addresses = [each.span() for each in _token.finditer(source) if is_address(each[0]) and not touches(each.span(), inside)]
    whole = [each.span() for each in chain(_tag.finditer(source), _entity.finditer(source))]
    atoms = sorted([*addresses, *whole, *inside])
    words_of = {link.span(): link.span("words") for link in links}
    grown, at = [], 0
    for start, end in merged:
        while at and atoms[at - 1][1] > start:
            at -= 1
        while at < len(atoms) and atoms[at][1] <= start:
            at += 1
        n = at
        low, high = start, end
        while n < len(atoms) and atoms[n][0] < end:
            left, right = words_of.get(atoms[n], (-1, -1))
            if atoms[n][1] > start and not (left <= start and end <= right) and not is_tag_around(source, atoms[n], start, end):
                low, high = min(low, atoms[n][0]), max(high, atoms[n][1])
            n += 1
        grown.append((low, high))
    return merge(grown)


def is_tag_around(source: str, atom: tuple[int, int], start: int, end: int) -> bool:
    """A tag that a passage runs over is kept, bare, by `cut`: only a passage that cuts inside of one is widened to all of it."""
    return source[atom[0]] == "<" and start <= atom[0] and atom[1] <= end


def is_address(token: str) -> bool:
    return "://" in token or "@" in token or "www." in token


def touches(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    at = bisect_left(others, span)
    return any(other[0] < span[1] and other[1] > span[0] for other in others[max(0, at - 1) : at + 1])


def merge(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def cut(source: str, spans: Iterable[tuple[int, int]], mark: str = MARK) -> str:
    """The source with a mark where each passage stood. What shapes the text inside of a passage stays: line ends, emphasis, bare tags."""
    kept, here = [], 0
    for start, end in sorted(spans):
        kept += [source[here:start], hollow(source[start:end])]
        here = end
    text = "".join([*kept, source[here:]])
    return _holes.sub(_HOLE, text).replace(_HOLE, mark)


def hollow(passage: str) -> str:
    """The shape of a passage without its words."""
    found, here = [], 0
    shape = _tag if "<" in passage and _tag.search(passage) else _marks
    for mark in shape.finditer(passage):
        found += [hole(passage[here : mark.start()]), bare(mark[0])]
        here = mark.end()
    return "".join([*found, hole(passage[here:])])


def hole(words: str) -> str:
    """A mark for these words, between the blanks they stood between."""
    said = words.strip()
    return words.replace(said, _HOLE) if said else words


def bare(mark: str) -> str:
    """A tag without its attributes: an address may be in them. A link without its address is none."""
    if not mark.startswith("<"):
        return mark
    name = re.match(r"<(/?[a-zA-Z][a-zA-Z0-9]*)", mark)
    return _HOLE if name is None else "" if name[1].strip("/").lower() == "a" else f"<{name[1]}>"


# --- The public text -----------------------------------------------------------------------------------------------------


def make_public(content: Content, fields: dict[str, Any], spans: Sequence[Span], render: Render) -> None:
    """Title, summary, source and HTML as the public reads them now."""
    text = public_text(fields, spans, render)
    if spans and not any(sign.isalnum() for sign in plain(text.body_html).replace(MARK, "")):
        raise DomainError(_("Il ne resterait rien à lire. Refusez ou retirez ce texte plutôt que de le couper."), field="spans")
    content.title, content.summary, content.body_source, content.body_html = text.title, text.summary, text.body_source, text.body_html
    content.updated_at = clock.now()  # kept cards and pages are known by it
    db.flush()


def public_text(fields: dict[str, Any], spans: Sequence[Span], render: Render) -> Public:
    """A title or a summary made of the body's first words is made again from what is left of it."""
    source = fields["body_source"]
    in_body = [(start, end) for field, start, end in spans if field == "body_source"]
    in_title = [(start, end) for field, start, end in spans if field == "title"]
    whole = render(source)
    body = Cleaned(str(render(cut(source, in_body, _HOLE))).replace(_HOLE, MARK)) if in_body else whole
    words, words_left = plain(whole), plain(body)
    passages = passages_of(fields, spans)
    title, summary = fields["title"], fields["summary"]
    if in_title:
        title = cut(title, in_title)
    elif in_body and is_beginning(title, words):
        title = shorten(words_left, max(len(title), 20))
    if in_body and is_beginning(summary, words):
        summary = shorten(words_left, 240)
    return Public(without(title, passages), without(summary, passages), cut(source, in_body), body)


def passages_of(fields: dict[str, Any], spans: Iterable[Span]) -> list[str]:
    """The words that were cut, the longest first: they must not stand anywhere else in what is shown."""
    found = {" ".join(piece.split()) for field, start, end in spans for piece in hollowed(fields[field][start:end])}
    return sorted((piece for piece in found if len(piece) > 3), key=len, reverse=True)


def hollowed(passage: str) -> list[str]:
    return [piece for piece in re.split(r"<[^<>]*>|[*_~`|\n]+", entities.unescape(passage)) if piece.strip()]


def without(text: str, passages: Iterable[str]) -> str:
    for passage in passages:
        text = re.sub(rf"(?<!\w){re.escape(passage)}(?!\w)", lambda _found: MARK, text, flags=re.IGNORECASE)
    return re.sub(rf"{re.escape(MARK)}(?:\s*{re.escape(MARK)})+", MARK, text)


def renderer(content: Content, fields: dict[str, Any]) -> Render:
    """How this source became the HTML that is shown: Markdown here; imports kept HTML, or plain text with its line ends.

    It is found by trying, on what is shown now: nothing else remembers how a text came.
    """
    now = [(row.start, row.end) for row in active_on(content) if row.field == "body_source"]
    source = cut(fields["body_source"], now, _HOLE)
    ways: tuple[Render, ...] = (markdown, html_of_import, html_of_plain)
    likely = html_of_import if _tag.search(source) and content.origin == Origin.IMPORTED else ways[0]
    return next((way for way in ways if Cleaned(str(way(source))).replace(_HOLE, MARK) == content.body_html), likely)


def html_of_import(source: str) -> Cleaned:
    return html(source, IMPORT_LIMIT)


def html_of_plain(source: str) -> Cleaned:
    return html(from_plain(source), IMPORT_LIMIT)


# --- Sealing -------------------------------------------------------------------------------------------------------------


def seal(content: Content, *, at: datetime, up_to: int, since: int = 1) -> None:
    """These versions are restricted: the public no longer reads them, though the content may be shown again one day."""
    older = (Revision.content_id == content.id, Revision.n.between(since, up_to), Revision.sealed_at.is_(None))
    db.execute(update(Revision).where(*older).values(sealed_at=at).execution_options(synchronize_session="fetch"))


def unseal(content: Content, *, sealed_at: datetime | None = None) -> None:
    """Show the present version; with `sealed_at`, all that were sealed at that moment."""
    which = Revision.sealed_at == sealed_at if sealed_at is not None else Revision.n == content.revision
    db.execute(
        update(Revision)
        .where(Revision.content_id == content.id, which)
        .values(sealed_at=None)
        .execution_options(synchronize_session="fetch")
    )


def destroy(content: Content) -> None:
    """Erase the words themselves, in every version. Cannot be undone; only once the text is removed."""
    assert content.state in {State.REMOVED, State.REFUSED}
    for revision in db.scalars(select(Revision).where(Revision.content_id == content.id)):
        revision.fields = dict.fromkeys(("title", "summary", "body_source"), "")
    db.execute(update(Redaction).where(Redaction.content_id == content.id, Redaction.lifted_at.is_(None)).values(lifted_at=clock.now()))
    content.title, content.summary, content.body_source, content.body_html = _("Texte effacé"), "", "", Cleaned("")
    db.flush()
    events.content_destroyed.send(content)
