from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from app.comments.forms import BODY, readable
from app.consultations.proposals.models import Section
from app.consultations.proposals.services import TITLE_LIMIT, URL_LIMIT
from app.core.forms import Form, VersionedForm, at_most, only_text
from app.core.i18n import _l
from app.core.text import WRITTEN_LIMIT

TITLE = [InputRequired(_l("Donnez un titre.")), at_most(TITLE_LIMIT), only_text, readable]


def number_or_none(value) -> int | None:
    return int(value) if str(value).isascii() and str(value).isdigit() and len(str(value)) < 10 else None


class WithSection:
    """Offers the sections of the consultation; where there is none, there is no field. The service says that one is needed."""

    section: SelectField
    section_required = True

    def offer_sections(self, sections: list[Section]) -> None:
        if not sections:
            del self.section
            return
        if self.section_required:
            self.section.flags.required = True
            self.section.validators = [InputRequired(_l("Choisissez une rubrique."))]  # said with what else lacks, not after
        self.section.choices = [SelectChoice("", _l("Choisissez…")), *(SelectChoice(section.id, section.title) for section in sections)]

    @property
    def section_id(self) -> int | None:
        return self.section.data if self.section else None


class ProposalForm(WithSection, Form):
    section = SelectField(_l("Rubrique"), coerce=number_or_none, validate_choice=False)
    title = StringField(_l("Votre proposition en une phrase"), validators=TITLE)
    body = TextAreaField(_l("Votre proposition"), validators=BODY)


class DraftForm(WithSection, Form):
    """What is not finished may lack anything."""

    section_required = False
    section = SelectField(_l("Rubrique"), coerce=number_or_none, validate_choice=False)
    title = StringField(_l("Votre proposition en une phrase"), validators=[at_most(TITLE_LIMIT), only_text])
    body = TextAreaField(_l("Votre proposition"), validators=[at_most(WRITTEN_LIMIT), only_text])


class ProposalEditForm(VersionedForm):
    title = StringField(_l("Votre proposition en une phrase"), validators=TITLE)
    body = TextAreaField(_l("Votre proposition"), validators=BODY)


class SourceForm(Form):
    title = StringField(_l("Titre du document"), validators=TITLE)
    url = StringField(_l("Adresse"), validators=[InputRequired(_l("Donnez l’adresse du document.")), at_most(URL_LIMIT), only_text])
    category = StringField(_l("Nature du document"), validators=[at_most(80), only_text])
    body = TextAreaField(_l("Ce qu’il apporte"), validators=[at_most(2_000), only_text])
