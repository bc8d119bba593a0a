from wtforms import EmailField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.core.forms import Form, VersionedForm, at_most, between, only_text
from app.core.i18n import _l
from app.moderation.models import Regime, Verdict


class ReportForm(Form):
    article = RadioField(_l("Pourquoi signalez-vous ce texte ?"), coerce=int, validators=[InputRequired(_l("Choisissez une raison."))])
    message = TextAreaField(_l("Précisez si vous le pouvez"), validators=[at_most(1000), only_text])


class VisitorReportForm(ReportForm):
    name = StringField(_l("Votre nom"), validators=[InputRequired(_l("Donnez votre nom.")), at_most(80), only_text])
    email = EmailField(
        _l("Votre courriel"),
        validators=[InputRequired(_l("Donnez votre courriel : nous vous écrirons pour confirmer.")), at_most(254), only_text],
    )


class DecisionForm(VersionedForm):
    article = RadioField(_l("Article de la charte"), coerce=int, validators=[Optional()], validate_choice=True)
    reasons = TextAreaField(
        _l("Message à l’auteur"),
        validators=[InputRequired(_l("Écrivez à l’auteur pourquoi : il lira cette phrase.")), at_most(4000), only_text],
    )
    # Said by the button that was pressed. A hidden field of this name would be sent first, empty, and win.
    verdict = StringField(_l("Décision"), validators=[InputRequired(_l("Choisissez une décision."))])

    def validate_verdict(self, field):
        from wtforms.validators import ValidationError

        if field.data not in set(Verdict):
            raise ValidationError(_l("Cette décision n’existe pas. Choisissez l’une de celles proposées."))


class SettingsForm(Form):
    regime = RadioField(
        _l("Quand lisez-vous les textes ?"),
        choices=[
            SelectChoice(Regime.AFTER, _l("Après publication, s’ils sont signalés")),
            SelectChoice(Regime.FIRST, _l("Avant publication pour la première contribution d’une personne")),
            SelectChoice(Regime.BEFORE, _l("Avant publication, toujours")),
        ],
        validators=[InputRequired(_l("Choisissez un régime."))],
    )
    target_hours = IntegerField(
        _l("Délai promis, en heures"), validators=[InputRequired(_l("Donnez un délai.")), between(1, 240, _l("Entre 1 et 240 heures."))]
    )
