"""What moderation does to a proposal or a source, beyond what every content has."""

from sqlalchemy import select, update

from app.consultations.proposals.models import Proposal, Section, Source
from app.contents import events
from app.core.db import db

ERASED = "https://efface.invalid/"  # RFC 2606: leads nowhere

_listening = False


def find_its_section(content, **_more):
    """In another consultation, the section of the same name, or none."""
    if content.kind != "proposal":
        return
    known = select(Section.title).join(Proposal, Proposal.section_id == Section.id).where(Proposal.id == content.id).scalar_subquery()
    there = db.scalar(select(Section.id).where(Section.consultation_id == content.space_id, Section.title == known))
    db.execute(update(Proposal).where(Proposal.id == content.id).values(section_id=there).execution_options(synchronize_session="fetch"))


def forget_its_address(content, **_more):
    if content.kind == "source":
        db.execute(update(Source).where(Source.id == content.id).values(url=ERASED).execution_options(synchronize_session="fetch"))


def listen() -> None:
    global _listening
    if not _listening:
        _listening = True
        events.content_moved.connect(find_its_section, weak=False)
        events.content_destroyed.connect(forget_its_address, weak=False)
