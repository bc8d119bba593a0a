from wtforms.fields import DateTimeLocalField
from wtforms.validators import InputRequired

from app.contents.space_forms import SpaceForm
from app.core.i18n import _l


class DebateForm(SpaceForm):
    pass


class NewDebateForm(DebateForm):
    """The first dates come with the rest: a debate is ready in one page."""

    opens_at = DateTimeLocalField(_l("Ouverture"), validators=[InputRequired(_l("Dites quand le débat s’ouvre."))])
    closes_at = DateTimeLocalField(_l("Clôture"), validators=[InputRequired(_l("Dites quand le débat se termine."))])
