from datetime import datetime, timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, session, url_for
from wtforms.fields.choices import SelectChoice

from app.contents import kinds, redactions
from app.contents import queries as contents
from app.contents.models import Content, State
from app.core import clock
from app.core.errors import Conflict, DomainError, NotFound
from app.core.forms import refusals_in
from app.core.i18n import _, ngettext
from app.core.limits import WRITING, limiter
from app.core.pages import asked_page, paginate
from app.core.permissions import can, me, require
from app.moderation import queries as cases
from app.moderation import services as decisions
from app.moderation.desk import assistants, filters, letters, passages, queries, services, waiting
from app.moderation.desk.forms import ASK, TOGETHER, CaseForm, TogetherForm, UncutForm, ViewForm, neutral
from app.moderation.desk.models import SavedView
from app.moderation.desk.places import Desk, Place, get_place, places_of
from app.moderation.models import Decision, Verdict
from app.moderation.places import destinations_of
from app.moderation.rules import NEEDS
from app.moderation.telling import UNDO_SECONDS
from app.moderation.views import moderation

UNDO = "desk.undo"  # in the session: what was decided last, and until when it can be taken back


# --- The queue -----------------------------------------------------------------------------------------------------------


@moderation.get("/moderation/")
def index():
    """The cases of all the places where this person moderates; of the only one, at its own address."""
    places = places_of(me())
    if not places:
        return redirect(url_for("garants.index")) if contents.mandates_of(me()) else abort(404)
    if len(places) == 1:
        return redirect(url_for("moderation.queue", territory_slug=places[0].slug))
    return queue_page(Desk(places))


@moderation.get("/moderation/<territory_slug>/")
def queue(territory_slug):
    place = get_place(territory_slug)
    require("moderation.desk", place)
    return queue_page(Desk((place,)))


def queue_page(here: Desk, form: ViewForm | None = None):
    asked = asked_filters()
    counts = waiting.counts(here.places, me())
    shown = waiting.queue(here, asked, me(), asked_page(), total=None if asked.is_narrow else counts.all)
    offered = waiting.options(here.places)
    return render_template(
        "desk/queue.html",
        **frame(here, asked),
        counts=counts,
        queue=shown,
        options=offered,
        views=waiting.views_of(me()),
        form=form or ViewForm(formdata=None),
        view_url=view_url,
        kind_options=[(kind, kinds.kind_label(kind), many) for kind, many in offered.kinds],
        link=lambda **changes: queue_url(here, asked.but(**changes)),
        page_url=lambda number: queue_url(here, asked, page=number if number > 1 else None),
    )


def view_url(view: SavedView) -> str:
    where = url_for("moderation.queue", territory_slug=view.place) if view.place else url_for("moderation.index")
    return f"{where}?{view.query}"


def frame(here: Desk, asked: filters.Filters) -> dict[str, Any]:
    """What every page of the desk knows of where it is."""
    place = here.one
    return {
        "desk": here,
        "place": place,
        "territory": place.territory if place else None,
        "slug": place.slug if place else "",
        "filters": asked,
        "rest_of": waiting.rest_of,
        "case_url": lambda row: case_url(here, asked, row.place, row.case.id),
        "queue_url": queue_url(here, asked),
    }


def asked_filters() -> filters.Filters:
    return filters.read(request.args, kinds.all_kinds())


def queue_url(here: Desk, asked: filters.Filters, **more: Any) -> str:
    args = asked.but(everywhere=False).args | more
    return url_for("moderation.queue", territory_slug=here.one.slug, **args) if here.one else url_for("moderation.index", **args)


def case_url(here: Desk, asked: filters.Filters, place: Place, case_id: int) -> str:
    args = asked.but(everywhere=here.one is None).args
    return url_for("moderation.case", territory_slug=place.slug, case_id=case_id, **args)


# --- Views that agents keep ----------------------------------------------------------------------------------------------


@moderation.post("/moderation/vues")
@limiter.limit(WRITING)
def save_view():
    """Keep the filters of the queue one looks at; its address is in the form's."""
    places = places_of(me())
    require("desk.own", places)
    slug, asked = request.args.get("place", ""), asked_filters()
    here = Desk(tuple(each for each in places if slug in {"", each.slug}))
    if not here.places:
        raise NotFound
    form = ViewForm()
    with refusals_in(form):
        if form.validate_on_submit():
            services.save_view(me(), name=form.name.data, place=slug, query=asked.but(everywhere=False).query)
            flash(_("Cette vue est enregistrée. Vous seul la voyez."))
            return redirect(queue_url(here, asked))
    return queue_page(here, form), form.status


@moderation.post("/moderation/vues/<int:view_id>/retirer")
def remove_view(view_id):
    require("desk.own", places_of(me()))
    services.remove_view(waiting.get_view(me(), view_id))
    flash(_("Cette vue est retirée. Les cas n’ont pas changé."))
    return redirect(url_for("moderation.index"))


# --- One case ------------------------------------------------------------------------------------------------------------


def load_case(territory_slug: str, case_id: int) -> tuple[Desk, Place, queries.Read]:
    """The case, if it is this territory's; another's does not exist here. And the queue it is read from."""
    place = get_place(territory_slug)
    found = queries.get_case(case_id)
    if found.case.territory_id != place.id:
        raise NotFound
    require("case.read", found.case)
    everywhere = places_of(me()) if request.args.get("everywhere") == "1" else ()
    return Desk(everywhere if place in everywhere else (place,)), place, found


@moderation.route("/moderation/<territory_slug>/cas/<int:case_id>", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def case(territory_slug, case_id):
    here, place, found = load_case(territory_slug, case_id)
    form = CaseForm()
    articles = {article.id: article for article in cases.articles_for(found.case.content)}
    targets = {each.id: each for each in destinations_of(found.case.content)}
    form.offer_articles(articles.values())
    form.destination.choices = [SelectChoice(each.id, each.title) for each in targets.values()]
    if request.method == "POST":
        require(NEEDS.get(form.verdict.data, "case.decide"), found.case)
    else:
        form.version.data, form.revision.data = str(found.case.version), str(found.case.content.revision)
    read_now = found.case.version, found.case.content.revision
    with refusals_in(form):
        if form.validate_on_submit():
            then = waiting.next_in(here, asked_filters(), me(), found.case)
            if form.verdict.data == ASK:
                decisions.ask_for_correction(found.case, by=me(), text=form.reasons.data or "", seen=form.seen)
                flash(_("Votre demande est partie. Le cas reste dans la file."))
            else:
                remember_undo([decide(found, form, articles.get(form.article.data), targets.get(form.destination.data))])
            return redirect(going_on(here, then))
    if form.is_overtaken:
        form.read_again(*read_now)
    return case_page(here, place, found, form, articles, list(targets.values())), form.status


def decide(found: queries.Read, form: CaseForm, article, target) -> Decision:
    """What the form says, as the service takes it. A machine helped when the agent says so, or cut what it pointed at."""
    was_waiting = found.case.content.state == State.PENDING
    typed, missing = passages.typed(form.excerpts.data or "", found.fields)
    if missing:
        raise DomainError(_("Ces mots ne sont pas dans le texte : « %(words)s ».", words=missing[0]), field="excerpts")
    spans = passages.spans_of([*(form.cut.data or []), *typed], found.fields) if form.verdict.data == Verdict.REDACT else []
    pointed_at = {each.value for reading in passages.read(found.fields) for each in reading.pointed_at}
    return services.decide(
        found.case,
        by=me(),
        verdict=form.verdict.data,
        article=article,
        reasons=form.message(article, neutral(form.verdict.data, was_waiting, target.title if target else "")),
        seen=form.seen,
        spans=spans,
        destination=target,
        is_helped=form.helped.data or bool(spans and pointed_at & set(form.cut.data or [])),
    )


def case_page(here, place, found, form, articles, targets) -> str:
    content = found.case.content
    asked = asked_filters()
    around = waiting.around(here, asked, me(), found.case)
    about_it, about_others = queries.decisions_about(content)
    readings = passages.read(found.fields)
    nearest = queries.alike(place, found.case, found.campaign) if found.campaign else ((), 0, 0)
    return render_template(
        "desk/case.html",
        **frame(here, asked) | {"place": place, "territory": place.territory, "slug": place.slug},
        found=found,
        case=found.case,
        content=content,
        form=form,
        articles=articles,
        targets=targets,
        around=around,
        **neighbours(here, asked, around, found.case),
        readings=readings,
        suggestions=assistants.suggestions("\n".join(each.text for each in readings)),
        reports=cases.reports_of(content.id),
        decisions=about_it,
        history=queries.history_of(content),
        past=about_others,
        messages=cases.messages_of(found.case.id),
        replies=queries.replies_to(content) if content.replies_count else (),
        revisions=contents.revisions_of(content)[1:] if content.revision > 1 else (),
        alike=nearest,
        verdicts=possible(found.case, targets),
        others=other_actions(found.case, about_it),
    )


def neighbours(here, asked, around: list[waiting.Row], found) -> dict[str, str | None]:
    """The addresses of the cases before and after this one in the queue, where it stands or stood."""
    mine = waiting.key_of(here.places, found)
    before = next((row for row in reversed(around) if waiting.key_of(here.places, row.case) < mine), None)
    after = next((row for row in around if waiting.key_of(here.places, row.case) > mine), None)
    to = lambda row: row and case_url(here, asked, row.place, row.case.id)  # noqa: E731
    return {"previous_url": to(before), "next_url": to(after)}


def possible(found, targets) -> list[str]:
    """What can be done with a text in this state, in the order of the buttons."""
    order = [Verdict.KEEP, Verdict.REDACT, Verdict.REFUSE, Verdict.HIDE, Verdict.MOVE]
    possible_now = [verdict for verdict in order if found.content.state in decisions.AFTER[verdict]]
    offered = [verdict for verdict in possible_now if can(NEEDS.get(verdict, "case.decide"), found)]
    return [verdict for verdict in offered if verdict != Verdict.MOVE or targets]


def other_actions(found, taken: list[Decision]) -> set[str]:
    """What is rarely done, apart from the buttons: decided cases have it too. Nobody is shown what they may not do."""
    content, decides = found.content, can("case.decide", found)
    offered = {"uncut"} if content.is_cut and decides else set()
    is_all_words = type(content).own_fields is Content.own_fields  # a sheet is more than its title and body
    is_erased = any(each.verdict == Verdict.ERASE for each in taken)
    if decides and is_all_words and not is_erased and content.state in decisions.AFTER[Verdict.ERASE]:
        offered.add("erase" if can(NEEDS[Verdict.ERASE], found) else "ask_to_erase")
    return offered


def going_on(here: Desk, then: tuple[int, Place] | None) -> str:
    """The next case of the queue one is in; its list when nothing waits any more."""
    return case_url(here, asked_filters(), then[1], then[0]) if then else queue_url(here, asked_filters())


@moderation.route("/moderation/<territory_slug>/cas/<int:case_id>/retablir", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def uncut(territory_slug, case_id):
    """Show again all of a text that was published with passages cut, whether its case is open or decided."""
    here, place, found = load_case(territory_slug, case_id)
    require("case.decide", found.case)
    content = found.case.content
    form, back = UncutForm(), case_url(here, asked_filters(), place, case_id)
    if request.method == "GET":
        if not content.is_cut:
            raise NotFound
        form.version.data = str(found.case.version)
        form.reasons.data = _("Nous avons relu votre texte. Les passages coupés sont rétablis.")
    with refusals_in(form):
        if form.validate_on_submit():
            given = {"verdict": Verdict.KEEP, "article": None, "reasons": form.reasons.data, "seen": form.seen}
            remember_undo([decisions.decide(found.case, by=me(), lift=True, **given)])
            return redirect(back)
    if form.is_overtaken:
        form.version.data = str(found.case.version)
    cuts = redactions.active_on(content)
    pieces = {
        name: redactions.pieces(found.fields[name], [(cut.start, cut.end) for cut in cuts if cut.field == name]) for name in passages.FIELDS
    }
    around = frame(here, asked_filters()) | {"place": place, "territory": place.territory, "slug": place.slug}
    return render_template("desk/uncut.html", **around, content=content, pieces=pieces, form=form, back=back), form.status


@moderation.post("/moderation/<territory_slug>/cas/<int:case_id>/prendre")
def claim(territory_slug, case_id):
    """For who has no script: « Je m’en occupe », for a quarter of an hour."""
    here, place, found = load_case(territory_slug, case_id)
    require("case.decide", found.case)
    decisions.claim(found.case, by=me())
    return redirect(case_url(here, asked_filters(), place, case_id))


@moderation.post("/moderation/<territory_slug>/cas/<int:case_id>/lire")
def look(territory_slug, case_id):
    """Said by the page itself, every minute, while somebody has it before their eyes."""
    _here, _place, found = load_case(territory_slug, case_id)
    require("case.decide", found.case)
    try:
        services.look_at(found.case, by=me())
    except Conflict as held:
        return {"message": held.message}, 409
    return {"message": _("Vous lisez ce cas : les autres le voient.")}


# --- Taking back ---------------------------------------------------------------------------------------------------------


def remember_undo(decisions: list[Decision]) -> None:
    until = clock.now() + timedelta(seconds=UNDO_SECONDS)
    last = decisions[0]
    session[UNDO] = {"decision": last.id, "count": len(decisions), "outcome": outcome_of(last), "until": until.isoformat()}


def outcome_of(decision: Decision) -> str:
    """What became of the text, for the sentence that says so: two verdicts mean another thing once it is published."""
    if decision.verdict == Verdict.KEEP:
        return "kept" if decision.before == State.PUBLISHED else "published"
    return decision.after.value if decision.verdict == Verdict.REFUSE else decision.verdict.value


@moderation.app_template_global()
def undoable() -> dict[str, Any] | None:
    """What can still be taken back: for the pages, which say so; the service checks."""
    last = session.get(UNDO)
    if not last or datetime.fromisoformat(last["until"]) <= clock.now():
        return None
    left = datetime.fromisoformat(last["until"]) - clock.now()
    return last | {"seconds": max(1, int(left.total_seconds()))}


@moderation.post("/moderation/decisions/<int:decision_id>/annuler")
def undo(decision_id):
    """Take back a decision, or all those that were taken with it, before anybody is told."""
    taken = cases.get_decision(decision_id)
    require("decision.undo", taken)
    together = services.taken_with(taken)
    for each in together:
        decisions.undo(each, by=me())
    session.pop(UNDO, None)
    count = ngettext("%(num)d décision annulée.", "%(num)d décisions annulées.", len(together))
    flash(_("%(count)s Personne n’a été prévenu.", count=count))
    slug = taken.content.territory.slug if taken.content.territory else "region"
    if len(together) > 1:
        return redirect(url_for("moderation.queue", territory_slug=slug))
    return redirect(url_for("moderation.case", territory_slug=slug, case_id=taken.case_id))


# --- Several at once -----------------------------------------------------------------------------------------------------


@moderation.route("/moderation/lot", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def together():
    """The same decision for several cases of one place: chosen, then what each author will read, then done."""
    chosen = load_chosen()
    form = TogetherForm()
    articles = {article.id: article for article in cases.articles_for(chosen[0].content)}
    form.offer_articles(articles.values())
    form.verdict.choices = [SelectChoice(verdict, "") for verdict in TOGETHER]
    page: dict[str, Any] = {"chosen": chosen, "form": form, "articles": articles, "letters": None, "seen": seen_versions()}
    with refusals_in(form):
        if form.validate_on_submit():
            given = {"verdict": Verdict(form.verdict.data), "article": articles.get(form.article.data)}
            given["reasons"] = form.message(
                given["article"], neutral(form.verdict.data, any(each.content.state == State.PENDING for each in chosen))
            )
            services.check_together(**given)
            if form.confirmed.data == "1":
                done = services.decide_together([(each, page["seen"].get(each.id, each.version)) for each in chosen], by=me(), **given)
                return render_done(done, chosen)
            form.reasons.data = given["reasons"]
            page["letters"] = letters.preview(chosen, **given)
    place = get_place(chosen[0].content.territory.slug if chosen[0].content.territory else "region")
    return render_template("desk/together.html", **frame(Desk((place,)), filters.Filters()), **page), form.status


def load_chosen():
    """The cases asked for, of one place, that this person may decide: others do not exist. Once sent, those decided meanwhile too."""
    places = places_of(me())
    require("desk.own", places)
    ids = [number for text in request.values.getlist("case")[: services.TOGETHER] if (number := filters.a_number(text))]
    campaign = filters.a_number(request.args.get("campaign"))
    if campaign and not ids:
        ids = list(queries.campaign_ids(places, campaign, services.TOGETHER))
    found = queries.cases_among(places, ids, only_open=request.method == "GET")
    mine = [each for each in found if can("case.decide", each)]
    if not mine:
        raise NotFound
    return [each for each in mine if each.territory_id == mine[0].territory_id]


def seen_versions() -> dict[int, int]:
    """The version of each case that was on the page, as its hidden fields say: « seen » is « case:version »."""
    pairs = [text.partition(":") for text in request.form.getlist("seen")]
    numbers = [(filters.a_number(case_id), filters.a_number(version)) for case_id, _sign, version in pairs]
    return {case_id: version for case_id, version in numbers if case_id and version}


def render_done(done: services.Together, chosen):
    """On to the queue, saying what was done, what was not, and why."""
    if done.decided:
        remember_undo(done.decided)
    for each, why in done.overtaken:
        flash(_("« %(title)s » : %(why)s", title=each.content.title, why=why), "warning")
    slug = chosen[0].content.territory.slug if chosen[0].content.territory else "region"
    return redirect(url_for("moderation.queue", territory_slug=slug))


# --- The register --------------------------------------------------------------------------------------------------------


@moderation.get("/moderation/<territory_slug>/registre")
def register(territory_slug):
    place = get_place(territory_slug)
    require("moderation.desk", place)
    page = paginate(queries.decisions_in([place]))
    return render_template("desk/register.html", **frame(Desk((place,)), filters.Filters()), page=page)
