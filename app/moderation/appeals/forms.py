from wtforms import EmailField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.core.forms import Form, VersionedForm, at_most, only_text
from app.core.i18n import _l
from app.moderation.appeals.models import Outcome
from app.moderation.models import Verdict


class ContestForm(Form):
    text = TextAreaField(
        _l("Pourquoi n’êtes-vous pas d’accord ?"),
        validators=[InputRequired(_l("Écrivez pourquoi vous n’êtes pas d’accord.")), at_most(4000), only_text],
    )
    reply_to = EmailField(_l("Où vous répondre"), validators=[Optional(), at_most(254), only_text])


class AnswerForm(VersionedForm):
    outcome = RadioField(
        _l("Votre réponse"),
        choices=[
            SelectChoice(Outcome.UPHELD, _l("Donner raison : la décision est annulée")),
            SelectChoice(Outcome.DISMISSED, _l("Maintenir la décision")),
        ],
        validators=[InputRequired(_l("Choisissez une réponse."))],
    )
    answer = TextAreaField(
        _l("Ce que vous répondez"), validators=[InputRequired(_l("Écrivez votre réponse : la personne la lira.")), at_most(4000), only_text]
    )


class ReportAnswerForm(AnswerForm):
    """Giving a reporter reason restricts the text after all: its author is told why."""

    verdict = RadioField(
        _l("Si vous donnez raison, que devient le texte ?"),
        choices=[SelectChoice(Verdict.REFUSE, _l("Il est retiré")), SelectChoice(Verdict.HIDE, _l("Il est masqué par précaution"))],
        validators=[Optional()],
    )
    article = RadioField(_l("Article de la charte"), coerce=int, validators=[Optional()])
    reasons = TextAreaField(_l("Message à l’auteur du texte"), validators=[Optional(), at_most(4000), only_text])
