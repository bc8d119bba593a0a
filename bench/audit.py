"""The register: a thousand random tamperings by SQL, all to be found; then a million entries verified in one process.

    python -m bench.audit                                          SQLite
    python -m bench.audit --database postgresql+psycopg://…/empty  PostgreSQL
    python -m bench.audit --tamperings 1000 --entries 1000000

Whoever tampers may do anything in the database: triggers are gone, links recomputed, heads moved, the whole put back as it
was. What they lack is the key and the copy of the checkpoints that somebody kept. Exit 1 if one is missed, or past 60 s.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

PORT = 9315
LENGTH = 200  # acts in each chain that is tampered with
BATCH = 10_000
LIMIT = 60.0  # seconds of CPU for the whole verification


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="an empty database (default: SQLite)")
    parser.add_argument("--tamperings", type=int, default=1000)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=20261123)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="beffroi-audit-") as folder:
        url = options.database or f"sqlite:///{folder}/register.db"
        os.environ.update(INSTANCE_DIR=folder, DATABASE_URL=url, SECRET_KEY="bench" * 8, PORT=str(PORT))
        from app.core.db import writing
        from bench.served import app

        token = writing.set(True)
        with app.app_context():
            missed = tamper(app, options.tamperings, options.seed) if options.tamperings else 0
            seconds = verify_many(app, options.entries) if options.entries else 0.0
        writing.reset(token)
        app.extensions["engine"].dispose()
    is_right = not missed and seconds <= LIMIT
    print("right" if is_right else "WRONG")
    return 0 if is_right else 1


def fresh(app) -> None:
    """An empty register, its tables alone."""
    from app.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditSecret
    from app.core.db import Base, db

    db.remove()
    tables = [model.__table__ for model in (AuditEntry, AuditSecret, AuditHead, AuditCheckpoint)]
    with app.extensions["engine"].begin() as connection:
        Base.metadata.drop_all(connection, tables=tables)
        Base.metadata.create_all(connection, tables=tables)


def tamper(app, times: int, seed: int) -> int:
    """Tamper so many times, each time with the register as it was; how many were not found."""
    from sqlalchemy import text

    from app.audit import queries, triggers
    from app.core.db import db, transaction
    from tests.audit import tampering

    fresh(app)
    tampering.LENGTH = LENGTH
    with transaction():
        tampering.fill()
        for statement in triggers.unsealing(app.extensions["engine"].dialect.name):
            db.execute(text(statement))
    published = queries.checkpoints()
    dice = random.Random(seed)
    kinds = [*tampering.TAMPERINGS, tampering.older_copy]
    thrown, missed = Counter(), Counter()
    began = time.monotonic()
    for turn in range(times):
        kind = kinds[turn % len(kinds)]
        thrown[kind.__name__] += 1
        db.rollback()
        kind(dice)
        db.flush()
        if all(queries.verify_all(keys=tampering.KEYS, others=published)):
            missed[kind.__name__] += 1
        db.rollback()
        if sys.stderr.isatty():
            print(f"\r{turn + 1} of {times}", end="", file=sys.stderr, flush=True)
    if not all(queries.verify_all(keys=tampering.KEYS, others=published)):
        raise SystemExit("the register that nobody touched is said to be broken: nothing is measured")
    found = times - missed.total()
    print(f"{found} of {times} tamperings found, {len(thrown)} kinds, {time.monotonic() - began:.0f} s; missed: {dict(missed) or 'none'}")
    return missed.total()


def verify_many(app, count: int) -> float:
    """Verify a chain of so many entries, one in three with personal data; the CPU seconds it took."""
    from app.audit import queries, services
    from app.core.db import db, transaction
    from tests.audit.tampering import KEYS

    fresh(app)
    began = time.monotonic()
    write_many(count)
    with transaction():
        services.checkpoint(KEYS)
    print(f"{count:,} entries written in {time.monotonic() - began:.0f} s")
    db.remove()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.monotonic(), time.process_time()
    (verdict,) = queries.verify_all(keys=KEYS)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    if not verdict or verdict.entries != count or verdict.attested != count:
        raise SystemExit(f"the chain that was written is not whole: {verdict.sentence}")
    print(f"{count:,} entries verified in {cpu:.1f} s of CPU, {wall:.1f} s in all; {more:.0f} MB more at the most than before")
    return cpu


def write_many(count: int) -> None:
    """As `services.record` would write them, without a transaction each."""
    from sqlalchemy import insert

    from app.audit.chain import GENESIS, canonical, commit, facts, link
    from app.audit.models import AuditEntry, AuditHead, AuditSecret
    from app.core.db import db, transaction

    chain, previous, start = "territory:7", GENESIS, datetime(2026, 1, 1, tzinfo=UTC)
    for first in range(1, count + 1, BATCH):
        entries, kept = [], []
        for n in range(first, min(first + BATCH, count + 1)):
            said = canonical({"verdict": "refuse", "article": n % 9 + 1, "revision": 1, "before": "pending", "after": "refused"})
            payload = canonical({"name": f"Personne {n}"}) if n % 3 == 0 else ""
            commitment = commit("sel", payload) if payload else None
            values = {"act": "moderation.decision", "actor_id": n % 40, "at": start + timedelta(seconds=n), "subject": f"content:{n}"}
            digest = link(chain, n, previous, facts(**values, commitment=commitment, detail=said))
            entries.append(
                values
                | {"id": n, "chain": chain, "n": n, "detail": said, "commitment": commitment, "previous_hash": previous, "hash": digest}
            )
            if payload:
                kept.append({"entry_id": n, "person_id": n, "salt": "sel", "payload": payload, "purge_at": start + timedelta(days=1826)})
            previous = digest
        with transaction():
            db.execute(insert(AuditEntry), entries)
            if kept:
                db.execute(insert(AuditSecret), kept)
        if sys.stderr.isatty():
            print(f"\r{first + BATCH - 1:,} of {count:,}", end="", file=sys.stderr, flush=True)
    with transaction():
        db.execute(insert(AuditHead).values(chain=chain, n=count, hash=previous))


if __name__ == "__main__":
    sys.exit(main())
