"""A territory's space: made, set, and what it writes about itself. Settings are acts of power: each is in the register."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from app.audit import services as audit
from app.core import clock, mail, stamps
from app.core.db import db, get_one
from app.core.errors import Conflict, DomainError
from app.core.i18n import _
from app.core.text import markdown, one_line, slugify, tidy
from app.files import services as files
from app.files.models import StoredFile
from app.territories import colours, queries
from app.territories.models import CharterArticle, LegalPage, Territory, TerritoryKind

DATA = Path(__file__).parent / "data"
RESERVED = {queries.REGION}
PAGES_RESERVED = {"charte", "theme.css", "flux.atom"}
OVERTAKEN = "Quelqu’un a enregistré une autre version pendant que vous écriviez."


@cache
def starting(name: str) -> dict[str, Any]:
    with (DATA / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def touched(territory: Territory) -> None:
    """Write, or say that someone else wrote first; then every page that shows the territory is made again."""
    try:
        db.flush()
    except StaleDataError as error:
        raise Conflict(_(OVERTAKEN)) from error
    stamps.bump(f"territory:{territory.id}", "region")


def record(act: str, territory: Territory, by_id: int | None, **detail: Any) -> None:
    audit.record(act, subject=f"territory:{territory.id}", actor_id=by_id, territory_id=territory.id, detail=detail)


# --- Made --------------------------------------------------------------------------------------------------------------


def create_territory(
    *,
    name: str,
    kind: TerritoryKind | str,
    short_name: str = "",
    slug: str = "",
    insee: str | None = None,
    siren: str | None = None,
    population: int | None = None,
    parent: Territory | None = None,
    intro: str = "",
    welcome: str = "",
    accent: str | None = None,
    contact_email: str = "",
    is_pilot: bool = True,
    charter: dict[str, Any] | None = None,
    pages: list[dict[str, str]] | None = None,
    by_id: int | None = None,
) -> Territory:
    """A place. One that was only known, by its code, becomes a pilot.

    A pilot opens with a charter (`preamble`, `articles`) and legal pages (`key`, `title`, `body`): the default ones unless given.
    """
    name = one_line(name)
    if not name:
        raise DomainError(_("Écrivez le nom du territoire."), field="name")
    known = queries.find_by_code(insee or siren or "") if insee or siren else None
    if known is not None and known.is_pilot:
        raise DomainError(_("%(name)s a déjà son espace.", name=known.name), field="name")
    territory = known or Territory(slug=free_slug(slug or slugify(short_name or name)), insee=insee, siren=siren)
    territory.name, territory.short_name, territory.kind = name, one_line(short_name) or name, TerritoryKind(kind)
    territory.population = population if population is not None else territory.population
    territory.parent_id = parent.id if parent else territory.parent_id
    territory.is_pilot = is_pilot
    territory.intro, territory.contact_email = one_line(intro), mail.one_address(contact_email, "contact_email") if contact_email else ""
    territory.welcome_source, territory.welcome_html = tidy(welcome), markdown(welcome)
    territory.accent = colours.checked(accent) if accent else None
    db.add(territory)
    db.flush()
    if is_pilot:
        set_charter(territory, charter or starting("charter"))
        for page in pages if pages is not None else starting("legal")["pages"]:
            start_page(territory, page)
        record("territory.created", territory, by_id, name=territory.name)
    stamps.bump("region", f"territory:{territory.id}")
    return territory


def free_slug(wanted: str) -> str:
    """The slug, or the first numbered one that nobody has."""
    wanted = wanted or "territoire"
    taken = set(db.scalars(select(Territory.slug).where(Territory.slug.like(f"{wanted}%")))) | RESERVED
    numbered = (f"{wanted}-{n}" for n in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(slug for slug in numbered if slug not in taken)


def set_charter(territory: Territory, charter: dict[str, Any]) -> None:
    """The first charter of a territory."""
    territory.charter_source = tidy(charter.get("preamble", ""))
    territory.charter_html = markdown(territory.charter_source)
    db.add_all(
        CharterArticle(
            territory_id=territory.id,
            number=article["number"],
            title=one_line(article["title"]),
            text=tidy(article["text"]),
            notice=tidy(article.get("notice", "")),
            legal_ground=one_line(article.get("legal_ground", "")),
        )
        for article in charter["articles"]
    )
    db.flush()


def start_page(territory: Territory, page: dict[str, str]) -> None:
    """A legal page from a model: its three fixed words are replaced, nothing in it is ever executed."""
    body = page["body"]
    platform = f"Beffroi, {current_app.config['REGION_NAME']}"
    for word, value in (
        ("{territory}", territory.name),
        ("{email}", territory.contact_email or "l’accueil de la mairie"),
        ("{platform}", platform),
    ):
        body = body.replace(word, value)
    save_page(territory, slug=page["key"], title=page["title"], body=body, version=None, by_id=None)


# --- Set ---------------------------------------------------------------------------------------------------------------


def edit_settings(
    territory: Territory,
    *,
    version: int,
    intro: str,
    welcome: str,
    charter: str,
    accent: str,
    contact_email: str,
    logo_alt: str,
    by_id: int,
) -> None:
    if territory.version != version:
        raise Conflict(_(OVERTAKEN))
    wanted = {
        "intro": one_line(intro),
        "welcome_source": tidy(welcome),
        "charter_source": tidy(charter),
        "accent": colours.checked(accent) if accent.strip() else None,
        "contact_email": mail.one_address(contact_email, "contact_email") if contact_email.strip() else "",
        "logo_alt": one_line(logo_alt),
    }
    if territory.logo_id and not wanted["logo_alt"]:
        raise DomainError(_("Dites ce que montre le logo : on le lit à qui ne le voit pas."), field="logo_alt")
    changed = sorted(name for name, value in wanted.items() if getattr(territory, name) != value)
    for name in changed:
        setattr(territory, name, wanted[name])
    territory.welcome_html, territory.charter_html = markdown(welcome), markdown(charter)
    if changed:
        touched(territory)
        record("territory.settings_changed", territory, by_id, fields=changed)


def set_logo(territory: Territory, prepared: files.Prepared, *, alt: str, by_id: int) -> None:
    """Replace the logo by a file received and examined (`files.prepare`, with no transaction open)."""
    if not alt.strip():
        raise DomainError(_("Dites ce que montre l’image : on le lit à qui ne la voit pas."), field="logo_alt")
    stored = files.keep(prepared, purpose="logo", owner_id=by_id, territory_id=territory.id, is_attached=True)
    replace_logo(territory, stored.id, one_line(alt))
    record("territory.logo_changed", territory, by_id, sha256=prepared.sha256)


def remove_logo(territory: Territory, *, by_id: int) -> None:
    if territory.logo_id is not None:
        replace_logo(territory, None, "")
        record("territory.logo_removed", territory, by_id)


def replace_logo(territory: Territory, file_id: int | None, alt: str) -> None:
    old_id = territory.logo_id
    territory.logo_id, territory.logo_alt = file_id, alt
    touched(territory)
    if old_id is not None:
        files.remove(get_one(select(StoredFile).where(StoredFile.id == old_id)))


def write_article(
    territory: Territory,
    *,
    number: int | None,
    version: int,
    title: str,
    text: str,
    by_id: int,
    notice: str = "",
    legal_ground: str = "",
) -> CharterArticle:
    """A new version of an article, or a new article without a number. Decisions keep pointing to the version they applied.

    `notice`: what an author reads when it is applied to them, which moderators may change; `legal_ground`: the law, if it applies one.
    """
    title, text, notice, legal_ground = one_line(title), tidy(text), tidy(notice), one_line(legal_ground)
    if number is None:
        used = select(func.coalesce(func.max(CharterArticle.number), 0) + 1).where(CharterArticle.territory_id == territory.id)
        number, latest = db.scalar(used) or 1, 0
    else:
        current = queries.get_article(territory.id, number)
        if current.version != version:
            raise Conflict(_(OVERTAKEN))
        if (current.title, current.text, current.notice, current.legal_ground) == (title, text, notice, legal_ground):
            return current
        current.replaced_at, latest = clock.now(), current.version
    article = CharterArticle(territory_id=territory.id, number=number, version=latest + 1, title=title, text=text)
    article.notice, article.legal_ground = notice, legal_ground
    db.add(article)
    touched(territory)
    record("charter.article_written", territory, by_id, number=number, version=article.version)
    return article


def withdraw_article(territory: Territory, *, number: int, version: int, by_id: int) -> None:
    """The article is no longer in force; its versions stay, for the decisions that applied them."""
    current = queries.get_article(territory.id, number)
    if current.version != version:
        raise Conflict(_(OVERTAKEN))
    if len(queries.charter_of(territory.id)) == 1:
        raise DomainError(_("Une charte a au moins un article : sans lui, rien ne peut être modéré."))
    current.replaced_at = clock.now()
    touched(territory)
    record("charter.article_withdrawn", territory, by_id, number=number, version=version)


def save_page(territory: Territory, *, slug: str, title: str, body: str, version: int | None, by_id: int | None) -> LegalPage:
    """Write a legal page; `version` is the one that was read, None for a new page."""
    title, source = one_line(title), tidy(body)
    if version is None:
        slug = slugify(slug or title)
        taken = db.scalar(select(LegalPage.id).where(LegalPage.territory_id == territory.id, LegalPage.slug == slug))
        if not slug or slug in PAGES_RESERVED or taken:
            raise DomainError(_("Il y a déjà une page de ce nom."), field="title")
        page = LegalPage(territory_id=territory.id, slug=slug)
        db.add(page)
    else:
        page = queries.get_page(territory.id, slug)
        if page.version != version:
            raise Conflict(_(OVERTAKEN))
    page.title, page.body_source, page.body_html, page.updated_at = title, source, markdown(source), clock.now()
    touched(territory)
    if by_id is not None:
        record("territory.page_written", territory, by_id, page=page.slug, version=page.version)
    return page
