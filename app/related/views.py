"""The links of a page, for those who answer for it; and what has been done elsewhere, for whoever writes."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app.contents.addresses import content_at
from app.contents.kinds import kind_of
from app.contents.models import Content, Link, LinkState
from app.core import limits
from app.core.db import reading_only
from app.core.errors import DomainError, NotFound
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.limits import limiter
from app.core.permissions import can, me, require
from app.core.urls import local_path
from app.related import near, queries, reasons, services
from app.related.forms import LinkForm, NatureForm, natures
from app.related.models import Suggestion
from app.territories.queries import get_territory_or_region

related = Blueprint("related", __name__, template_folder="templates")


def own_ends(*ends: Content) -> set[int]:
    """Those that the present person answers for; both, for the team of the one territory that both belong to."""
    if len({end.territory_id for end in ends}) == 1 and can("link.desk", ends[0]):
        return {end.id for end in ends}
    return {end.id for end in ends if can("link.write", end)}


def load(content_id: int) -> Content:
    content = queries.get_content(content_id)
    require(kind_of(content).permission, content)
    require("link.write", content)
    return content


def may_read(content: Content) -> bool:
    """What another territory hides since it was linked does not exist here either."""
    return can(kind_of(content).permission, content)


def back(otherwise: str):
    return redirect(local_path(request.form.get("next")) or otherwise, 303)


@related.route("/contributions/<int:content_id>/liens", methods=["GET", "POST"])
@limiter.limit(limits.WRITING, methods=["POST"])
def show(content_id):
    content = load(content_id)
    form = LinkForm()
    with refusals_in(form):
        if form.validate_on_submit():
            other = queries.get_content(content_at(form.target.data, field="target").id)
            made(content, other, form, note=form.note.data or "")
            return redirect(url_for("related.show", content_id=content.id), 303)
    suggested = queries.suggestions_of(content)
    return render_template(
        "related/show.html",
        content=content,
        form=form,
        links=[link for link in queries.links_at(content) if may_read(link.end_other_than(content.id))],
        suggested=list(zip(suggested, reasons_of(suggested), strict=True)),
        natures=[(choice.value, choice.label) for choice in natures()],
    ), form.status


def reasons_of(suggested: Sequence[Suggestion]) -> list[list[str]]:
    return reasons.told([(each.one, each.other, each.likeness) for each in suggested])


def made(content: Content, other: Content, form: NatureForm, note: str = "") -> None:
    """Tie them as the form says, and say what became of it."""
    nature, is_outward = form.chosen
    origin, target = (content, other) if is_outward else (other, content)
    state = services.tie(origin, target, nature, by=me(), own=own_ends(content, other), note=note)
    if state == LinkState.ACCEPTED:
        flash(_("Le lien est posé : il se lit sur les deux pages."))
    else:
        flash(_("Le lien est proposé à l’équipe de l’autre page. Il paraîtra quand elle l’aura accepté."))


def load_link(link_id: int, permission: str) -> tuple[Link, Content]:
    """The link, and the end the person acts for. A link of others does not exist."""
    row = queries.get_link(link_id)
    asked = [row.target if row.asked_id == row.to_id else row.origin]
    ends = asked if permission == "link.answer" else [row.origin, row.target]
    mine = [end for end in ends if can(permission, end)]
    if not mine:
        raise NotFound
    require(permission, mine[0])
    return row, mine[0]


@related.post("/liens/<int:link_id>/accepter")
def accept(link_id):
    row, end = load_link(link_id, "link.answer")
    services.answer(row, accepted=True, by=me())
    flash(_("Le lien est accepté : il se lit sur les deux pages."))
    return back(url_for("related.show", content_id=end.id))


@related.post("/liens/<int:link_id>/ecarter")
def dismiss(link_id):
    row, end = load_link(link_id, "link.answer")
    services.answer(row, accepted=False, by=me())
    flash(_("Le lien est écarté. L’équipe qui le proposait en est prévenue."))
    return back(url_for("related.show", content_id=end.id))


@related.post("/liens/<int:link_id>/retirer")
def remove(link_id):
    row, end = load_link(link_id, "link.write")
    services.remove(row, by=me(), of=end)
    flash(_("Le lien est retiré."))
    return back(url_for("related.show", content_id=end.id))


def load_suggestion(suggestion_id: int, permission: str) -> tuple[Suggestion, Content, Content]:
    """The suggestion, the page of one's own, and the other."""
    suggestion = queries.get_suggestion(suggestion_id)
    ends = [suggestion.one, suggestion.other]
    mine = next((end for end in ends if can(permission, end)), None)
    if mine is None:
        raise NotFound
    require(permission, mine)
    chosen = next((end for end in ends if str(end.id) == request.form.get("page") and can(permission, end)), mine)
    return suggestion, chosen, suggestion.other if chosen is suggestion.one else suggestion.one


@related.post("/suggestions/<int:suggestion_id>/accepter")
@limiter.limit(limits.WRITING)
def accept_suggestion(suggestion_id):
    _suggestion, content, other = load_suggestion(suggestion_id, "link.write")
    form = NatureForm()
    if not form.validate_on_submit():
        raise DomainError(_("Choisissez la nature du lien."))
    made(content, other, form)
    return back(url_for("related.show", content_id=content.id))


@related.post("/suggestions/<int:suggestion_id>/ecarter")
def dismiss_suggestion(suggestion_id):
    suggestion, content, _other = load_suggestion(suggestion_id, "link.answer")
    services.dismiss(suggestion, by=me())
    flash(_("La suggestion est écartée. Elle ne sera plus proposée."))
    return back(url_for("related.show", content_id=content.id))


# --- Déjà fait ailleurs ------------------------------------------------------------------------------------------------------


@related.post("/deja-fait-ailleurs/<territory_slug>")
@limiter.limit(limits.SEARCHING)
def elsewhere(territory_slug):
    """What scripts ask while one writes, for the box beside the form. Sent, not put in an address: drafts stay out of logs."""
    require("elsewhere.ask")
    with reading_only():
        territory = get_territory_or_region(territory_slug)
        title, body = request.form.get("title", ""), " ".join(request.form.get(name, "") for name in ("summary", "body"))
        found = near.elsewhere(title, body, territory_id=territory.id if territory else None, reader=me())
        return render_template("related/_elsewhere.html", found=found)
