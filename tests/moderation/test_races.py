"""What only real parallel connections show. Each test was seen red once without its guard; its docstring says how."""

from sqlalchemy import func, select

from app.contents.models import Content, State
from app.core.db import db
from app.moderation import services
from app.moderation.models import Case, Cause, Decision, Report, Statement
from app.notifications.models import Notification
from tests.comments.test_races import all_at_once
from tests.factories import make_person
from tests.moderation.made import make_world

AGENTS = 8


def test_k04_of_agents_who_decide_at_once_one_does_and_the_others_are_told_who(committed):
    """K04. Red without `Case.version == seen` in `take` (eight decisions, eight statements and eight letters)."""
    world = make_world()
    text = world.text()
    case_id = services.open_case(text, Cause.REPORT).id
    agents = [make_person(name=f"Agent {n}", roles=[("moderator", world.place)]) for n in range(AGENTS)]
    text_id, author_id, article_id, slug = text.id, text.author_id, world.article.id, world.place.slug
    db.commit()
    clients = [committed.test_client() for _ in agents]
    for client, agent in zip(clients, agents, strict=True):
        client.log_in(agent)
    verdicts = ["refuse", "hide", "keep", "refuse"]

    def act(n, client):
        sent = {"version": "1", "verdict": verdicts[n % 4], "article": article_id, "reasons": f"Message {n}."}
        answer = client.post(f"/moderation/{slug}/cas/{case_id}", data=sent)
        return answer.status_code, answer.get_data(as_text=True)

    answers = all_at_once(committed, clients, act)
    assert sorted(status for status, _page in answers) == [302] + [409] * (AGENTS - 1)
    decided = db.execute(select(Decision.by_id, Decision.verdict)).all()
    assert len(decided) == 1
    winner = next(f"Agent {n}" for n, (status, _page) in enumerate(answers) if status == 302)
    late = [(n, page) for n, (status, page) in enumerate(answers) if status == 409]
    assert [n for n, page in late if winner not in page] == []
    assert [n for n, page in late if f"Message {n}." not in page] == []
    assert db.scalar(select(func.count(Statement.id))) == (decided[0].verdict != "keep")
    assert db.scalar(select(func.count(Notification.id)).where(Notification.person_id == author_id)) == (decided[0].verdict != "keep")
    after = {"refuse": State.REMOVED, "hide": State.HIDDEN, "keep": State.PUBLISHED}[decided[0].verdict]
    assert db.scalar(select(Content.state).where(Content.id == text_id)) == after
    assert db.scalar(select(Case.version).where(Case.id == case_id)) == 2


def test_k05_a_report_sent_again_and_again_is_one_and_gets_the_same_answer(committed):
    """K05. Red without the key of the form: 422 to all but the first."""
    world, person = make_world(), make_person()
    text_id, article_id = world.text().id, world.article.id
    db.commit()
    clients = [committed.test_client() for _ in range(6)]
    for client in clients:
        client.log_in(person)
    sent = {"article": str(article_id), "message": "Insulte", "_once": "le même formulaire"}
    answers = all_at_once(committed, clients, lambda n, client: client.post(f"/contributions/{text_id}/signaler", data=sent).status_code)
    assert set(answers) <= {200, 303}
    assert 200 in answers
    others = all_at_once(
        committed, clients, lambda n, client: client.post(f"/contributions/{text_id}/signaler", data=sent | {"_once": f"{n}"}).status_code
    )
    assert set(others) == {422}  # from other windows: said already
    assert db.scalar(select(func.count(Report.id))) == db.scalar(select(func.count(Case.id))) == 1


def test_k05_a_decision_sent_twice_is_one(committed):
    """K05. Red without the key of the form: the second click is told 409."""
    world = make_world()
    case_id = services.open_case(world.text(), Cause.REPORT).id
    address, article_id = f"/moderation/{world.place.slug}/cas/{case_id}", world.article.id
    db.commit()
    clients = [committed.test_client() for _ in range(4)]
    for client in clients:
        client.log_in(world.agent)
    sent = {"version": "1", "verdict": "refuse", "article": article_id, "reasons": "Une injure.", "_once": "la même clé"}
    answers = all_at_once(committed, clients, lambda n, client: client.post(address, data=sent).status_code)
    assert set(answers) <= {302, 303}
    assert db.scalar(select(func.count(Decision.id))) == 1


def test_reports_at_once_hide_a_text_once(committed):
    """Red on PostgreSQL without the lock on the case in `open_case`: two decisions of the threshold, or none."""
    from app.moderation import regimes

    world = make_world()
    text_id, article_id = world.text().id, world.article.id
    regimes.set_regime(world.place, by=world.manager, regime="a_posteriori", target_hours=24, mask_threshold=3)
    people = [make_person() for _ in range(6)]
    db.commit()
    clients = [committed.test_client() for _ in people]
    for client, person in zip(clients, people, strict=True):
        client.log_in(person)
    sent = {"article": str(article_id), "message": "Insulte"}
    answers = all_at_once(committed, clients, lambda n, client: client.post(f"/contributions/{text_id}/signaler", data=sent).status_code)
    assert set(answers) <= {200, 404, 422}  # whoever comes after the text is hidden finds nothing to report
    assert db.scalar(select(Content.state).where(Content.id == text_id)) == State.HIDDEN
    assert db.scalars(select(Decision.route)).all() == ["threshold"]
    assert db.scalar(select(func.count(Statement.id))) == 1
