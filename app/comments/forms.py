from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, ValidationError

from app.comments.models import Side
from app.comments.services import TITLE_LIMIT, says_something
from app.core.errors import DomainError
from app.core.forms import Form, VersionedForm, at_most, only_text
from app.core.i18n import _, _l
from app.core.text import WRITTEN_LIMIT


def readable(form, field) -> None:
    """Refuse what nobody could read: spaces and invisible signs only."""
    try:
        if not says_something(field.data or ""):
            raise ValidationError(_("Écrivez votre texte."))
    except DomainError as error:
        raise ValidationError(error.message) from None


BODY = [InputRequired(_l("Écrivez votre texte.")), at_most(WRITTEN_LIMIT), only_text, readable]


class ArgumentForm(Form):
    side = RadioField(
        _l("Vous êtes…"),
        choices=[SelectChoice(Side.FOR.value, _l("pour")), SelectChoice(Side.AGAINST.value, _l("contre"))],
        validators=[InputRequired(_l("Dites si votre argument est pour ou contre."))],
    )
    title = StringField(_l("Votre argument en une phrase"), validators=[at_most(TITLE_LIMIT), only_text])
    body = TextAreaField(_l("Pourquoi ?"), validators=BODY)


class ArgumentEditForm(VersionedForm):
    title = StringField(_l("Votre argument en une phrase"), validators=[at_most(TITLE_LIMIT), only_text])
    body = TextAreaField(_l("Pourquoi ?"), validators=BODY)


class ReplyForm(Form):
    body = TextAreaField(_l("Votre réponse"), validators=BODY)


class ReplyEditForm(VersionedForm):
    body = TextAreaField(_l("Votre réponse"), validators=BODY)
