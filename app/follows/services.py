"""Saving a search, being told about it or not, forgetting it."""

import secrets

from sqlalchemy import update

from app.accounts.models import Person
from app.core import clock
from app.core.db import db, insert_or_ignore
from app.core.errors import DomainError
from app.core.i18n import _
from app.follows import queries
from app.follows.models import SavedSearch

MOST_SEARCHES = 50  # of one person
LONGEST_LABEL = 120


def save_search(person: Person, *, address: str, label: str) -> SavedSearch:
    """Keep this search; one that is kept already is the one returned."""
    address = queries.one_spelling(address)
    if len(address) > queries.LONGEST_ADDRESS:
        raise DomainError(_("Cette recherche est trop longue pour être enregistrée. Retirez des mots ou des filtres."))
    known = queries.find_search(person, address)
    if known is not None:
        return known
    if queries.count_of(person) >= MOST_SEARCHES:
        raise DomainError(_("Vous suivez déjà %(n)s recherches. Retirez-en une pour en ajouter une autre.", n=MOST_SEARCHES))
    fresh = {
        "person_id": person.id,
        "address": address,
        "label": " ".join(label.split())[:LONGEST_LABEL] or _("Toutes les publications"),
        "nonce": secrets.token_urlsafe(18),
        "is_alerted": True,
        "looked_at": clock.now(),
        "created_at": clock.now(),
    }
    insert_or_ignore(SavedSearch, fresh)  # of two who press twice at once, one keeps it and both are answered alike
    return queries.get_saved(person, address)


def set_alert(search: SavedSearch, *, on: bool) -> None:
    """Told by letter or not. What was published while it was off is not told afterwards."""
    if on and not search.is_alerted:
        search.looked_at = clock.now()
    search.is_alerted = on
    db.flush()


def forget_search(search: SavedSearch) -> None:
    db.delete(search)
    db.flush()


def stop_alerts(person_id: int) -> None:
    """No more letters about any search of this person; the searches and their feeds stay."""
    query = update(SavedSearch).where(SavedSearch.person_id == person_id).values(is_alerted=False)
    db.execute(query.execution_options(synchronize_session=False))
