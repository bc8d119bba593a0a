"""Arguments, replies and votes. Services take plain values, change rows, and raise DomainError."""

import unicodedata
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import Person
from app.comments import queries, registry
from app.comments.models import Argument, Comment, Side
from app.contents import redactions
from app.contents import services as contents
from app.contents.models import Content, State, Voice
from app.core.db import db, is_postgres
from app.core.errors import Closed, DomainError
from app.core.i18n import _
from app.core.text import WRITTEN_LIMIT, from_markdown, one_line, plain, shorten, tidy
from app.territories.models import Territory

TITLE_LIMIT = 90
EDITABLE = {State.DRAFT, State.PENDING, State.PUBLISHED}


def post_argument(about: Content, *, author: Person, side: str, body: str, title: str = "") -> Argument:
    """An argument for or against a debate's question or a proposal. Without a title, its first words are one."""
    if about.kind not in registry.argued:
        raise DomainError(_("Cette page ne reçoit pas d’arguments."))
    space = queries.space_of(about)
    now = contents.require_open(space, "argue")
    if not about.is_public:
        raise Closed(_("Ce texte n’est plus publié : on ne peut plus y répondre."))
    argument = Argument(side=side_named(side), is_titled=bool(one_line(title)), created_at=now)
    place(argument, about, space)
    contents.write(argument, title=title_from(title, body), body=checked_body(body))
    refuse_twice(argument, author)
    contents.submit(argument, author=author)
    return argument


def reply(to: Content, *, author: Person, body: str, voice: str = Voice.CITIZEN) -> Comment:
    """One level only: an argument is replied to, a reply is not. The territory's own voice may speak after the end."""
    if to.kind == "comment":
        raise DomainError(_("On répond à un argument, pas à une réponse. Répondez à l’argument lui-même."))
    if to.kind not in registry.replied and (voice == Voice.CITIZEN or to.kind not in registry.answered):
        raise DomainError(_("Cette page ne reçoit pas de réponses."))
    space = queries.space_of(to)
    comment = Comment(voice=Voice(voice))
    if comment.voice == Voice.CITIZEN:
        comment.created_at = contents.require_open(space, "comment")
    else:
        comment.byline = official_name(author, to.territory_id)
    if not to.is_public:
        raise Closed(_("Ce texte n’est plus publié : on ne peut plus y répondre."))
    place(comment, to, space)
    contents.write(comment, title=title_from("", body), body=checked_body(body))
    refuse_twice(comment, author)
    contents.submit(comment, author=author)
    return comment


def edit_argument(argument: Argument, *, by: Person, seen: int, body: str, title: str = "") -> None:
    """A new version, while arguments are still taken. Votes say which version they saw."""
    check_editable(argument)
    text = {"title": title_from(title, body), "body": checked_body(body)}
    refuse_twice(argument, by, body=text["body"])
    revise(argument, by=by, seen=seen, **text)
    argument.is_titled = bool(one_line(title))
    db.flush()


def edit_reply(comment: Comment, *, by: Person, seen: int, body: str) -> None:
    check_editable(comment)
    text = {"title": title_from("", body), "body": checked_body(body)}
    refuse_twice(comment, by, body=text["body"])
    revise(comment, by=by, seen=seen, **text)


def withdraw(content: Content, *, by: Person) -> None:
    """Its author takes it back, whenever they like. What answered it is no longer shown either."""
    contents.change_state(content, State.WITHDRAWN, by=by)


def vote(content: Content, *, person: Person, value: str | None) -> None:
    """Agree, mixed, disagree, or (None) no opinion any more, while votes are taken there."""
    if content.kind not in registry.voted:
        raise DomainError(_("On ne donne pas d’avis sur cette page."))
    contents.require_open(queries.space_of(content), "vote")
    if not content.is_public:
        raise Closed(_("Ce texte n’est plus publié : on ne peut plus donner son avis."))
    contents.cast_vote(content, person=person, value=value)


# --- What they share -----------------------------------------------------------------------------------------------------


def place(content: Content, under: Content, space: Content) -> None:
    """Hang a contribution under what it answers, in its space."""
    content.parent_id, content.space_id = under.id, space.id
    set_committed_value(content, "parent", under)  # at hand, for whoever asks where it is read
    content.territory_id, content.project_id = under.territory_id, under.project_id


def side_named(side: str) -> Side:
    try:
        return Side(side)
    except ValueError:
        raise DomainError(_("Dites si votre argument est pour ou contre."), field="side") from None


def checked_body(body: str) -> str:
    if len(body) > WRITTEN_LIMIT:
        raise DomainError(_("Ce texte est trop long : %(limit)s signes au plus.", limit=WRITTEN_LIMIT), field="body")
    if not says_something(body):
        raise DomainError(_("Écrivez votre texte."), field="body")
    return body


def says_something(text: str) -> bool:
    """Is there anything to read? Spaces, invisible signs and lone marks are nothing."""
    return any(unicodedata.category(sign)[0] in "LNSP" for sign in tidy(text))


def title_from(title: str, body: str, limit: int = TITLE_LIMIT) -> str:
    """The title given, if it is short enough; else the first words of the body."""
    given = one_line(title)
    if len(given) > limit:
        raise DomainError(_("Ce titre est trop long : %(limit)s signes au plus.", limit=limit), field="title")
    if given and not says_something(given):
        raise DomainError(_("Écrivez un titre qu’on puisse lire, ou laissez le champ vide."), field="title")
    return given or first_words(checked_body(body), limit)


def first_words(body: str, limit: int = TITLE_LIMIT) -> str:
    return shorten(plain(from_markdown(body)) or one_line(body), limit - 2)[:limit]


def official_name(author: Person, territory_id: int | None) -> str:
    """« Agnès Delcourt, Tourcoing »."""
    territory = db.get(Territory, territory_id) if territory_id else None
    return f"{author.name}, {territory.short_name}" if territory else author.name


def in_turn(author: Person) -> None:
    """One person's contributions are entered one after the other, so that two requests at once cannot both be the first.

    On PostgreSQL a lock on their row; on SQLite every writer is alone already.
    """
    if is_postgres():
        db.execute(held(), {"person_id": author.id})


@cache
def held() -> Select[int]:
    return select(Person.id).where(Person.id == bindparam("person_id")).with_for_update(key_share=True)


def refuse_twice(content: Content, author: Person, *, body: str | None = None, title: str | None = None) -> None:
    """The same text, by the same person, at the same place, is one contribution. `body`: what it is about to become."""
    in_turn(author)
    with db.no_autoflush:
        said = queries.has_said(author, content, body=content.body_source if body is None else tidy(body), title=title)
    if said:
        raise DomainError(_("Vous avez déjà envoyé ce texte ici. Il n’est pas publié deux fois."), field="body")


def check_editable(content: Content) -> None:
    """A text is edited as long as it stands and while the act that made it is open; the territory's own reply, after that too."""
    if content.state not in EDITABLE:
        raise Closed(_("Ce texte n’est plus publié : il ne peut plus être modifié."))
    if content.kind != "comment" or content.voice == Voice.CITIZEN:
        contents.require_open(queries.space_of(content), registry.acts[content.kind])


def revise(content: Content, *, by: Person, seen: int, title: str, body: str) -> None:
    """A new version, unless nothing changed."""
    if seen == content.revision and redactions.written(content) == (one_line(title), tidy(body)):
        return
    contents.edit(content, by=by, seen=seen, title=title, body=body)
