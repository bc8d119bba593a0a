"""What moderation does to a proposal or a source, beyond what every content has."""

from sqlalchemy import select, update

from app.consultations.proposals.models import Proposal, Section, Source
from app.contents import events
from app.core.db import db

ERASED = "https://efface.invalid/"  # RFC 2606: leads nowhere

_listening = False


def find_its_section(content, **_more):
    """Back where it came from, the section it had; in another consultation, the section of the same name, or none."""
    if content.kind != "proposal":
        return
    had, left = db.execute(select(Proposal.section_id, Proposal.left_section_id).where(Proposal.id == content.id)).one()
    title = select(Section.title).where(Section.id == had).scalar_subquery()
    here = select(Section.id).where(Section.consultation_id == content.space_id)
    there = db.scalar(here.where(Section.id == left)) or db.scalar(here.where(Section.title == title).order_by(Section.position).limit(1))
    moved = update(Proposal).where(Proposal.id == content.id).values(section_id=there, left_section_id=had or left)
    db.execute(moved.execution_options(synchronize_session="fetch"))


def forget_its_address(content, **_more):
    if content.kind == "source":
        db.execute(update(Source).where(Source.id == content.id).values(url=ERASED).execution_options(synchronize_session="fetch"))


def listen() -> None:
    global _listening
    if not _listening:
        _listening = True
        events.content_moved.connect(find_its_section, weak=False)
        events.content_destroyed.connect(forget_its_address, weak=False)
