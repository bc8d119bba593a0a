from wtforms import FileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import DateTimeLocalField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.core.forms import Form, VersionedForm, at_most, only_text
from app.core.i18n import _l
from app.projects.labels import KINDS, MATURITIES


class ProjectForm(VersionedForm):
    title = StringField(_l("Titre"), validators=[InputRequired(_l("Donnez un titre au projet.")), at_most(160), only_text])
    summary = TextAreaField(
        _l("En deux phrases"), validators=[InputRequired(_l("Dites en deux phrases ce qui est en jeu.")), at_most(400), only_text]
    )
    body = TextAreaField(_l("Présentation"), validators=[at_most(20_000), only_text])
    project_kind = RadioField(
        _l("Nature du projet"),
        choices=[SelectChoice(key, label) for key, label in KINDS.items()],
        validators=[InputRequired(_l("Choisissez la nature du projet."))],
    )


class MaturityForm(Form):
    maturity = SelectField(_l("Étape"), choices=[SelectChoice(key, label) for key, label in MATURITIES.items()])
    note = TextAreaField(_l("Ce qui a changé"), validators=[at_most(500), only_text])


class PhaseForm(VersionedForm):
    name = StringField(_l("Nom de la phase"), validators=[InputRequired(_l("Donnez un nom à la phase.")), at_most(80), only_text])
    note = StringField(_l("Ce qui s’y passe"), validators=[at_most(160), only_text])
    opens_at = DateTimeLocalField(_l("Début"), validators=[Optional()])
    closes_at = DateTimeLocalField(_l("Fin"), validators=[Optional()])


class DocumentForm(Form):
    file = FileField(_l("Fichier"), validators=[InputRequired(_l("Choisissez un fichier."))])
    title = StringField(
        _l("Titre du document"), validators=[InputRequired(_l("Donnez un titre : on saura ce qu’on ouvre.")), at_most(160), only_text]
    )
