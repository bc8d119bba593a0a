"""A person's own data: given to them whole, and erased when they leave. Which, each table says (`__personal__`)."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, delete, select, update

from app.accounts import events, queries, services, sessions
from app.accounts.models import Person, RoleName
from app.core import clock, mail, stamps
from app.core.db import Base, db
from app.core.errors import DomainError
from app.core.formats import day
from app.core.i18n import _
from app.core.privacy import Personal

READ_ME = """Vos données sur Beffroi
=======================

Ce dossier contient tout ce que la plateforme garde à votre sujet, le {day}.

donnees.json : une liste par sorte de donnée. Chaque ligne est un objet « nom de la colonne » → valeur ; les dates sont en
temps universel, au format ISO 8601. Ce que vous avez écrit s’y trouve tel que vous l’avez écrit, brouillons compris.
« content_id » renvoie au numéro (« id ») d’une contribution : la vôtre, ou celle que vous avez jugée ou signalée. Elle se lit à l’adresse
/contributions/, suivie de ce numéro.

Ce qui serait gardé si vous fermiez votre compte, et pourquoi :
{kept}

Ce fichier n’a été enregistré nulle part : il a été fait au moment où vous l’avez demandé.
"""


def declarations() -> Iterator[tuple[Table, Personal]]:
    """Every declaration of every table, the tables that point to others first."""
    said: dict[Table, list[Personal]] = {}
    for mapper in Base.registry.mappers:
        for declared in vars(mapper.class_).get("__personal__", ()):
            said.setdefault(cast(Table, mapper.local_table), []).append(declared)
    for table in reversed(Base.metadata.sorted_tables):
        for declared in said.get(table, []):
            yield table, declared


def rows_about(table: Table, declared: Personal, person_id: int) -> ColumnElement[bool]:
    """The rows of this table that are this person's, also where the column that says so is the parent kind's."""
    if declared.of in table.c:
        return table.c[declared.of] == person_id
    (key,) = table.primary_key.columns
    (parent,) = (foreign.column for foreign in key.foreign_keys)
    return key.in_(select(parent).where(parent.table.c[declared.of] == person_id))


def plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def data_of(person_id: int) -> dict[str, list[dict[str, Any]]]:
    """All that is exported about a person, by table."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table, declared in declarations():
        if declared.export:
            columns = [table.c[name] for name in declared.export]
            rows = db.execute(
                select(*columns).where(rows_about(table, declared, person_id)).order_by(*table.primary_key.columns)
            ).mappings()
            given = [{name: plain(value) for name, value in row.items()} for row in rows]
            if given:
                found.setdefault(table.name, []).extend(given)
    return found


def archive_of(person_id: int) -> bytes:
    """The zip file a person takes away."""
    kept = "\n".join(f"- {table.name} : {declared.reason}" for table, declared in declarations() if declared.erase == "keep")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lisez-moi.txt", READ_ME.format(day=day(clock.today()), kept=kept or "- rien"))
        archive.writestr("donnees.json", json.dumps(data_of(person_id), ensure_ascii=False, indent=1))
    return packed.getvalue()


def close_account(person_id: int, password: str) -> None:
    """Erase the person, at once and for good, after they gave their password. What they published stays, without their name."""
    identity = services.check_password(person_id, password)
    person, address = identity.person, identity.email
    if person.has_role(RoleName.ADMINISTRATOR) and queries.administrators() < 2:
        raise DomainError(_("C’est le seul compte qui administre la région. Donnez d’abord ce rôle à une autre personne."))
    name = person.name
    events.account_closed.send(person)
    erase(person)
    mail.send("account_closed", address, name=name)


def erase(person: Person) -> None:
    """Do what each table says. The row of the person stays, with nothing in it, so that what they said keeps hanging together."""
    sessions.end_all(person)
    for table, declared in declarations():
        about = rows_about(table, declared, person.id)
        if declared.erase == "delete":
            db.execute(delete(table).where(about))
        elif declared.erase == "blank":
            db.execute(update(table).where(about).values(**declared.blanks))
    db.execute(update(Person).where(Person.id == person.id).values(closed_at=clock.now()).execution_options(synchronize_session=False))
    db.expire_all()  # nothing loaded before may be written back, nor shown
    stamps.bump(stamps.EVERYTHING)
