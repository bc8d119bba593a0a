"""What a territory writes about itself: settings, logo, charter, legal pages. And, for the region, new territories."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.admin import menu
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.forms import Form, refusals_in
from app.core.i18n import _, _l
from app.core.permissions import me, require
from app.files import services as files
from app.files import takes_files
from app.files.kinds import IMAGES
from app.territories import queries, reference, services
from app.territories.forms import ArticleForm, LogoForm, PageForm, SettingsForm, TerritoryForm
from app.territories.models import Territory

territories_admin = Blueprint("territories_admin", __name__, url_prefix="/gestion", template_folder="templates")

menu(_l("Réglages"), "territories_admin.settings", "territory.edit")
menu(_l("Charte"), "territories_admin.charter", "territory.edit")
menu(_l("Pages légales"), "territories_admin.pages", "territory.edit")
menu(_l("Nouveau territoire"), "territories_admin.create", "territory.create", scope="region")


def load(territory_slug: str) -> Territory:
    territory = queries.get_territory(territory_slug)
    require("territory.edit", territory)
    return territory


def version_of(form: Form) -> int:
    """The version that was read, as the form gave it back; nonsense is a version nobody has."""
    given = str(form.version.data or "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else -1


@contextmanager
def overtaking(form: Form) -> Iterator[list[str]]:
    """Show refusals beside their fields; and remember when somebody else wrote first, to show both texts."""
    overtaken: list[str] = []
    try:
        with refusals_in(form):
            try:
                yield overtaken
            except Conflict as error:
                overtaken.append(error.message)
                raise
    finally:
        if overtaken:
            db.rollback()


def both_texts(form: Form, theirs: dict[str, str], version: int, **page):
    """409: what the person typed, ready to be sent again, beside what was written meanwhile."""
    form.version.data = form.version.raw_data = None
    differing = [(form[name], text) for name, text in theirs.items() if (form[name].data or "").split() != (text or "").split()]
    return render_template("territories/conflict.html", form=form, theirs=differing, version=version, **page), 409


# --- Settings ----------------------------------------------------------------------------------------------------------


@territories_admin.route("/<territory_slug>/reglages", methods=["GET", "POST"])
def settings(territory_slug):
    territory = load(territory_slug)
    form = SettingsForm(obj=territory, welcome=territory.welcome_source, charter=territory.charter_source)
    with overtaking(form) as overtaken:
        if form.validate_on_submit():
            given = {name: form[name].data or "" for name in ("intro", "welcome", "charter", "accent", "contact_email", "logo_alt")}
            services.edit_settings(territory, version=version_of(form), by_id=me().id, **given)
            flash(_("Les réglages sont enregistrés."), "success")
            return redirect(url_for("territories_admin.settings", territory_slug=territory_slug))
    if overtaken:
        territory = queries.get_territory(territory_slug)
        theirs = {
            "intro": territory.intro,
            "welcome": territory.welcome_source,
            "charter": territory.charter_source,
            "accent": territory.accent or "",
            "contact_email": territory.contact_email,
            "logo_alt": territory.logo_alt,
        }
        return both_texts(
            form, theirs, territory.version, territory=territory, back=url_for("territories_admin.settings", territory_slug=territory_slug)
        )
    return render_template("territories/admin_settings.html", territory=territory, form=form, logo=LogoForm(formdata=None)), form.status


@territories_admin.route("/<territory_slug>/logo", methods=["GET", "POST"])
@takes_files
def change_logo(territory_slug):
    territory = load(territory_slug)
    form = LogoForm()
    if form.validate_on_submit():
        try:
            territory = store_logo(territory_slug, form)
            flash(_("Le logo est changé."), "success")
            return redirect(url_for("territories_admin.settings", territory_slug=territory_slug))
        except DomainError as error:
            db.rollback()
            field = form[error.field] if error.field and error.field in form else form.file
            field.errors = [*field.errors, error.message]
            territory = load(territory_slug)
    return render_template("territories/admin_logo.html", territory=territory, form=form), form.status


def store_logo(territory_slug: str, form: LogoForm) -> Territory:
    """Decode the image with no transaction open, then look at the right again before writing."""
    sent = request.files["file"]
    db.rollback()
    prepared = files.prepare(sent.stream, name=sent.filename, accept=IMAGES)
    territory = load(territory_slug)
    services.set_logo(territory, prepared, alt=form.logo_alt.data or "", by_id=me().id)
    return territory


@territories_admin.post("/<territory_slug>/logo/retirer")
def remove_logo(territory_slug):
    services.remove_logo(load(territory_slug), by_id=me().id)
    flash(_("Le logo est retiré."), "success")
    return redirect(url_for("territories_admin.settings", territory_slug=territory_slug))


# --- Charter -----------------------------------------------------------------------------------------------------------


ARTICLE = ("title", "text", "notice", "legal_ground")


def written(form: ArticleForm) -> dict[str, str]:
    return {name: form[name].data or "" for name in ARTICLE}


@territories_admin.get("/<territory_slug>/charte")
def charter(territory_slug):
    territory = load(territory_slug)
    return render_template("territories/admin_charter.html", territory=territory, articles=queries.charter_of(territory.id))


@territories_admin.route("/<territory_slug>/charte/nouveau", methods=["GET", "POST"])
def add_article(territory_slug):
    territory = load(territory_slug)
    form = ArticleForm()
    with refusals_in(form):
        if form.validate_on_submit():
            services.write_article(territory, number=None, version=0, **written(form), by_id=me().id)
            flash(_("L’article est ajouté à la charte."), "success")
            return redirect(url_for("territories_admin.charter", territory_slug=territory_slug))
    return render_template("territories/admin_article.html", territory=territory, form=form, article=None, versions=[]), form.status


@territories_admin.route("/<territory_slug>/charte/<int:number>", methods=["GET", "POST"])
def edit_article(territory_slug, number):
    territory = load(territory_slug)
    article = queries.get_article(territory.id, number)
    form = ArticleForm(obj=article)
    back = url_for("territories_admin.charter", territory_slug=territory_slug)
    with overtaking(form) as overtaken:
        if form.validate_on_submit():
            services.write_article(territory, number=number, version=version_of(form), **written(form), by_id=me().id)
            flash(_("La nouvelle version de l’article est en vigueur."), "success")
            return redirect(back)
    if overtaken:
        territory = queries.get_territory(territory_slug)
        article = queries.get_article(territory.id, number)
        theirs = {name: getattr(article, name) for name in ARTICLE}
        return both_texts(form, theirs, article.version, territory=territory, back=back)
    versions = queries.versions_of(territory.id, number)
    return render_template(
        "territories/admin_article.html", territory=territory, form=form, article=article, versions=versions
    ), form.status


@territories_admin.post("/<territory_slug>/charte/<int:number>/retirer")
def withdraw_article(territory_slug, number):
    territory = load(territory_slug)
    given = request.form.get("version", "")
    version = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else -1
    services.withdraw_article(territory, number=number, version=version, by_id=me().id)
    flash(_("L’article n’est plus en vigueur. Ses versions restent lisibles."), "success")
    return redirect(url_for("territories_admin.charter", territory_slug=territory_slug))


# --- Legal pages -------------------------------------------------------------------------------------------------------


@territories_admin.get("/<territory_slug>/pages")
def pages(territory_slug):
    territory = load(territory_slug)
    return render_template("territories/admin_pages.html", territory=territory, pages=queries.pages_of(territory.id))


@territories_admin.route("/<territory_slug>/pages/nouvelle", methods=["GET", "POST"])
def add_page(territory_slug):
    territory = load(territory_slug)
    form = PageForm()
    with refusals_in(form):
        if form.validate_on_submit():
            services.save_page(territory, slug="", title=form.title.data, body=form.body.data, version=None, by_id=me().id)
            flash(_("La page est publiée."), "success")
            return redirect(url_for("territories_admin.pages", territory_slug=territory_slug))
    return render_template("territories/admin_page.html", territory=territory, form=form, page=None), form.status


@territories_admin.route("/<territory_slug>/pages/<page>", methods=["GET", "POST"])
def edit_page(territory_slug, page):
    territory = load(territory_slug)
    known = queries.get_page(territory.id, page)
    form = PageForm(obj=known, body=known.body_source)
    back = url_for("territories_admin.pages", territory_slug=territory_slug)
    with overtaking(form) as overtaken:
        if form.validate_on_submit():
            services.save_page(territory, slug=page, title=form.title.data, body=form.body.data, version=version_of(form), by_id=me().id)
            flash(_("La page est enregistrée."), "success")
            return redirect(back)
    if overtaken:
        territory = queries.get_territory(territory_slug)
        known = queries.get_page(territory.id, page)
        return both_texts(form, {"title": known.title, "body": known.body_source}, known.version, territory=territory, back=back)
    return render_template("territories/admin_page.html", territory=territory, form=form, page=known), form.status


# --- New territories ---------------------------------------------------------------------------------------------------


@territories_admin.route("/region/territoires/nouveau", methods=["GET", "POST"])
def create():
    require("territory.create")
    form = TerritoryForm()
    parents = {str(each.id): each for each in queries.possible_parents()}
    form.parent.choices = [SelectChoice("", _("Aucune intercommunalité")), *(SelectChoice(key, each.name) for key, each in parents.items())]
    with refusals_in(form):
        if form.validate_on_submit():
            territory = open_territory(form, parents.get(form.parent.data or ""))
            flash(
                _("L’espace de %(name)s est ouvert, avec sa charte et ses pages légales. Invitez son équipe.", name=territory.name),
                "success",
            )
            return redirect(url_for("territories_admin.settings", territory_slug=territory.slug))
    return render_template("territories/admin_create.html", form=form), form.status


def open_territory(form: TerritoryForm, parent: Territory | None) -> Territory:
    """A code that the lists know gives the name and the population; a territory that has no code has its name typed."""
    code = (form.code.data or "").strip().upper()
    place = reference.places().get(code)
    if code and place is None:
        raise DomainError(
            _("Ce code n’est pas dans les listes du Nord et du Pas-de-Calais. Vérifiez-le, ou laissez-le vide."), field="code"
        )
    kind = place.kind.value if place else form.kind.data
    return services.create_territory(
        name=form.name.data or (place.name if place else ""),
        short_name=form.short_name.data or "",
        kind=kind,
        insee=code if place and kind == "commune" else None,
        siren=code if place and kind == "epci" else None,
        population=place.population if place else None,
        parent=parent,
        contact_email=form.contact_email.data or "",
        by_id=me().id,
    )
