from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, ValidationError

from app.core.forms import Form, VersionedForm, at_most, only_text
from app.core.i18n import _, _l
from app.moderation.models import Verdict

ASK = "ask"  # not a decision: a word to the author before one
TOGETHER = (Verdict.KEEP, Verdict.HIDE, Verdict.REFUSE)  # what several cases can share


def a_number(value) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class DecisionForm(VersionedForm):
    article = RadioField(_l("Article de la charte"), coerce=a_number, validators=[Optional()])
    reasons = TextAreaField(_l("Message à l’auteur"), validators=[at_most(4000), only_text])
    # Said by the button that was pressed. A hidden field of this name would be sent first, empty, and win.
    verdict = StringField(_l("Décision"), validators=[InputRequired(_l("Choisissez une décision."))])

    allowed: tuple[str, ...] = (*Verdict, ASK)

    def validate_verdict(self, field):
        if field.data not in self.allowed:
            raise ValidationError(_l("Cette décision n’existe pas. Choisissez l’une de celles proposées."))

    def offer_articles(self, articles) -> None:
        self.article.choices = [SelectChoice(each.id, f"{each.number}. {each.title}") for each in articles]

    def message(self, article, otherwise: str = "") -> str:
        """What the author will read: what was typed, else the article's own sentence, else `otherwise`."""
        return (self.reasons.data or "").strip() or (article.notice if article else "") or otherwise


class CaseForm(DecisionForm):
    # Any passage of the text may come: the service knows which exist.
    cut = SelectMultipleField(_l("Passages à couper"), validate_choice=False, validators=[Optional()])
    excerpts = TextAreaField(_l("Ou recopiez ici les mots à couper, un passage par ligne"), validators=[at_most(4000), only_text])
    revision = HiddenField()  # of the text that was read: the passages are places in it
    destination = RadioField(_l("Où le déplacer"), coerce=a_number, validators=[Optional()])
    helped = BooleanField(_l("Un repérage automatique m’a aidé à décider"))

    def read_again(self, version: int, revision: int) -> None:
        """The case changed meanwhile: what is shown now can be decided on. Passages of another text are to be chosen anew."""
        if self.revision.data != str(revision):
            self.cut.data = []
        self.version.data, self.revision.data = str(version), str(revision)


class TogetherForm(DecisionForm):
    allowed = tuple(TOGETHER)
    verdict = RadioField(_l("Décision"), validators=[InputRequired(_l("Choisissez une décision."))])
    confirmed = StringField(validators=[Optional()])


class UncutForm(VersionedForm):
    reasons = TextAreaField(
        _l("Message à l’auteur"), validators=[InputRequired(_l("Écrivez à l’auteur pourquoi.")), at_most(4000), only_text]
    )


class ViewForm(Form):
    name = StringField(_l("Nom de la vue"), validators=[InputRequired(_l("Donnez un nom à cette vue.")), at_most(60), only_text])


def neutral(verdict: str, was_waiting: bool, destination: str = "") -> str:
    """What the author of a text that is published reads when the agent has nothing to add."""
    if verdict == Verdict.MOVE:
        return _("Votre texte est publié dans « %(where)s » : il y a toute sa place. Merci de votre contribution.", where=destination)
    if verdict == Verdict.KEEP and was_waiting:
        return _("Votre texte est publié. Merci de votre contribution.")
    if verdict == Verdict.KEEP:
        return _("Votre texte avait été signalé. Nous l’avons relu : il respecte la charte et reste en ligne.")
    return ""
