"""What is read before it is shown: the territory's regime, an activity's own, and what a sanction adds for one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from statistics import median

from sqlalchemy import Select, bindparam, delete, func, or_, select

from app.accounts.models import Person
from app.audit import services as audit
from app.contents.models import Content, State, Voice
from app.contents.queries import BODIES
from app.core import clock, formats
from app.core.db import db, insert_or_ignore
from app.core.errors import Closed, DomainError, NotFound
from app.core.i18n import _, ngettext
from app.moderation import places, queries
from app.moderation.models import ActivityRegime, Decision, Regime, Settings
from app.moderation.sanctions.models import Sanction, SanctionKind, SanctionState
from app.territories.models import Territory

MEASURED_DAYS, MEASURED = 30, 500  # the delay is measured on the last decisions of a month, so many at most


# --- Which ---------------------------------------------------------------------------------------------------------------


def regime_in(space_id: int | None, territory_id: int | None) -> Regime:
    """The activity's own regime, else the territory's."""
    return db.scalar(regime_held(), {"space_id": space_id, "territory_id": territory_id}) or Regime.AFTER


@cache
def regime_held() -> Select[Regime | None]:
    """Made once, as the next: every text that is sent asks it."""
    own = select(ActivityRegime.regime).where(ActivityRegime.space_id == bindparam("space_id"))
    territory = select(Settings.regime).where(Settings.territory_id == bindparam("territory_id"))
    return select(func.coalesce(own.scalar_subquery(), territory.scalar_subquery()))


def sanctions_on(person: Person, territory_id: int | None) -> Sequence[Sanction]:
    """Those that hold now, of this territory or of the region."""
    now = clock.now()
    confirmed = db.scalars(confirmed_on(), {"person_id": person.id, "territory_id": territory_id})
    return [each for each in confirmed if each.holds(now)]


@cache
def confirmed_on() -> Select[Sanction]:
    here = or_(Sanction.territory_id == bindparam("territory_id"), Sanction.territory_id.is_(None))
    return select(Sanction).where(Sanction.person_id == bindparam("person_id"), Sanction.state == SanctionState.CONFIRMED, here)


def accepted_count(person_id: int, territory_id: int | None, up_to: int) -> int:
    """How many of this person's texts are published in this territory, counted up to a number."""
    mine = select(Content.id).where(Content.author_id == person_id, Content.territory_id == territory_id, Content.state == State.PUBLISHED)
    return db.scalar(select(func.count()).select_from(mine.limit(up_to).subquery())) or 0


def read_first_or_refuse(content: Content, author: Person | None) -> bool:
    """Must somebody read this before it is shown? Whoever is suspended here is refused. The territory's own voice passes."""
    if content.voice != Voice.CITIZEN or author is None:
        return False
    sanctions = sanctions_on(author, content.territory_id)
    refuse_suspended(sanctions)
    return is_read_first_in(content.space_id, content.territory_id, author, sanctions)


def is_read_first_in(space_id: int | None, territory_id: int | None, author: Person, sanctions: Sequence[Sanction]) -> bool:
    """`sanctions`: those that hold on the author here."""
    regime = regime_in(space_id, territory_id)
    if regime == Regime.BEFORE or any(each.kind == SanctionKind.READ_FIRST for each in sanctions):
        return True
    if regime == Regime.FIRST:
        needed = queries.settings_of(territory_id).first_count
        return accepted_count(author.id, territory_id, needed) < needed
    return False


def refuse_suspended(sanctions: Sequence[Sanction]) -> None:
    """Say no with the reason, until when, and how to contest it. What was typed is shown again by whoever asked."""
    for sanction in sanctions:
        if sanction.kind == SanctionKind.SUSPENSION and sanction.ends_at is not None:
            raise Closed(
                _(
                    "Vous ne pouvez pas écrire ici jusqu’au %(when)s. La raison : %(facts)s "
                    "Vous pouvez contester cette suspension : le lien est dans le message que vous avez reçu.",
                    when=formats.moment(sanction.ends_at),
                    facts=sanction.facts.rstrip(". ") + ".",
                )
            )


# --- What is said of it --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """How a text will be read, for whoever is about to write it."""

    is_before: bool  # before it is shown
    is_first: bool  # because it is among the first of this person here
    target_hours: int
    usual: timedelta | None  # the median of the last month; None: nothing was read

    def sentence(self) -> str:
        if not self.is_before:
            return _("Votre texte paraît tout de suite. L’équipe du territoire le lit s’il est signalé.")
        first = _("C’est l’une de vos premières contributions ici.") + " " if self.is_first else ""
        promised = ngettext(
            "Elle promet de le faire en %(num)d heure au plus.", "Elle promet de le faire en %(num)d heures au plus.", self.target_hours
        )
        return f"{first}{_('L’équipe du territoire lit votre texte avant de le publier.')} {promised} {self.usually()}"

    def usually(self) -> str:
        if self.usual is None:
            return _("Aucun texte n’a été lu ici ce dernier mois : nous ne savons pas encore dire combien de temps cela prend vraiment.")
        return _("Ce dernier mois, un texte sur deux a été lu en %(length)s ou moins.", length=in_words(self.usual))


def in_words(length: timedelta) -> str:
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 60:
        return ngettext("%(num)d minute", "%(num)d minutes", minutes)
    hours = round(minutes / 60)
    return (
        ngettext("%(num)d heure", "%(num)d heures", hours) if hours < 48 else ngettext("%(num)d jour", "%(num)d jours", round(hours / 24))
    )


def reading_of(about: Content, person: Person) -> Reading:
    """How a text that this person writes about this (a space, or what is in it) will be read."""
    space_id = about.space_id or about.id
    settings = queries.settings_of(about.territory_id)
    regime = regime_in(space_id, about.territory_id)
    is_before = regime == Regime.BEFORE
    if not is_before and not person.is_anonymous:
        is_before = is_read_first_in(space_id, about.territory_id, person, sanctions_on(person, about.territory_id))
    is_first = is_before and regime == Regime.FIRST
    return Reading(is_before, is_first, settings.target_hours, usual_delay(about.territory_id) if is_before else None)


def usual_delay(territory_id: int | None) -> timedelta | None:
    """The median time between sending and decision, of what waited to be published here in the last month."""
    here = Content.territory_id == territory_id if territory_id is not None else Content.territory_id.is_(None)
    query = (
        select(Decision.opened_at, Decision.at)
        .join(Decision.content)
        .where(here, Decision.before == State.PENDING, ~Decision.is_automated, Decision.undone_at.is_(None))
        .where(Decision.at > clock.from_now(days=-MEASURED_DAYS))
        .order_by(Decision.at.desc())
        .limit(MEASURED)
    )
    seconds = [(decided - opened).total_seconds() for opened, decided in db.execute(query)]
    return timedelta(seconds=median(seconds)) if seconds else None


# --- Settings ------------------------------------------------------------------------------------------------------------


def set_regime(
    territory: Territory, *, by: Person, regime: Regime | str, target_hours: int, first_count: int = 1, mask_threshold: int | None = None
) -> None:
    """How a territory moderates. `mask_threshold`: so many people's reports hide a text until it is read; None: never."""
    if first_count < 1:
        raise DomainError(_("Au moins une première contribution."), field="first_count")
    if mask_threshold is not None and mask_threshold < 2:
        raise DomainError(_("Il faut au moins deux personnes : un seul signalement ne masque jamais un texte."), field="mask_threshold")
    insert_or_ignore(
        Settings, {"territory_id": territory.id, "regime": Regime.AFTER, "target_hours": queries.TARGET_HOURS, "first_count": 1}
    )
    settings = db.scalars(select(Settings).where(Settings.territory_id == territory.id)).one()
    before = settings.regime
    settings.regime, settings.target_hours, settings.first_count = Regime(regime), target_hours, first_count
    settings.mask_threshold = mask_threshold
    db.flush()
    detail = {"before": before.value, "after": settings.regime.value, "target_hours": target_hours, "first_count": first_count}
    audit.record(
        "moderation.regime",
        territory_id=territory.id,
        actor_id=by.id,
        subject=f"territory:{territory.id}",
        detail=detail | ({"mask_threshold": mask_threshold} if mask_threshold is not None else {}),
    )


def set_activity_regime(space: Content, *, by: Person, regime: Regime | str | None) -> None:
    """How one activity is moderated; None: as its territory is. What waits already goes on waiting."""
    before = db.scalar(select(ActivityRegime.regime).where(ActivityRegime.space_id == space.id))
    after = Regime(regime) if regime else None
    if before == after:
        return
    db.execute(delete(ActivityRegime).where(ActivityRegime.space_id == space.id))
    if after is not None:
        db.add(ActivityRegime(space_id=space.id, regime=after))
    db.flush()
    audit.record(
        "moderation.activity_regime",
        territory_id=space.territory_id,
        actor_id=by.id,
        subject=f"content:{space.id}",
        detail={"before": before.value if before else "", "after": after.value if after else ""},
    )


def activities_of(territory: Territory) -> Sequence[tuple[Content, Regime | None]]:
    """What people take part in here, with its own regime if it has one: what is open or to come first, the latest first."""
    query = (
        select(Content, ActivityRegime.regime)
        .outerjoin(ActivityRegime, ActivityRegime.space_id == Content.id)
        .where(Content.territory_id == territory.id, Content.kind.in_(places.space_kinds()), Content.state != State.WITHDRAWN)
        .options(*BODIES)
        .order_by(Content.closes_at.desc().nulls_first(), Content.id.desc())
    )
    return [(space, regime) for space, regime in db.execute(query)]


def get_activity(territory: Territory, space_id: int) -> tuple[Content, Regime | None]:
    found = next((each for each in activities_of(territory) if each[0].id == space_id), None)
    if found is None:
        raise NotFound
    return found
