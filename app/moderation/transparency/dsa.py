"""Statements of reasons in the shape of the European transparency database (Regulation (EU) 2022/2065, articles 17 and 24 §5).

The attributes and their values are those of its submission schema in force since 1 July 2025; where each comes from, and what
we are not sure of, is in docs/statements-of-reasons.md. No personal data: what the author was told, in the moderator's own
words, stays out, and a neutral sentence made from the rule stands for it.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from app.contents.kinds import kind_label
from app.contents.models import Content
from app.core.clock import PARIS
from app.core.db import db, stream
from app.core.i18n import _
from app.core.urls import path_for
from app.moderation.models import Decision, Ground, Scope, Statement
from app.moderation.sanctions.models import Sanction
from app.moderation.transparency.calendars import year_bounds
from app.territories.models import CharterArticle, Territory

FIELDS = (
    "decision_visibility",
    "decision_visibility_other",
    "decision_monetary",
    "decision_monetary_other",
    "decision_provision",
    "decision_account",
    "account_type",
    "decision_facts",
    "decision_ground",
    "decision_ground_reference_url",
    "illegal_content_legal_ground",
    "illegal_content_explanation",
    "incompatible_content_ground",
    "incompatible_content_explanation",
    "incompatible_content_illegal",
    "content_type",
    "content_type_other",
    "category",
    "category_addition",
    "category_specification",
    "category_specification_other",
    "content_id",
    "territorial_scope",
    "content_language",
    "content_date",
    "application_date",
    "end_date_account_restriction",
    "end_date_monetary_restriction",
    "end_date_service_restriction",
    "end_date_visibility_restriction",
    "source_type",
    "source_identity",
    "automated_detection",
    "automated_decision",
    "puid",
)
COUNTRIES = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"  # the European Economic Area
VISIBILITY: dict[Scope, tuple[str, str | None]] = {
    Scope.CUT: ("DECISION_VISIBILITY_OTHER", "Passages replaced by […]; the rest of the text stays public."),
    Scope.HIDDEN: ("DECISION_VISIBILITY_CONTENT_DISABLED", None),
    Scope.REMOVED: ("DECISION_VISIBILITY_CONTENT_REMOVED", None),
    Scope.REFUSED: ("DECISION_VISIBILITY_OTHER", "Read before publication and never published."),
    Scope.HELD: ("DECISION_VISIBILITY_OTHER", "Withheld until a person has read it."),
    Scope.READ_FIRST: ("DECISION_VISIBILITY_OTHER", "Future contributions of the account are read before they are published."),
}
ACCOUNT = {Scope.SUSPENDED: "DECISION_ACCOUNT_SUSPENDED", Scope.CLOSED: "DECISION_ACCOUNT_TERMINATED"}
LEFT_OUT = {Scope.WARNED}  # a warning restricts nothing
CATEGORIES = [  # words of an article's title, in French; the first that is found counts
    (r"discrimin|hain|racis|antisémi|sexis|homophob", "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"),
    (r"injur|insult|attaqu|diffam|menac", "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"),
    (r"donnée|vie privée|nom d[’']autrui", "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"),
    (r"droit d[’']auteur|droits d[’']auteur|image|plagiat", "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"),
    (r"violen", "STATEMENT_CATEGORY_VIOLENCE"),
    (r"arnaqu|escroqu", "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"),
]
OTHER = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"


def statements(territory: Territory | None, year: int) -> Select:
    """The statements of a place (None: the region's own) and year, the oldest first. Those of decisions taken back are void."""
    here = Statement.territory_id == territory.id if territory else Statement.territory_id.is_(None)
    starts, ends = year_bounds(year)
    article = func.coalesce(Decision.article_id, Sanction.article_id)
    return (
        select(Statement, Content.kind, Content.language, Content.created_at, CharterArticle, Territory.slug)
        .outerjoin(Decision, Decision.id == Statement.decision_id)
        .outerjoin(Sanction, Sanction.id == Statement.sanction_id)
        .outerjoin(Content, Content.id == Decision.content_id)
        .outerjoin(CharterArticle, CharterArticle.id == article)
        .outerjoin(Territory, Territory.id == Statement.territory_id)
        .where(here, Statement.created_at >= starts, Statement.created_at < ends)
        .where(Decision.undone_at.is_(None), Statement.scope.not_in(sorted(LEFT_OUT)))
        .order_by(Statement.id)
    )


def how_many(territory: Territory | None, year: int) -> int:
    return db.scalar(select(func.count()).select_from(statements(territory, year).order_by(None).subquery())) or 0


def exported(territory: Territory | None, year: int, base_url: str) -> Iterator[dict[str, Any]]:
    """One mapping a statement, with every field of the schema; None for what does not apply."""
    for row in stream(statements(territory, year), 500):
        yield described(*row, base_url=base_url)


def described(
    statement: Statement,
    kind: str | None,
    language: str | None,
    written_at: datetime | None,
    article: CharterArticle | None,
    slug: str | None,
    *,
    base_url: str,
) -> dict[str, Any]:
    visibility, other = VISIBILITY.get(statement.scope, (None, None))
    account = ACCOUNT.get(statement.scope)
    by_law = statement.ground == Ground.LAW
    cited = cited_rule(article)
    explanation = (article.text if article else _("Ce texte est lu par une personne avant d’être publié."))[:2000]
    law = (article.legal_ground if article and article.legal_ground else cited)[:500]
    ends = day(statement.ends_at) if statement.ends_at else None
    found: dict[str, Any] = dict.fromkeys(FIELDS)
    found |= {
        "decision_visibility": [visibility] if visibility else None,
        "decision_visibility_other": other,
        "decision_account": account,
        "account_type": "ACCOUNT_TYPE_PRIVATE" if statement.sanction_id else None,
        "decision_facts": facts(statement, kind, cited),
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT" if by_law else "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "decision_ground_reference_url": f"{base_url}{path_for('territories.charter', slug=slug)}" if slug else None,
        "illegal_content_legal_ground": law if by_law else None,
        "illegal_content_explanation": explanation if by_law else None,
        "incompatible_content_ground": None if by_law else cited[:500],
        "incompatible_content_explanation": None if by_law else explanation,
        "incompatible_content_illegal": None if by_law else "No",
        "content_type": ["CONTENT_TYPE_TEXT"],
        "category": category_of(article),
        "territorial_scope": COUNTRIES.split(),
        "content_language": (language or "fr")[:2].upper(),
        "content_date": day(written_at or statement.starts_at),
        "application_date": day(statement.starts_at),
        "end_date_account_restriction": ends if account else None,
        "end_date_visibility_restriction": ends if visibility else None,
        "source_type": source_of(statement),
        "automated_detection": "Yes" if statement.is_detection_automated else "No",
        "automated_decision": "AUTOMATED_DECISION_FULLY" if statement.is_decision_automated else "AUTOMATED_DECISION_NOT_AUTOMATED",
        "puid": statement.public_id,
    }
    return found


def cited_rule(article: CharterArticle | None) -> str:
    if article is None:
        return _("Règles de modération du territoire")
    return _("Article %(n)s de la charte, « %(title)s »", n=article.number, title=article.title)


def facts(statement: Statement, kind: str | None, cited: str) -> str:
    """What happened, in a sentence that names nobody and quotes nothing."""
    subject = kind_label(kind) if kind else _("Compte")
    noticed = _("après un signalement") if statement.was_reported else _("à la lecture par l’équipe de modération")
    return _("%(subject)s. Règle appliquée : %(rule)s, %(noticed)s.", subject=subject, rule=cited, noticed=noticed)


def category_of(article: CharterArticle | None) -> str:
    title = article.title.casefold() if article else ""
    return next((category for words, category in CATEGORIES if re.search(words, title)), OTHER)


def source_of(statement: Statement) -> str:
    """A notice of article 16 tells of illegal content; a report under the charter is another notification."""
    if not statement.was_reported:
        return "SOURCE_VOLUNTARY"
    return "SOURCE_ARTICLE_16" if statement.ground == Ground.LAW else "SOURCE_TYPE_OTHER_NOTIFICATION"


def day(moment: datetime) -> str:
    return moment.astimezone(PARIS).date().isoformat()
