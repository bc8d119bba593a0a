from wtforms import EmailField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.core.forms import Form, VersionedForm, at_most, between, only_text
from app.core.i18n import _l
from app.moderation.models import Regime

REGIMES = [
    SelectChoice(Regime.AFTER, _l("Après publication, s’ils sont signalés")),
    SelectChoice(Regime.FIRST, _l("Avant publication pour les premières contributions d’une personne")),
    SelectChoice(Regime.BEFORE, _l("Avant publication, toujours")),
]


class ReportForm(Form):
    article = RadioField(_l("Pourquoi signalez-vous ce texte ?"), coerce=int, validators=[InputRequired(_l("Choisissez une raison."))])
    message = TextAreaField(_l("Précisez si vous le pouvez"), validators=[at_most(1000), only_text])


class VisitorReportForm(ReportForm):
    name = StringField(_l("Votre nom"), validators=[InputRequired(_l("Donnez votre nom.")), at_most(80), only_text])
    email = EmailField(
        _l("Votre courriel"),
        validators=[InputRequired(_l("Donnez votre courriel : nous vous écrirons pour confirmer.")), at_most(254), only_text],
    )


class SettingsForm(Form):
    regime = RadioField(
        _l("Quand lisez-vous les textes ?"),
        choices=REGIMES,
        validators=[InputRequired(_l("Choisissez un régime."))],
    )
    target_hours = IntegerField(
        _l("Délai promis, en heures"), validators=[InputRequired(_l("Donnez un délai.")), between(1, 240, _l("Entre 1 et 240 heures."))]
    )
    first_count = IntegerField(
        _l("Combien de premières contributions lire d’abord"), validators=[Optional(), between(1, 20, _l("Entre 1 et 20."))]
    )
    mask_threshold = IntegerField(
        _l("Masquer automatiquement à partir de combien de signalements"),
        validators=[Optional(), between(2, 100, _l("Entre 2 et 100 personnes, ou rien."))],
    )


class ActivityForm(Form):
    regime = RadioField(
        _l("Quand lisez-vous les textes de cette activité ?"),
        choices=[SelectChoice("", _l("Comme dans le reste du territoire")), *REGIMES],
        validators=[Optional()],
        default="",
    )


class CorrectionForm(Form):
    text = TextAreaField(_l("Votre réponse"), validators=[InputRequired(_l("Écrivez votre réponse.")), at_most(4000), only_text])


class ErasureForm(VersionedForm):
    article = RadioField(_l("Article de la charte"), coerce=int, validators=[InputRequired(_l("Choisissez un article."))])
    reasons = TextAreaField(
        _l("Message à l’auteur"), validators=[InputRequired(_l("Écrivez à l’auteur pourquoi.")), at_most(4000), only_text]
    )
