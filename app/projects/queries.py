"""Reads: what each loads and in which order."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app.contents.models import Content
from app.contents.queries import BODIES, listing, published
from app.core.db import db, get_one
from app.projects.models import MaturityChange, Project


def get_project(project_id: int) -> Project:
    """The whole project, with its territory."""
    return get_one(select(Project).where(Project.id == project_id).options(joinedload(Project.territory)))


def public_projects(territory_id: int | None = None) -> Select[Project]:
    """Published projects with their territory, the most recently updated first."""
    query = select(Project).where(published()).options(*BODIES, joinedload(Project.territory))
    if territory_id is not None:
        query = query.where(Project.territory_id == territory_id)
    return query.order_by(Project.updated_at.desc(), Project.id.desc())


def all_projects(territory_id: int) -> Sequence[Project]:
    """For the back office: every state, the most recently updated first."""
    query = select(Project).where(Project.territory_id == territory_id).options(*BODIES)
    return db.scalars(query.order_by(Project.updated_at.desc(), Project.id.desc())).all()


def activities_of(project: Project) -> Sequence[Content]:
    """Public consultations, debates and spaces of the project, those that close last first."""
    query = listing(published()).where(Content.project_id == project.id, Content.space_id.is_(None), Content.parent_id.is_(None))
    return db.scalars(query.order_by(Content.closes_at.desc().nulls_first(), Content.id.desc())).all()


def life_of(project: Project) -> Sequence[MaturityChange]:
    """Every step of its maturity, oldest first."""
    return db.scalars(
        select(MaturityChange).where(MaturityChange.project_id == project.id).order_by(MaturityChange.at, MaturityChange.id)
    ).all()
