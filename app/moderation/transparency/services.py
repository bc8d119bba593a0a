"""Drawing what is read again, and reading it."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select, update

from app.accounts.models import Person
from app.audit import services as audit
from app.audit.chain import chain_of
from app.core import clock, stamps
from app.core.db import add_row, db, insert_or_ignore
from app.core.errors import Conflict, DomainError
from app.core.i18n import _
from app.core.text import tidy
from app.moderation.models import Verdict
from app.moderation.transparency import queries
from app.moderation.transparency.calendars import monday
from app.moderation.transparency.listeners import STAMP
from app.moderation.transparency.models import ReadingDraw, ReadingRate, SecondReading
from app.territories.models import CharterArticle, Territory


def draw_due() -> list[ReadingDraw]:
    """Draw from the week that ended, in every place where somebody decided and nobody drew yet."""
    week = monday(clock.today()) - timedelta(days=7)
    made = [draw(territory_id, week) for territory_id in queries.places_to_draw(week)]
    return [each for each in made if each]


def draw(territory_id: int | None, week: date) -> ReadingDraw | None:
    """The sample of a place and week; None when it was drawn already or nothing was decided.

    Anyone who knows the seed and the numbers of the decisions finds the same: those whose SHA-256 of "seed|number" is smallest.
    """
    population = queries.drawable(territory_id, week)
    if not population:
        return None
    percent = queries.percent_of(territory_id)
    seed, count = secrets.token_hex(16), sample_size(len(population), percent)
    values = {"place": chain_of(territory_id), "territory_id": territory_id, "week": week, "seed": seed, "percent": percent}
    values |= {"population": len(population), "drawn": count, "at": clock.now()}
    made_id: int | None = insert_or_ignore(ReadingDraw, values, returning=ReadingDraw.id)
    if made_id is None:
        return None
    for each in sample(seed, population, count):
        add_row(SecondReading, {"decision_id": each, "draw_id": made_id, "territory_id": territory_id})
    facts = {"week": week.isoformat(), "seed": seed, "population": len(population), "drawn": count, "percent": percent}
    audit.record("moderation.readings_drawn", subject=f"reading_draw:{made_id}", territory_id=territory_id, detail=facts)
    return db.get_one(ReadingDraw, made_id)


def sample_size(population: int, percent: int) -> int:
    """At least one, rounded to the nearest, halves up."""
    return min(population, max(1, (population * percent + 50) // 100))


def sample(seed: str, population: Sequence[int], count: int) -> list[int]:
    return sorted(population, key=lambda number: hashlib.sha256(f"{seed}|{number}".encode("ascii")).digest())[:count]


def is_the_same(made: ReadingDraw) -> bool:
    """Does the seed give what was drawn? Decisions erased since are missing on both sides, and change no one else's rank."""
    population = queries.drawable(made.territory_id, made.week)
    kept = set(db.scalars(select(SecondReading.decision_id).where(SecondReading.draw_id == made.id)))
    return set(sample(made.seed, population, len(kept))) == kept


def give(reading: SecondReading, *, by: Person, verdict: Verdict | str, article: CharterArticle | None, remark: str, seen: int) -> bool:
    """Say what one would have decided; True when it is what was decided. Changes nothing else."""
    verdict = Verdict(verdict)
    if verdict in {Verdict.REDACT, Verdict.REFUSE} and article is None:
        raise DomainError(_("Choisissez l’article de la charte sur lequel vous vous appuyez."), field="article")
    agrees = verdict == reading.decision.verdict
    values = {"reader_id": by.id, "verdict": verdict, "article_id": article.id if article else None, "remark": tidy(remark)}
    won = update(SecondReading).where(SecondReading.id == reading.id, SecondReading.version == seen, SecondReading.read_at.is_(None))
    won = won.values(**values, agrees=agrees, read_at=clock.now(), version=SecondReading.version + 1)
    if db.execute(won.returning(SecondReading.id).execution_options(synchronize_session="fetch")).scalar() is None:
        raise Conflict(
            _("Une autre personne a relu ce texte pendant que vous le lisiez. Votre avis est ci-dessous, il n’a pas été compté.")
        )
    stamps.bump(STAMP)
    facts = {"verdict": verdict.value, "agrees": agrees, "decision": reading.decision_id}
    subject = f"content:{reading.decision.content_id}"
    audit.record("moderation.second_reading", subject=subject, territory_id=reading.territory_id, actor_id=by.id, detail=facts)
    return agrees


def set_percent(territory: Territory, *, by: Person, percent: int) -> None:
    before = queries.percent_of(territory.id)
    insert_or_ignore(ReadingRate, {"territory_id": territory.id, "percent": percent})
    db.execute(update(ReadingRate).where(ReadingRate.territory_id == territory.id).values(percent=percent))
    facts = {"before": before, "after": percent}
    audit.record("moderation.reading_rate", subject=f"territory:{territory.id}", territory_id=territory.id, actor_id=by.id, detail=facts)
