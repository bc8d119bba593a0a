"""The statement of reasons: written once for each restriction, in the words that its author will read."""

from datetime import datetime

from app.core import clock
from app.core.db import db
from app.core.i18n import _
from app.moderation import redress
from app.moderation.models import Decision, Ground, Scope, Statement, Verdict
from app.moderation.sanctions.models import Sanction
from app.territories.models import CharterArticle, Territory

SCOPES = {
    Verdict.REDACT: Scope.CUT,
    Verdict.HIDE: Scope.HIDDEN,
    Verdict.REFUSE: Scope.REMOVED,
    Verdict.ERASE: Scope.REMOVED,
    Verdict.HOLD: Scope.HELD,
}


def state_reasons(
    act: Decision | Sanction,
    *,
    person_id: int | None,
    territory_id: int | None,
    scope: Scope,
    article: CharterArticle | None,
    facts: str,
    ends_at: datetime | None = None,
    was_reported: bool = False,
    is_detection_automated: bool = False,
    is_decision_automated: bool = False,
    told_at: datetime | None = None,
    rule: str = "",
) -> Statement:
    """Write the statement of a decision or of a sanction: the database refuses a second one, and an empty one.

    The ground is the law when the article applies one. Without an article, the rule is the territory's own way of reading first,
    or what `rule` says: the region has no charter.
    """
    now = clock.now()
    territory = db.get(Territory, territory_id) if territory_id is not None else None
    statement = Statement(
        person_id=person_id,
        territory_id=territory_id,
        rule=rule or rule_of(article, territory),
        ground=Ground.LAW if article is not None and article.legal_ground else Ground.CHARTER,
        facts=facts,
        scope=scope,
        starts_at=now,
        ends_at=ends_at,
        was_reported=was_reported,
        is_detection_automated=is_detection_automated,
        is_decision_automated=is_decision_automated,
        redress=redress.how_to_contest(now if told_at is None else told_at),
    )
    statement.decision_id, statement.sanction_id = (act.id, None) if isinstance(act, Decision) else (None, act.id)
    db.add(statement)
    db.flush()
    return statement


def rule_of(article: CharterArticle | None, territory: Territory | None) -> str:
    """The rule as it reads today: the charter may change, the statement does not."""
    place = territory.name if territory else _("la région")
    if article is None:
        return _("Les règles de modération (%(place)s) : ce texte est lu par une personne avant d’être publié.", place=place)
    cited = _(
        "Charte (%(place)s), article %(n)s, « %(title)s » : %(text)s", place=place, n=article.number, title=article.title, text=article.text
    )
    return f"{cited} {_('Texte de loi : %(law)s', law=article.legal_ground)}" if article.legal_ground else cited
