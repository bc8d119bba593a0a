from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.contents import queries as contents
from app.core.errors import NotFound
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.limits import SENDING_MAIL, WRITING, limiter
from app.core.pages import asked_page, paginate
from app.core.permissions import me, require
from app.moderation import queries, services
from app.moderation.forms import DecisionForm, ReportForm, SettingsForm, VisitorReportForm
from app.moderation.models import Case, Verdict
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
                services.report_as_visitor(content, name=form.name.data, email=form.email.data, **given)
                return render_template("moderation/reported.html", content=content, to_confirm=True)
            services.report(content, person=me(), **given)
            return render_template("moderation/reported.html", content=content, to_confirm=False)
    return render_template("moderation/report.html", content=content, form=form), form.status


@moderation.route("/signalements/<token>", methods=["GET", "POST"])
def confirm_report(token):
    """The link in the visitor's letter. Reading it changes nothing: mail scanners follow links."""
    found = services.find_report(token)
    content = contents.get_content(found.content_id)
    require("content.report", content)
    if request.method == "POST":
        services.confirm_report(token)
        return render_template("moderation/reported.html", content=content, to_confirm=False)
    return render_template("moderation/confirm_report.html", content=content, token=token)


# --- The desk ------------------------------------------------------------------------------------------------------------


def load_case(territory_slug: str, case_id: int) -> tuple[Territory | None, Case]:
    """The case, if it is this territory's; another's does not exist here."""
    territory = queries.get_territory_or_region(territory_slug)
    case = queries.get_case(case_id)
    if case.territory_id != (territory.id if territory else None):
        raise NotFound
    require("case.read", case)
    return territory, case


@moderation.get("/moderation/")
def index():
    """The desks this person may sit at; the only one, straight away."""
    desks = queries.desks_of(me())
    if not desks:
        abort(404)
    if len(desks) == 1:
        return redirect(url_for("moderation.queue", territory_slug=desks[0].slug))
    return render_template("moderation/index.html", desks=desks)


@moderation.get("/moderation/<territory_slug>/")
def queue(territory_slug):
    territory = queries.get_territory_or_region(territory_slug)
    require("moderation.desk", territory or queries.REGION)
    return render_template("moderation/queue.html", **desk(territory, asked_page()))


def desk(territory, number: int, case=None) -> dict:
    """What every page of the desk shows, the n-th page of the queue among it."""
    territory_id = territory.id if territory else None
    summary = queries.summary_of(territory_id)
    page = paginate(queries.waiting(territory_id), number, per_page=50, total=summary.count)
    return {
        "territory": territory,
        "slug": territory.slug if territory else "region",
        "page": page,
        "case": case,
        "summary": summary,
        "settings": queries.settings_of(territory_id),
        "report_counts": queries.report_counts([each.content_id for each in page.items]),
    }


@moderation.route("/moderation/<territory_slug>/cas/<int:case_id>", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def case(territory_slug, case_id):
    territory, case = load_case(territory_slug, case_id)
    form = DecisionForm()
    articles = {article.id: article for article in queries.articles_for(case.content)}
    form.article.choices = [SelectChoice(article.id, f"{article.number}. {article.title}") for article in articles.values()]
    if request.method == "POST":
        require("case.decide", case)
    else:
        form.version.data = str(case.version)
    with refusals_in(form):
        if form.validate_on_submit():
            services.decide(
                case,
                by=me(),
                verdict=form.verdict.data,
                article=articles.get(form.article.data),
                reasons=form.reasons.data or "",
                seen=form.seen,
            )
            flash(_("C’est décidé. L’auteur est prévenu."))
            return redirect(next_case(territory, case) or url_for("moderation.queue", territory_slug=territory_slug))
    shown = desk(territory, 1, case)
    return render_template(
        "moderation/case.html",
        **shown,
        form=form,
        articles=articles,
        reports=queries.reports_of(case.content_id),
        decisions=queries.decisions_of(case.id),
        record=queries.record_of(case.content),
        revisions=contents.revisions_of(case.content),
        verdicts=possible(case),
        **neighbours(territory_slug, shown["page"].items, case),
    ), form.status


def neighbours(territory_slug: str, waiting, case: Case) -> dict[str, str | None]:
    """The addresses of the cases before and after this one in the queue."""
    ids = [each.id for each in waiting]
    here = ids.index(case.id) if case.id in ids else -1
    before = ids[here - 1] if here > 0 else None
    after = ids[here + 1] if here + 1 < len(ids) else None
    to = lambda case_id: case_id and url_for("moderation.case", territory_slug=territory_slug, case_id=case_id)  # noqa: E731
    return {"previous_url": to(before), "next_url": to(after)}


def possible(case: Case) -> list[Verdict]:
    return [verdict for verdict, follows in services.AFTER.items() if case.content.state in follows]


def next_case(territory: Territory | None, case: Case) -> str | None:
    """Where the desk goes on: the oldest case that still waits."""
    waiting = paginate(queries.waiting(territory.id if territory else None), 1, per_page=1).items
    return url_for("moderation.case", territory_slug=territory.slug if territory else "region", case_id=waiting[0].id) if waiting else None


@moderation.post("/moderation/<territory_slug>/cas/<int:case_id>/prendre")
def claim(territory_slug, case_id):
    _territory, case = load_case(territory_slug, case_id)
    require("case.decide", case)
    services.claim(case, by=me())
    return redirect(url_for("moderation.case", territory_slug=territory_slug, case_id=case.id))


@moderation.get("/moderation/<territory_slug>/registre")
def register(territory_slug):
    territory = queries.get_territory_or_region(territory_slug)
    require("moderation.desk", territory or queries.REGION)
    page = paginate(queries.decisions_in(territory.id if territory else None))
    return render_template("moderation/register.html", territory=territory, slug=territory_slug, page=page)


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
            services.set_regime(territory, by=me(), regime=form.regime.data, target_hours=form.target_hours.data)
            flash(_("Les règles de modération sont enregistrées."))
            return redirect(url_for("moderation.settings", territory_slug=territory_slug))
    return render_template("moderation/settings.html", territory=territory, form=form), form.status
