from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from app.contents.rows import nature_label
from app.core.forms import Form, at_most, only_text
from app.core.i18n import _, _l
from app.related.services import BY_HAND, LONGEST_NOTE

BACK = ".back"  # the link starts at the other page: « a inspiré » instead of « s’inspire de »


def natures() -> list[SelectChoice]:
    """Each nature both ways, as it reads from the page at hand."""
    ways = [(nature.value + ("" if outward else BACK), nature_label(nature, outward)) for outward in (True, False) for nature in BY_HAND]
    return [SelectChoice("", _("Choisissez…")), *(SelectChoice(value, label) for value, label in ways)]


class NatureForm(Form):
    nature = SelectField(_l("Nature du lien"), validators=[InputRequired(_l("Choisissez la nature du lien."))])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.nature.choices = natures()

    @property
    def chosen(self) -> tuple[str, bool]:
        """(nature, does it start at the page at hand?)"""
        value = self.nature.data or ""
        return value.removesuffix(BACK), not value.endswith(BACK)


class LinkForm(NatureForm):
    target = StringField(
        _l("Adresse de l’autre page"), validators=[InputRequired(_l("Collez l’adresse de la page.")), at_most(300), only_text]
    )
    note = StringField(_l("Pourquoi, en une phrase"), validators=[at_most(LONGEST_NOTE), only_text])
