from wtforms import BooleanField, FileField, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from app.core.forms import Form, at_most, between, only_text
from app.core.i18n import _l
from app.exchange.models import SourceKind
from app.initiatives.models import Step

KINDS = {
    SourceKind.BEFFROI: _l("Un autre Beffroi"),
    SourceKind.DECIDIM: _l("Un Decidim (ses démarches)"),
    SourceKind.FEED: _l("Un fil Atom ou RSS"),
    SourceKind.TABLE: _l("Un fichier CSV, ODS, XLSX ou JSON à une adresse"),
}


class UploadForm(Form):
    file = FileField(_l("Le fichier : CSV, ODS, XLSX ou JSON"), validators=[InputRequired(_l("Choisissez un fichier."))])
    target = RadioField(
        _l("Où vont les fiches nouvelles ?"),
        choices=[
            SelectChoice(Step.PROPOSED, _l("À relire, avec les fiches proposées")),
            SelectChoice(Step.DRAFT, _l("En brouillon")),
            SelectChoice(Step.PUBLISHED, _l("Publiées tout de suite")),
        ],
        default=Step.PROPOSED,
        validators=[InputRequired(_l("Choisissez où vont les fiches nouvelles."))],
    )
    replaces = BooleanField(_l("Mettre à jour les fiches déjà ici, en une version nouvelle"))


class SourceForm(Form):
    name = StringField(
        _l("Nom de la source"), validators=[InputRequired(_l("Donnez un nom : il signera les fiches.")), at_most(120), only_text]
    )
    kind = SelectField(
        _l("Ce que l’on y trouve"), choices=[SelectChoice(kind, label) for kind, label in KINDS.items()], validators=[InputRequired()]
    )
    url = StringField(_l("Adresse"), validators=[InputRequired(_l("Donnez l’adresse à lire.")), at_most(1000), only_text])
    territory = SelectField(_l("Territoire des fiches qui n’en disent pas"), coerce=int, validators=[InputRequired()])
    every_hours = IntegerField(
        _l("Toutes les combien d’heures"),
        default=24,
        validators=[InputRequired(_l("Donnez un nombre d’heures.")), between(1, 720, _l("Entre 1 et 720 heures."))],
    )
    is_active = BooleanField(_l("Moissonner régulièrement"), default=True)
