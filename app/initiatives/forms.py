"""The form of a sheet, made for its kind from the words of `labels.py`."""

from functools import cache

from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from app.core.forms import Form, VersionedForm, at_most, between, only_text
from app.core.i18n import _l
from app.initiatives.labels import FACT_LABELS, SECTIONS


class SheetForm(VersionedForm):
    title = StringField(_l("Titre"), validators=[InputRequired(_l("Donnez un titre à la fiche.")), at_most(200), only_text])
    summary = TextAreaField(
        _l("En une phrase"),
        validators=[InputRequired(_l("Dites en une phrase ce qui a été fait et ce que cela a donné.")), at_most(400), only_text],
    )
    territory = SelectField(_l("Territoire"), coerce=int)
    theme = SelectMultipleField(_l("Thèmes"), coerce=int)


class InitiativeFields(SheetForm):
    approach = SelectMultipleField(_l("Type de démarche"), coerce=int)
    level = SelectField(_l("Niveau de participation"), coerce=int)
    public = SelectMultipleField(_l("Public"), coerce=int)
    promoter = StringField(FACT_LABELS["promoter"], validators=[at_most(160), only_text])
    place = StringField(FACT_LABELS["place"], validators=[at_most(160), only_text])
    started_on = DateField(_l("Début"), validators=[Optional()])
    ended_on = DateField(_l("Fin"), validators=[Optional()])
    participants = StringField(FACT_LABELS["participants"], validators=[at_most(160), only_text])
    cost = StringField(FACT_LABELS["cost"], validators=[at_most(160), only_text])
    cost_euros = IntegerField(
        _l("Coût en euros, pour comparer"), validators=[Optional(), between(0, 10**9, _l("Un nombre d’euros, sans les centimes."))]
    )
    staff_time = StringField(FACT_LABELS["staff_time"], validators=[at_most(160), only_text])


class DocumentFields(SheetForm):
    writer = StringField(FACT_LABELS["writer"], validators=[at_most(160), only_text])
    issued_year = IntegerField(
        FACT_LABELS["issued_year"], validators=[Optional(), between(1800, 2100, _l("Une année en quatre chiffres."))]
    )
    licence = StringField(FACT_LABELS["licence"], validators=[at_most(160), only_text])
    address = StringField(FACT_LABELS["address"], validators=[at_most(500), only_text])


class ToolFields(SheetForm):
    price = StringField(FACT_LABELS["price"], validators=[at_most(160), only_text])
    licence = StringField(FACT_LABELS["licence"], validators=[at_most(160), only_text])
    hosting = StringField(FACT_LABELS["hosting"], validators=[at_most(160), only_text])
    address = StringField(FACT_LABELS["address"], validators=[at_most(500), only_text])


BASES = {"initiative": InitiativeFields, "document": DocumentFields, "tool": ToolFields}


@cache
def form_for(kind: str) -> type[SheetForm]:
    """The form class of this kind: its facts, then one text area a section, then the sources."""
    fields: dict[str, object] = {
        key: TextAreaField(title, description=help, validators=[at_most(20_000), only_text])
        for key, (title, help) in SECTIONS[kind].items()
    }
    fields["sources_text"] = TextAreaField(
        _l("Sources"),
        description=_l("Une par ligne : le titre, puis l’adresse si elle existe, séparés par « | »."),
        validators=[at_most(5000), only_text],
    )
    return type(f"{kind.capitalize()}Form", (BASES[kind],), fields)


class NoteForm(Form):
    note = TextAreaField(_l("Ce qui manque"), validators=[InputRequired(_l("Dites à l’auteur ce qui manque.")), at_most(2000), only_text])
