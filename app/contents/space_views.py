"""What an agent does with any space: publish, set its phases, close, conclude. Features add these views to their own desk."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for

from app.contents import queries, spaces
from app.contents.models import Content, Phase
from app.contents.space_forms import ConclusionForm, PhaseForm
from app.core.forms import Form, refusals_in
from app.core.i18n import _
from app.core.permissions import me
from app.core.when import from_paris, to_paris


def add_space_views(blueprint: Blueprint, load: Callable[[str, int], Content]) -> None:
    """`load(territory_slug, content_id)` finds the space and asks for the right to work on it. The blueprint has `edit`."""
    here = f"{blueprint.name}.edit"

    def back_to(space: Content):
        return redirect(url_for(here, territory_slug=space.place_slug, content_id=space.id), 303)

    def step(space: Content, form, title: str, label: str, help: str = ""):
        page = {"space": space, "territory": space.territory, "form": form, "title": title, "label": label, "help": help}
        back = url_for(here, territory_slug=space.place_slug, content_id=space.id)
        return render_template("contents/space_step.html", back=back, **page), form.status

    @blueprint.post("/<int:content_id>/publier")
    def publish(territory_slug, content_id):
        space = load(territory_slug, content_id)
        spaces.publish(space, by=me())
        flash(_("C’est publié."))
        return back_to(space)

    @blueprint.route("/<int:content_id>/clore", methods=["GET", "POST"])
    def close(territory_slug, content_id):
        space = load(territory_slug, content_id)
        form = Form()
        with refusals_in(form):
            if form.validate_on_submit():
                spaces.close(space, by=me())
                flash(_("C’est clos. Vous pouvez écrire la conclusion."))
                return back_to(space)
        return step(
            space,
            form,
            _("Clore maintenant"),
            _("Clore maintenant"),
            _("Plus personne ne pourra y écrire. Le changement de date est inscrit au registre, et dit sur la page."),
        )

    @blueprint.route("/<int:content_id>/conclure", methods=["GET", "POST"])
    def conclude(territory_slug, content_id):
        space = load(territory_slug, content_id)
        form = ConclusionForm(data={"body": space.conclusion_source, "version": spaces.fingerprint(space.conclusion_source)})
        with refusals_in(form):
            if form.validate_on_submit():
                spaces.conclude(space, body=form.body.data, by=me(), seen=form.seen)
                flash(_("La conclusion est publiée."))
                return back_to(space)
        if form.is_overtaken:
            form.show_beside(spaces.fingerprint(space.conclusion_source), body=space.conclusion_source)
        return step(
            space, form, _("Conclure"), _("Publier la conclusion"), _("Ce qui a été dit, ce que le territoire décide, et pourquoi.")
        )

    @blueprint.route("/<int:content_id>/phases", methods=["GET", "POST"])
    def add_phase(territory_slug, content_id):
        space = load(territory_slug, content_id)
        form = PhaseForm()
        with refusals_in(form):
            if form.validate_on_submit():
                spaces.set_dates(space, [*spaces.copies_of(space), Phase(**said_in(form))], by=me())
                flash(_("Les dates sont enregistrées."))
                return back_to(space)
        return step(space, form, _("Ajouter une phase"), _("Enregistrer la phase"))

    @blueprint.route("/<int:content_id>/phases/<int:phase_id>", methods=["GET", "POST"])
    def edit_phase(territory_slug, content_id, phase_id):
        space = load(territory_slug, content_id)
        phase = queries.get_phase(space, phase_id)
        form = PhaseForm(data=shown_of(phase) | {"allows": phase.allows})
        with refusals_in(form):
            if form.validate_on_submit():
                spaces.change_phase(space, phase_id, by=me(), seen=form.seen, **said_in(form))
                flash(_("Les dates sont enregistrées."))
                return back_to(space)
        if form.is_overtaken:
            form.show_beside(**shown_of(phase), allows=phase.allows)
        return step(space, form, _("Modifier la phase"), _("Enregistrer la phase"))

    @blueprint.post("/<int:content_id>/phases/<int:phase_id>/retirer")
    def remove_phase(territory_slug, content_id, phase_id):
        space = load(territory_slug, content_id)
        spaces.set_dates(space, spaces.copies_of(space, without=phase_id), by=me())
        flash(_("La phase est retirée."))
        return back_to(space)


def said_in(form) -> dict[str, Any]:
    """What a form says of a phase: hours typed in Paris, kept in UTC. A project's phases allow nothing: its form does not ask."""
    return {
        "name": form.name.data,
        "note": form.note.data or "",
        "opens_at": from_paris(form.opens_at.data, "opens_at"),
        "closes_at": from_paris(form.closes_at.data, "closes_at"),
        "allows": list(form.allows.data or []) if "allows" in form else [],
    }


def shown_of(phase: Phase) -> dict[str, Any]:
    """The other way: what a form shows of a phase, and which version of it."""
    dates = {"opens_at": to_paris(phase.opens_at), "closes_at": to_paris(phase.closes_at)}
    return {"name": phase.name, "note": phase.note, "version": spaces.version_of(phase), **dates}
