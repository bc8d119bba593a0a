from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields import DateTimeLocalField
from wtforms.validators import InputRequired, Optional

from app.consultations.proposals.forms import TITLE, WithSection, number_or_none
from app.contents.space_forms import SpaceForm
from app.core.forms import Form, at_most, between, only_text
from app.core.i18n import _l


class ConsultationForm(SpaceForm):
    pass


class NewConsultationForm(ConsultationForm):
    """Sections and first dates come with the rest: a call for proposals is ready in one page."""

    sections = TextAreaField(_l("Rubriques"), validators=[at_most(4_000), only_text])
    opens_at = DateTimeLocalField(_l("Ouverture"), validators=[InputRequired(_l("Dites quand la consultation s’ouvre."))])
    closes_at = DateTimeLocalField(_l("Clôture"), validators=[InputRequired(_l("Dites quand la consultation se termine."))])


class SectionForm(Form):
    title = StringField(
        _l("Titre de la rubrique"), validators=[InputRequired(_l("Donnez un titre à la rubrique.")), at_most(160), only_text]
    )
    text = TextAreaField(_l("Ce qu’on y met, en une phrase"), validators=[at_most(400), only_text])
    position = IntegerField(_l("Place dans la liste"), validators=[Optional(), between(0, 999, _l("Un nombre de 0 à 999."))])


class OfficialProposalForm(WithSection, Form):
    section = SelectField(_l("Rubrique"), coerce=number_or_none, validate_choice=False)
    title = StringField(_l("Titre"), validators=TITLE)
    body = TextAreaField(_l("Texte"), validators=[InputRequired(_l("Écrivez le texte.")), at_most(64_000), only_text])
