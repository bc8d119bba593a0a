"""The form of a sheet, made for its kind from the words of `labels.py`; the plain one of a citizen; those of the curators."""

import math
from functools import cache

from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FileField,
    FloatField,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import Form as Row
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional
from wtforms.widgets import TextInput

from app.contents import vocabularies
from app.core.forms import Form, VersionedForm, at_most, between, listed, only_text
from app.core.i18n import _, _l
from app.initiatives.labels import CHECKLIST, CHOSEN, FACT_LABELS, LANGUAGES, SECTIONS, SINGLE, VOCABULARIES

BLANK_ROWS = 3  # lines to fill, after those that hold something
MOST_ROWS = 60
A_YEAR = _l("Une année en quatre chiffres.")


class Degrees(FloatField):
    """A latitude or a longitude, with a comma or a point: a field of text, since browsers empty a number field that has a comma."""

    widget = TextInput()

    def process_formdata(self, valuelist):
        written = (valuelist[0] if valuelist else "").strip().replace(",", ".")
        self.data = None
        if not written:
            return
        try:
            self.data = float(written)
        except ValueError:
            self.data = math.nan
        if not math.isfinite(self.data):
            self.data = None
            raise ValueError(_("Un nombre de degrés, comme 50,7236."))

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else str(self.data).replace(".", ",")


class StepRow(Row):
    when = StringField(_l("Quand"), validators=[at_most(60), only_text])
    what = StringField(_l("Ce qui s’est passé"), validators=[at_most(300), only_text])


class ContactRow(Row):
    name = StringField(_l("Nom, ou service"), validators=[at_most(120), only_text])
    role = StringField(_l("Fonction"), validators=[at_most(120), only_text])
    email = StringField(_l("Courriel"), validators=[at_most(200), only_text])
    phone = StringField(_l("Téléphone"), validators=[at_most(40), only_text])


class SheetForm(VersionedForm):
    """What every kind asks. The choices of the lists are given by the view."""

    title = StringField(_l("Titre"), validators=[InputRequired(_l("Donnez un titre à la fiche.")), at_most(200), only_text])
    summary = TextAreaField(
        _l("En une phrase"),
        validators=[InputRequired(_l("Dites en une phrase ce qui a été fait et ce que cela a donné.")), at_most(400), only_text],
    )
    territory = SelectField(_l("Territoire"), coerce=listed)
    language = SelectField(_l("Langue de la fiche"), choices=[SelectChoice(key, label) for key, label in LANGUAGES.items()], default="fr")


class InitiativeFields(SheetForm):
    promoter = StringField(
        _l("Porté par, en toutes lettres"),
        description=_l("Avec qui, ou un nom qui n’est pas dans la liste : les curateurs l’y ajouteront."),
        validators=[at_most(160), only_text],
    )
    place = StringField(_l("Lieu"), description=_l("Un quartier, une commune, plusieurs villages."), validators=[at_most(160), only_text])
    latitude = Degrees(
        _l("Latitude"), description=_l("En degrés, comme 50,7236. Pour placer la fiche sur la carte."), validators=[Optional()]
    )
    longitude = Degrees(_l("Longitude"), description=_l("En degrés, comme 3,1609."), validators=[Optional()])
    started_on = DateField(_l("Début"), validators=[Optional()])
    ended_on = DateField(_l("Fin"), validators=[Optional()])
    steps = FieldList(FormField(StepRow), max_entries=MOST_ROWS)
    participants = StringField(FACT_LABELS["participants"], validators=[at_most(300), only_text])
    cost = StringField(FACT_LABELS["cost"], validators=[at_most(300), only_text])
    cost_euros = IntegerField(
        _l("Coût en euros, pour comparer"), validators=[Optional(), between(0, 10**9, _l("Un nombre d’euros, sans les centimes."))]
    )
    staff_time = StringField(FACT_LABELS["staff_time"], validators=[at_most(300), only_text])
    contacts = FieldList(FormField(ContactRow), max_entries=MOST_ROWS)
    contacts_are_public = BooleanField(
        _l("Montrer ces contacts à tout le monde"),
        description=_l("Sans cela, seuls les agents des territoires les voient. Demandez d’abord l’accord des personnes."),
    )


class DocumentFields(SheetForm):
    writer = StringField(FACT_LABELS["writer"], validators=[at_most(160), only_text])
    issued_on = DateField(_l("Date, si le jour est connu"), validators=[Optional()])
    issued_year = IntegerField(FACT_LABELS["issued_year"], validators=[Optional(), between(1800, 2100, A_YEAR)])
    address = StringField(FACT_LABELS["address"], validators=[at_most(500), only_text])


class ToolFields(SheetForm):
    price = StringField(FACT_LABELS["price"], validators=[at_most(160), only_text])
    hosting = StringField(FACT_LABELS["hosting"], validators=[at_most(160), only_text])
    address = StringField(FACT_LABELS["address"], validators=[at_most(500), only_text])


BASES = {"initiative": InitiativeFields, "document": DocumentFields, "tool": ToolFields}
LICENCE_IN_WORDS = {"label": _l("Conditions d’usage, en toutes lettres"), "validators": [at_most(160), only_text]}


@cache
def form_for(kind: str) -> type[SheetForm]:
    """The form class of this kind: its lists, its facts, one text area a section, then the sources."""
    fields: dict[str, object] = {
        key: SelectField(VOCABULARIES[key], coerce=listed, default=0)
        if key in SINGLE
        else SelectMultipleField(VOCABULARIES[key], coerce=listed)
        for key in CHOSEN[kind]
        if key != "promoter"
    }
    if "promoter" in CHOSEN[kind]:
        fields["promoter_term"] = SelectField(VOCABULARIES["promoter"], coerce=listed, default=0)
    if "licence" in CHOSEN[kind]:
        fields["licence_term"] = fields.pop("licence")
        fields["licence"] = StringField(**LICENCE_IN_WORDS)
    fields |= {
        key: TextAreaField(title, description=help, validators=[at_most(20_000), only_text])
        for key, (title, help) in SECTIONS[kind].items()
    }
    fields["sources_text"] = TextAreaField(
        _l("Sources"),
        description=_l("Une par ligne : le titre, puis l’adresse et la date si elles existent, séparés par « | »."),
        validators=[at_most(8000), only_text],
    )
    return type(f"{kind.capitalize()}Form", (BASES[kind],), fields)


def list_field(form: Form, key: str):
    """The field where this list is chosen, or None."""
    return form[f"{key}_term"] if f"{key}_term" in form else form[key] if key in form and key in VOCABULARIES else None


def offer(form: Form, key: str, terms) -> None:
    """The choices of one list. What was sent of terms merged since the page was opened becomes what stands for them."""
    field = list_field(form, key)
    nothing = [SelectChoice(0, _("Non précisé"))] if key in SINGLE else []
    field.choices = nothing + [SelectChoice(term.id, term.label) for term in terms]
    sent = [field.data] if key in SINGLE else field.data or []
    unknown = [each for each in sent if each and each not in {choice.value for choice in field.choices}]
    if unknown:
        moved = vocabularies.standing_for(unknown)
        sent = [moved.get(each, each) for each in sent]
        field.data = sent[0] if key in SINGLE else sent


class ReportForm(VersionedForm):
    """« Signaler une initiative » : what anyone can say of it, in plain words."""

    title = StringField(
        _l("De quoi s’agit-il ?"),
        description=_l("Quelques mots : « Un café des parents à l’école Jean-Macé »."),
        validators=[InputRequired(_l("Dites en quelques mots de quoi il s’agit.")), at_most(200), only_text],
    )
    story = TextAreaField(
        _l("Que s’est-il passé ?"),
        description=_l("Qui l’a fait, comment, avec qui. Quelques phrases suffisent."),
        validators=[InputRequired(_l("Racontez en quelques phrases.")), at_most(5000), only_text],
    )
    results = TextAreaField(
        _l("Qu’est-ce que cela a changé ?"),
        description=_l("Ce qui a marché, ce qui n’a pas marché."),
        validators=[at_most(5000), only_text],
    )
    territory = SelectField(_l("Dans quel territoire ?"), coerce=listed, default=0)
    place = StringField(_l("À quel endroit ?"), description=_l("Un quartier, une rue, une école."), validators=[at_most(160), only_text])
    year = IntegerField(_l("En quelle année ?"), validators=[Optional(), between(1950, 2100, A_YEAR)])
    known_by = TextAreaField(
        _l("Où en savoir plus ?"),
        description=_l("Une adresse, un article, une association. N’écrivez pas l’adresse d’une personne sans son accord."),
        validators=[at_most(1000), only_text],
    )


class NoteForm(Form):
    note = TextAreaField(_l("Ce qui manque"), validators=[InputRequired(_l("Dites à l’auteur ce qui manque.")), at_most(2000), only_text])


class ArchiveForm(Form):
    note = TextAreaField(
        _l("Pourquoi"),
        description=_l("Ceux qui suivent un ancien lien vers la fiche le liront."),
        validators=[InputRequired(_l("Dites pourquoi : ceux qui suivent un ancien lien le liront.")), at_most(500), only_text],
    )


class FreshForm(Form):
    review_on = DateField(_l("À relire le"), validators=[InputRequired(_l("Choisissez un jour."))])


class ChecklistForm(Form):
    checked = SelectMultipleField(_l("Points à vérifier"), choices=[SelectChoice(key, label) for key, label in CHECKLIST.items()])


class RemarkForm(Form):
    field = SelectField(_l("Sur quelle rubrique"), default="")
    answers = HiddenField()
    body = TextAreaField(_l("Remarque"), validators=[InputRequired(_l("Écrivez votre remarque.")), at_most(2000), only_text])


class FileForm(Form):
    file = FileField(_l("Fichier"), validators=[InputRequired(_l("Choisissez un fichier."))])
    title = StringField(
        _l("Titre, ou légende"), validators=[InputRequired(_l("Donnez un titre : on saura ce qu’on ouvre.")), at_most(160), only_text]
    )
    alt = TextAreaField(
        _l("Ce que montre l’image"),
        description=_l("Pour une image seulement : une phrase pour qui ne la voit pas."),
        validators=[at_most(300), only_text],
    )


class FileTextForm(Form):
    title = StringField(
        _l("Titre, ou légende"), validators=[InputRequired(_l("Donnez un titre : on saura ce qu’on ouvre.")), at_most(160), only_text]
    )
    alt = TextAreaField(_l("Ce que montre l’image"), validators=[at_most(300), only_text])


class TermForm(Form):
    label = StringField(_l("Nom"), validators=[InputRequired(_l("Donnez un nom.")), at_most(vocabularies.LONGEST_LABEL), only_text])
    note = StringField(
        _l("Ce que cela recouvre"),
        description=_l("Une phrase, pour qui hésite."),
        validators=[at_most(vocabularies.LONGEST_NOTE), only_text],
    )
    uri = StringField(
        _l("Adresse de référence"),
        description=_l("La même notion dans un vocabulaire public, pour les échanges de données."),
        validators=[at_most(vocabularies.LONGEST_URI), only_text],
    )


class MergeForm(Form):
    into = SelectField(_l("Fusionner dans"), validators=[DataRequired(_l("Choisissez le terme qui reste."))], coerce=listed)
