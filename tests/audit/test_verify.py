"""O01: whoever may write anything in the database cannot change what was published without being found."""

import random

import pytest
from sqlalchemy import insert, select, text

from app.audit import chain as formula
from app.audit import queries, services
from app.audit.models import AuditCheckpoint, AuditEntry, AuditHead
from app.core.db import db, transaction

KEY = ["clé"]
CHAIN = "territory:7"
LENGTH = 40
COLUMNS = [column.name for column in AuditEntry.__table__.columns if column.name != "id"]


@pytest.fixture
def published(unsealed):
    """Forty acts, a checkpoint at the thirtieth and one at the end; returns what was published."""
    with transaction():
        for number in range(LENGTH):
            personal = {"name": f"Personne {number}"} if number % 3 == 0 else None
            services.record(
                "role.given", subject=f"person:{number}", actor_id=number % 5, territory_id=7, detail={"role": "elected"}, personal=personal
            )
            services.record("setting.changed", subject="site:1", actor_id=1, detail={"n": number})
            if number == 29:
                services.checkpoint(KEY[0])
        services.checkpoint(KEY[0])
    return queries.checkpoints()


def verify(kept=()):
    return queries.verify(CHAIN, secrets=KEY, others=kept)


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
    sql(f"UPDATE audit_checkpoints SET hash = :h WHERE chain = '{CHAIN}' AND n = 30", h="a" * 64)


def empty(dice):
    for table in ("audit_secrets", "audit_entries", "audit_heads"):
        sql(f"DELETE FROM {table}")


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


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_tampering_is_found(published, tamper):
    """Seventy-two throws each, a thousand in all; the clean register in between says that it is whole."""
    dice = random.Random(tamper.__name__)
    for _ in range(72):
        with pytest.raises(Undo), transaction():  # noqa: PT012
            tamper(dice)
            db.flush()
            db.expire_all()
            found = verify()
            assert not found.is_whole
            assert found.sentence.startswith(CHAIN)
            raise Undo
    assert verify().entries == LENGTH
    assert verify().is_whole


class Undo(Exception):
    """Puts the register back as it was."""


def test_the_sentence_says_where(published):
    with transaction():
        sql(f"UPDATE audit_entries SET act = 'role.taken' WHERE chain = '{CHAIN}' AND n = 17")
    found = verify()
    assert (found.is_whole, found.broken_at) == (False, 17)
    assert found.sentence == "territory:7 : l’acte n° 17 a été modifié, déplacé ou ajouté."
    assert [each.is_whole for each in queries.verify_all(secrets=KEY)] == [True, False]


def test_an_older_database_put_back_is_found_by_what_was_published(published):
    """Checkpoints, heads and entries all go back together: only a copy kept elsewhere can tell."""
    with transaction():
        sql("DELETE FROM audit_secrets")
        sql("DELETE FROM audit_entries WHERE n > 30")
        sql("DELETE FROM audit_checkpoints WHERE n > 30")
        for chain in (CHAIN, "region"):
            digest = db.scalar(text(f"SELECT hash FROM audit_entries WHERE chain = '{chain}' AND n = 30"))
            sql("UPDATE audit_heads SET n = 30, hash = :h WHERE chain = :c", h=digest, c=chain)
    assert verify().is_whole
    found = verify(published)
    assert not found.is_whole
    assert found.sentence == "territory:7 : il manque la fin, l’acte n° 40 attesté par un point de contrôle n’y est plus."


def test_a_chain_removed_whole_is_found_by_what_was_published(published):
    with transaction():
        for table in ("audit_secrets", "audit_entries", "audit_heads", "audit_checkpoints"):
            sql(f"DELETE FROM {table}")
    assert list(queries.verify_all(secrets=KEY)) == []
    assert [each.is_whole for each in queries.verify_all(secrets=KEY, others=published)] == [False, False]


def test_a_checkpoint_signed_by_another_key_is_refused(published):
    assert not queries.verify(CHAIN, secrets=["autre"])
    assert queries.verify(CHAIN, secrets=["autre", KEY[0]]), "the key it replaced still counts"


def test_a_checkpoint_is_made_only_when_the_chain_grew(published):
    with transaction():
        assert services.checkpoint(KEY[0]) == []
        services.record("role.given", subject="person:1", territory_id=7)
        assert [(each.chain, each.n) for each in services.checkpoint(KEY[0])] == [(CHAIN, LENGTH + 1)]
    assert len(db.scalars(select(AuditCheckpoint)).all()) == 5


def test_a_head_that_was_moved_is_found(published):
    with transaction():
        db.execute(AuditHead.__table__.update().values(n=3))
    assert verify().sentence == "territory:7 : la chaîne s’arrête à l’acte n° 40, sa tête en annonce un autre."
