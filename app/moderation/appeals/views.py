from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.core.errors import NotFound
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.limits import SENDING_MAIL, WRITING, limiter, network
from app.core.pages import paginate
from app.core.permissions import can, me, require
from app.moderation import decision_blocks, redress
from app.moderation import queries as desk
from app.moderation.appeals import queries, services
from app.moderation.appeals.forms import AnswerForm, ContestForm, ReportAnswerForm
from app.moderation.appeals.models import Appeal, Outcome
from app.moderation.appeals.queries import Act
from app.moderation.models import Decision, Verdict
from app.moderation.redress import Key
from app.moderation.sanctions.forms import KINDS
from app.territories.models import Territory

appeals = Blueprint("appeals", __name__, template_folder="templates")


@appeals.after_request
def keep_links_to_ourselves(response: Response) -> Response:
    """A page opened from a letter never sends its address on."""
    if "token" in (request.view_args or {}):
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


# --- Contesting ------------------------------------------------------------------------------------------------------------


@appeals.route("/recours/<token>", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
@limiter.limit(SENDING_MAIL, key_func=network, methods=["POST"])
def by_link(token):
    """The link in the letter: no account is needed. Reading it changes nothing: mail scanners follow links."""
    act = queries.get_act(redress.read_link(token))
    require("appeal.by_link", act)
    return contest(act)


@appeals.route("/compte/recours/decision/<int:decision_id>", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def against_decision(decision_id):
    act = queries.get_act(Key(decision_id=decision_id))
    require("own_appeal.read", act)
    return contest(act)


@appeals.route("/compte/recours/mesure/<int:sanction_id>", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def against_sanction(sanction_id):
    act = queries.get_act(Key(sanction_id=sanction_id))
    require("own_appeal.read", act)
    return contest(act)


def contest(act: Act):
    """One page for all: what was decided, then the form, then the receipt and the answer in its place."""
    form = ContestForm()
    with refusals_in(form):
        if form.validate_on_submit():
            services.contest(act, text=form.text.data, reply_to=form.reply_to.data or "")
            flash(_("Votre recours est enregistré."), "success")
            return redirect(request.path)
    act = queries.get_act(act.key)  # again: a refusal undoes what was loaded
    appeal = queries.find_appeal(act)
    return render_template(
        "appeals/contest.html",
        act=act,
        about=services.about(act),
        kinds=KINDS,
        form=form,
        appeal=appeal,
        due=queries.due_on(appeal) if appeal else None,
        last_day=redress.last_day(act.told_at),
        asks_address=services.needs_address(act),
        outside=redress.outside(),
    ), form.status


# --- Answering -------------------------------------------------------------------------------------------------------------


def load(territory_slug: str, appeal_id: int) -> tuple[Territory | None, Appeal, Act]:
    """The appeal, if it is this place's; another's does not exist here."""
    territory = desk.get_territory_or_region(territory_slug)
    appeal = queries.get_appeal(appeal_id)
    if appeal.territory_id != (territory.id if territory else None):
        raise NotFound
    require("appeal.read", appeal)
    return territory, appeal, queries.get_act(queries.key_of(appeal))


@appeals.get("/moderation/region/recours", endpoint="region", defaults={"territory_slug": "region"})
@appeals.get("/moderation/<territory_slug>/recours")
def index(territory_slug):
    territory = desk.get_territory_or_region(territory_slug)
    require("appeal.read", territory or desk.REGION)
    answered = request.args.get("etape") == "repondus"
    place = territory.id if territory else None
    page = paginate(queries.appeals_in(place, answered=answered))
    return render_template(
        "appeals/index.html",
        territory=territory,
        slug=territory_slug,
        page=page,
        answered=answered,
        waiting=queries.waiting_count(place),
        due_on=queries.due_on,
        kinds=KINDS,
    )


@appeals.route("/moderation/<territory_slug>/recours/<int:appeal_id>", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def show(territory_slug, appeal_id):
    territory, appeal, act = load(territory_slug, appeal_id)
    form, articles = form_for(appeal, act)
    if request.method == "POST":
        require("appeal.answer", act)
    else:
        form.version.data = str(appeal.version)
    with refusals_in(form):
        if form.validate_on_submit():
            answer(appeal, act, form, articles)
            flash(_("La réponse est partie."), "success")
            return redirect(url_for("appeals.index", territory_slug=territory_slug))
    territory, appeal, act = load(territory_slug, appeal_id)  # again: a refusal undoes what was loaded
    return render_template(
        "appeals/show.html",
        territory=territory,
        slug=territory_slug,
        appeal=appeal,
        act=act,
        about=services.about(act),
        form=form,
        may_answer=can("appeal.answer", act),
        due=queries.due_on(appeal),
        kinds=KINDS,
        original=queries.original_of(act.decision) if act.decision else None,
    ), form.status


def form_for(appeal: Appeal, act: Act) -> tuple[AnswerForm, dict]:
    if not act.report or act.decision is None:
        return AnswerForm(), {}
    form = ReportAnswerForm()
    articles = {article.id: article for article in desk.articles_for(act.decision.content)}
    form.article.choices = [SelectChoice(each.id, f"{each.number}. {each.title}") for each in articles.values()]
    return form, articles


def answer(appeal: Appeal, act: Act, form: AnswerForm, articles: dict) -> None:
    given = {"by": me(), "answer": form.answer.data, "seen": form.seen}
    if form.outcome.data == Outcome.DISMISSED:
        services.dismiss(appeal, act, **given)
    elif isinstance(form, ReportAnswerForm):
        verdict = Verdict(form.verdict.data) if form.verdict.data else None
        services.uphold(appeal, act, **given, verdict=verdict, article=articles.get(form.article.data), reasons=form.reasons.data or "")
    else:
        services.uphold(appeal, act, **given)


@decision_blocks.at(10)
def on_the_page_of_a_decision(decision: Decision):
    """For whom it restricts: the door to contest it, or what became of their appeal."""
    act = queries.find_act(Key(decision_id=decision.id))
    if act is None or not can("own_appeal.read", act):
        return None
    appeal = queries.find_appeal(act)
    return None if act.is_void and appeal is None else ("appeals/block.html", {"decision": decision, "appeal": appeal})
