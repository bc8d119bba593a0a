"""One function per model: valid by default, override what the test is about. Use "noise" rows so that too-wide queries fail."""

from itertools import count

from app.accounts.models import Identity, Person, Role
from app.contents import services as contents
from app.contents.models import State
from app.core import clock
from app.core.db import db
from app.moderation.services import RESTRICTED, warrant
from app.territories.models import Territory

numbers = count(1)


def save(row):
    db.add(row)
    db.commit()
    return row


def make_territory(**values):
    n = next(numbers)
    given = {"slug": f"commune-{n}", "name": f"Commune {n}", "short_name": f"Commune {n}", "kind": "commune"} | values
    return save(Territory(**given))


def make_person(*, roles=(), confirmed=True, email=None, **values):
    """A citizen with a confirmed address; `roles` are (name, territory or None) pairs."""
    n = next(numbers)
    person = Person(name=values.pop("name", f"Citoyenne {n}"), **values)
    person.confirmed_at = clock.now() if confirmed else None
    person.roles = [Role(name=name, territory_id=territory.id if territory else None) for name, territory in roles]
    person.identity = Identity(email=email or f"c{n}@example.org", password_hash="!")
    return save(person)


def restrict(content, state=State.HIDDEN, **given):
    """As if a decision had been taken: nothing else may hide, refuse or remove a text."""
    with warrant(content, state):
        contents.change_state(content, state, **given)


def make_content(model, *, author=None, state=State.PUBLISHED, title=None, body="Un texte.", **values):
    """Any kind of content, entered as the services do."""
    n = next(numbers)
    if "territory" in values:
        territory = values.pop("territory")
        values["territory_id"] = territory.id if territory else None
    content = model(**{key: value for key, value in values.items() if key not in {"summary"}})
    contents.write(content, title=title or f"Titre {n}", body=body, summary=values.get("summary"))
    contents.add(content, author=author)
    if state == State.PUBLISHED:
        contents.change_state(content, State.PUBLISHED, by=author)
    elif state in {State.PENDING, State.WITHDRAWN}:
        contents.change_state(content, state, by=author)
    elif state == State.REFUSED:
        contents.change_state(content, State.PENDING, by=author)
        restrict(content, state, by=author)
    elif state != State.DRAFT:
        contents.change_state(content, State.PUBLISHED, by=author)
        if state in RESTRICTED:
            restrict(content, state, by=author)
        else:
            contents.change_state(content, state, by=author)
    db.commit()
    return content
