import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.audit import keys, services, triggers
from app.audit.keys import Keys
from app.audit.models import AuditCheckpoint
from app.core.db import db


@pytest.fixture
def acts():
    for number in range(3):
        services.record("role.given", subject=f"person:{number}", territory_id=7, detail={"n": number})
    services.record("setting.changed", subject="site:1")
    db.commit()


def flask_audit(app, *arguments):
    return app.test_cli_runner().invoke(args=["audit", *arguments])


def test_the_register_is_verified_from_the_command_line_in_one_sentence(app, acts):
    done = flask_audit(app, "verify")
    assert done.output == "Le registre est entier : 4 actes, mais aucun point de contrôle ne l’atteste encore.\n"
    assert done.exit_code == 0
    assert flask_audit(app, "verify", "territory:7", "--details").output.splitlines()[0] == "territory:7 : 3 actes, chaîne entière."
    flask_audit(app, "checkpoint")
    assert flask_audit(app, "verify").output == "Le registre est entier : 4 actes, tous attestés par un point de contrôle signé.\n"
    services.record("setting.changed", subject="site:1")
    db.commit()
    assert flask_audit(app, "verify").output == "Le registre est entier : 5 actes, dont 1 depuis le dernier point de contrôle.\n"


def test_a_tampered_register_is_an_exit_code(app, acts):
    for statement in triggers.unsealing(db.get_bind().dialect.name):
        db.execute(text(statement))
    db.execute(text("UPDATE audit_entries SET act = 'role.taken' WHERE chain = 'territory:7' AND n = 2"))
    db.commit()
    done = flask_audit(app, "verify")
    assert done.exit_code == 1
    assert "territory:7 : l’acte n° 2 a été modifié, déplacé ou ajouté." in done.output


def test_checkpoints_are_published_and_verify_what_comes_later(app, client, acts, tmp_path):
    assert flask_audit(app, "checkpoint").output == "2 chaînes signées.\n"
    assert flask_audit(app, "checkpoint").output == "Rien de nouveau depuis le dernier point de contrôle.\n"
    answer = client.get("/donnees/registre.json")
    assert [(each["chain"], each["n"]) for each in answer.json["checkpoints"]] == [("region", 1), ("territory:7", 3)]

    copy = tmp_path / "registre.json"
    copy.write_bytes(answer.data)
    services.record("role.given", subject="person:9", territory_id=7)
    db.commit()
    assert flask_audit(app, "verify", "--against", str(copy)).exit_code == 0

    altered = json.loads(answer.data)
    altered["checkpoints"][1]["hash"] = "0" * 64
    copy.write_text(json.dumps(altered))
    done = flask_audit(app, "verify", "--against", str(copy))
    assert (done.exit_code, "ne porte pas notre signature" in done.output) == (1, True)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"checkpoints": [1]}', '{"checkpoints": [{"chain": "region"}]}', "\x00"])
def test_a_copy_that_is_not_one_is_one_sentence(app, tmp_path, content):
    copy = tmp_path / "registre.json"
    copy.write_text(content)
    done = flask_audit(app, "verify", "--against", str(copy))
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert done.output.endswith("n’est pas une copie de /donnees/registre.json.\n")


def test_an_empty_register_says_so(app):
    assert flask_audit(app, "verify").output == "Le registre est vide.\n"


def test_the_daily_task_signs(app, acts):
    from app.audit.tasks import keep_register
    from app.core.worker import periodic

    keep_register()
    assert len(db.scalars(select(AuditCheckpoint)).all()) == 2
    assert periodic()["audit.tasks.keep_register"].minutes == 24 * 60


def standalone(*paths):
    """Run the program of the documentation, as whoever kept copies would: with nothing of ours."""
    script = Path(__file__).parents[2] / "docs" / "verify-register.py"
    done = subprocess.run([sys.executable, "-I", str(script), *map(str, paths)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip() or done.stderr


def test_anyone_verifies_with_the_published_key_and_nothing_of_ours(app, client, acts, tmp_path):
    """O01, by a third person: a forged checkpoint, a changed one, one taken away, a chain that was edited or cut."""

    def published(name):
        (tmp_path / name).write_bytes(client.get("/donnees/registre.json").data)
        return tmp_path / name

    flask_audit(app, "checkpoint")
    before = published("before.json")
    services.record("role.taken", subject="person:1", territory_id=7, detail={"é": 1}, personal={"name": "Zoé"})
    db.commit()
    flask_audit(app, "checkpoint")
    after, chain = published("after.json"), tmp_path / "chain.jsonl"
    flask_audit(app, "export", "territory:7", "-o", str(chain))
    assert "Zoé" not in chain.read_text()
    assert standalone(before, after, chain) == (0, "whole: 3 signed checkpoints, in 2 copies")

    lines = chain.read_text().splitlines(keepends=True)
    chain.write_text(lines[0].replace("role.given", "role.taken") + "".join(lines[1:]))
    assert standalone(before, after, chain) == (1, f"{chain}: entry 1 was changed, moved or added")
    chain.write_text("".join(lines[:-1]))
    assert standalone(before, after, chain) == (1, f"{chain}: the end is missing, a checkpoint attests entry 4")

    told = json.loads(after.read_bytes())
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_text(json.dumps(told | {"checkpoints": told["checkpoints"][1:]}))
    assert standalone(before, spoilt) == (1, "('region', 1) of an older copy is gone")
    spoilt.write_text(json.dumps(told | {"checkpoints": [each | {"hash": "0" * 64} for each in told["checkpoints"][:1]]}))
    assert "('region', 1) bears a false signature" in standalone(spoilt)[1]
    forger = Keys(bytes(32))
    first = told["checkpoints"][0]
    forged = forger.sign(f"audit-v1|region|9|{'0' * 64}|{first['at']}".encode())
    more = [*told["checkpoints"], first | {"n": 9, "hash": "0" * 64, "signature": forged}]
    spoilt.write_text(json.dumps(told | {"checkpoints": more, "public_keys": [*told["public_keys"], forger.public]}))
    assert standalone(before, spoilt) == (1, "('region', 9) is signed by a key that the first copy does not name")


def test_the_key_is_made_once_and_kept_for_its_owner_alone(app):
    path = Path(app.config["INSTANCE_DIR"]) / keys.FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.of(app.config).public != path.read_text().strip()
    assert keys.of({**app.config, "AUDIT_KEY": "ab" * 32}).private == b"\xab" * 32
    for wrong in ("", "x", "ab" * 31, "zz" * 32):
        with pytest.raises(ValueError, match="64 hexadecimal"):
            keys.seed(wrong)
