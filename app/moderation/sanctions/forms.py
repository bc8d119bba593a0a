from datetime import UTC, datetime, time

from wtforms import DateField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Optional

from app.core.clock import PARIS
from app.core.forms import Form, VersionedForm, at_most, only_text
from app.core.i18n import _l
from app.moderation.sanctions.models import SanctionKind, SanctionState
from app.moderation.sanctions.queries import Stage

KINDS = {
    SanctionKind.WARNING: _l("Avertissement"),
    SanctionKind.READ_FIRST: _l("Textes lus avant publication"),
    SanctionKind.SUSPENSION: _l("Suspension"),
    SanctionKind.CLOSURE: _l("Fermeture du compte"),
}
HELPS = {
    SanctionKind.WARNING: _l("La personne est prévenue. Elle peut continuer à écrire. L’avertissement compte pendant un an."),
    SanctionKind.READ_FIRST: _l("La personne peut écrire. Chaque texte attend d’être lu. Une date de fin est nécessaire."),
    SanctionKind.SUSPENSION: _l("La personne ne peut plus rien publier jusqu’à une date, un an au plus."),
    SanctionKind.CLOSURE: _l("Le compte et les données personnelles sont effacés, pour toujours. Même un recours ne les rend pas."),
}
STATES = {
    SanctionState.PROPOSED: _l("Jamais confirmée"),
    SanctionState.CONFIRMED: _l("Terminée"),
    SanctionState.DECLINED: _l("Écartée"),
    SanctionState.LIFTED: _l("Levée"),
}
STAGES = {Stage.WAITING: _l("À relire"), Stage.IN_FORCE: _l("En cours"), Stage.ENDED: _l("Terminées")}


class ProposeForm(Form):
    kind = RadioField(_l("Mesure"), validators=[InputRequired(_l("Choisissez une mesure."))])
    facts = TextAreaField(
        _l("Les faits"), validators=[InputRequired(_l("Écrivez les faits : la personne les lira.")), at_most(4000), only_text]
    )
    until = DateField(_l("Jusqu’au"), validators=[Optional()])

    @property
    def ends_at(self) -> datetime | None:
        """The last minute of the day, in Paris. The calendar's own ends are no dates for a sanction."""
        day = self.until.data
        return datetime.combine(day, time(23, 59), PARIS).astimezone(UTC) if day and 1900 <= day.year <= 2200 else None


class LocalProposeForm(ProposeForm):
    """A territory has a charter: what it sanctions, its charter forbids."""

    article = RadioField(
        _l("Article de la charte"),
        coerce=int,
        validators=[InputRequired(_l("Choisissez l’article de la charte sur lequel vous vous appuyez."))],
    )


class AnswerForm(VersionedForm):
    reasons = TextAreaField(_l("Vos raisons"), validators=[Optional(), at_most(4000), only_text])
