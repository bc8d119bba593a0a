"""What somebody with every right in the database could do to a register: fifteen ways, each thrown with dice.

Used by the suite and, a thousand times on a larger register, by bench/audit.py.
"""

from sqlalchemy import insert, select, text

from app.audit import chain as formula
from app.audit import services
from app.audit.keys import Keys
from app.audit.models import AuditEntry
from app.core.db import db

KEYS = Keys(bytes(range(32)))
CHAIN = "territory:7"
LENGTH = 40
COLUMNS = [column.name for column in AuditEntry.__table__.columns if column.name != "id"]


def fill() -> None:
    """So many acts in each of two chains, a checkpoint at three quarters and one at the end. In a transaction."""
    for number in range(LENGTH):
        personal = {"name": f"Personne {number}"} if number % 3 == 0 else None
        services.record(
            "role.given", subject=f"person:{number}", actor_id=number % 5, territory_id=7, detail={"role": "elected"}, personal=personal
        )
        services.record("setting.changed", subject="site:1", actor_id=1, detail={"n": number})
        if number == LENGTH * 3 // 4 - 1:
            services.checkpoint(KEYS)
    services.checkpoint(KEYS)


def sql(statement, **values):
    return db.execute(text(statement), values)


def row_of(n):
    return dict(
        db.execute(select(*(getattr(AuditEntry, name) for name in COLUMNS)).where(AuditEntry.chain == CHAIN, AuditEntry.n == n))
        .mappings()
        .one()
    )


def remake(start):
    """Recompute every link from `start`, head included, as somebody who read our code would."""
    previous = row_of(start - 1)["hash"] if start > 1 else formula.GENESIS
    last = db.scalar(text(f"SELECT max(n) FROM audit_entries WHERE chain = '{CHAIN}'")) or 0
    for n in range(start, last + 1):
        row = row_of(n)
        facts = formula.facts(**{key: row[key] for key in ("act", "actor_id", "at", "commitment", "detail", "subject")})
        digest = formula.link(CHAIN, n, previous, facts)
        sql(f"UPDATE audit_entries SET previous_hash = :p, hash = :h WHERE chain = '{CHAIN}' AND n = :n", p=previous, h=digest, n=n)
        previous = digest
    sql(f"UPDATE audit_heads SET n = :n, hash = :h WHERE chain = '{CHAIN}'", n=last, h=previous)


def edit(dice, links=(("hash", "f" * 64), ("previous_hash", "f" * 64))):
    n = dice.randint(1, LENGTH)
    column, value = dice.choice(
        [
            *links,
            ("act", "role.taken"),
            ("actor_id", 99),
            ("actor_id", None),
            ("subject", "person:999"),
            ("detail", '{"role":"manager"}'),
            ("detail", '{"role": "elected"}'),
            ("commitment", "0" * 64),
            ("at", "2020-01-01 00:00:00.000000+00:00" if db.get_bind().dialect.name == "postgresql" else "2020-01-01 00:00:00.000000"),
        ]
    )
    sql(f"UPDATE audit_entries SET {column} = :value WHERE chain = '{CHAIN}' AND n = :n", value=value, n=n)
    return n


def edit_and_remake(dice):
    remake(edit(dice, links=()))


def delete(dice):
    n = dice.randint(1, LENGTH)
    sql("DELETE FROM audit_secrets")
    sql(f"DELETE FROM audit_entries WHERE chain = '{CHAIN}' AND n = :n", n=n)
    return n


def delete_and_remake(dice):
    n = delete(dice)
    for each in range(n + 1, LENGTH + 1):
        sql(f"UPDATE audit_entries SET n = :m WHERE chain = '{CHAIN}' AND n = :n", m=each - 1, n=each)
    remake(n)


def swap(dice, columns=("act", "actor_id", "subject", "detail", "commitment", "at", "previous_hash", "hash")):
    one, other = dice.sample(range(1, LENGTH + 1), 2)
    first, second = row_of(one), row_of(other)
    for n, row in ((one, second), (other, first)):
        db.execute(
            AuditEntry.__table__.update().where(AuditEntry.chain == CHAIN, AuditEntry.n == n).values({name: row[name] for name in columns})
        )
    return min(one, other)


def swap_and_remake(dice):
    remake(swap(dice))


def truncate(dice):
    sql("DELETE FROM audit_secrets")
    sql(f"DELETE FROM audit_entries WHERE chain = '{CHAIN}' AND n >= :n", n=dice.randint(1, LENGTH))


def truncate_and_remake(dice):
    truncate(dice)
    remake((db.scalar(text(f"SELECT max(n) FROM audit_entries WHERE chain = '{CHAIN}'")) or 0) + 1)


def insert_one(dice):
    n = dice.randint(1, LENGTH)
    row = row_of(n)
    for each in range(LENGTH, n - 1, -1):
        sql(f"UPDATE audit_entries SET n = :m WHERE chain = '{CHAIN}' AND n = :n", m=each + 1, n=each)
    db.execute(insert(AuditEntry.__table__).values(**row | {"n": n, "subject": "person:0000"}))
    return n


def insert_and_remake(dice):
    remake(insert_one(dice))


def add_at_the_end(dice):
    row = row_of(LENGTH)
    db.execute(insert(AuditEntry.__table__).values(**row | {"n": LENGTH + 1}))


def change_personal_data(dice):
    sql("UPDATE audit_secrets SET payload = :p WHERE entry_id = (SELECT min(entry_id) FROM audit_secrets)", p='{"name":"Autre"}')


def rename_checkpoint(dice):
    sql(f"UPDATE audit_checkpoints SET hash = :h WHERE chain = '{CHAIN}' AND n = :n", n=LENGTH * 3 // 4, h="a" * 64)


def empty(dice):
    for table in ("audit_secrets", "audit_entries", "audit_heads"):
        sql(f"DELETE FROM {table}")


def older_copy(dice):
    """The whole register as it was one day, checkpoints included: whole in itself, so that only a copy kept elsewhere can tell."""
    n = dice.randint(1, LENGTH - 1)
    sql("DELETE FROM audit_secrets")
    sql("DELETE FROM audit_entries WHERE n > :n", n=n)
    sql("DELETE FROM audit_checkpoints WHERE n > :n", n=n)
    for chain in (CHAIN, "region"):
        digest = db.scalar(text(f"SELECT hash FROM audit_entries WHERE chain = '{chain}' AND n = {n}"))
        sql("UPDATE audit_heads SET n = :n, hash = :h WHERE chain = :c", n=n, h=digest, c=chain)


TAMPERINGS = [
    edit,
    edit_and_remake,
    delete,
    delete_and_remake,
    swap,
    swap_and_remake,
    truncate,
    truncate_and_remake,
    insert_one,
    insert_and_remake,
    add_at_the_end,
    change_personal_data,
    rename_checkpoint,
    empty,
]
