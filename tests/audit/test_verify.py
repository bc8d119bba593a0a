"""O01: whoever may write anything in the database cannot change what was published without being found."""

import random

import pytest
from sqlalchemy import select, text

from app.audit import queries, services
from app.audit.chain import statement
from app.audit.keys import Keys, by_secret
from app.audit.models import AuditCheckpoint, AuditEntry, AuditHead
from app.core.db import db, transaction
from tests.audit.tampering import CHAIN, KEYS, LENGTH, TAMPERINGS, fill, older_copy, sql


@pytest.fixture
def published(unsealed):
    """What was published of a register in the hands of somebody who may do anything."""
    with transaction():
        fill()
    return queries.checkpoints()


def verify(kept=()):
    return queries.verify(CHAIN, keys=KEYS, others=kept)


@pytest.mark.parametrize("tamper", [*TAMPERINGS, older_copy])
def test_o01_tampering_is_found(published, tamper):
    """Eight throws each (a thousand on a longer register: bench/audit.py); the clean register afterwards says that it is whole.

    Seen red without each of: the comparison of links (six kinds), with checkpoints (three), the commitments (one). The head and the
    signature have their own tests below.
    """
    dice = random.Random(tamper.__name__)
    for _ in range(8):
        with pytest.raises(Undo), transaction():  # noqa: PT012
            tamper(dice)
            db.flush()
            db.expire_all()
            found = verify(published)
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
    assert [each.is_whole for each in queries.verify_all(keys=KEYS)] == [True, False]


def test_an_older_database_put_back_is_found_by_what_was_published(published):
    """Checkpoints, heads and entries all go back together: only a copy kept elsewhere can tell."""
    with transaction():
        older_copy(random.Random(1))
    assert verify().is_whole
    found = verify(published)
    assert not found.is_whole
    assert found.sentence == "territory:7 : il manque la fin, l’acte n° 30 attesté par un point de contrôle n’y est plus."


def test_a_chain_removed_whole_is_found_by_what_was_published(published):
    with transaction():
        for table in ("audit_secrets", "audit_entries", "audit_heads", "audit_checkpoints"):
            sql(f"DELETE FROM {table}")
    assert list(queries.verify_all(keys=KEYS)) == []
    assert [each.is_whole for each in queries.verify_all(keys=KEYS, others=published)] == [False, False]


def test_a_checkpoint_signed_by_another_key_is_refused(published):
    another = Keys(bytes(32))
    assert not queries.verify(CHAIN, keys=another)
    assert queries.verify(CHAIN, keys=Keys(bytes(32), retired=frozenset({KEYS.public}))), "the key it replaced still counts"


@pytest.mark.parametrize(
    "spoil", [lambda s: s[:-1] + ("0" if s[-1] != "0" else "1"), lambda s: s[:-2], lambda s: "", lambda s: "ed25519:é:é"]
)
def test_a_false_signature_is_found(published, spoil):
    """O01. Seen red with `keys.signed` answering yes."""
    with transaction():
        signature = db.scalar(text(f"SELECT signature FROM audit_checkpoints WHERE chain = '{CHAIN}' AND n = 30"))
        sql("UPDATE audit_checkpoints SET signature = :s WHERE chain = :c AND n = 30", s=spoil(signature), c=CHAIN)
    assert verify().sentence == "territory:7 : le point de contrôle n° 30 ne porte pas notre signature."


def test_a_signature_serves_for_nothing_else(published):
    """A signature taken from another chain, another entry or another moment attests nothing."""
    with transaction():
        sql(
            "UPDATE audit_checkpoints SET signature = (SELECT o.signature FROM audit_checkpoints o WHERE o.chain = 'region' AND o.n = 40)"
            " WHERE chain = :c AND n = 40",
            c=CHAIN,
        )
    assert verify().broken_at == 40


def test_checkpoints_of_before_still_verify_and_the_key_change_is_an_act(unsealed):
    """Signed with an HMAC of SECRET_KEY: ours to verify alone. The next day every chain is signed anew, even those that slept."""
    with transaction():
        services.record("role.given", subject="person:1", territory_id=7)
        (made,) = services.checkpoint(KEYS)
        made.signature = by_secret("clé", statement(made.chain, made.n, made.hash, made.at))
    old = Keys(KEYS.private, secrets=("clé",))
    assert queries.verify(CHAIN, keys=old)
    assert not queries.verify(CHAIN, keys=KEYS)
    with transaction():
        assert [(each.chain, each.n) for each in services.checkpoint(old)] == [(CHAIN, 2)]
        assert services.checkpoint(old) == []
    assert db.scalars(select(AuditEntry.act).order_by(AuditEntry.n)).all() == ["role.given", "audit.key_changed"]
    assert queries.verify(CHAIN, keys=old).attested == 2


def test_a_checkpoint_is_made_only_when_the_chain_grew(published):
    with transaction():
        assert services.checkpoint(KEYS) == []
        services.record("role.given", subject="person:1", territory_id=7)
        assert [(each.chain, each.n) for each in services.checkpoint(KEYS)] == [(CHAIN, LENGTH + 1)]
    assert len(db.scalars(select(AuditCheckpoint)).all()) == 5


def test_a_head_that_was_moved_is_found(published):
    with transaction():
        db.execute(AuditHead.__table__.update().values(n=3))
    assert verify().sentence == "territory:7 : la chaîne s’arrête à l’acte n° 40, sa tête en annonce un autre."
