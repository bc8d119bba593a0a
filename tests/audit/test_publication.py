import json

import pytest
from sqlalchemy import select, text

from app.audit import services, triggers
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


def test_the_register_is_verified_from_the_command_line(app, acts):
    done = flask_audit(app, "verify")
    assert done.output.splitlines() == ["region : 1 acte, chaîne entière.", "territory:7 : 3 actes, chaîne entière."]
    assert done.exit_code == 0
    assert flask_audit(app, "verify", "territory:7").output.splitlines() == ["territory:7 : 3 actes, chaîne entière."]


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
