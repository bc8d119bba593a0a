"""What is kept for every reader follows each change at once, for who is signed in and for a visitor; nothing of one reader
is shown to another. The application is as in production: everything kept, commits are real."""

import pytest

from app.accounts import services as accounts
from app.accounts import sessions
from app.accounts.models import Person
from app.comments import services as saying
from app.comments.models import Argument
from app.consultations.models import Consultation
from app.consultations.proposals.models import Proposal
from app.contents import links
from app.contents import services as contents
from app.contents.models import Phase, State
from app.core import db as database
from app.core import stamps
from app.core.db import db, transaction
from app.debates.models import Debate
from app.initiatives.models import Tool
from app.territories.models import Territory
from tests import conftest
from tests.factories import make_content, make_person, make_territory, restrict


@pytest.fixture(autouse=True, name="transaction")
def no_outer_transaction():
    """Commits are real here: nothing to roll back."""


@pytest.fixture
def site(tmp_path):
    database.db.remove()
    app = conftest.make_app(tmp_path, "kept", PAGE_CACHE=True)
    database.Session.configure(bind=app.extensions["engine"], join_transaction_mode="conditional_savepoint")
    token = database.writing.set(True)
    with app.app_context():
        yield app
        database.db.remove()
    database.writing.reset(token)
    app.extensions["stamps"].close()
    app.extensions["engine"].dispose()


class Reader:
    """A browser, signed in or not."""

    def __init__(self, app, person=None):
        self.client = app.test_client()
        if person is not None:
            with transaction():
                held = sessions.open_for(person, 700)
            with self.client.session_transaction() as session:
                session.update(held)

    def read(self, path):
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == 200
        return answer.text


@pytest.fixture
def place(site):
    return make_territory(name="Tourcoing", short_name="Tourcoing", slug="tourcoing")


@pytest.fixture
def author(site):
    return make_person(name="Jeanne Caron")


@pytest.fixture
def marie(site):
    return make_person(name="Marie Lefebvre")


def space_of(model, place, author):
    space = make_content(model, territory=place, author=author, title="Une voie pour les vélos")
    contents.set_phases(space, [Phase(name="Tout", allows=["propose", "argue", "vote", "comment"])])
    db.commit()
    return space


@pytest.fixture(params=["debate", "proposal"])
def scene(request, place, author):
    """A page of arguments, and one on it: (address, what is argued about, the argument)."""
    space = space_of(Debate if request.param == "debate" else Consultation, place, author)
    about = space
    if request.param == "proposal":
        about = make_content(Proposal, territory=place, author=author, space_id=space.id, title="Un pont")
    given = {"parent_id": about.id, "space_id": space.id, "territory": place, "author": author, "side": "for"}
    argument = make_content(Argument, body="Les vélos vont vite.", title="Vite", **given)
    return f"/{'debats' if about is space else 'propositions'}/{about.id}", about, argument


@pytest.fixture
def readers(site, marie):
    return Reader(site), Reader(site, marie), Reader(site, make_person(name="Omar Benali"))


def pages(readers, path):
    """What each reads, once this process has heard of what was committed: on PostgreSQL a vote may take a moment to be told."""
    engine = readers[0].client.application.extensions["engine"]
    db.remove()
    if engine.dialect.name == "postgresql":
        stamps.confirm(engine)
    return [reader.read(path) for reader in readers]


def everyone_reads(readers, path, words):
    """Twice: once made, once kept."""
    return all(words in page for _ in range(2) for page in pages(readers, path))


def nobody_reads(readers, path, words):
    return not any(words in page for _ in range(2) for page in pages(readers, path))


def test_an_edit_a_hide_and_a_return_show_at_once(scene, readers, author):
    path, _about, argument = scene
    assert everyone_reads(readers, path, "vont vite")
    with transaction():
        saying.edit_argument(db.get(Argument, argument.id), by=author, seen=1, body="Les vélos vont loin.", title="Loin")
    assert everyone_reads(readers, path, "vont loin")
    assert nobody_reads(readers, path, "vont vite")
    with transaction():
        restrict(db.get(Argument, argument.id), by=author)
    assert nobody_reads(readers, path, "vont loin")
    with transaction():
        contents.change_state(db.get(Argument, argument.id), State.PUBLISHED, by=author)
    assert everyone_reads(readers, path, "vont loin")


def test_a_reply_shows_at_once_and_goes_at_once(scene, readers, author):
    path, _about, argument = scene
    assert nobody_reads(readers, path, "Pas chez nous")
    with transaction():
        said = saying.reply(db.get(Argument, argument.id), author=author, body="Pas chez nous.")
    assert everyone_reads(readers, path, "Pas chez nous")
    with transaction():
        saying.withdraw(db.get(type(said), said.id), by=author)
    assert nobody_reads(readers, path, "Pas chez nous")


def test_a_vote_shows_at_once_and_its_mark_to_who_cast_it_alone(scene, readers, marie):
    path, _about, argument = scene
    pages(readers, path)
    for value in ("agree", "disagree", None, "mixed"):
        with transaction():
            saying.vote(db.get(Argument, argument.id), person=marie, value=value)
        for _ in range(2):
            visitor, mine, other = pages(readers, path)
            assert all(("1 avis" in page) == (value is not None) for page in (visitor, mine, other))
            assert mine.count('aria-pressed="true"') == (value is not None)
            assert 'aria-pressed="true"' not in other
            assert "aria-pressed" not in visitor
            assert "csrf_token" not in visitor


def test_what_waits_is_shown_to_its_author_alone_and_dated_once_published(scene, readers, marie):
    path, about, _argument = scene
    space = about.space_id or about.id
    given = {"parent_id": about.id, "space_id": space, "territory_id": about.territory_id, "author": marie, "side": "against"}
    waiting = make_content(Argument, body="Je doute.", title="Doute", state=State.PENDING, **given)
    for _ in range(2):
        visitor, mine, other = pages(readers, path)
        assert "Je doute" in mine
        assert "Vous et l’équipe du territoire seuls voyez ce texte" in mine
        assert "Je doute" not in visitor + other
    with transaction():
        contents.change_state(db.get(Argument, waiting.id), State.PUBLISHED)
    for _ in range(2):
        visitor, mine, other = pages(readers, path)
        assert ["Je doute" in page for page in (visitor, mine, other)] == [True] * 3
        assert mine.count("<time") == visitor.count("<time") == other.count("<time")
        assert "seuls voyez" not in visitor + mine + other
        assert f"/contributions/{waiting.id}/retirer" in mine
        assert f"/contributions/{waiting.id}/retirer" not in visitor + other


def test_the_pages_of_the_space_follow_its_counts(site, readers, place, author, marie):
    space = space_of(Consultation, place, author)
    proposal = make_content(Proposal, territory=place, author=author, space_id=space.id, title="Un pont")
    sibling = make_content(Proposal, territory=place, author=author, space_id=space.id, title="Un bac")
    fronts = ("/", "/territoires/tourcoing/", f"/consultations/{space.id}")
    for path in fronts:
        assert nobody_reads(readers, path, "2 participants")
    cache = site.extensions["pagecache"]
    pages(readers[:1], f"/propositions/{sibling.id}-un-bac")
    with transaction():
        saying.vote(db.get(Proposal, proposal.id), person=marie, value="agree")
    built = cache.built
    pages(readers[:1], f"/propositions/{sibling.id}-un-bac")
    assert cache.built == built, "a vote on one proposal leaves the page of another as it was"
    assert everyone_reads(readers, fronts[0], "2 participants")
    assert everyone_reads(readers, fronts[1], "2 participants")
    assert everyone_reads(readers, fronts[2], "1 avis")
    assert everyone_reads(readers, fronts[2], "2 personnes ont participé")
    with transaction():
        restrict(db.get(Proposal, sibling.id))
    assert nobody_reads(readers, fronts[2], "Un bac")


def test_what_a_link_leads_to_is_no_longer_shown_once_hidden(readers, place, author):
    space = space_of(Debate, place, author)
    far = make_content(Debate, territory=make_territory(), author=author, title="Ailleurs aussi")
    with transaction():
        links.link(db.merge(space), db.merge(far), "follows", author=author)
    assert everyone_reads(readers, f"/debats/{space.id}", "Ailleurs aussi")
    with transaction():
        restrict(db.get(Debate, far.id))
    assert nobody_reads(readers, f"/debats/{space.id}", "Ailleurs aussi")


def test_the_name_of_a_territory_shows_at_once(readers, place):
    assert everyone_reads(readers, "/territoires/tourcoing/", "Tourcoing")
    with transaction():
        db.get(Territory, place.id).name = "Tourcoing-les-Beffrois"
        db.flush()
        stamps.bump("region", f"territory:{place.id}")
    assert everyone_reads(readers, "/territoires/tourcoing/", "Tourcoing-les-Beffrois")


def test_the_new_name_of_one_of_the_team_shows_at_once(readers, place):
    elise = make_person(name="Élise Vanneste", roles=[("manager", place)])
    with transaction():
        db.get(Territory, place.id).intro = "Bienvenue"
        stamps.bump("region")
    assert everyone_reads(readers, "/territoires/tourcoing/", "Élise Vanneste")
    with transaction():
        accounts.edit_profile(db.get(Person, elise.id), name="Élise Maes", bio="")
    assert everyone_reads(readers, "/territoires/tourcoing/", "Élise Maes")


def test_a_sheet_follows_its_text(readers, place, author):
    sheet = make_content(Tool, territory=place, author=author, title="Une boussole", step="published")
    path = f"/catalogue/{sheet.id}"
    assert everyone_reads(readers, path, "Une boussole")
    with transaction():
        db.get(Tool, sheet.id).title = "Un compas"
    assert everyone_reads(readers, path, "Un compas")
    assert nobody_reads(readers, path, "Une boussole")


def test_someone_signed_in_costs_few_queries_and_their_name_is_theirs(site, readers, scene):
    path, _about, _argument = scene
    for address, most in ((path, 2), ("/", 1), ("/territoires/tourcoing/", 1)):
        pages(readers, address)
        visitor, mine, other = pages(readers, address)
        assert "Marie Lefebvre" in mine
        assert "Marie Lefebvre" not in visitor + other
        with conftest.statements_to(site.extensions["engine"]) as statements:
            pages(readers[1:2], address)
        assert 1 <= len(statements) <= most, address
