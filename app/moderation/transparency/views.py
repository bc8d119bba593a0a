"""Public pages of moderation, the same for every visitor; and the rooms of the desk for the second reading and the export."""

import json
from typing import Any

from babel.numbers import format_decimal
from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.api.lists import listing, negotiated
from app.api.tables import csv_response
from app.contents.kinds import kind_label
from app.core import clock, pagecache
from app.core.errors import NotFound
from app.core.forms import refusals_in
from app.core.i18n import _, _l
from app.core.limits import WRITING, limiter
from app.core.pages import asked_page
from app.core.permissions import can, me, require
from app.moderation.appeals.models import Appellant
from app.moderation.appeals.models import Outcome as Answer
from app.moderation.queries import REGION, articles_for
from app.moderation.sanctions.models import SanctionKind
from app.moderation.transparency import dsa, figures, queries, services
from app.moderation.transparency.calendars import FIRST_YEAR, Month, get_month, this_month
from app.moderation.transparency.forms import VERDICTS, RateForm, ReadingForm
from app.moderation.transparency.listeners import STAMP
from app.moderation.transparency.outcomes import LABELS, RESTRICTED, Outcome
from app.territories import queries as places
from app.territories.models import Territory

transparency = Blueprint("transparency", __name__, template_folder="templates")
PER_PAGE = 50
COLUMNS = ("date", "territoire", "nature", "activite", "decision", "motif", "automatique", "delai_heures", "recours")


def place_at(slug: str | None) -> Territory | None:
    """The territory of a public page, or None for the whole region; the page is kept until something there changes."""
    territory = places.get_territory(slug) if slug else None
    require("transparency.read", territory)
    pagecache.public(STAMP, "region", *([f"territory:{territory.id}"] if territory else []), until=this_month().ends)
    return territory


# --- The register --------------------------------------------------------------------------------------------------------


@listing(transparency, "/territoires/<slug>/moderation/registre", csv=True)
def territory_register(slug):
    return register_of(place_at(slug))


@listing(transparency, "/transparence/moderation/registre", csv=True)
def region_register():
    return register_of(place_at(None))


def register_of(territory: Territory | None):
    reasons, first = queries.reasons_given(territory), queries.first_year(territory)
    asked = asked_filters(reasons)
    return negotiated(
        queries.register_page(territory, asked, asked_page(), PER_PAGE),
        describe=described,
        template="transparency/register.html",
        table=lambda: (COLUMNS, map(described, queries.whole_register(territory, asked))),
        filename=f"registre-moderation-{territory.slug if territory else 'region'}",
        territory=territory,
        asked=asked,
        query={name: value for name, value in (("annee", asked.year), ("issue", asked.outcome), ("motif", asked.reason)) if value},
        year_options=[(year, year) for year in range(clock.today().year, first - 1, -1)],
        outcome_options=list(LABELS.items()),
        reason_options=[(each, each) for each in reasons],
        outcomes=LABELS,
        small_group=small_group(),
        appeal_words=appeal_words,
    )


def asked_filters(reasons: list[str]) -> queries.Filters:
    """What the address asks; anything it does not name rightly is not asked."""
    year, outcome, reason = (request.args.get(name, "") for name in ("annee", "issue", "motif"))
    known = year.isascii() and year.isdigit() and len(year) == 4 and FIRST_YEAR <= int(year) <= clock.today().year
    return queries.Filters(
        year=int(year) if known else None,
        outcome=Outcome(outcome) if outcome in set(Outcome) else None,
        reason=reason if reason in reasons else "",
    )


def described(entry: queries.Entry) -> dict[str, Any]:
    values = (
        entry.day,
        entry.place,
        kind_label(entry.kind),
        small_group() if entry.activity is None else entry.activity,
        str(LABELS[entry.outcome]),
        entry.reason,
        entry.is_automated,
        entry.hours,
        "; ".join(appeal_words(each) for each in entry.appeals),
    )
    return dict(zip(COLUMNS, (values[0].isoformat(), *values[1:]), strict=True))


def small_group() -> str:
    return _("Activité de moins de %(n)s personnes", n=figures.SMALL)


def appeal_words(appeal: tuple[Appellant, Answer | None]) -> str:
    appellant, answer = appeal
    told = {None: _("en cours"), Answer.UPHELD: _("accueilli"), Answer.DISMISSED: _("rejeté")}[answer]
    return told if appellant == Appellant.AUTHOR else _("%(answer)s (par qui avait signalé)", answer=told)


# --- The report of a month -----------------------------------------------------------------------------------------------


@transparency.get("/territoires/<slug>/moderation/")
def territory_last(slug):
    return report_of(place_at(slug), this_month().plus(-1))


@transparency.get("/transparence/moderation/")
def region_last():
    return report_of(place_at(None), this_month().plus(-1))


@listing(transparency, "/territoires/<slug>/moderation/<month>")
def territory_report(slug, month):
    return report_of(place_at(slug), get_month(month))


@listing(transparency, "/transparence/moderation/<month>")
def region_report(month):
    return report_of(place_at(None), get_month(month))


def report_of(territory: Territory | None, month: Month):
    made = queries.report(territory, month)
    shown = summary_of(made)
    if request.path.endswith(".json"):
        return jsonify(territory=territory.slug if territory else None, **shown)
    return render_template(
        "transparency/report.html",
        territory=territory,
        month=month,
        made=made,
        shown=shown,
        restricted=sum(made.outcomes[each] for each in RESTRICTED),
        outcome_rows=[(str(LABELS[each]), count) for each, count in made.outcomes.most_common()],
        reason_rows=made.reasons.most_common(),
        sanction_rows=[(SANCTIONS[SanctionKind(each)], count) for each, count in shown["sanctions_by_kind"].items()],
        twelve_rows=[(each.name, count) for each, count in made.twelve],
        middle=figures.middle(made.hours),
        ninth=figures.ninth_tenth(made.hours),
        agreed=sum(count for (one, other), count in made.pairs.items() if one == other),
        kappa=None if shown["kappa_12_months"] is None else format_decimal(shown["kappa_12_months"], locale="fr"),
        previous=month.plus(-1) if month > Month(FIRST_YEAR, 1) else None,
        following=month.plus(1) if month < this_month() else None,
        is_running=month == this_month(),
        figures=figures,
    )


SANCTIONS = {
    SanctionKind.WARNING: _l("Avertissement"),
    SanctionKind.READ_FIRST: _l("Lecture avant publication"),
    SanctionKind.SUSPENSION: _l("Suspension"),
    SanctionKind.CLOSURE: _l("Fermeture du compte"),
}


def summary_of(made: queries.Report) -> dict[str, Any]:
    """The figures of the page, as its JSON gives them. Small groups of people are not there at all."""
    sanctions, kinds = figures.masked(made.sanctions)
    answered = made.answers.total()
    middle, ninth = figures.middle(made.hours), figures.ninth_tenth(made.hours)
    agreement, kappa = figures.agreement(made.pairs), figures.kappa(made.pairs)
    pairs = sum(made.pairs.values())
    return {
        "month": str(made.month),
        "decided": made.decided,
        "outcomes": {each.value: count for each, count in made.outcomes.most_common()},
        "reasons": dict(made.reasons.most_common()),
        "automated": made.automated,
        "median_hours": None if middle is None else round(middle, 1),
        "ninetieth_percentile_hours": None if ninth is None else round(ninth, 1),
        "promised_hours": sorted(made.promised),
        "in_time": made.in_time,
        "appeals_received": made.appeals_received,
        "appeals_answered": answered,
        "appeals_upheld": made.answers[Answer.UPHELD],
        "share_upheld": round(made.answers[Answer.UPHELD] / answered, 3) if answered >= figures.SMALL else None,
        "sanctions": sanctions,
        "sanctions_by_kind": {kind.value: count for kind, count in kinds.items()},
        "second_readings": made.read,
        "second_readings_12_months": pairs,
        "agreement_12_months": round(agreement, 3) if agreement is not None and pairs >= figures.SMALL else None,
        "kappa_12_months": None if kappa is None else round(kappa, 2),
        "twelve_months": {str(month): count for month, count in made.twelve},
    }


# --- The second reading --------------------------------------------------------------------------------------------------


def desk_place(territory_slug: str) -> Any:
    """The territory whose desk this is, or what stands for the region."""
    return places.get_territory_or_region(territory_slug) or REGION


@transparency.get("/moderation/<territory_slug>/relectures")
def readings(territory_slug):
    place = desk_place(territory_slug)
    require("reading.list", place)
    return readings_page(territory_slug, place, RateForm(percent=queries.percent_of(place_id(place))))


def place_id(place: Any) -> int | None:
    return place.id


def readings_page(slug: str, place: Any, form: RateForm):
    may_read, may_compare = can("moderation.desk", place), can("reading.compare", place)
    return render_template(
        "transparency/readings.html",
        slug=slug,
        territory=place if isinstance(place, Territory) else None,
        waiting=queries.to_read(place_id(place), me()) if may_read else None,
        others=queries.waiting_for_others(place_id(place), me()),
        counts=queries.counts_read(place_id(place)),
        percent=queries.percent_of(place_id(place)),
        differing=queries.disagreements(place_id(place)) if may_compare else None,
        verdicts=VERDICTS,
        form=form if can("reading.rate", place) and isinstance(place, Territory) else None,
        may_export=can("statements.export", place),
    ), form.status


@transparency.route("/moderation/<territory_slug>/relectures/<int:reading_id>", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def reading(territory_slug, reading_id):
    place = desk_place(territory_slug)
    found = queries.get_reading(reading_id)
    if found.territory_id != place_id(place):
        raise NotFound
    require("reading.list", place)
    require("reading.give", found)
    form = ReadingForm()
    articles = {article.id: article for article in articles_for(found.decision.content)}
    form.article.choices = [SelectChoice(article.id, f"{article.number}. {article.title}") for article in articles.values()]
    if request.method == "GET":
        form.version.data = str(found.version)
    with refusals_in(form):
        if form.validate_on_submit():
            article = articles.get(form.article.data)
            services.give(found, by=me(), verdict=form.verdict.data, article=article, remark=form.remark.data or "", seen=form.seen)
            flash(_("Votre avis est compté. Il ne change pas la décision."))
            return redirect(url_for("transparency.readings", territory_slug=territory_slug))
    territory = place if isinstance(place, Territory) else None
    words = queries.words_read(found.decision)
    return render_template(
        "transparency/reading.html", slug=territory_slug, territory=territory, reading=found, words=words, form=form
    ), form.status


@transparency.post("/moderation/<territory_slug>/relectures/taux")
@limiter.limit(WRITING)
def rate(territory_slug):
    territory = places.get_territory(territory_slug)
    require("reading.rate", territory)
    form = RateForm()
    with refusals_in(form):
        if form.validate_on_submit():
            services.set_percent(territory, by=me(), percent=form.percent.data)
            flash(_("Le taux de relecture est enregistré. Il vaudra au prochain tirage."))
            return redirect(url_for("transparency.readings", territory_slug=territory_slug))
    return readings_page(territory_slug, territory, form)


# --- The statements of reasons, for the European database ----------------------------------------------------------------


@transparency.get("/moderation/<territory_slug>/motifs")
def statements(territory_slug):
    place = desk_place(territory_slug)
    require("statements.export", place)
    territory = place if isinstance(place, Territory) else None
    years = range(clock.today().year, queries.first_year(territory) - 1, -1)
    counts = [(year, dsa.how_many(territory, year)) for year in years]
    return render_template("transparency/statements.html", slug=territory_slug, territory=territory, counts=counts)


@transparency.get("/moderation/<territory_slug>/motifs-<int:year>.<any(json, csv):form>")
def statements_file(territory_slug, year, form):
    place = desk_place(territory_slug)
    require("statements.export", place)
    if not FIRST_YEAR <= year <= clock.today().year:
        raise NotFound
    territory = place if isinstance(place, Territory) else None
    found = list(dsa.exported(territory, year, current_app.config["BASE_URL"]))
    if form == "json":
        response = jsonify(statements=found)
        response.headers["Content-Disposition"] = f'attachment; filename="motifs-{territory_slug}-{year}.json"'
        return response
    rows = ({name: json.dumps(value) if isinstance(value, list) else value for name, value in each.items()} for each in found)
    return csv_response(rows, dsa.FIELDS, f"motifs-{territory_slug}-{year}")
