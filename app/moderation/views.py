from flask import Blueprint, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.contents import queries as contents
from app.contents import redactions
from app.contents.models import Content
from app.core.errors import NotFound
from app.core.forms import refusals_in
from app.core.hooks import piece
from app.core.i18n import _
from app.core.limits import SENDING_MAIL, WRITING, limiter
from app.core.permissions import me, require
from app.core.text import is_beginning
from app.moderation import decision_blocks, queries, regimes, reports, services
from app.moderation.forms import ActivityForm, CorrectionForm, ErasureForm, ReportForm, SettingsForm, VisitorReportForm
from app.moderation.models import Route, Verdict
from app.territories.models import Territory

moderation = Blueprint("moderation", __name__, template_folder="templates")


# --- Reporting ---------------------------------------------------------------------------------------------------------


@moderation.route("/contributions/<int:content_id>/signaler", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
@limiter.limit(SENDING_MAIL, methods=["POST"], exempt_when=lambda: not me().is_anonymous)
def report(content_id):
    content = contents.get_content(content_id)
    require("content.read", content)
    require("content.report", content)
    form = VisitorReportForm() if me().is_anonymous else ReportForm()
    articles = {article.id: article for article in queries.articles_for(content)}
    form.article.choices = [SelectChoice(article.id, article.title) for article in articles.values()] + [SelectChoice(0, _("Autre raison"))]
    with refusals_in(form):
        if form.validate_on_submit():
            given = {"article": articles.get(form.article.data), "message": form.message.data or ""}
            if me().is_anonymous:
                reports.report_as_visitor(content, name=form.name.data, email=form.email.data, **given)
                return render_template("moderation/reported.html", content=content, to_confirm=True)
            reports.report(content, person=me(), **given)
            return render_template("moderation/reported.html", content=content, to_confirm=False)
    title = "" if is_beginning(content.title, content.summary) else content.title
    return render_template("moderation/report.html", content=content, title=title, form=form), form.status


@moderation.route("/signalements/<token>", methods=["GET", "POST"])
def confirm_report(token):
    """The link in the visitor's letter. Reading it changes nothing: mail scanners follow links."""
    found = reports.find_report(token)
    content = contents.get_content(found.content_id)
    require("content.report", content)
    if request.method == "POST":
        reports.confirm_report(token)
        return render_template("moderation/reported.html", content=content, to_confirm=False)
    return render_template("moderation/confirm_report.html", content=content, token=token)


# --- Decisions and settings ----------------------------------------------------------------------------------------------


@moderation.get("/moderation/decisions/<int:decision_id>")
def decision(decision_id):
    """The statement of reasons, with the text it is about: for its author, those who moderate there, and the garant."""
    decision = queries.get_decision(decision_id)
    require("decision.read", decision)
    revision = contents.get_revision(decision.content_id, decision.revision)
    cuts = redactions.active_on(decision.content, decision.revision)
    found = [block for ask in decision_blocks if (block := ask(decision))]
    return render_template(
        "moderation/decision.html",
        decision=decision,
        content=decision.content,
        statement=queries.statement_of(decision.id),
        fields=revision.fields,
        pieces=redactions.pieces(revision.fields["body_source"], [(cut.start, cut.end) for cut in cuts if cut.field == "body_source"]),
        blocks=[piece(template, context) for template, context in found],
    )


@moderation.route("/moderation/cas/<int:case_id>/correction", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def correct(case_id):
    """Where an author reads what the team asks before deciding, and answers."""
    case = queries.get_case(case_id)
    messages = queries.messages_of(case.id)
    require("case.answer", case)
    if not messages:
        raise NotFound  # nothing was asked
    form = CorrectionForm()
    with refusals_in(form):
        if form.validate_on_submit():
            services.answer_correction(case, by=me(), text=form.text.data)
            flash(_("Votre réponse est partie. L’équipe la lira avant de décider."))
            return redirect(url_for("moderation.correct", case_id=case.id), 303)
    return render_template("moderation/correct.html", case=case, content=case.content, messages=messages, form=form), form.status


@moderation.route("/moderation/cas/<int:case_id>/effacer", methods=["GET", "POST"])
def erase(case_id):
    """For a manager: remove a text and destroy its words. Apart from the desk, and said twice: it cannot come back."""
    case = queries.get_case(case_id)
    require("case.erase", case)
    form = ErasureForm()
    articles = {article.id: article for article in queries.articles_for(case.content)}
    form.article.choices = [SelectChoice(article.id, f"{article.number}. {article.title}") for article in articles.values()]
    if request.method == "GET":
        form.version.data = str(case.version)
    with refusals_in(form):
        if form.validate_on_submit():
            given = {"verdict": Verdict.ERASE, "route": Route.ERASURE, "reasons": form.reasons.data, "seen": form.seen}
            made = services.decide(case, by=me(), article=articles.get(form.article.data), **given)
            flash(_("Le texte est retiré. Ses mots seront effacés dans trente secondes."))
            return redirect(url_for("moderation.decision", decision_id=made.id), 303)
    if form.is_overtaken:
        form.version.data = str(case.version)
    return render_template("moderation/erase.html", case=case, content=case.content, form=form), form.status


# --- Settings ------------------------------------------------------------------------------------------------------------


def load_place(territory_slug: str) -> Territory:
    territory = queries.get_territory_or_region(territory_slug)
    if territory is None:
        raise NotFound
    require("moderation.settings", territory)
    return territory


@moderation.route("/gestion/<territory_slug>/moderation", methods=["GET", "POST"])
def settings(territory_slug):
    territory = load_place(territory_slug)
    form = SettingsForm(obj=queries.settings_of(territory.id))
    with refusals_in(form):
        if form.validate_on_submit():
            given = {"regime": form.regime.data, "target_hours": form.target_hours.data, "mask_threshold": form.mask_threshold.data}
            regimes.set_regime(territory, by=me(), first_count=form.first_count.data or 1, **given)
            flash(_("Les règles de modération sont enregistrées."))
            return redirect(url_for("moderation.settings", territory_slug=territory_slug))
    shown = {"activities": regimes.activities_of(territory), "usual": regimes.usual_delay(territory.id), "in_words": regimes.in_words}
    return render_template("moderation/settings.html", territory=territory, form=form, **shown), form.status


@moderation.route("/gestion/<territory_slug>/moderation/<int:space_id>", methods=["GET", "POST"])
def activity(territory_slug, space_id):
    """How one consultation or debate is moderated."""
    territory = load_place(territory_slug)
    space, regime = regimes.get_activity(territory, space_id)
    form = ActivityForm(regime=regime.value if regime else "")
    with refusals_in(form):
        if form.validate_on_submit():
            regimes.set_activity_regime(space, by=me(), regime=form.regime.data or None)
            flash(_("La règle de cette activité est enregistrée."))
            return redirect(url_for("moderation.settings", territory_slug=territory_slug))
    return render_template("moderation/activity.html", territory=territory, space=space, form=form), form.status


def reading_of(about: Content) -> regimes.Reading:
    """For templates: how what one writes about this will be read."""
    return regimes.reading_of(about, me())
