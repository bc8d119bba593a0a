"""The demonstration many times over, for measurements, keeps what the services keep."""

import pytest
from sqlalchemy import func, select

from app.consultations.proposals.models import Proposal
from app.contents.models import Content, State
from app.contents.services import fields_of
from app.core.db import db, transaction
from app.core.outbox import OutboxJob
from app.core.text import markdown
from app.demo import scale
from app.demo.cli import demo
from app.initiatives.models import Initiative
from app.moderation.models import Case
from tests.conftest import make_told_app
from tests.demo.conftest import use
from tests.demo.invariants import broken

pytestmark = pytest.mark.no_database


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    app = make_told_app(tmp_path_factory.mktemp("large"), "large", DEMO=True)
    use(app)
    with app.app_context():
        before = db.scalar(select(func.count()).select_from(Content))
        db.rollback()
    answer = app.test_cli_runner().invoke(demo, ["--scale", "3"])
    assert answer.exit_code == 0, answer.output
    app.before, app.answer = before, answer.output
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def region(large):
    use(large)
    with large.app_context():
        yield large
        db.remove()


def copies():
    return select(Content).where(Content.source.like("demo:%"))


def test_two_copies_of_all_that_is_public_are_added(region):
    originals = db.scalar(select(func.count()).where(Content.is_public, Content.source.is_(None), Content.kind.in_(scale.MODELS)))
    made = db.scalar(select(func.count()).select_from(copies().subquery()))
    assert made == 2 * originals
    assert db.scalar(select(func.count()).select_from(Content)) == region.before + made
    assert "contenus ajoutés" in region.answer
    assert {content.state for content in db.scalars(copies())} == {State.PUBLISHED}


def test_what_services_keep_true_is_true_of_copies(region):
    assert broken() == []


def test_the_html_of_a_copy_is_what_its_source_gives(region):
    for proposal in db.scalars(select(Proposal).where(Proposal.source.is_not(None))):
        assert proposal.body_html == markdown(proposal.body_source)
        assert 10 < len(proposal.title) <= 90
    for sheet in db.scalars(select(Initiative).where(Initiative.source.is_not(None))):
        for section in sheet.sections:
            assert section["html"] == markdown(section["source"])


def test_a_copy_has_the_words_of_others_in_another_order(region):
    titles = db.scalars(select(Proposal.title)).all()
    assert len(set(titles)) > 0.9 * len(titles)
    bodies = db.scalars(select(Proposal.body_source)).all()
    assert len(set(bodies)) == len(bodies)


def test_every_copy_waits_to_be_indexed(region):
    waiting = set(db.scalars(select(OutboxJob.key).where(OutboxJob.topic == "search")))
    assert {str(content_id) for content_id in db.scalars(copies().with_only_columns(Content.id))} <= waiting


def test_copies_leave_no_work_to_anybody(region):
    assert db.scalar(select(func.count()).select_from(Case).join(Content).where(Content.source.like("demo:%"))) == 0


def test_a_first_revision_keeps_what_was_written(region):
    from app.contents.models import Revision

    sheet = db.scalars(select(Initiative).where(Initiative.source.is_not(None)).limit(1)).one()
    assert db.scalars(select(Revision.fields).where(Revision.content_id == sheet.id)).one() == fields_of(sheet)


def test_started_again_it_adds_what_is_missing_only(region):
    db.rollback()
    before = db.scalar(select(func.count()).select_from(Content))
    db.rollback()
    again = region.test_cli_runner().invoke(demo, ["--scale", "3"])
    assert again.exit_code == 0, again.output
    use(region)
    assert db.scalar(select(func.count()).select_from(Content)) == before


def test_another_copy_says_other_things(region):
    first = db.scalars(select(Proposal.body_source).where(Proposal.source.like("demo:1:%")).order_by(Proposal.id)).all()
    again = scale.Multiplier()
    with transaction():
        added = again.add_copy(9)
    assert added > 100
    assert scale.copies_made() == 9
    assert first != db.scalars(select(Proposal.body_source).where(Proposal.source.like("demo:9:%")).order_by(Proposal.id)).all()
    assert broken() == []


def test_pages_of_a_copy_answer(region):
    from app.contents import kinds

    with region.test_request_context(base_url="http://localhost"):
        some = db.scalars(copies().where(Content.source.like("demo:2:%"))).all()
        addresses = [kinds.permalink(content) for content in some[::15]]
    client = region.test_client()
    assert {client.get(client.get(address).location).status_code for address in addresses} == {200}


def test_the_command_refuses_a_base_that_is_not_its_own_and_a_public_site(region):
    full = region.test_cli_runner().invoke(demo, [])
    assert full.exit_code == 1
    assert "base vide" in full.output
    region.config["BASE_URL"] = "https://participer.example.org"
    try:
        public = region.test_cli_runner().invoke(demo, [])
    finally:
        region.config["BASE_URL"] = "http://localhost"
    assert public.exit_code == 1
    assert "site public" in public.output
