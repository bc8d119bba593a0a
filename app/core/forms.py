"""What every form shares."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict
from wtforms import HiddenField
from wtforms.validators import Length as _Length
from wtforms.validators import ValidationError

from app.core.db import SAFE_METHODS, db, writing
from app.core.errors import Conflict, DomainError
from app.core.i18n import _, _l


class Form(FlaskForm):
    class Meta(FlaskForm.Meta):
        def wrap_formdata(self, form, formdata):
            """What a browser's form sent, even nothing. A body of JSON is no form: its values are of any type and any depth."""
            if formdata is None or hasattr(formdata, "getlist"):
                return formdata
            if request.method in SAFE_METHODS:
                return None
            return CombinedMultiDict((request.files, request.form)) if request.files else request.form

    is_overtaken = False  # somebody else was first

    @property
    def status(self) -> int:
        """422 once something was refused, 409 when somebody else was first: programs know, and the transaction is dropped."""
        if self.is_overtaken:
            return 409
        return 422 if self.errors or self.form_errors else 200


class VersionedForm(Form):
    """Edits something several people may edit: remembers the version that was read."""

    version = HiddenField()

    @property
    def seen(self) -> int:
        """The revision the person had in front of them; 0 for what is no number."""
        written = str(self.version.data or "")
        return int(written) if written.isascii() and written.isdigit() and len(written) < 9 else 0

    def overtaken_by(self, content) -> bool:
        """Refused because the text was changed since the form was opened? Then the next sending is made knowingly."""
        if not self.form_errors or self.seen == content.revision:
            return False
        self.version.data = str(content.revision)
        return True


@contextmanager
def refusals_in(form: Form) -> Iterator[None]:
    """Show a DomainError next to the field it is about, with what was typed; undo what the service had begun."""
    try:
        with db.begin_nested() if writing.get() else nullcontext():
            yield
    except DomainError as error:
        form.is_overtaken = isinstance(error, Conflict)
        if error.field and error.field in form:
            form[error.field].errors = [*form[error.field].errors, error.message]
        else:
            form.form_errors.append(error.message)


def at_most(length: int) -> _Length:
    return _Length(max=length, message=_l("%(max)d signes au plus.", max=length))


def between(low: int, high: int, message) -> Callable:
    """A whole number from `low` to `high`. WTForms' own asks a float of it, and a number of 400 digits is none."""

    def check(form, field) -> None:
        if field.data is None or not low <= field.data <= high:
            raise ValidationError(message)

    return check


def listed(value) -> int:
    """For `coerce`: the id of what a list offers, 0 for none. Else no choice at all, before a database is asked for 30 digits."""
    written = str(value)
    if written.isascii() and written.isdigit() and len(written) < 10:
        return int(written)
    raise ValueError


def only_text(form, field) -> None:
    """Refuse characters that no database keeps, with a sentence, before anything else sees them."""
    data = field.data or ""
    if "\x00" in data or any(0xD800 <= ord(sign) <= 0xDFFF for sign in data):
        raise ValidationError(_("Ce champ contient un signe qui ne peut pas être enregistré. Retirez-le et renvoyez."))
