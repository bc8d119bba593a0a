"""What others publish, read into the shape of `importing.Said`. Each reader yields (remote id, what it says) and says whether it saw all.

XML is read by defusedxml: a document type, an entity, an outside reference refuse the whole. HTML is cleaned as a visitor's.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError

import defusedxml
from defusedxml import ElementTree as Xml

from app.core.errors import DomainError
from app.core.fetch import Unreachable, fetch
from app.core.i18n import _
from app.core.text import Cleaned, html, one_line, plain, shorten
from app.exchange import tables
from app.exchange.importing import Lists, Said, read_row
from app.exchange.models import HarvestSource, SourceKind
from app.exchange.tables import check_signs
from app.initiatives.imports import language_of, sections_of

MOST_ITEMS, MOST_PAGES = 5_000, 250
FEED_BYTES, TABLE_BYTES, PAGE_BYTES = 10_000_000, 25_000_000, 10_000_000
ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
IDENTIFIER = "{http://purl.org/dc/elements/1.1/}identifier"
DECIDIM = """query($first: Int, $after: String) { participatoryProcesses { id slug title { translations { locale text } }
 shortDescription { translations { locale text } } description { translations { locale text } } publishedAt startDate endDate } }"""


@dataclass
class Harvest:
    """All that a source said at one moment. Only a whole one tells what was withdrawn."""

    items: dict[str, Said] = field(default_factory=dict)
    is_whole: bool = True
    refused: int = 0

    def add(self, remote_id: str, said: Said) -> None:
        if len(self.items) >= MOST_ITEMS:
            self.is_whole = False
        elif not remote_id or said.problems or remote_id in self.items:
            self.refused += 1
        else:
            self.items[remote_id[:500]] = said


class Unreadable(Exception):
    """What is there is not what was promised; the sentence is for the curator."""


def read(source: HarvestSource, lists: Lists) -> Harvest:
    """Everything the source publishes, with no question to the database. Raises Unreachable or Unreadable, in our words."""
    try:
        return READERS[source.kind](source.url, lists)
    except DomainError as error:
        raise Unreadable(error.message) from None


def body_of(url: str, most_bytes: int, **more: Any) -> bytes:
    answer = fetch(url, most_bytes=most_bytes, seconds=60, **more)
    if not answer.is_found:
        raise Unreachable("status", _("Cette adresse répond par l’erreur %(status)s.", status=answer.status))
    return answer.body


def json_of(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError, UnicodeDecodeError):
        raise Unreadable(_("Cette adresse ne répond pas en JSON.")) from None


# --- Another Beffroi ---------------------------------------------------------------------------------------------------------


def beffroi(url: str, lists: Lists) -> Harvest:
    """`/api/v1/catalogue` of another installation, page after page."""
    found = Harvest()
    address = url if "/api/" in url else urljoin(url if url.endswith("/") else f"{url}/", "api/v1/catalogue")
    pages = 1
    for number in range(1, MOST_PAGES + 1):
        answer = json_of(body_of(f"{address}?{urlencode({'page': number})}", PAGE_BYTES))
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
            raise Unreadable(_("Il n’y a pas de catalogue de Beffroi à cette adresse."))
        for row in answer["items"]:
            if isinstance(row, dict) and isinstance(row.get("facts"), dict):
                said = read_row(len(found.items) + 1, row, lists)
                found.add(said.identifier or "", said)
            else:
                found.refused += 1
        pages = answer["pages"] if isinstance(answer.get("pages"), int) else 1
        if number >= pages:
            return found
    found.is_whole = False
    return found


# --- Decidim -----------------------------------------------------------------------------------------------------------------


def decidim(url: str, _lists: Lists) -> Harvest:
    """The participatory processes of a Decidim, by its GraphQL API (`/api`)."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    asked = json.dumps({"query": DECIDIM, "variables": {}}).encode()
    answer = json_of(body_of(f"{root}/api", PAGE_BYTES, method="POST", body=asked, headers={"Content-Type": "application/json"}))
    data = answer.get("data") if isinstance(answer, dict) else None
    processes = data.get("participatoryProcesses") if isinstance(data, dict) else None
    if not isinstance(processes, list):
        raise Unreadable(_("Il n’y a pas d’API de Decidim à cette adresse."))
    found = Harvest()
    for process in processes:
        if not isinstance(process, dict):
            found.refused += 1
            continue
        page = f"{root}/processes/{process.get('slug') or process.get('id')}"
        body = f"{translated(process.get('shortDescription'))}{translated(process.get('description'))}"
        try:
            check_signs(process)
            said = from_html(len(found.items) + 1, plain(html(translated(process.get("title")))), body, page)
            said.summary = shorten(plain(html(translated(process.get("shortDescription")))) or said.summary, 300)
        except DomainError:  # too long for a sheet, or not text
            found.refused += 1
            continue
        for name, key in (("started_on", "startDate"), ("ended_on", "endDate")):
            if day := day_of(process.get(key)):
                said.facts[name] = day
        if said.facts.get("ended_on") and said.facts.get("started_on") and said.facts["ended_on"] < said.facts["started_on"]:
            del said.facts["ended_on"]
        found.add(str(process.get("id") or ""), said)
    return found


def translated(field_of: Any) -> str:
    """The French text of a translated field, or the first there is."""
    texts = field_of.get("translations") if isinstance(field_of, dict) else None
    said = {str(each.get("locale")): str(each.get("text") or "") for each in texts or [] if isinstance(each, dict)}
    return said.get("fr") or next((text for text in said.values() if text), "")


def day_of(value: Any) -> Any:
    try:
        return datetime.fromisoformat(str(value).replace("Z", "+00:00")).date()
    except ValueError:
        return None


# --- Feeds -------------------------------------------------------------------------------------------------------------------


def feed(url: str, _lists: Lists) -> Harvest:
    """Atom or RSS. A feed shows its latest only: what is no longer in it was not withdrawn."""
    try:
        root = Xml.fromstring(body_of(url, FEED_BYTES), forbid_dtd=True)
    except (ParseError, defusedxml.DefusedXmlException, ValueError, RecursionError):
        raise Unreadable(_("Il n’y a pas de fil Atom ou RSS à cette adresse.")) from None
    found = Harvest(is_whole=False)
    for entry in entries_of(root):
        link, texts = link_of(entry, url), [text_of(entry, name) for name in (CONTENT, f"{ATOM}content", "description", f"{ATOM}summary")]
        title = one_line(plain(html(text_of(entry, f"{ATOM}title") or text_of(entry, "title"))))
        remote_id = text_of(entry, f"{ATOM}id") or text_of(entry, "guid") or link
        try:
            said = from_html(len(found.items) + 1, title, next(filter(None, texts), ""), link)
        except DomainError:  # too long for a sheet
            found.refused += 1
            continue
        if summary := plain(html(texts[3] or texts[2])):
            said.summary = shorten(summary, 300)
        found.add(remote_id, said)
    return found


def entries_of(root: Element) -> Iterator[Element]:
    for number, entry in enumerate(root.iter()):
        if number > 50 * MOST_ITEMS:
            return
        if entry.tag in {f"{ATOM}entry", "item", "{http://purl.org/rss/1.0/}item"}:
            yield entry


def text_of(entry: Element, name: str) -> str:
    """The text of a child; XHTML inside of Atom as it is written, to be cleaned."""
    child = entry.find(name)
    if child is None:
        return ""
    if len(child):
        return "".join(Xml.tostring(part, encoding="unicode") for part in child)
    return (child.text or "").strip()


def link_of(entry: Element, base: str) -> str:
    for child in entry.findall(f"{ATOM}link"):
        if child.get("rel", "alternate") == "alternate" and child.get("href"):
            return joined(base, child.get("href", ""))
    written = text_of(entry, "link")
    return joined(base, written) if written else ""


def joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # "http://[": nobody's
        return ""


def from_html(number: int, title: str, body: str, page: str) -> Said:
    """A sheet from a page of HTML: its headings that say what our sections say go there."""
    sections, sources = sections_of(body) if body.strip() else ([], [])
    words = plain(Cleaned(" ".join(str(section["html"]) for section in sections)))
    said = Said(number, title=shorten(one_line(title), 300), summary=shorten(words, 300), language=language_of(words))
    said.sections = [{"key": s["key"], "title": s["title"], "source": str(s["html"]), "html": s["html"]} for s in sections]
    if page.startswith(("http://", "https://")):
        sources.insert(0, {"title": str(_("Page d’origine")), "url": page})
    said.facts = {"sources": sources}
    if not said.title:
        said.problems.append(_("Le titre manque."))
    return said


# --- Tables ------------------------------------------------------------------------------------------------------------------


def table(url: str, lists: Lists) -> Harvest:
    """A file at an address, in the columns of our own exports or those that Decidim's open data has."""
    name = urlsplit(url).path.rsplit("/", 1)[-1]
    known = name.rsplit(".", 1)[-1].lower() in {"csv", "tsv", "txt", "json", "xlsx", "ods"}
    rows = tables.read_table(body_of(url, TABLE_BYTES), name if known else "table.csv")
    found = Harvest()
    for number, row in enumerate(rows, 1):
        said = read_row(number, row, lists)
        found.add(said.identifier or "", said)
    if not found.items:
        raise Unreadable(_("Aucune ligne n’a d’identifiant et de titre : nommez ces colonnes « identifiant » et « titre »."))
    return found


READERS: dict[SourceKind, Callable[[str, Lists], Harvest]] = {
    SourceKind.BEFFROI: beffroi,
    SourceKind.DECIDIM: decidim,
    SourceKind.FEED: feed,
    SourceKind.TABLE: table,
}
