from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.contents import queries as contents
from app.core.errors import NotFound
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.limits import SENDING_MAIL, WRITING, limiter
from app.core.pages import asked_page, paginate
from app.core.permissions import me, require
from app.moderation import queries, regimes, reports, services
from app.moderation.forms import DecisionForm, ReportForm, SettingsForm, VisitorReportForm
from app.moderation.models import Case, Verdict
from app.moderation.rules import NEEDS
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
    return render_template("moderation/report.html", content=content, form=form), form.status


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
    """The statement of reasons, with the text it is about: for its author and those who moderate there."""
    decision = queries.get_decision(decision_id)
    require("decision.read", decision)
    return render_template("moderation/decision.html", decision=decision, content=decision.content)


@moderation.route("/gestion/<territory_slug>/moderation", methods=["GET", "POST"])
def settings(territory_slug):
    territory = queries.get_territory_or_region(territory_slug)
    if territory is None:
        raise NotFound
    require("moderation.settings", territory)
    form = SettingsForm(obj=queries.settings_of(territory.id))
    with refusals_in(form):
        if form.validate_on_submit():
            regimes.set_regime(territory, by=me(), regime=form.regime.data, target_hours=form.target_hours.data)
            flash(_("Les règles de modération sont enregistrées."))
            return redirect(url_for("moderation.settings", territory_slug=territory_slug))
    return render_template("moderation/settings.html", territory=territory, form=form), form.status
