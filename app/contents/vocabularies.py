"""The controlled lists: what curators do with them, and what others ask of them.

A term's key is its identifier, for ever: it is in addresses, in exports, in other sites' harvests. Renaming changes the
label only; merging leaves the old term behind, which leads to the other. Every change is a row of `TermChange`.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Person
from app.contents.models import ContentTerm, Term, TermAct, TermChange, Vocabulary
from app.core import stamps
from app.core.db import db, get_one, insert_or_ignore
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.text import one_line, slugify

LONGEST_LABEL, LONGEST_NOTE, LONGEST_URI = 80, 300, 300


# --- Questions -----------------------------------------------------------------------------------------------------------


def offered() -> tuple:
    """The criterion of terms one may still choose."""
    return (Term.merged_into_id.is_(None),)


def counted_terms(vocabulary_key: str) -> list[tuple[Term, int]]:
    """The terms one may choose, in their order, with the number of contents that carry each. One query."""
    carried = select(func.count()).where(ContentTerm.term_id == Term.id).correlate(Term).scalar_subquery()
    query = select(Term, carried).join(Vocabulary).where(Vocabulary.key == vocabulary_key, *offered())
    return [(term, count) for term, count in db.execute(query.order_by(Term.position, Term.label, Term.id))]


def counts() -> dict[str, int]:
    """How many terms each vocabulary offers, by key."""
    query = select(Vocabulary.key, func.count()).join(Term).where(*offered()).group_by(Vocabulary.key)
    return dict(db.execute(query).all())


def get_term(vocabulary_key: str, term_key: str) -> Term:
    """The term of this key, or the one it was merged into: an identifier given once always answers."""
    query = select(Term).join(Vocabulary).where(Vocabulary.key == vocabulary_key, Term.key == term_key)
    term = get_one(query.options(joinedload(Term.vocabulary)))
    if term.merged_into_id is None:
        return term
    return get_one(select(Term).where(Term.id == term.merged_into_id).options(joinedload(Term.vocabulary)))


def get_term_by_id(vocabulary_key: str, term_id: int) -> Term:
    """One that is still offered."""
    query = select(Term).join(Vocabulary).where(Vocabulary.key == vocabulary_key, Term.id == term_id, *offered())
    return get_one(query.options(joinedload(Term.vocabulary)))


def former_keys(term: Term) -> Sequence[str]:
    """The keys that lead here since they were merged into it."""
    return db.scalars(select(Term.key).where(Term.merged_into_id == term.id).order_by(Term.id)).all()


def replaced(vocabulary_keys: Iterable[str]) -> dict[tuple[str, str], str]:
    """(vocabulary, old key) → the key that stands for it now, for all that was merged in these lists. One query."""
    new = aliased(Term)
    query = (
        select(Vocabulary.key, Term.key, new.key)
        .join(Term, Term.vocabulary_id == Vocabulary.id)
        .join(new, Term.merged_into_id == new.id)
        .where(Vocabulary.key.in_(list(vocabulary_keys)))
    )
    return {(vocabulary, old): now for vocabulary, old, now in db.execute(query)}


def current(filters: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The filters of an address with merged keys replaced by those that stand for them. One query, or none without filters."""
    moved = replaced(filters) if filters else {}
    return {name: tuple(dict.fromkeys(moved.get((name, value), value) for value in values)) for name, values in filters.items()}


def standing_for(term_ids: Iterable[int]) -> dict[int, int]:
    """id → the id that stands for it, for those that were merged: what a form opened before the merge still sends. One query."""
    query = select(Term.id, Term.merged_into_id).where(Term.id.in_(list(term_ids)), Term.merged_into_id.is_not(None))
    return {old: new for old, new in db.execute(query) if new is not None}


def history_of(vocabulary_key: str, term: Term | None = None) -> Select[TermChange]:
    """Latest first, with the term and who did it; of one term, of those merged into it too."""
    query = select(TermChange).join(TermChange.term).join(Vocabulary, Term.vocabulary_id == Vocabulary.id)
    if term is not None:
        query = query.where(or_(Term.id == term.id, Term.merged_into_id == term.id))
    query = query.where(Vocabulary.key == vocabulary_key).options(joinedload(TermChange.term), joinedload(TermChange.by))
    return query.order_by(TermChange.id.desc())


# --- Verbs ---------------------------------------------------------------------------------------------------------------


def add_term(vocabulary_key: str, vocabulary_label: str, *, label: str, note: str = "", uri: str = "", by: Person | None) -> Term:
    """A new entry, at the end of its list. Its key comes from its first label and is never given to another."""
    label = checked_label(label)
    insert_or_ignore(Vocabulary, {"key": vocabulary_key, "label": vocabulary_label})
    vocabulary = db.scalars(select(Vocabulary).where(Vocabulary.key == vocabulary_key).with_for_update()).one()
    refuse_double(vocabulary.id, label)
    last = db.scalar(select(func.max(Term.position)).where(Term.vocabulary_id == vocabulary.id))
    term = Term(
        vocabulary_id=vocabulary.id, key=free_key(vocabulary.id, label), label=label, position=(last if last is not None else -1) + 1
    )
    term.note, term.uri = checked_note(note), checked_uri(uri)
    db.add(term)
    db.flush()
    tell(term, TermAct.ADDED, by=by, after=label)
    return term


def rename_term(term: Term, *, label: str, by: Person | None) -> None:
    """Another label; the key stays."""
    label = checked_label(label)
    if label == term.label:
        return
    refuse_double(term.vocabulary_id, label, but=term)
    before, term.label = term.label, label
    tell(term, TermAct.RENAMED, by=by, before=before, after=label)


def describe_term(term: Term, *, note: str, uri: str, by: Person | None) -> None:
    """What it covers, and its address in a vocabulary of the world."""
    note, uri = checked_note(note), checked_uri(uri)
    if (note, uri) == (term.note, term.uri):
        return
    before = " | ".join(filter(None, (term.note, term.uri)))
    term.note, term.uri = note, uri
    tell(term, TermAct.DESCRIBED, by=by, before=before, after=" | ".join(filter(None, (note, uri))))


def move_term(term: Term, *, up: bool, by: Person | None) -> None:
    """One place up or down in its list; at the end of it, nothing happens. Places are counted again, so that two are never equal."""
    db.execute(select(Vocabulary.id).where(Vocabulary.id == term.vocabulary_id).with_for_update())
    query = select(Term).where(Term.vocabulary_id == term.vocabulary_id, *offered())
    terms = list(db.scalars(query.order_by(Term.position, Term.label, Term.id).execution_options(populate_existing=True)))
    place = terms.index(term)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(terms):
        return
    terms[place], terms[other] = terms[other], terms[place]
    for position, each in enumerate(terms):
        each.position = position
    tell(term, TermAct.MOVED, by=by, before=str(place + 1), after=str(other + 1))


def merge_term(term: Term, into: Term, *, by: Person | None) -> int:
    """What carried `term` carries `into`; the old key leads there for ever. Returns how many contents were retagged.

    Both rows are locked, in the order of their ids: two merges that cross do not make a circle, and a sheet saved
    meanwhile waits (see `set_terms`), so that none keeps the old term.
    """
    ids = sorted((term.id, into.id))
    held = select(Term).where(Term.id.in_(ids)).order_by(Term.id).with_for_update()
    db.scalars(held.execution_options(populate_existing=True)).all()
    if term.id == into.id or term.vocabulary_id != into.vocabulary_id:
        raise DomainError(_("Choisissez un autre terme de la même liste."), field="into")
    if term.merged_into_id is not None or into.merged_into_id is not None:
        raise DomainError(_("L’un de ces deux termes vient d’être fusionné. Relisez la liste, puis recommencez."), field="into")
    carried = db.scalars(select(ContentTerm).where(ContentTerm.term_id == term.id)).all()
    already = set(db.scalars(select(ContentTerm.content_id).where(ContentTerm.term_id == into.id)))
    for row in carried:  # row by row: who watches changes (stamps, search) sees each
        if row.content_id in already:
            db.delete(row)
        else:
            row.term_id = into.id
    term.merged_into_id = into.id
    db.flush()
    db.execute(update(Term).where(Term.merged_into_id == term.id).values(merged_into_id=into.id))  # one step from any old key to the last
    tell(term, TermAct.MERGED, by=by, before=term.label, after=into.label)
    return len(carried)


def tell(term: Term, act: TermAct, *, by: Person | None, before: str = "", after: str = "") -> None:
    """Write the history. Labels show on pages of every kind: all that is kept is made again, once."""
    db.add(TermChange(term_id=term.id, act=act, before=before, after=after, by_id=by.id if by else None))
    db.flush()
    stamps.bump(stamps.EVERYTHING)


# --- What is accepted ----------------------------------------------------------------------------------------------------


def checked_label(label: str) -> str:
    label = one_line(label)
    if not slugify(label):
        raise DomainError(_("Donnez un nom fait de lettres ou de chiffres."), field="label")
    if len(label) > LONGEST_LABEL:
        raise DomainError(_("Ce nom est trop long : %(limit)s signes au plus.", limit=LONGEST_LABEL), field="label")
    return label


def checked_note(note: str) -> str:
    note = one_line(note)
    if len(note) > LONGEST_NOTE:
        raise DomainError(_("Cette note est trop longue : %(limit)s signes au plus.", limit=LONGEST_NOTE), field="note")
    return note


def checked_uri(uri: str) -> str:
    uri = one_line(uri)
    if uri and (len(uri) > LONGEST_URI or not uri.startswith(("https://", "http://")) or " " in uri):
        raise DomainError(_("Cette adresse doit commencer par http:// ou https://."), field="uri")
    return uri


def refuse_double(vocabulary_id: int, label: str, but: Term | None = None) -> None:
    """Two terms that read the same, accents and capitals apart, are one."""
    query = select(Term).where(Term.vocabulary_id == vocabulary_id, *offered())
    for other in db.scalars(query):
        if other is not but and slugify(other.label) == slugify(label):
            raise DomainError(_("« %(label)s » est déjà dans cette liste.", label=other.label), field="label")


def free_key(vocabulary_id: int, label: str) -> str:
    """`cadre-de-vie`, or `cadre-de-vie-2` where the first was given to a term that has another label by now."""
    wanted = slugify(label.replace("’", " ").replace("'", " "))
    taken = set(db.scalars(select(Term.key).where(Term.vocabulary_id == vocabulary_id)))
    n = 1
    while (key := wanted if n == 1 else f"{wanted}-{n}") in taken:
        n += 1
    return key
