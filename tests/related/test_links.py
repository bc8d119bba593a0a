"""Links between pages: made where one team answers for both, else proposed by one side and answered by the other."""

import threading

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.consultations.models import Consultation
from app.contents import links, queries
from app.contents.models import Link, LinkState, State
from app.core.db import db, transaction
from app.core.errors import DomainError
from app.initiatives.models import Initiative
from app.notifications.models import Notification
from app.projects.models import Project
from app.related import queries as related
from app.related import services
from tests.factories import make_content, make_person, make_territory


@pytest.fixture
def tourcoing():
    return make_territory(name="Tourcoing", short_name="Tourcoing", slug="tourcoing")


@pytest.fixture
def roubaix():
    return make_territory(name="Roubaix", short_name="Roubaix", slug="roubaix")


def project_in(place, **given):
    return make_content(Project, territory=place, **given)


def add(client, content, other, nature="inspired_by", **given):
    data = {"target": f"/contributions/{other.id}", "nature": nature} | given
    return client.post(f"/contributions/{content.id}/liens", data=data)


def states():
    return sorted(db.scalars(select(Link.state)))


def test_the_team_of_both_pages_links_them_at_once(client, tourcoing):
    one, two = project_in(tourcoing), make_content(Consultation, territory=tourcoing)
    client.log_in(make_person(roles=[("manager", tourcoing)], name="Agnès"))
    assert add(client, one, two, "follows", note="La suite du plan").status_code == 303
    for page, said in ((one, "Fait suite à"), (two, "A pour suite")):
        kind = "projets" if page is one else "consultations"
        text = client.application.test_client().get(f"/{kind}/{page.id}", follow_redirects=True).text
        assert said in text
        assert "La suite du plan" in text
        assert "par Agnès" in text


def test_another_territorys_page_is_asked_for_and_nothing_shows_before_its_answer(client, tourcoing, roubaix):
    mine, theirs = project_in(tourcoing, title="Les berges"), project_in(roubaix, title="Le canal")
    agnes = make_person(roles=[("manager", tourcoing)])
    omar, noise = make_person(roles=[("manager", roubaix)]), make_person(roles=[("manager", make_territory())])
    client.log_in(agnes)
    assert add(client, mine, theirs, note="Les mêmes visites").status_code == 303
    assert states() == [LinkState.PROPOSED]
    assert queries.links_of(mine) == queries.links_of(theirs) == []
    assert list(db.scalars(select(Notification.person_id))) == [omar.id]
    link_id = db.scalar(select(Link.id))

    client.log_in(noise)  # neither theirs to see nor to answer
    assert client.post(f"/liens/{link_id}/accepter").status_code == 404
    client.log_in(agnes)  # who proposes does not answer
    assert client.post(f"/liens/{link_id}/accepter").status_code == 404
    assert "Les mêmes visites" not in client.get("/gestion/roubaix/liens/", follow_redirects=True).text

    client.log_in(omar)
    desk = client.get("/gestion/roubaix/liens/").text
    assert "Les mêmes visites" in desk
    assert "A inspiré" in desk
    assert client.post(f"/liens/{link_id}/accepter", data={"next": "/gestion/roubaix/liens/"}).location == "/gestion/roubaix/liens/"
    assert [other.id for _link, other, _outward in queries.links_of(mine)] == [theirs.id]
    assert [other.id for _link, other, _outward in queries.links_of(theirs)] == [mine.id]
    entry = db.scalars(select(AuditEntry).where(AuditEntry.act == "link.accepted")).one()
    assert (entry.chain, entry.actor_id, entry.subject) == (f"territory:{roubaix.id}", omar.id, f"content:{theirs.id}")
    assert db.scalar(select(func.count(Notification.id)).where(Notification.person_id == agnes.id)) == 1


def test_what_was_dismissed_is_not_proposed_again_but_may_be_taken_up_by_who_dismissed_it(client, tourcoing, roubaix):
    mine, theirs = project_in(tourcoing), project_in(roubaix)
    agnes, omar = make_person(roles=[("manager", tourcoing)]), make_person(roles=[("manager", roubaix)])
    client.log_in(agnes)
    add(client, mine, theirs)
    link_id = db.scalar(select(Link.id))
    assert "déjà proposé" in add(client, mine, theirs).text
    client.log_in(omar)
    assert client.post(f"/liens/{link_id}/ecarter").status_code == 303
    assert states() == [LinkState.DISMISSED]
    client.log_in(agnes)
    refused = add(client, mine, theirs)
    assert refused.status_code == 422
    assert "a écarté ce lien" in refused.text
    client.log_in(omar)  # « a inspiré », seen from Roubaix, is the same link
    assert add(client, theirs, mine, "inspired_by.back").status_code == 303
    assert states() == [LinkState.ACCEPTED]


def test_either_side_may_untie_and_the_register_says_so(client, tourcoing, roubaix):
    mine, theirs = project_in(tourcoing), project_in(roubaix)
    omar = make_person(roles=[("manager", roubaix)])
    client.log_in(make_person(roles=[("manager", tourcoing)]))
    add(client, mine, theirs)
    link_id = db.scalar(select(Link.id))
    client.log_in(omar)
    client.post(f"/liens/{link_id}/accepter")
    assert client.post(f"/liens/{link_id}/retirer").status_code == 303
    assert states() == []
    assert db.scalars(select(AuditEntry.act).order_by(AuditEntry.id)).all()[-2:] == ["link.accepted", "link.removed"]


def test_what_is_not_published_is_proposed_to_nobody(client, tourcoing, roubaix):
    """Its title would be read by another territory's team."""
    draft, theirs = project_in(tourcoing, state=State.DRAFT, title="Encore secret"), project_in(roubaix)
    agnes = make_person(roles=[("manager", tourcoing)])
    client.log_in(agnes)
    assert add(client, draft, theirs).status_code == 422
    assert states() == []
    assert db.scalar(select(func.count(Notification.id))) == 0
    own = project_in(tourcoing)
    assert add(client, draft, own).status_code == 303  # nobody else is asked; it shows once published
    assert queries.links_of(own) == []


def test_a_proposal_leaves_the_desk_while_a_page_is_put_away_and_cannot_be_accepted(client, tourcoing, roubaix):
    from app.contents import services as contents

    mine, theirs = project_in(tourcoing), project_in(roubaix)
    client.log_in(make_person(roles=[("manager", tourcoing)]))
    add(client, mine, theirs)
    link_id = db.scalar(select(Link.id))
    contents.change_state(db.get(Project, mine.id), State.ARCHIVED)
    db.commit()
    assert db.scalars(related.received(roubaix.id)).all() == []
    client.log_in(make_person(roles=[("manager", roubaix)]))
    assert client.post(f"/liens/{link_id}/accepter").status_code == 422
    assert states() == [LinkState.PROPOSED]


def test_curators_answer_for_the_sheets_of_every_territory_and_for_no_project(client, tourcoing, roubaix):
    project, sheet = project_in(tourcoing), make_content(Initiative, territory=roubaix)
    other = make_content(Initiative, territory=None)
    agnes, claire = make_person(roles=[("manager", tourcoing)]), make_person(roles=[("curator", None)])
    client.log_in(agnes)
    add(client, project, sheet, "reuses")
    add(client, project, other)
    assert {row.to_id for row in db.scalars(related.received(None))} == {sheet.id, other.id}
    assert db.scalars(select(Notification.person_id)).all() == [claire.id, claire.id]  # Roubaix has no manager
    client.log_in(claire)
    for link_id in db.scalars(select(Link.id)).all():
        assert client.post(f"/liens/{link_id}/accepter").status_code == 303
    assert add(client, sheet, other, "follows").status_code == 303  # both are the catalogue's
    assert states() == [LinkState.ACCEPTED] * 3
    assert add(client, sheet, project, "documents").status_code == 303
    assert states().count(LinkState.PROPOSED) == 1  # the project is Tourcoing's


def test_a_citizen_and_a_visitor_link_nothing(client, tourcoing):
    one, two = project_in(tourcoing), project_in(tourcoing)
    assert client.get(f"/contributions/{one.id}/liens").status_code == 302
    client.log_in(make_person())
    assert client.get(f"/contributions/{one.id}/liens").status_code == 403
    assert add(client, one, two).status_code == 403
    assert client.get("/gestion/tourcoing/liens/").status_code == 404
    assert client.get("/gestion/region/liens/").status_code == 404


def test_a_draft_of_others_has_no_page_of_links(client, tourcoing):
    draft = project_in(tourcoing, state=State.DRAFT)
    client.log_in(make_person())
    assert client.get(f"/contributions/{draft.id}/liens").status_code == 404


@pytest.mark.parametrize("nature", ["answers", "answers.back", "x", ""])
def test_only_the_natures_on_screen_are_made_by_hand(client, tourcoing, nature):
    one, two = project_in(tourcoing), project_in(tourcoing)
    client.log_in(make_person(roles=[("manager", tourcoing)]))
    assert add(client, one, two, nature).status_code == 422
    assert states() == []


def test_the_database_refuses_a_proposal_that_asks_nobody(tourcoing):
    from sqlalchemy.exc import IntegrityError

    one, two, third = (project_in(tourcoing) for _ in range(3))
    row = {"from_id": one.id, "to_id": two.id, "nature": "follows", "state": LinkState.PROPOSED}
    for asked in (None, third.id):
        with db.begin_nested() as undone:
            db.add(Link(**row, asked_id=asked))
            with pytest.raises(IntegrityError):
                db.flush()
            undone.rollback()


def test_parallel_answers_leave_one_and_one_entry(committed):
    """Red when `links.answer` does not say the state it comes after: both answers hold, and the register tells two stories."""
    from app.core import db as database

    place, other = make_territory(), make_territory()
    by = make_person(roles=[("manager", place)])
    mine, theirs = project_in(other), project_in(place)
    link_id = links.link(mine, theirs, "reuses", author=None, asked=theirs)
    db.commit()
    told: list[str] = []
    start = threading.Barrier(6)

    def act(accepted):
        with committed.app_context():
            start.wait()
            try:
                with transaction():
                    services.answer(related.get_link(link_id), accepted=accepted, by=db.merge(by, load=False))
                told.append("done")
            except DomainError:
                told.append("late")
            database.db.remove()

    threads = [threading.Thread(target=act, args=(n % 2 == 0,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.rollback()
    assert sorted(told) == ["done"] + ["late"] * 5
    entries = db.scalars(select(AuditEntry.act).where(AuditEntry.act.like("link.%"))).all()
    state = db.scalar(select(Link.state))
    assert entries == [f"link.{state.value}"]
