"""Text from people: rendered and cleaned when stored, safe to show when read.

size cap → markdown-it (no raw HTML) → nh3 → bleach's linkifier → nh3. nh3 is the boundary: bleach, no longer
maintained, only turns bare addresses into links, on text that nh3 has cleaned and the cap has cut.
"""

import re
import unicodedata
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from sqlalchemy import Text
from sqlalchemy.types import TypeDecorator

from app.core.errors import DomainError
from app.core.i18n import _

TAGS = {
    "p",
    "br",
    "em",
    "strong",
    "ul",
    "ol",
    "li",
    "a",
    "blockquote",
    "h2",
    "h3",
    "h4",
    "code",
    "pre",
    "hr",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "sup",
    "sub",
    "del",
}
RENAMED = {"b": "strong", "i": "em", "h1": "h2", "h5": "h4", "h6": "h4"}
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "th": {"scope", "colspan", "rowspan"}, "td": {"colspan", "rowspan"}}
SCHEMES = {"http", "https", "mailto"}
WRITTEN_LIMIT = 20_000  # characters in one contribution
LIMIT = 64_000  # characters; nothing longer ever reaches a sanitiser in a request
IMPORT_LIMIT = 400_000  # characters; documents read from files by an operator's command
UNPRINTABLE = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufeff"
BIDI = "\u202a-\u202e\u2066-\u2069"  # would let one text rearrange another

_markdown = (
    MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20})
    .enable("table")
    .disable(["image", "html_block", "html_inline"])
)
_dropped = re.compile(f"[{UNPRINTABLE}{BIDI}]")
_surrogate = re.compile("[\ud800-\udfff]")
_renamed = re.compile(r"<(/?)(b|i|h1|h5|h6)(?=[\s>/])", re.IGNORECASE)
_address = re.compile(r"https?://|mailto:", re.IGNORECASE)
_tag = re.compile(r"(<[^>]*>)")
_blank = re.compile(r"(?:\s|&nbsp;)*\Z")
EMPTIABLE = {f"<{tag}>": f"</{tag}>" for tag in ("p", "h2", "h3", "h4", "li", "strong", "em")}


def tidy(source: str, limit: int = LIMIT) -> str:
    """The text as we keep it: NFC, one kind of line end, no control or bidirectional override characters."""
    if len(source) > limit:
        raise DomainError(_("Ce texte est trop long : %(limit)s signes au plus.", limit=limit), field="body")
    if _surrogate.search(source):
        raise DomainError(_("Ce texte contient un signe qui ne peut pas être enregistré. Retirez-le et renvoyez."), field="body")
    return _dropped.sub("", unicodedata.normalize("NFC", source).replace("\r\n", "\n").replace("\r", "\n")).strip()


def one_line(source: str) -> str:
    """A title, a name: tidy, and on one line."""
    return re.sub(r"\s*[\n\t]\s*", " ", tidy(source))


@lru_cache(maxsize=4)
def from_markdown(source: str) -> str:
    """Clean HTML from what a person wrote. Kept for a moment: what is read for its first words is rendered again to be stored."""
    return rich(_markdown.render(tidy(source)))


def rich(html: str, limit: int = LIMIT) -> str:
    """The HTML we are willing to show, from HTML of any origin. Idempotent."""
    first = clean(tidy(html, limit))
    linked = with_links(first) if "://" in first or "www." in first else first
    return without_empty(clean(linked)).strip()


def with_links(html: str) -> str:
    """Bare addresses become links. Bleach and its parser are loaded with the first of them: a start has no use for them."""
    import bleach

    return bleach.linkify(html, callbacks=[_only_web], skip_tags={"pre", "code"})


def without_empty(html: str) -> str:
    """Elements that hold nothing go, and those that only held such ones, in one pass: 20,000 of them may be nested."""
    kept: list[str] = []
    begun: list[int] = []  # where the elements that hold nothing so far begin
    for piece in _tag.split(html):
        if piece in EMPTIABLE:
            begun.append(len(kept))
        elif begun and piece == EMPTIABLE[kept[begun[-1]]]:
            del kept[begun.pop() :]
            continue
        elif piece != "<br>" and not _blank.match(piece):
            begun.clear()
        kept.append(piece)
    return "".join(kept)


def clean(html: str) -> str:
    renamed = _renamed.sub(lambda tag: f"<{tag[1]}{RENAMED[tag[2].lower()]}", html)
    return nh3.clean(
        renamed,
        attribute_filter=_only_whole_addresses,
        tags=TAGS,
        clean_content_tags={"script", "style"},
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="nofollow noopener ugc",
    )


def _only_whole_addresses(tag: str, attribute: str, value: str) -> str | None:
    """An address that names its scheme, one of ours; a relative one would lead wherever the page happens to be."""
    return value if attribute != "href" or _address.match(value) else None


def _only_web(attributes: dict, new: bool = False) -> dict | None:
    """Bare words such as "data.gouv" are not addresses; what starts with http or www is."""
    text = attributes.get("_text", "")
    return None if new and not text.startswith(("http://", "https://", "www.")) else attributes


def plain(html: str) -> str:
    """The words alone, on one line: for summaries, mail, search."""
    return " ".join(Markup(html).striptags().split())  # noqa: S704 -- its tags are removed


def shorten(words: str, length: int = 200) -> str:
    """At most `length` characters, cut between two words."""
    return words if len(words) <= length else words[:length].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"


def is_beginning(start: str, words: str) -> bool:
    """Are these the first words, as `shorten` makes a title of them?"""
    stem = start.removesuffix("…").strip()
    return bool(stem) and words.startswith(stem)


def from_plain(typed: str) -> str:
    """HTML of a plain text, to be cleaned: its paragraphs and line breaks. A `<br>` typed in it is one; any other sign is itself."""
    for written in ("<br />", "<br/>", "<br>"):
        typed = typed.replace(written + "\n", "\n").replace(written, "\n")
    paragraphs = [part.strip() for part in typed.replace("\n \n", "\n\n").split("\n\n")]
    return "".join(f"<p>{'<br>'.join(str(escape(line)) for line in part.splitlines())}</p>" for part in paragraphs if part)


@lru_cache(maxsize=5_000)
def slugify(title: str) -> str:
    """`Plan vélo : 2ᵉ phase` → `plan-velo-2e-phase`."""
    folded = unicodedata.normalize("NFKD", title.replace("œ", "oe").replace("æ", "ae").replace("Œ", "oe"))
    return re.sub(r"[^a-z0-9]+", "-", folded.encode("ascii", "ignore").decode().lower()).strip("-")[:80].strip("-")


class RichText(TypeDecorator):
    """HTML that was cleaned on its way in, whoever wrote it, and may be shown as it is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value and (str(value) if isinstance(value, Cleaned) else rich(value, IMPORT_LIMIT))

    def process_result_value(self, value, dialect):
        return value and Cleaned(value)


class Cleaned(Markup):
    """HTML that came out of `rich`: the column type need not clean it a second time."""


def markdown(source: str) -> Cleaned:
    return Cleaned(from_markdown(source))


def html(source: str, limit: int = LIMIT) -> Cleaned:
    return Cleaned(rich(source, limit))
