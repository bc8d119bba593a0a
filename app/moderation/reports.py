"""Reports: a person's, once; a visitor's, once confirmed by letter. Enough of them may hide a text until somebody reads it."""

import hashlib
import secrets
from collections import Counter
from functools import cache

from sqlalchemy import Select, bindparam, select

from app.accounts.models import Identity, Person
from app.contents import kinds
from app.contents.models import Content, State
from app.core import clock, mail
from app.core.db import db, get_one, insert_or_ignore
from app.core.errors import DomainError, NotFound
from app.core.i18n import _
from app.core.text import tidy
from app.moderation import queries
from app.moderation.models import Cause, Report, Route, Verdict
from app.moderation.services import open_case, restrict_automatically
from app.territories.models import CharterArticle

LINK_DAYS = 7


def report(content: Content, *, person: Person, article: CharterArticle | None, message: str) -> None:
    """A person's report: once each, and enough to open the case."""
    require_reportable(content)
    fresh = {
        "content_id": content.id,
        "article_id": article.id if article else None,
        "message": tidy(message),
        "person_id": person.id,
        "confirmed_at": clock.now(),
        "created_at": clock.now(),
    }
    if insert_or_ignore(Report, fresh, returning=Report.id) is None:
        raise DomainError(_("Vous avez déjà signalé ce texte. L’équipe du territoire va le lire."))
    count_in(content)


def report_as_visitor(content: Content, *, name: str, email: str, article: CharterArticle | None, message: str) -> None:
    """A report without an account: a letter asks to confirm it. Says the same whether or not this address reported before."""
    require_reportable(content)
    address = mail.one_address(email)
    token = secrets.token_urlsafe(24)
    fresh = {
        "content_id": content.id,
        "article_id": article.id if article else None,
        "message": tidy(message),
        "visitor_name": name.strip(),
        "visitor_email": address,
        "token_hash": hashed(token),
        "created_at": clock.now(),
    }
    known = insert_or_ignore(Report, fresh, returning=Report.id) is None
    if not known and mail.sent_today(address, "confirm_report") < mail.PER_ADDRESS_A_DAY:
        # The letter does not quote: it may be read after the text is gone.
        mail.send("confirm_report", address, name=name.strip(), kind=kinds.kind_label(content), url=kinds.permalink(content), token=token)


def confirm_report(token: str) -> Content:
    """The visitor followed the link: the report counts now. Following it twice is harmless."""
    found = find_report(token)
    content = get_one(select(Content).where(Content.id == found.content_id))
    if found.confirmed_at is None:
        found.confirmed_at = clock.now()
        db.flush()
        count_in(content)
    return content


def find_report(token: str) -> Report:
    found = db.scalar(select(Report).where(Report.token_hash == hashed(token)))
    if found is None or found.created_at < clock.from_now(days=-LINK_DAYS):
        raise NotFound
    return found


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def require_reportable(content: Content) -> None:
    if not content.is_public:
        raise DomainError(_("Ce texte n’est plus en ligne : il n’y a plus rien à signaler."))


def count_in(content: Content) -> None:
    """A report counts: the case is open; and the text is hidden, if the territory wishes it and enough people say the same."""
    case = open_case(content, Cause.REPORT)
    threshold = queries.settings_of(content.territory_id).mask_threshold
    state = db.scalar(state_now(), {"content_id": content.id})  # since the case is ours
    if threshold is None or state != State.PUBLISHED:
        return
    since = case.decided_at  # what somebody has already judged weighs no more
    against = [each for each in queries.reports_of(content.id) if since is None or (each.confirmed_at or each.created_at) > since]
    if weight_of(against) < threshold:
        return
    article = most_cited(against)
    if article is None:
        return  # nobody says which rule it breaks: a machine has none to give
    restrict_automatically(
        content,
        route=Route.THRESHOLD,
        verdict=Verdict.HIDE,
        cause=Cause.REPORT,
        article=article,
        reasons=_(
            "Plusieurs personnes ont signalé ce texte. Il est masqué automatiquement, par précaution, sans jugement sur ce qu’il dit. "
            "Une personne de l’équipe va le lire et décider."
        ),
    )


@cache
def state_now() -> Select[State]:
    return select(Content.state).where(Content.id == bindparam("content_id"))


def weight_of(reports) -> int:
    """Each person once: somebody with an account who also wrote from their address as a visitor is one."""
    people = {each.person_id for each in reports if each.person_id is not None}
    addresses = {each.visitor_email for each in reports if each.visitor_email}
    known = set(db.scalars(select(Identity.email).where(Identity.person_id.in_(people)))) if people and addresses else set()
    return len(people) + len(addresses - known)


def most_cited(reports) -> CharterArticle | None:
    cited = Counter(each.article for each in reports if each.article is not None)
    return cited.most_common(1)[0][0] if cited else None
