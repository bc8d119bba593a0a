from collections.abc import Iterator
from contextlib import contextmanager

from wtforms import BooleanField, DateField, EmailField, HiddenField, PasswordField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from app.accounts.models import RoleName
from app.accounts.passwords import LONGEST
from app.accounts.services import BIO_LIMIT, NAME_LIMIT
from app.core.db import db
from app.core.errors import DomainError
from app.core.forms import Form, at_most, only_text
from app.core.i18n import _l

NEEDED = InputRequired(_l("Ce champ est nécessaire."))
EMAIL = [NEEDED, at_most(254), only_text]
PASSWORD = [NEEDED, at_most(LONGEST), only_text]
ROLES = {
    RoleName.MODERATOR: _l("Modération"),
    RoleName.MANAGER: _l("Responsable du territoire"),
    RoleName.ELECTED: _l("Élu ou élue"),
    RoleName.CURATOR: _l("Documentation du catalogue"),
    RoleName.EVALUATOR: _l("Évaluation du programme"),
    RoleName.ADMINISTRATOR: _l("Administration de la région"),
}
ROLE_HELPS = {
    RoleName.MODERATOR: _l("Lit les signalements et décide, avec un motif écrit."),
    RoleName.MANAGER: _l("Ouvre les projets et les consultations, règle l’espace, invite l’équipe."),
    RoleName.ELECTED: _l("Répond aux habitants en son nom."),
    RoleName.CURATOR: _l("Relit et publie les fiches du catalogue."),
    RoleName.EVALUATOR: _l("Lit les chiffres de tout le programme."),
    RoleName.ADMINISTRATOR: _l("Crée les territoires, donne les rôles de la région, suspend un compte."),
}


@contextmanager
def refusals_apart(form: Form) -> Iterator[None]:
    """As `refusals_in`, for services that end the transaction to hash a password: the whole of it is undone, no savepoint."""
    try:
        yield
    except DomainError as error:
        db.rollback()
        if error.field and error.field in form:
            form[error.field].errors = [*form[error.field].errors, error.message]
        else:
            form.form_errors.append(error.message)


class LogInForm(Form):
    email = EmailField(_l("Adresse électronique"), EMAIL)
    password = PasswordField(_l("Mot de passe"), PASSWORD)
    stay = BooleanField(_l("Rester connecté 30 jours sur cet appareil"))
    next = HiddenField()


class RegisterForm(Form):
    name = StringField(_l("Nom affiché"), [NEEDED, at_most(NAME_LIMIT), only_text])
    email = EmailField(_l("Adresse électronique"), EMAIL)
    password = PasswordField(_l("Mot de passe, ou courte phrase"), PASSWORD)
    next = HiddenField()


class ConfirmForm(Form):
    password = PasswordField(_l("Mot de passe choisi à l’inscription"), PASSWORD)


class ForgottenForm(Form):
    email = EmailField(_l("Adresse électronique"), EMAIL)


class ResetForm(Form):
    new_password = PasswordField(_l("Nouveau mot de passe, ou courte phrase"), PASSWORD)


class ChangePasswordForm(ResetForm):
    current_password = PasswordField(_l("Mot de passe actuel"), PASSWORD)


class ChangeEmailForm(Form):
    email = EmailField(_l("Nouvelle adresse électronique"), EMAIL)
    current_password = PasswordField(_l("Mot de passe actuel"), PASSWORD)


class ActForm(Form):
    """A page whose one button acts."""


class ProfileForm(Form):
    name = StringField(_l("Nom affiché"), [NEEDED, at_most(NAME_LIMIT), only_text])
    bio = TextAreaField(_l("Présentation"), [Optional(), at_most(BIO_LIMIT), only_text])


class CloseForm(Form):
    current_password = PasswordField(_l("Mot de passe actuel"), PASSWORD)


class AcceptForm(Form):
    name = StringField(_l("Nom affiché"), [NEEDED, at_most(NAME_LIMIT), only_text])
    password = PasswordField(_l("Mot de passe, ou courte phrase"), PASSWORD)


class FirstAdministratorForm(AcceptForm):
    email = EmailField(_l("Adresse électronique"), EMAIL)


class InviteForm(Form):
    email = EmailField(_l("Adresse électronique"), EMAIL)
    role = RadioField(_l("Rôle"), validators=[InputRequired(_l("Choisissez un rôle."))])


class SuspendForm(Form):
    reason = TextAreaField(_l("Raison"), [NEEDED, at_most(2000), only_text])
    until = DateField(_l("Jusqu’au"), [Optional()])
