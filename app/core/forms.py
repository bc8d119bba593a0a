"""What every form shares."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict
from wtforms import HiddenField
from wtforms.validators import Length as _Length
from wtforms.validators import ValidationError

from app.core.clock import PARIS
from app.core.db import SAFE_METHODS, db, writing
from app.core.errors import Closed, Conflict, DomainError
from app.core.formats import moment
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

    def overtaken_by(self, content, **theirs: Any) -> bool:
        """Refused because the text was changed since the form was opened? Then the next sending is made knowingly.

        `theirs`: what it says now, by field.
        """
        if not self.form_errors or self.seen == content.revision:
            return False
        self.show_beside(content.revision, **theirs)
        return True

    def show_beside(self, version: int, **theirs: Any) -> None:
        """Under each field that says something else: what somebody wrote meanwhile, so that nothing of either is lost."""
        self.version.data = str(version)
        for name, value in theirs.items():
            if not is_same(self[name].data, value):
                self[name].meanwhile = in_words(self[name], value)


def is_same(mine: Any, theirs: Any) -> bool:
    """Blanks and the order of what is ticked say nothing."""
    if isinstance(theirs, str):
        return str(mine or "").split() == theirs.split()
    return set(mine or ()) == set(theirs) if isinstance(theirs, list) else bool(mine == theirs)


def in_words(field: Any, value: Any) -> str:
    """What a field would hold, for people: the labels of what is chosen, a date as one says it. Dates are hours of Paris."""
    if hasattr(field, "iter_choices"):
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(str(choice.label) for choice in field.iter_choices() if choice.value in chosen)
    return moment(value.replace(tzinfo=PARIS)) if isinstance(value, datetime) else value or ""


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
            kept = _("Votre texte est gardé ci-dessous, vous pouvez le copier.")
            form.form_errors.append(f"{error.message} {kept}" if isinstance(error, Closed) else error.message)


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
