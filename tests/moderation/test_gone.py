"""O03: what is restricted is gone at the next request on every path, and from the index and the exports once the worker ran."""

import shutil
import zipfile
from contextlib import suppress
from itertools import product

import pytest
from sqlalchemy import select
from werkzeug.routing import BuildError

from app.accounts.models import Person
from app.comments.queries import get_said
from app.consultations import exporting
from app.consultations.proposals.queries import get_proposal
from app.consultations.queries import get_consultation
from app.contents import services as contents
from app.contents.queries import get_content
from app.core import clock
from app.core import db as database
from app.moderation.models import Verdict
from app.moderation.queries import get_case
from app.territories.models import CharterArticle, Territory
from tests.conftest import make_app
from tests.factories import make_person
from tests.moderation.made import World, make_world, span
from tests.participation import make_argument, make_consultation, make_debate, make_proposal, make_reply

WORDS = {"cut": "zyzomètre", "removed": "quaxolithe", "hidden": "brimborifle", "buried": "flumigeste", "older": "vroutaille"}


@pytest.fixture
def committed(tmp_path):
    """As the harness's, with pages kept in front of Flask."""
    app = make_app(tmp_path, "gone", PAGE_CACHE=True)
    database.db.remove()
    database.Session.configure(bind=app.extensions["engine"], join_transaction_mode="conditional_savepoint")
    token = database.writing.set(True)
    with app.app_context():
        yield app
        database.db.remove()
    database.writing.reset(token)
    app.extensions["stamps"].close()
    app.extensions["engine"].dispose()
    shutil.rmtree(tmp_path, ignore_errors=True)


def addresses(app, ids, slug):
    """Every rule that answers GET, with everything that could stand in it."""
    words = (slug, "charte", "json")
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and rule.endpoint != "static" and not rule.rule.startswith(("/gestion/", "/moderation/", "/compte")):
            names = sorted(rule.arguments - set(rule.defaults or {}))
            some = ids if len(names) == 1 else ids[:2]
            choices = [some if type(rule._converters[name]).__name__ in {"Ref", "BoundedInt"} else words for name in names]
            for values in product(*choices):
                with suppress(ValueError, BuildError):  # a word that cannot stand there
                    yield adapter.build(rule.endpoint, dict(zip(names, values, strict=True)) | (rule.defaults or {}))


def found_in(client, paths, words):
    """(path, word) for each page that shows one."""
    found = set()
    for path in paths:
        answer = client.get(path)
        body = answer.get_data(as_text=True) + str(answer.headers)
        found |= {(path, word) for word in words if word in body}
    return found


def test_o03_what_was_restricted_is_on_no_path(committed, tmp_path, at, run_worker):
    """O03. Seen red with `updated_at` left alone by a cut (kept cards show it), with versions read from all revisions, and with
    arguments listed once they were ever published."""
    world = make_world()
    debate, consultation = make_debate(territory=world.place), make_consultation(territory=world.place)
    proposal = make_proposal(consultation, title="Un banc", body=f"Version {WORDS['older']}.")
    contents.edit(proposal, by=proposal.author, title="Un banc", body=f"Devant chez {WORDS['cut']}, un banc.")
    said = f"Un argument {WORDS['removed']} de trop."
    removed = make_argument(debate, title=said, body=said, is_titled=False)
    beneath = make_reply(removed, title=WORDS["buried"], body=f"Réponse {WORDS['buried']}.")
    kept = make_argument(debate, title="Gardé", body="Un argument gardé.")
    hidden = make_reply(kept, title=WORDS["hidden"], body=f"Réponse {WORDS['hidden']}.")
    ids = [each.id for each in (debate, consultation, proposal, removed, beneath, kept, hidden)]
    proposal_id, removed_id, hidden_id, debate_id, consultation_id = proposal.id, removed.id, hidden.id, debate.id, consultation.id
    slug, held = world.place.slug, {name: getattr(world, name).id for name in ("place", "article", "agent", "manager")}
    database.db.commit()
    run_worker()
    reader = committed.test_client()
    everywhere = [path for path in dict.fromkeys(addresses(committed, ids, slug)) if reader.get(path).status_code == 200]
    everywhere += [f"/recherche?q={word}" for word in WORDS.values()] + [f"/recherche.json?q={word}" for word in WORDS.values()]
    before = found_in(reader, everywhere, WORDS.values())
    assert {word for _path, word in before} == set(WORDS.values())
    assert len({path for path, _word in before}) >= 12  # pages, lists, JSON, versions, search

    database.db.remove()
    database.writing.set(True)
    reporter, text = make_person(), get_proposal(proposal_id)
    kinds = {"place": Territory, "article": CharterArticle, "agent": Person, "manager": Person}
    world = World(**{name: database.db.scalars(select(model).where(model.id == held[name])).one() for name, model in kinds.items()})
    world.decide(world.reported(text, reporter), Verdict.REDACT, spans=[span(text, WORDS["cut"])])
    world.decide(world.reported(get_said(removed_id), reporter), Verdict.REFUSE)
    world.decide(world.reported(get_said(hidden_id), reporter), Verdict.HIDE)
    reporter_id = reporter.id
    database.db.commit()

    asked = {path for path in everywhere if path.startswith("/recherche")}  # shows the very words it was asked
    shown = found_in(reader, [path for path in everywhere if path not in asked], WORDS.values())
    assert shown == set()  # the next request of everybody
    database.db.remove()
    database.writing.set(True)
    signed_in = committed.test_client()
    signed_in.log_in(make_person())
    assert found_in(signed_in, [path for path in everywhere if path not in asked], WORDS.values()) == set()
    page = reader.get(f"/debats/{debate_id}").text
    assert "Retiré\u00a0: Injures" in page
    assert f'id="argument-{removed_id}"' in page
    assert "Masqué à titre conservatoire" in page
    assert "Publié avec coupes" in reader.get(f"/propositions/{proposal_id}").text

    at(clock.from_now(seconds=60))
    run_worker()
    for word in WORDS.values():
        assert reader.get(f"/recherche.json?q={word}").json["total"] == 0
    database.db.remove()
    database.writing.set(True)
    told = committed.test_client()
    told.log_in(database.db.scalars(select(Person).where(Person.id == reporter_id)).one())
    assert found_in(told, ["/compte/messages", "/compte", "/"], WORDS.values()) == set()
    exporting.export_consultation(get_consultation(consultation_id), tmp_path / "export.zip")
    archive = zipfile.ZipFile(tmp_path / "export.zip")
    everything = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "un banc" in everything
    assert not any(word in everything for word in WORDS.values())


def test_its_own_address_says_so_at_the_very_next_request_and_shows_it_again_at_the_one_after(committed):
    """Pages are kept in front of Flask: what says that a text is gone is not."""
    world = make_world()
    proposal = make_proposal(make_consultation(territory=world.place), title="Un banc")
    proposal_id = proposal.id
    case_id, path = world.reported(proposal).id, f"/propositions/{proposal.id}"
    held = {name: getattr(world, name).id for name in ("place", "article", "agent", "manager")}
    database.db.commit()
    reader = committed.test_client()

    def again():
        database.db.remove()
        database.writing.set(True)
        kinds = {"place": Territory, "article": CharterArticle, "agent": Person, "manager": Person}
        return World(**{name: database.db.scalars(select(model).where(model.id == held[name])).one() for name, model in kinds.items()})

    statuses = []
    for verdict in (None, Verdict.HIDE, Verdict.KEEP, Verdict.REFUSE):
        if verdict:
            world = again()
            case = world.reported(get_content(proposal_id)) if verdict == Verdict.REFUSE else get_case(case_id)
            world.decide(case, verdict)
            database.db.commit()
        statuses += [reader.get(path).status_code, reader.get(path).status_code]
    assert statuses == [200, 200, 410, 410, 200, 200, 410, 410]
