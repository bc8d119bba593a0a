from flask import Blueprint, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.accounts import profile_sections, sections
from app.accounts import queries as accounts
from app.accounts.models import Person
from app.core.errors import NotFound
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.limits import WRITING, limiter
from app.core.pages import paginate
from app.core.permissions import can, me, require
from app.moderation import queries as desk
from app.moderation import redress
from app.moderation.sanctions import queries, services
from app.moderation.sanctions.forms import HELPS, KINDS, STAGES, STATES, AnswerForm, LocalProposeForm, ProposeForm
from app.moderation.sanctions.models import Sanction
from app.moderation.sanctions.queries import Stage
from app.territories.models import CharterArticle, Territory

sanctions = Blueprint("sanctions", __name__, template_folder="templates")
WORDS = {"kinds": KINDS, "states": STATES, "stages": STAGES}


def load(territory_slug: str, sanction_id: int) -> tuple[Territory | None, Sanction]:
    """The sanction, if it is this place's; another's does not exist here."""
    territory = desk.get_territory_or_region(territory_slug)
    sanction = queries.get_sanction(sanction_id)
    if sanction.territory_id != (territory.id if territory else None):
        raise NotFound
    require("sanction.read", sanction)
    return territory, sanction


# --- The team's pages ------------------------------------------------------------------------------------------------------


@sanctions.get("/moderation/region/sanctions", endpoint="region", defaults={"territory_slug": "region"})
@sanctions.get("/moderation/<territory_slug>/sanctions")
def index(territory_slug):
    territory = desk.get_territory_or_region(territory_slug)
    require("sanction.read", territory or desk.REGION)
    asked = request.args.get("etape")
    stage = Stage(asked) if asked in set(Stage) else Stage.WAITING
    place = territory.id if territory else None
    page = paginate(queries.sanctions_in(place, stage))
    counts = {each: queries.count_in(place, each) for each in Stage}
    return render_template(
        "sanctions/index.html", territory=territory, slug=territory_slug, page=page, stage=stage, counts=counts, mine=me().id, **WORDS
    )


@sanctions.route("/moderation/<territory_slug>/sanctions/proposer/<public_id>", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def propose(territory_slug, public_id):
    territory = desk.get_territory_or_region(territory_slug)
    require("sanction.propose", territory or desk.REGION)
    person = accounts.get_profile(public_id)
    form, articles = form_for(territory)
    with refusals_in(form):
        if form.validate_on_submit():
            article = articles.get(form.article.data) if territory else None
            given = {"kind": form.kind.data, "article": article, "facts": form.facts.data, "ends_at": form.ends_at}
            made = services.propose(person, territory=territory, by=me(), **given)
            flash(_("C’est proposé. Une autre personne de l’équipe doit maintenant la lire."), "success")
            return redirect(url_for("sanctions.show", territory_slug=territory_slug, sanction_id=made.id))
    helps = {kind.value: text for kind, text in HELPS.items()}
    return render_template(
        "sanctions/propose.html", territory=territory, slug=territory_slug, person=person, form=form, helps=helps
    ), form.status


def form_for(territory: Territory | None) -> tuple[ProposeForm, dict[int, CharterArticle]]:
    articles = {article.id: article for article in queries.articles_of(territory.id if territory else None)}
    form = LocalProposeForm() if territory else ProposeForm()
    form.kind.choices = [SelectChoice(kind.value, KINDS[kind]) for kind in services.kinds_in(territory)]
    if territory:
        form.article.choices = [SelectChoice(each.id, f"{each.number}. {each.title}") for each in articles.values()]
    return form, articles


@sanctions.get("/moderation/<territory_slug>/sanctions/<int:sanction_id>")
def show(territory_slug, sanction_id):
    return page_of(*load(territory_slug, sanction_id), territory_slug, AnswerForm())


def page_of(territory: Territory | None, sanction: Sanction, slug: str, form: AnswerForm):
    if form.status == 200:
        form.version.data = str(sanction.version)
    others = queries.in_force_on(sanction.person) if sanction.person else ()
    return render_template(
        "sanctions/show.html", territory=territory, slug=slug, sanction=sanction, others=others, form=form, **WORDS
    ), form.status


def answer(territory_slug: str, sanction_id: int, permission: str, act, said: str):
    """What the three answers share: load, ask, act, say; a refusal comes back with what was written."""
    territory, sanction = load(territory_slug, sanction_id)
    require(permission, sanction)
    form = AnswerForm()
    with refusals_in(form):
        if form.validate_on_submit():
            act(sanction, form)
            flash(said, "success")
            return redirect(url_for("sanctions.index", territory_slug=territory_slug))
    return page_of(territory, queries.get_sanction(sanction_id), territory_slug, form)


@sanctions.post("/moderation/<territory_slug>/sanctions/<int:sanction_id>/confirmer")
@limiter.limit(WRITING)
def confirm(territory_slug, sanction_id):
    act = lambda sanction, form: services.confirm(sanction, by=me(), seen=form.seen)  # noqa: E731
    return answer(
        territory_slug, sanction_id, "sanction.answer", act, _("C’est confirmé. La personne reçoit les raisons et peut faire un recours.")
    )


@sanctions.post("/moderation/<territory_slug>/sanctions/<int:sanction_id>/ecarter")
@limiter.limit(WRITING)
def decline(territory_slug, sanction_id):
    act = lambda sanction, form: services.decline(sanction, by=me(), reasons=form.reasons.data or "", seen=form.seen)  # noqa: E731
    return answer(territory_slug, sanction_id, "sanction.answer", act, _("La mesure est écartée."))


@sanctions.post("/moderation/<territory_slug>/sanctions/<int:sanction_id>/lever")
@limiter.limit(WRITING)
def lift(territory_slug, sanction_id):
    act = lambda sanction, form: services.lift(sanction, by=me(), reasons=form.reasons.data or "", seen=form.seen)  # noqa: E731
    return answer(territory_slug, sanction_id, "sanction.lift", act, _("La mesure est levée. La personne est prévenue."))


# --- The person's own ------------------------------------------------------------------------------------------------------


@sanctions.get("/compte/mesures/<int:sanction_id>")
def mine(sanction_id):
    """What was decided about one's account, why, until when, and how to contest. What is only proposed is not told yet."""
    sanction = queries.get_sanction(sanction_id)
    require("own_sanction.read", sanction)
    statement = queries.statement_of(sanction_id)
    if statement is None:
        raise NotFound
    return render_template(
        "sanctions/mine.html", sanction=sanction, statement=statement, last_day=redress.last_day(statement.created_at), **WORDS
    )


@sections.at(5)
def on_the_account_page(person: Person):
    """Above everything else, when something holds."""
    held = queries.in_force_on(person)
    return (_("Mesures en cours sur votre compte"), "sanctions/section.html", {"held": held, **WORDS}) if held else None


@profile_sections.at(90)
def on_the_public_page(person: Person):
    """For who may propose one, where they may; nobody else sees anything."""
    if me().is_anonymous or me().id == person.id:
        return None
    doors = [(place.name, place.slug) for place in queries.places_for(me(), person) if can("sanction.propose", place)]
    if can("sanction.propose", desk.REGION):
        doors.append((_("Région"), "region"))
    return (_("Sanctions"), "sanctions/section_profile.html", {"doors": doors}) if doors else None
