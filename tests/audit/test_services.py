import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.audit import queries, services
from app.audit.chain import canonical
from app.audit.models import AuditEntry, AuditHead, AuditSecret
from app.core import clock
from app.core.db import TurnTaking, db, transaction
from tests.audit.tampering import KEYS


def record(**values):
    """Records, and gives the entry that was written."""
    services.record(
        **{"act": "role.given", "subject": "person:12", "actor_id": 3, "territory_id": 7, "detail": {"role": "moderator"}} | values
    )
    return db.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def verdict(chain="territory:7"):
    return queries.verify(chain, keys=KEYS)


def test_entries_follow_one_another(register):
    with transaction():
        first, second, other = record(), record(), record(territory_id=None)
    assert [first.n, second.n, other.n] == [1, 2, 1]
    assert second.previous_hash == first.hash
    assert (first.previous_hash, other.previous_hash) == ("0" * 64, "0" * 64)
    assert [each.sentence for each in queries.verify_all(keys=KEYS)] == [
        "region : 1 acte, chaîne entière.",
        "territory:7 : 2 actes, chaîne entière.",
    ]


def test_anyone_can_recompute_the_hash_from_what_is_published(register):
    """The formula, written out as in the documentation, without our functions."""
    import hashlib

    with transaction():
        entry = record(detail={"é": ["👩‍👩‍👧", 3, None, True]}, personal={"name": "Zoé"})
    facts = {
        "act": entry.act,
        "actor": entry.actor_id,
        "at": entry.at.isoformat(timespec="microseconds"),
        "commitment": entry.commitment,
        "detail": json.loads(entry.detail),
        "subject": entry.subject,
    }
    whole = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    assert entry.hash == hashlib.sha256(f"audit-v1|territory:7|1|{'0' * 64}|{whole}".encode()).hexdigest()


def test_an_entry_is_rolled_back_with_its_act(register):
    with transaction():
        record()
    with pytest.raises(RuntimeError), transaction():  # noqa: PT012
        record()
        raise RuntimeError
    with transaction():
        assert record().n == 2
    assert verdict()


def test_an_act_undone_in_a_savepoint_leaves_no_hole(register):
    with transaction():
        record()
        with pytest.raises(RuntimeError), db.begin_nested():  # noqa: PT012
            record()
            raise RuntimeError
        assert record().n == 2
    assert verdict().entries == 2


def test_an_act_that_cannot_be_recorded_does_not_happen(register, monkeypatch):
    """F10: the fault is raised, and what the act had written goes with it."""
    monkeypatch.setattr(services, "link", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        db.add(AuditHead(chain="region", n=0, hash="0" * 64))
        db.flush()
        record()
    assert db.scalar(select(func.count(AuditHead.id))) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"act": "Oups"},
        {"subject": "person"},
        {"subject": "person:1|2"},
        {"territory_id": -1},
        {"detail": {"x": 0.5}},
        {"detail": {"x": object()}},
    ],
)
def test_what_has_no_exact_text_is_refused(register, values):
    with pytest.raises(ValueError, match=r"text|told"), transaction():
        record(**values)


def test_any_text_comes_back_as_it_was(register, at):
    """G05: astral emoji, right to left, combining signs, NUL, lone surrogate, a megabyte."""
    texts = ["👩‍👩‍👧‍👦", "مرحبا \u202e abc", "e\u0301 é", "a\x00b", "\ud800", "x" * 1_000_000, "\u2028</script>", "';--"]
    with transaction():
        for each in texts:
            record(detail={"text": each}, personal={"text": each}, person_id=1)
    db.remove()
    kept = db.execute(select(AuditEntry.detail, AuditSecret.payload).join(AuditSecret).order_by(AuditEntry.n)).all()
    assert [json.loads(detail)["text"] for detail, _ in kept] == texts
    assert [json.loads(payload)["text"] for _, payload in kept] == texts
    assert verdict().entries == len(texts)


def test_canonical_text_does_not_depend_on_the_order_of_keys():
    assert canonical({"b": 1, "a": [True, None, "é"]}) == canonical({"a": [True, None, "é"], "b": 1}) == '{"a":[true,null,"\\u00e9"],"b":1}'


def test_personal_data_is_erased_and_the_chain_still_verifies(register):
    """P03: the reason stays, the identity goes with its salt."""
    with transaction():
        entry = record(act="moderation.decided", detail={"reason": "Injure"}, personal={"name": "Zoé Lefebvre"}, person_id=12)
        record(personal={"name": "Autre"}, person_id=13)
    assert "Zoé" not in entry.detail + entry.hash + entry.commitment
    with transaction():
        db.execute(text("DELETE FROM audit_secrets WHERE person_id = 12"))
    assert verdict().is_whole
    assert db.scalars(select(AuditSecret.person_id)).all() == [13]
    assert json.loads(db.scalars(select(AuditEntry.detail).where(AuditEntry.id == entry.id)).one()) == {"reason": "Injure"}


def test_personal_data_goes_when_its_time_has_come(register, monkeypatch):
    with transaction():
        record(personal={"name": "Zoé"}, person_id=12)
    later = clock.now() + services.SECRETS_KEPT
    for moment, left in ((later - timedelta(days=1), 1), (later + timedelta(days=1), 0)):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        with transaction():
            services.forget_expired()
        assert db.scalar(select(func.count(AuditSecret.id))) == left
    assert verdict()


def test_the_same_personal_data_is_committed_to_differently_each_time(register):
    """Or one could guess a name by hashing every name."""
    with transaction():
        assert record(personal={"name": "Zoé"}).commitment != record(personal={"name": "Zoé"}).commitment


# --- The database itself refuses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET act = 'role.taken'",
        "DELETE FROM audit_entries",
        "UPDATE audit_checkpoints SET n = 9",
        "DELETE FROM audit_checkpoints",
    ],
)
def test_the_database_refuses_to_change_or_remove(register, statement):
    with transaction():
        record()
        services.checkpoint(KEYS)
    with pytest.raises(IntegrityError, match="can only be added to"), transaction():
        db.execute(text(statement))
    assert verdict()


def test_the_database_refuses_to_replace_or_empty(register):
    with transaction():
        record()
    columns = "chain, n, act, actor_id, subject, detail, commitment, at, previous_hash, hash"
    if register.dialect.name == "sqlite":
        statement = f"INSERT OR REPLACE INTO audit_entries (id, {columns}) SELECT id, {columns} FROM audit_entries"
    else:
        statement = "TRUNCATE audit_entries CASCADE"
    with pytest.raises(IntegrityError, match="can only be added to"), transaction():
        db.execute(text(statement))


# --- Several at once ---------------------------------------------------------------------------------


def append_in_parallel(threads=8, each=25):
    failures = []
    ready = threading.Barrier(threads)

    def work():
        ready.wait()
        for _ in range(each):
            try:
                with transaction():
                    record()
            except DBAPIError as error:
                failures.append(error)
        db.remove()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return failures


def test_parallel_acts_keep_the_chain_whole(register):
    assert append_in_parallel() == []
    assert verdict().entries == 200
    assert verdict().is_whole


def test_without_the_lock_parallel_acts_fail(register, monkeypatch):
    """The guard of the test above, removed: FOR UPDATE on PostgreSQL, BEGIN IMMEDIATE on SQLite."""
    if register.dialect.name == "postgresql":
        read = "SELECT n, hash FROM audit_heads WHERE chain = :chain"
        with transaction():
            record()
        monkeypatch.setattr(services, "locked_head", lambda chain: tuple(db.execute(text(read), {"chain": chain}).one()))
    else:

        def begin(self, write):
            self.execute("BEGIN")

        monkeypatch.setattr(TurnTaking, "begin", begin)
    assert append_in_parallel()
