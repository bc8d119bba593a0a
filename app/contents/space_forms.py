"""The fields that every space's forms share."""

from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import DateTimeLocalField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.contents.spaces import ACTS
from app.core.forms import VersionedForm, at_most, only_text
from app.core.i18n import _l
from app.core.text import WRITTEN_LIMIT


class SpaceForm(VersionedForm):
    """What a page must say before anyone takes part. Subclasses add their own fields."""

    title = StringField(_l("Titre"), validators=[InputRequired(_l("Donnez un titre.")), at_most(160), only_text])
    summary = TextAreaField(
        _l("Ce qui est en jeu, en deux phrases"),
        validators=[InputRequired(_l("Dites en deux phrases ce qui est en jeu.")), at_most(400), only_text],
    )
    asked = TextAreaField(
        _l("Ce qu’on demande aux gens"), validators=[InputRequired(_l("Dites ce que vous demandez.")), at_most(400), only_text]
    )
    becomes = TextAreaField(
        _l("Ce que deviendront leurs avis"),
        validators=[InputRequired(_l("Dites ce que vous en ferez, et quand vous répondrez.")), at_most(400), only_text],
    )
    open_to = StringField(_l("À qui c’est ouvert"), validators=[at_most(200), only_text])
    body = TextAreaField(_l("Présentation"), validators=[at_most(WRITTEN_LIMIT), only_text])
    project = SelectField(_l("Projet"), coerce=lambda value: int(value) if str(value).isdigit() else 0, default=0)

    def offer_projects(self, projects) -> None:
        self.project.choices = [SelectChoice(0, _l("Aucun")), *(SelectChoice(each.id, each.title) for each in projects)]


class PhaseForm(VersionedForm):
    name = StringField(_l("Nom de la phase"), validators=[InputRequired(_l("Donnez un nom à la phase.")), at_most(80), only_text])
    note = StringField(_l("Ce qui s’y passe"), validators=[at_most(160), only_text])
    opens_at = DateTimeLocalField(_l("Début"), validators=[Optional()])
    closes_at = DateTimeLocalField(_l("Fin"), validators=[Optional()])
    allows = SelectMultipleField(
        _l("Ce qu’on peut y faire"), choices=[SelectChoice(key, label) for key, label in ACTS.items()], validators=[Optional()]
    )


class ConclusionForm(VersionedForm):
    body = TextAreaField(_l("Conclusion"), validators=[InputRequired(_l("Écrivez la conclusion.")), at_most(WRITTEN_LIMIT), only_text])
