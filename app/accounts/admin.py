"""The team of a territory, the region's, and the accounts that the region suspends."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.accounts import queries, team
from app.accounts.forms import ROLE_HELPS, ROLES, InviteForm
from app.accounts.models import REGIONAL, TERRITORIAL, Person, RoleName
from app.admin import menu, places
from app.core.errors import NotFound
from app.core.forms import refusals_in
from app.core.i18n import _, _l
from app.core.limits import SENDING_MAIL, limiter
from app.core.pages import paginate
from app.core.permissions import me, require
from app.territories.models import Territory
from app.territories.queries import REGION, all_territories, get_territory_or_region

accounts_admin = Blueprint("accounts_admin", __name__, url_prefix="/gestion", template_folder="templates")

menu(_l("Équipe"), "accounts_admin.team_of", "team.edit")
menu(_l("Équipe de la région"), "accounts_admin.region_team", "team.edit", scope="region")
menu(_l("Comptes"), "accounts_admin.people", "person.find", scope="region")


@places
def workplaces(person: Person) -> list[Territory]:
    """Where a person works: the territories of their roles; for an administrator of the region, all."""
    everywhere = person.has_role(RoleName.ADMINISTRATOR)
    here = person.territories_as(*TERRITORIAL)
    return [territory for territory in all_territories() if everywhere or territory.id in here] if everywhere or here else []


@accounts_admin.get("/region/equipe", endpoint="region_team", defaults={"territory_slug": REGION})
@accounts_admin.get("/<territory_slug>/equipe")
def team_of(territory_slug):
    territory = get_territory_or_region(territory_slug)
    require("team.edit", territory)
    return page_of(territory, territory_slug, form_for(territory))


@accounts_admin.post("/<territory_slug>/equipe")
@limiter.limit(SENDING_MAIL)
def invite(territory_slug):
    territory = get_territory_or_region(territory_slug)
    require("team.edit", territory)
    form = form_for(territory)
    with refusals_in(form):
        if form.validate_on_submit():
            team.invite(email=form.email.data, role=RoleName(form.role.data), territory=territory, by=me())
            flash(_("L’invitation est partie. Le lien vaut sept jours."), "success")
            return back_to(territory_slug)
    return page_of(territory, territory_slug, form)


def form_for(territory: Territory | None) -> InviteForm:
    form = InviteForm()
    form.role.choices = [
        SelectChoice(name.value, label) for name, label in ROLES.items() if name in (TERRITORIAL if territory else REGIONAL)
    ]
    return form


def page_of(territory: Territory | None, slug: str, form: InviteForm):
    place = territory.id if territory else None
    return render_template(
        "accounts/admin_team.html",
        territory=territory,
        slug=slug,
        form=form,
        roles=ROLES,
        helps={name.value: text for name, text in ROLE_HELPS.items()},
        team=queries.team_of(place),
        invitations=queries.invitations_to(place),
    ), form.status


def back_to(slug: str):
    return redirect(url_for("accounts_admin.region_team") if slug == REGION else url_for("accounts_admin.team_of", territory_slug=slug))


@accounts_admin.post("/<territory_slug>/equipe/<int:role_id>/retirer")
def withdraw(territory_slug, role_id):
    territory = get_territory_or_region(territory_slug)
    require("team.edit", territory)
    role = queries.get_role(role_id)
    if role.territory_id != (territory.id if territory else None):
        raise NotFound
    team.withdraw_role(role, by=me())
    flash(_("Le rôle est retiré, et les connexions de cette personne sont fermées."), "success")
    return back_to(territory_slug)


@accounts_admin.post("/<territory_slug>/equipe/invitations/<int:token_id>/annuler")
def cancel_invitation(territory_slug, token_id):
    territory = get_territory_or_region(territory_slug)
    require("team.edit", territory)
    waiting = {token.id: token for token in queries.invitations_to(territory.id if territory else None)}
    if token_id not in waiting:
        raise NotFound
    team.cancel_invitation(waiting[token_id])
    flash(_("L’invitation est annulée."), "success")
    return back_to(territory_slug)


@accounts_admin.get("/region/comptes")
def people():
    require("person.find")
    words = request.args.get("q", "").strip()[:100]
    page = paginate(queries.people_named(words))
    return render_template("accounts/admin_people.html", page=page, words=words, roles=ROLES)
