"""Reads of the catalogue: what each loads and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import cast

from sqlalchemy import ColumnElement, Select, Subquery, and_, bindparam, case, func, literal, or_, select, union_all
from sqlalchemy.orm import joinedload, selectin_polymorphic

from app.accounts.models import Person
from app.contents.models import Attachment, Content, ContentTerm, Link, LinkState, Origin, Revision, Term, Vocabulary, Voice
from app.contents.queries import listing, published
from app.core import clock
from app.core.db import db, get_one
from app.files.models import StoredFile
from app.initiatives import remarks
from app.initiatives.models import KINDS, AnySheet, Document, Initiative, Move, Step, Tool
from app.initiatives.quality import TOTALS


def get_sheet(sheet_id: int, *, is_held: bool = False) -> AnySheet:
    """The whole sheet, whatever its kind, with its territory. `is_held`: nobody else changes it until the end of the transaction."""
    query = select(Content).where(Content.id == sheet_id, Content.kind.in_(KINDS))
    if is_held:
        query = query.with_for_update(of=Content.__table__)
    found = get_one(query.options(joinedload(Content.territory), selectin_polymorphic(Content, list(KINDS.values()))))
    return cast(Initiative | Document | Tool, found)


@dataclass(frozen=True)
class Shown:
    """A file shown with a sheet; an image has its size, so that the page keeps its place."""

    id: int
    file_id: int
    title: str
    alt: str
    size: int
    width: int | None
    height: int | None


def files_of(sheet: AnySheet) -> tuple[list[Shown], list[Shown]]:
    """(images, other files), in their order. One query."""
    images: list[Shown] = []
    documents: list[Shown] = []
    for row, file in db.execute(files_under(), {"sheet_id": sheet.id}):
        shown = Shown(row.id, row.file_id, row.title, row.alt, file.size, file.width, file.height)
        (images if file.is_image else documents).append(shown)
    return images, documents


@cache
def files_under() -> Select[Attachment, StoredFile]:
    query = select(Attachment, StoredFile).join(StoredFile, StoredFile.id == Attachment.file_id)
    return query.where(Attachment.content_id == bindparam("sheet_id")).order_by(Attachment.position, Attachment.id)


def with_last_writers(ids: Sequence[int]) -> list[tuple[AnySheet, int | None]]:
    """These sheets whole, with their territory, and who wrote their last version: by review date."""
    query = (
        select(Content, Revision.author_id)
        .outerjoin(Revision, and_(Revision.content_id == Content.id, Revision.n == Content.revision))
        .where(Content.id.in_(ids))
        .options(joinedload(Content.territory), selectin_polymorphic(Content, list(KINDS.values())))
        .execution_options(populate_existing=True)
    )
    found = [(cast(Initiative | Document | Tool, sheet), writer_id) for sheet, writer_id in db.execute(query)]
    return sorted(found, key=lambda each: (each[0].review_on or date.min, each[0].id))


def moves_of(sheet: AnySheet) -> Sequence[Move]:
    """Its history, first to last, with who did it."""
    return db.scalars(select(Move).where(Move.sheet_id == sheet.id).options(joinedload(Move.by)).order_by(Move.id)).all()


# --- The curators' desk ----------------------------------------------------------------------------------------------------


def records() -> Subquery:
    """One row a sheet of any kind, with what the desk filters and sorts by. `score`: 0 to 100, by the clock of now."""
    today = clock.today()
    parts = []
    for kind, model in KINDS.items():
        table = model.__table__
        is_due = and_(table.c.step == Step.PUBLISHED, table.c.review_on <= today)
        score = 100 * (table.c.points + case((is_due, 0), else_=1)) // literal(TOTALS[kind])
        columns = (table.c.id, table.c.step, table.c.step_at, table.c.review_on, table.c.reviewer_id)
        parts.append(select(*columns, score.label("score"), case((is_due, 1), else_=0).label("is_due")))
    return union_all(*parts).subquery("records")


def at_step(*steps: Step) -> Select[int]:
    """The ids of sheets of every kind at one of these steps."""
    rows = records()
    return select(rows.c.id).where(rows.c.step.in_(steps))


def due() -> Select[int]:
    """Published, and their review date is reached."""
    rows = records()
    return select(rows.c.id).where(rows.c.is_due == 1)


def weak(below: int = 60) -> Select[int]:
    """Published with a score under `below`."""
    rows = records()
    return select(rows.c.id).where(rows.c.step == Step.PUBLISHED, rows.c.score < below)


def unlinked() -> Select[int]:
    """Published, and tied to nothing: neither project, nor tool, nor another sheet."""
    rows = records()
    tied = select(Link.id).where(or_(Link.from_id == rows.c.id, Link.to_id == rows.c.id), Link.state == LinkState.ACCEPTED)
    return select(rows.c.id).where(rows.c.step == Step.PUBLISHED, ~tied.exists())


def with_answers() -> Select[int]:
    """Somebody answered a curator's remark, and nobody has read the answer."""
    return select(Content.id).where(Content.kind.in_(KINDS), remarks.answered())


def promoter_in_words() -> Select[int]:
    """The promoter is written by hand and is in no list yet."""
    chosen = (
        select(ContentTerm.id)
        .join(Term)
        .join(Vocabulary)
        .where(ContentTerm.content_id == Initiative.__table__.c.id, Vocabulary.key == "promoter")
    )
    table = Initiative.__table__
    return select(table.c.id).where(table.c.promoter != "", table.c.step != Step.ARCHIVED, ~chosen.exists())


ORDERS = ("waiting", "score", "updated", "review")


@dataclass(frozen=True)
class Asked:
    """What the desk's address asks besides the view."""

    words: str = ""
    kind: str = ""
    territory_id: int | None = None
    is_regional: bool = False
    origin: str = ""  # "citizen", "imported" or ""
    theme: str = ""  # a theme's key, or "none"
    reviewer_id: int | None = None
    order: str = "waiting"


def on_the_desk(ids: Select[int], asked: Asked) -> Select[Content]:
    """Sheets among `ids`, as asked, in the order asked: base columns and territory."""
    rows = records()
    query = listing(Content.id.in_(ids)).join(rows, rows.c.id == Content.id)
    if asked.words:
        query = query.where(Content.title.icontains(asked.words, autoescape=True))
    if asked.kind:
        query = query.where(Content.kind == asked.kind)
    if asked.territory_id is not None:
        query = query.where(Content.territory_id == asked.territory_id)
    if asked.is_regional:
        query = query.where(Content.territory_id.is_(None))
    if asked.origin == "citizen":
        query = query.where(Content.voice == Voice.CITIZEN, Content.origin == Origin.ONLINE)
    if asked.origin == "imported":
        query = query.where(Content.origin == Origin.IMPORTED)
    if asked.reviewer_id is not None:
        query = query.where(rows.c.reviewer_id == asked.reviewer_id)
    if asked.theme:
        themes = select(ContentTerm.id).join(Term).join(Vocabulary).where(ContentTerm.content_id == Content.id, Vocabulary.key == "theme")
        query = query.where(~themes.exists() if asked.theme == "none" else themes.where(Term.key == asked.theme).exists())
    order: dict[str, tuple[ColumnElement, ...]] = {
        "waiting": (rows.c.step_at.asc(),),
        "score": (rows.c.score.asc(), rows.c.step_at.asc()),
        "updated": (Content.updated_at.asc(),),
        "review": (rows.c.review_on.asc().nulls_last(),),
    }
    return query.order_by(*order[asked.order], Content.id)


@dataclass(frozen=True)
class DeskFacts:
    step: Step
    step_at: datetime
    review_on: date | None
    score: int
    is_due: bool
    reviewer: str | None
    open_remarks: int


def desk_facts(ids: Sequence[int]) -> dict[int, DeskFacts]:
    """What the desk shows of each of these sheets. One query."""
    if not ids:
        return {}
    rows = records()
    query = (
        select(rows, Person.name, remarks.open_count())
        .join(Content, Content.id == rows.c.id)
        .outerjoin(Person, Person.id == rows.c.reviewer_id)
        .where(rows.c.id.in_(ids))
    )
    return {
        row.id: DeskFacts(Step(row.step), row.step_at, row.review_on, int(row.score), bool(row.is_due), row.name, row[-1])
        for row in db.execute(query)
    }


def overview() -> dict[str, int]:
    """The catalogue in four figures: sheets published, their mean score, waiting, to be refreshed. One query."""
    rows = records()
    published_rows = rows.c.step == Step.PUBLISHED
    query = select(
        func.count(case((published_rows, 1))),
        func.avg(case((published_rows, rows.c.score))),
        func.count(case((rows.c.step.in_([Step.PROPOSED, Step.REVIEW]), 1))),
        func.coalesce(func.sum(rows.c.is_due), 0),
    )
    published_count, score, waiting, is_due = db.execute(query).one()
    return {"published": published_count, "score": round(score or 0), "waiting": waiting, "due": is_due}


def sheets_at(step: Step) -> Select[Content]:
    """Sheets of every kind at this step, the ones that wait longest first."""
    return on_the_desk(at_step(step), Asked())


def sheets_by(person: Person) -> Select[Content]:
    """What this person wrote, latest first."""
    return listing(Content.author_id == person.id).where(Content.kind.in_(KINDS)).order_by(Content.updated_at.desc(), Content.id.desc())


def counts_by_step() -> dict[Step, int]:
    rows = records()
    found = dict.fromkeys(Step, 0)
    found |= {Step(step): count for step, count in db.execute(select(rows.c.step, func.count()).group_by(rows.c.step))}
    return found


def citations_of(ids: Sequence[int]) -> dict[int, int]:
    """How many public contents each sheet is linked with. One query."""
    if not ids:
        return {}
    ends = [
        select(mine.label("sheet_id"), other.label("other_id")).where(mine.in_(ids), Link.state == LinkState.ACCEPTED)
        for mine, other in ((Link.from_id, Link.to_id), (Link.to_id, Link.from_id))
    ]
    both = ends[0].union(ends[1]).subquery()
    query = select(both.c.sheet_id, func.count()).join(Content, Content.id == both.c.other_id).where(published())
    return dict(db.execute(query.group_by(both.c.sheet_id)).all())


def names_of(person_ids: set[int | None]) -> dict[int, str]:
    """The names of the people who wrote versions; who closed their account has none. One query."""
    ids = [each for each in person_ids if each is not None]
    return dict(db.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all()) if ids else {}
