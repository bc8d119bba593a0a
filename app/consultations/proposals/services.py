"""Proposals, their drafts, their sources, and the sections they are made under."""

from urllib.parse import urlsplit

from sqlalchemy import func, select, update

from app.accounts.models import Person
from app.comments.queries import space_of
from app.comments.services import check_editable, in_turn, refuse_twice, says_something
from app.consultations.models import Consultation
from app.consultations.proposals import queries
from app.consultations.proposals.models import Proposal, Section, Source
from app.contents import redactions
from app.contents import services as contents
from app.contents.models import Content, Revision, State, Voice
from app.core import clock
from app.core.db import db
from app.core.errors import Closed, DomainError
from app.core.i18n import _
from app.core.text import WRITTEN_LIMIT, one_line, slugify, tidy

TITLE_LIMIT = 200
URL_LIMIT = 500


def save_draft(consultation: Consultation, *, author: Person, title: str, body: str, section_id: int | None = None) -> Proposal | None:
    """Keep what a person is writing: one draft each and a consultation. Saved even after the end: nothing typed is lost.
    None as long as no word is."""
    in_turn(author)
    draft = queries.draft_of(author, consultation)
    title, body = limited(title, TITLE_LIMIT, "title"), limited(body, WRITTEN_LIMIT, "body")
    if draft is None:
        if not (says_something(title) or says_something(body)):
            return None
        draft = placed(Proposal(), consultation)
        contents.write(draft, title=title, body=body)
        draft.section_id = section_of(consultation, section_id, required=False)
        contents.add(draft, author=author)
        return draft
    rewrite(draft, title=title, body=body)
    draft.section_id = section_of(consultation, section_id, required=False)
    db.flush()
    return draft


def propose(consultation: Consultation, *, author: Person, title: str, body: str, section_id: int | None = None) -> Proposal:
    """Send a proposal; the draft, if there is one, becomes it."""
    now = contents.require_open(consultation, "propose")
    checked(title, body)
    in_turn(author)
    proposal = queries.draft_of(author, consultation)
    section = section_of(consultation, section_id)
    if proposal is None:
        proposal = placed(Proposal(created_at=now), consultation)
        contents.write(proposal, title=title, body=body)
    else:
        rewrite(proposal, title=title, body=body)
    proposal.section_id = section
    refuse_twice(proposal, author, title=proposal.title)
    contents.submit(proposal, author=author)
    return proposal


def propose_officially(
    consultation: Consultation, *, by: Person, title: str, body: str, section_id: int | None = None, byline: str = ""
) -> Proposal:
    """The territory puts its own text up for discussion, before the opening too."""
    checked(title, body, limit=64_000)
    proposal = placed(Proposal(is_official=True, voice=Voice.OFFICIAL, byline=byline), consultation)
    contents.write(proposal, title=title, body=body)
    proposal.section_id = section_of(consultation, section_id)
    contents.add(proposal, author=by, state=State.PUBLISHED)
    return proposal


def edit_proposal(proposal: Proposal, *, by: Person, seen: int, title: str, body: str) -> None:
    """A new version, while proposals are still taken. Votes say which version they saw."""
    check_editable(proposal)
    checked(title, body)
    refuse_twice(proposal, by, body=body, title=one_line(title))
    if seen == proposal.revision and redactions.written(proposal) == (one_line(title), tidy(body)):
        return
    contents.edit(proposal, by=by, seen=seen, title=title, body=body)


def withdraw(content: Content, *, by: Person) -> None:
    contents.change_state(content, State.WITHDRAWN, by=by)


def add_source(proposal: Proposal, *, author: Person, title: str, url: str, body: str = "", category: str = "") -> Source:
    """A document to read about the proposal."""
    now = contents.require_open(space_of(proposal), "argue")
    if not proposal.is_public:
        raise Closed(_("Cette proposition n’est plus publiée : on ne peut plus y ajouter de source."))
    title = limited(title, TITLE_LIMIT, "title")
    if not says_something(title):
        raise DomainError(_("Donnez le titre du document."), field="title")
    source = Source(url=web_address(url), category=one_line(category)[:80], created_at=now)
    source.parent_id, source.space_id = proposal.id, proposal.space_id
    source.territory_id, source.project_id = proposal.territory_id, proposal.project_id
    contents.write(source, title=title, body=limited(body, WRITTEN_LIMIT, "body"))
    refuse_twice(source, author, title=source.title)
    contents.submit(source, author=author)
    return source


# --- Sections --------------------------------------------------------------------------------------------------------------


def add_section(consultation: Consultation, *, title: str, text: str = "", key: str = "") -> Section:
    """At the end of the list."""
    title = one_line(title)
    if not says_something(title):
        raise DomainError(_("Donnez un titre à la rubrique."), field="title")
    taken = {section.key for section in queries.sections_of(consultation)}
    stem = slugify(key or title)[:40].strip("-") or "rubrique"
    name = next(each for each in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if each not in taken)
    last = db.scalar(select(func.max(Section.position)).where(Section.consultation_id == consultation.id))
    section = Section(consultation_id=consultation.id, key=name, title=title, text=one_line(text), position=0 if last is None else last + 1)
    db.add(section)
    touch(consultation)
    return section


def edit_section(section: Section, consultation: Consultation, *, title: str, text: str, position: int | None = None) -> None:
    if not says_something(title):
        raise DomainError(_("Donnez un titre à la rubrique."), field="title")
    section.title, section.text = one_line(title), one_line(text)
    if position is not None:
        section.position = position
    touch(consultation)


def remove_section(section: Section, consultation: Consultation) -> None:
    """Only an empty one: a proposal does not lose its place."""
    if db.scalar(select(Proposal.id).where(Proposal.section_id == section.id).limit(1)) is not None:
        raise DomainError(_("Cette rubrique contient des propositions. Changez son titre plutôt que de la retirer."))
    db.delete(section)
    touch(consultation)


def touch(consultation: Consultation) -> None:
    """Its page shows something new."""
    consultation.updated_at = clock.now()
    db.flush()


# --- What they share ---------------------------------------------------------------------------------------------------------


def placed(proposal: Proposal, consultation: Consultation) -> Proposal:
    proposal.space_id, proposal.territory_id, proposal.project_id = consultation.id, consultation.territory_id, consultation.project_id
    return proposal


def rewrite(draft: Proposal, *, title: str, body: str) -> None:
    """Nobody but its author has seen it: its first revision says what it says now."""
    contents.write(draft, title=title, body=body)
    draft.updated_at = clock.now()
    first = update(Revision).where(Revision.content_id == draft.id, Revision.n == 1)
    db.execute(first.values(fields=contents.fields_of(draft)).execution_options(synchronize_session=False))


def checked(title: str, body: str, limit: int = WRITTEN_LIMIT) -> None:
    if not says_something(limited(title, TITLE_LIMIT, "title")):
        raise DomainError(_("Donnez un titre à votre proposition."), field="title")
    if not says_something(limited(body, limit, "body")):
        raise DomainError(_("Écrivez votre proposition."), field="body")


def limited(text: str, limit: int, field: str) -> str:
    if len(text) > limit:
        raise DomainError(_("Ce texte est trop long : %(limit)s signes au plus.", limit=limit), field=field)
    return text


def section_of(consultation: Consultation, section_id: int | None, *, required: bool = True) -> int | None:
    """The id, if it is one of this consultation's sections. One must be chosen where there are some."""
    known = {section.id for section in queries.sections_of(consultation)}
    if section_id in known:
        return section_id
    if section_id is not None:
        raise DomainError(_("Cette rubrique n’existe pas dans cette consultation. Choisissez-en une autre."), field="section")
    if known and required:
        raise DomainError(_("Choisissez une rubrique."), field="section")
    return None


def web_address(url: str) -> str:
    """http or https, with a host; nothing else may become a link."""
    address = one_line(url)
    if "://" not in address and address.startswith("www."):
        address = f"https://{address}"
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if len(address) > URL_LIMIT or parts.scheme not in {"http", "https"} or not parts.hostname or any(sign.isspace() for sign in address):
        raise DomainError(_("Donnez une adresse complète, qui commence par https:// ou http://."), field="url")
    return address
