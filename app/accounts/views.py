"""The account's pages, for the person themselves; and the public page of a person."""

import secrets
from datetime import UTC, datetime, time
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from app import accounts as registry
from app.accounts import pace, personal, queries, services, sessions, team, tokens
from app.accounts.forms import (
    ROLES,
    AcceptForm,
    ActForm,
    ChangeEmailForm,
    ChangePasswordForm,
    CloseForm,
    ConfirmForm,
    FirstAdministratorForm,
    ForgottenForm,
    LogInForm,
    ProfileForm,
    RegisterForm,
    ResetForm,
    SuspendForm,
    refusals_apart,
)
from app.accounts.models import Person, TokenPurpose
from app.admin.menus import may_enter
from app.core import clock
from app.core.errors import DomainError
from app.core.forms import refusals_in
from app.core.hooks import Hooks, piece
from app.core.i18n import _
from app.core.limits import LOGGING_IN, SEARCHING, SENDING_MAIL, WRITING, limiter, network
from app.core.permissions import me, require
from app.core.urls import local_path

SIGNING_UP = "60 per hour"  # a network: a town hall's room that signs up together passes, a program does not

accounts = Blueprint("accounts", __name__, template_folder="templates")


def by_network(amount: str):
    """At most so many of these forms sent by one network, whoever sends them."""
    return limiter.limit(amount, key_func=network, methods=["POST"])


@accounts.after_request
def keep_links_to_ourselves(response: Response) -> Response:
    """A page opened from a letter never sends its address on, not even to our own pages."""
    if "token" in (request.view_args or {}):
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


def welcome(person: Person, address: str | None = None, *, stay: bool = False, message: str = "") -> Response:
    """Log this browser in, let it be known for this account, and go where the person was going."""
    sessions.begin(person, sessions.LONG if stay else sessions.SHORT)
    if message:
        flash(message, "success")
    response = redirect(local_path(address) or url_for("accounts.show"))
    return pace.mark(response, queries.get_identity(person.id).email, secrets.token_hex(8))


# --- In and out --------------------------------------------------------------------------------------------------------


@accounts.route("/compte/connexion", methods=["GET", "POST"])
@by_network(LOGGING_IN)
def log_in():
    require("account.log_in")
    form = LogInForm(next=request.args.get("next"))
    if request.method == "GET" and not me().is_anonymous:
        return redirect(local_path(form.next.data) or url_for("accounts.show"))
    with refusals_apart(form):
        if form.validate_on_submit():
            pace.check(form.email.data)
            try:
                person = services.check_credentials(form.email.data, form.password.data)
            except DomainError:
                pace.failed(form.email.data)
                raise
            return welcome(person, form.next.data, stay=form.stay.data)
    return render_template("accounts/log_in.html", form=form), form.status


@accounts.post("/compte/deconnexion")
def log_out():
    require("account.log_out")
    sessions.leave()
    flash(_("Vous êtes déconnecté."), "success")
    return redirect(url_for("home.front"))


@accounts.post("/compte/deconnexion-partout")
def log_out_everywhere():
    require("account.own")
    sessions.end_all(me())
    sessions.leave()
    flash(_("Toutes vos connexions sont fermées, sur tous vos appareils."), "success")
    return redirect(url_for("accounts.log_in"))


@accounts.route("/compte/inscription", methods=["GET", "POST"])
@by_network(SIGNING_UP)
def register():
    require("account.register")
    form = RegisterForm(next=request.args.get("next"))
    with refusals_apart(form):
        if form.validate_on_submit():
            services.register(
                name=form.name.data, email=form.email.data, password=form.password.data, then=local_path(form.next.data) or ""
            )
            return redirect(url_for("accounts.registered"))
    return render_template("accounts/register.html", form=form), form.status


@accounts.get("/compte/inscription/envoyee")
def registered():
    require("account.register")
    return render_template("accounts/registered.html")


@accounts.route("/compte/confirmer/<token>", methods=["GET", "POST"])
@by_network(LOGGING_IN)
def confirm(token):
    require("account.register")
    tokens.read(TokenPurpose.CONFIRM, token)
    form = ConfirmForm()
    with refusals_apart(form):
        if form.validate_on_submit():
            person = services.confirm(token, form.password.data)
            return welcome(person, request.args.get("next"), message=_("Votre adresse est confirmée : vous pouvez participer."))
    return render_template("accounts/confirm.html", form=form), form.status


# --- Forgotten ---------------------------------------------------------------------------------------------------------


@accounts.route("/compte/mot-de-passe-oublie", methods=["GET", "POST"])
@by_network(SIGNING_UP)
def forgotten():
    require("account.log_in")
    form = ForgottenForm()
    with refusals_in(form):
        if form.validate_on_submit():
            services.request_reset(form.email.data)
            return redirect(url_for("accounts.forgotten_sent"))
    return render_template("accounts/forgotten.html", form=form), form.status


@accounts.get("/compte/mot-de-passe-oublie/envoye")
def forgotten_sent():
    require("account.log_in")
    return render_template("accounts/forgotten_sent.html")


@accounts.route("/compte/nouveau-mot-de-passe/<token>", methods=["GET", "POST"])
@by_network(LOGGING_IN)
def reset(token):
    require("account.log_in")
    services.read_reset(token)
    form = ResetForm()
    with refusals_apart(form):
        if form.validate_on_submit():
            person = services.reset_password(token, form.new_password.data)
            return welcome(person, message=_("Votre mot de passe est changé. Vos autres connexions sont fermées."))
    return render_template("accounts/reset.html", form=form), form.status


# --- One's own pages ---------------------------------------------------------------------------------------------------


def shown(sections: Hooks, person: Person) -> list[tuple[str, Any]]:
    """(title, what is printed under it) of each section that has something to show."""
    found = [section for ask in sections if (section := ask(person))]
    return [(title, piece(template, {"person": person} | context)) for title, template, context in found]


@accounts.get("/compte/")
def show():
    require("account.own")
    person = queries.get_person(me().id)
    identity = queries.get_identity(person.id)
    return render_template(
        "accounts/show.html", person=person, email=identity.email, roles=ROLES, sections=shown(registry.sections, person)
    )


@accounts.route("/compte/profil", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def edit_profile():
    require("account.edit_profile")
    form = ProfileForm(obj=me())
    with refusals_in(form):
        if form.validate_on_submit():
            services.edit_profile(me(), name=form.name.data, bio=form.bio.data or "")
            flash(_("Votre profil est enregistré."), "success")
            return redirect(url_for("accounts.show"))
    return render_template("accounts/edit_profile.html", form=form), form.status


@accounts.route("/compte/adresse", methods=["GET", "POST"])
@limiter.limit(SENDING_MAIL, methods=["POST"])
def change_email():
    require("account.own")
    form = ChangeEmailForm()
    with refusals_apart(form):
        if form.validate_on_submit():
            services.request_email_change(me().id, email=form.email.data, current_password=form.current_password.data)
            flash(_("Ouvrez le lien envoyé à la nouvelle adresse : il vaut une heure. Jusque-là, rien ne change."), "success")
            return redirect(url_for("accounts.show"))
    return render_template("accounts/change_email.html", form=form), form.status


@accounts.route("/compte/adresse/<token>", methods=["GET", "POST"])
def confirm_email(token):
    require("account.own")
    address = services.read_email_change(me().id, token).email
    form = ActForm()
    with refusals_in(form):
        if form.validate_on_submit():
            stay = sessions.is_long()
            person = services.change_email(me().id, token)
            return welcome(person, stay=stay, message=_("Votre adresse est changée."))
    return render_template("accounts/confirm_email.html", form=form, address=address), form.status


@accounts.route("/compte/mot-de-passe", methods=["GET", "POST"])
@limiter.limit("20 per hour", methods=["POST"])
def change_password():
    require("account.own")
    form = ChangePasswordForm()
    with refusals_apart(form):
        if form.validate_on_submit():
            stay = sessions.is_long()
            person = services.change_password(me().id, current=form.current_password.data, new=form.new_password.data)
            return welcome(person, stay=stay, message=_("Votre mot de passe est changé. Vos autres connexions sont fermées."))
    return render_template("accounts/change_password.html", form=form), form.status


# --- One's data --------------------------------------------------------------------------------------------------------


@accounts.get("/compte/mes-donnees")
def my_data():
    require("account.own")
    return render_template("accounts/my_data.html")


@accounts.post("/compte/mes-donnees.zip")
@limiter.limit("10 per hour")
def export():
    require("account.own")
    response = Response(personal.archive_of(me().id), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="beffroi-mes-donnees-{clock.now():%Y-%m-%d}.zip"'
    return response


@accounts.route("/compte/fermer", methods=["GET", "POST"])
@limiter.limit("20 per hour", methods=["POST"])
def close():
    require("account.own")
    form = CloseForm()
    with refusals_apart(form):
        if form.validate_on_submit():
            personal.close_account(me().id, form.current_password.data)
            sessions.leave()
            return redirect(url_for("accounts.closed"))
    return render_template("accounts/close.html", form=form), form.status


@accounts.get("/compte/ferme")
def closed():
    require("account.log_in")
    return render_template("accounts/closed.html")


# --- Roles offered -----------------------------------------------------------------------------------------------------


def take_offer(purpose: TokenPurpose, token: str, form_of_strangers):
    """The page of an offer: one button for who is logged in, a new account for who has none."""
    require("account.log_in")
    team.read_offer(purpose, token)
    visiting = me().is_anonymous
    form = form_of_strangers() if visiting else ActForm()
    with refusals_apart(form):
        if form.validate_on_submit():
            if visiting:
                email = form.email.data if "email" in form else ""
                person = team.accept_as_new(purpose, token, name=form.name.data, password=form.password.data, email=email)
            else:
                person = queries.get_person(me().id)
                team.accept(purpose, token, person)
            work = url_for("admin.index") if may_enter(person) else None
            return welcome(person, work, message=_("Votre rôle commence maintenant."))
    offer = team.read_offer(purpose, token)  # again: a refusal ends the transaction it was read in
    label = ROLES[offer.role] if offer.role else ""
    return render_template("accounts/accept.html", form=form, offer=offer, role=label, here=request.path), form.status


@accounts.route("/compte/invitation/<token>", methods=["GET", "POST"])
@by_network(LOGGING_IN)
def accept(token):
    return take_offer(TokenPurpose.INVITE, token, AcceptForm)


@accounts.route("/compte/premier-compte/<token>", methods=["GET", "POST"])
@by_network(LOGGING_IN)
def first_administrator(token):
    return take_offer(TokenPurpose.FIRST_ADMINISTRATOR, token, FirstAdministratorForm)


# --- The public page of a person ---------------------------------------------------------------------------------------


@accounts.get("/personnes/<public_id>")
@limiter.limit(SEARCHING, key_func=network)
def profile(public_id):
    person = queries.get_profile(public_id)
    require("person.read", person)
    return render_template("accounts/profile.html", person=person, roles=ROLES, sections=shown(registry.profile_sections, person))


@accounts.route("/personnes/<public_id>/suspendre", methods=["GET", "POST"])
def suspend(public_id):
    person = queries.get_profile(public_id)
    require("person.suspend", person)
    form = SuspendForm()
    with refusals_in(form):
        if form.validate_on_submit():
            day = form.until.data
            until = datetime.combine(day, time(23, 59), clock.PARIS).astimezone(UTC) if day else None
            team.suspend(person, by=me(), reason=form.reason.data, until=until)
            flash(_("Le compte est suspendu. La personne en reçoit la raison."), "success")
            return redirect(url_for("accounts.profile", public_id=public_id))
    if form.status != 200:
        person = queries.get_profile(public_id)  # what a refused act had begun is undone
    return render_template("accounts/suspend.html", form=form, person=person), form.status


@accounts.post("/personnes/<public_id>/retablir")
def lift_suspension(public_id):
    person = queries.get_profile(public_id)
    require("person.suspend", person)
    team.lift_suspension(person, by=me())
    flash(_("Le compte est rétabli."), "success")
    return redirect(url_for("accounts.profile", public_id=public_id))
