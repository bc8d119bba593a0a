from wtforms import IntegerField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.core.forms import Form, VersionedForm, at_most, between, only_text
from app.core.i18n import _l
from app.moderation.models import Verdict

VERDICTS = {
    Verdict.KEEP: _l("Le publier tel quel"),
    Verdict.REDACT: _l("Le publier avec des coupes"),
    Verdict.MOVE: _l("Le déplacer vers une autre activité"),
    Verdict.REFUSE: _l("Le refuser ou le retirer"),
}


class ReadingForm(VersionedForm):
    verdict = RadioField(
        _l("Qu’auriez-vous décidé ?"),
        choices=[SelectChoice(value, label) for value, label in VERDICTS.items()],
        validators=[InputRequired(_l("Choisissez une décision."))],
    )
    article = RadioField(_l("Article de la charte, pour une coupe ou un refus"), coerce=int, validators=[Optional()], validate_choice=True)
    remark = TextAreaField(_l("Ce qui vous a fait hésiter"), validators=[at_most(1000), only_text])


class RateForm(Form):
    percent = IntegerField(
        _l("Décisions relues, sur cent"),
        validators=[InputRequired(_l("Donnez un nombre.")), between(1, 100, _l("Entre 1 et 100."))],
    )
