"""The demonstration region, as its visitors and its agents find it."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectin_polymorphic, selectinload

from app.accounts.models import Identity, Person
from app.accounts.services import check_credentials
from app.admin.menus import offices, places_of
from app.audit import keys
from app.audit import queries as audit
from app.comments.models import Argument, Comment
from app.consultations.models import Consultation
from app.consultations.proposals.models import Proposal
from app.contents import kinds
from app.contents.models import Attachment, Content, Link, LinkNature, LinkState, Mandate, Revision, State, Voice, Vote
from app.contents.queries import BODIES, terms_of
from app.core import clock
from app.core.db import db, transaction
from app.core.errors import DomainError
from app.core.mail import MailMessage
from app.core.outbox import OutboxJob
from app.debates.models import Debate
from app.demo import services
from app.demo.people import PASS_PHRASE
from app.initiatives.labels import VOCABULARIES
from app.initiatives.models import KINDS, Document, Initiative, Remark, Step, Tool
from app.initiatives.quality import TOTALS
from app.moderation.appeals import queries as appeals
from app.moderation.appeals.models import Appeal
from app.moderation.models import Case, Cause, Decision, Report, Statement
from app.moderation.sanctions import queries as sanctions
from app.moderation.sanctions.models import Sanction
from app.notifications.models import Notification
from app.projects.models import Maturity, MaturityChange, Project
from app.related.queries import received
from app.territories.models import CharterArticle, LegalPage, Territory
from tests.conftest import statements_to
from tests.demo import test_data as data
from tests.demo.invariants import broken

pytestmark = pytest.mark.no_database

AFTERWARDS = data.read("afterwards.toml")
TEXTS = [case["text"] for case in data.CASES if "text" in case]


def count(model, *where):
    return db.scalar(select(func.count()).select_from(model).where(*where))


# --- Everything is there ---------------------------------------------------------------------------------------------------


def test_everything_in_the_files_is_in_the_base(region):
    of = Counter(text["kind"] for text in TEXTS)
    said = sum(len(row.get("replies", [])) for _, row in data.ARGUMENTS)
    answers = sum("answer" in row for _, row in data.PROPOSALS)
    assert count(Territory) == len(data.TERRITORIES)
    assert count(Person) == len(data.PEOPLE)
    assert count(Project) == len(data.PROJECTS) + len(AFTERWARDS["archived"])
    assert count(MaturityChange) == sum(len(row["history"]) for row in data.PROJECTS.values()) + len(AFTERWARDS["archived"])
    assert count(Consultation) == len(data.CONSULTATIONS)
    assert count(Debate) == len(data.DEBATES)
    assert count(Proposal) == len(data.PROPOSALS) + of["proposal"] + len(AFTERWARDS["withdrawn"]) + len(AFTERWARDS["drafts"])
    past = Argument.body_source.not_in([row["body"] for row in data.PAST["refused"]])
    assert count(Argument, past) == len(data.ARGUMENTS) + sum(len(row.get("arguments", [])) for _, row in data.PROPOSALS) + of["argument"]
    assert count(Comment) == said + answers + of["reply"]
    sheets = [sheet for model in KINDS.values() for sheet in db.scalars(select(model)) if sheet.voice == Voice.OFFICIAL]
    assert Counter(map(type, sheets)) == {Initiative: 28, Document: 6, Tool: 6}
    assert count(Link) == len(data.LINKS) + len(data.PROPOSED)
    decided_before = select(Decision.case_id).where(
        Decision.reasons.in_([row["reasons"] for row in data.PAST["refused"] + data.PAST["reported"]])
    )
    assert count(Case, Case.id.not_in(decided_before)) == len(data.CASES)
    assert count(Mandate) == 1


def test_every_vote_of_the_files_is_cast(region):
    rows = [row["votes"] for _, row in [*data.PROPOSALS, *data.ARGUMENTS]]
    arguments = [argument["votes"] for _, row in data.PROPOSALS for argument in row.get("arguments", [])]
    assert count(Vote) == sum(sum(votes.values()) for votes in rows) + sum(arguments)


def test_counts_visibility_and_history_are_what_use_would_have_left(region):
    assert broken() == []


def test_every_state_step_maturity_and_moment_is_shown(region):
    assert set(db.scalars(select(Content.state))) == set(State)
    assert {sheet.step for model in KINDS.values() for sheet in db.scalars(select(model))} == set(Step)
    assert set(db.scalars(select(Project.maturity))) == set(Maturity)
    for model in (Consultation, Debate):
        spaces = db.scalars(select(model)).all()
        assert {space.moment for space in spaces if space.is_public} == {"soon", "open", "closed"}
        assert [space for space in spaces if space.concluded_at]
        assert [space for space in spaces if space.state == State.DRAFT]
    closing = db.scalars(select(Consultation.closes_at).where(Consultation.is_public, Consultation.closes_at > clock.now())).all()
    assert min(closing) - clock.now() < timedelta(days=2)
    assert set(db.scalars(select(Link.nature))) == set(LinkNature) - {LinkNature.ANSWERS}
    assert set(db.scalars(select(Link.state))) == {LinkState.ACCEPTED, LinkState.PROPOSED}


def test_every_sheet_and_every_space_has_its_terms(region):
    ids = db.scalars(
        select(Content.id).where(
            or_(Content.kind.in_(["consultation", "debate", "project"]), Content.kind.in_(KINDS) & (Content.voice == Voice.OFFICIAL)),
            Content.state != State.ARCHIVED,
        )
    ).all()
    found = terms_of(ids)
    assert [content_id for content_id in ids if not found[content_id].get("theme")] == []
    assert {key for terms in found.values() for key in terms} == set(VOCABULARIES)


def test_a_sheet_says_all_its_file_says(region):
    sheet = db.scalars(select(Initiative).where(Initiative.title.like("Une friche textile%"))).one()
    assert [section["key"] for section in sheet.sections] == ["context", "aims", "method", "results", "decided", "practices", "pitfalls"]
    assert (sheet.promoter, sheet.place, sheet.cost_euros) == ("Ville de Roubaix et association L’Entre-deux", "Roubaix (59)", 118000)
    assert (sheet.started_on.year, sheet.ended_on.year, len(sheet.steps), len(sheet.contacts), len(sheet.sources)) == (2021, 2023, 3, 1, 2)
    noted = [each for model in KINDS.values() for each in db.scalars(select(model)) if each.review_note]
    assert sorted(each.step for each in noted) == [Step.ARCHIVED, Step.DRAFT]


def test_sheets_are_placed_reviewed_reported_and_refreshed(region):
    sheets = [each for model in KINDS.values() for each in db.scalars(select(model))]
    assert sum(each.latitude is not None for each in sheets if each.kind == "initiative") >= 20
    assert len([each for each in sheets if each.is_due]) == 2
    assert [each.step for each in sheets if each.voice == Voice.CITIZEN] == [Step.PROPOSED] * 2
    assert db.scalar(select(func.count()).select_from(Remark)) == 5
    assert {TOTALS[each.kind] - 1 - each.points for each in sheets} > {0, 1}  # some say all, some have much to add
    pictured = db.scalars(select(Attachment).where(Attachment.alt != "")).all()
    assert len(pictured) == 3


def test_no_placeholder_is_left(region):
    models = [Consultation, Debate, Project, *KINDS.values()]
    for content in db.scalars(select(Content).options(selectin_polymorphic(Content, models))):
        words = " ".join(
            str(getattr(content, name, ""))
            for name in ("title", "summary", "body_source", "asked", "becomes", "open_to", "conclusion_source")
        )
        assert not re.search(r"\{(date|territory|email|platform)", words), content.title
    for page in db.scalars(select(LegalPage)):
        assert "{" not in page.body_source


def test_a_charter_that_starts_from_another_replaces_what_it_numbers(region):
    query = (
        select(Territory.slug, CharterArticle.text)
        .join(CharterArticle)
        .where(CharterArticle.number == 1, Territory.slug.in_(["tourcoing", "grande-synthe"]))
    )
    first = dict(db.execute(query).all())
    assert "ce qui l’entoure" in first["tourcoing"]
    assert "la question posée" in first["grande-synthe"]
    assert count(CharterArticle) == 9 * len(data.TERRITORIES)


# --- People --------------------------------------------------------------------------------------------------------------------


def test_everyone_logs_in_with_the_phrase_that_is_printed(region):
    found = services.log_ins()
    assert len(found) == len(data.PEOPLE)
    assert PASS_PHRASE in services.log_in_addresses()[-1]
    powers = {address: words for _name, address, words in found}
    assert powers["samir-haddad@beffroi.example"] == "Tourcoing\u00a0: modère"
    assert powers["marguerite-claes@beffroi.example"].startswith("garante")
    assert powers["tom-g@beffroi.example"] == "participe"
    assert check_credentials("tom-g@beffroi.example", PASS_PHRASE).name == "Tom G."


def test_every_role_is_in_the_register(region):
    given = sum(len(person["roles"]) for person in data.PEOPLE.values())
    entries = db.scalars(select(audit.AuditEntry.act).where(audit.AuditEntry.act == "role.given")).all()
    assert len(entries) == given


def test_the_register_holds(region):
    verdicts = list(audit.verify_all(keys=keys.of(region.config)))
    assert [verdict.sentence for verdict in verdicts if not verdict.is_whole] == []
    assert len(verdicts) > 5


def test_nobody_is_written_to(region):
    assert count(MailMessage, MailMessage.sent_at.is_(None)) == 0
    assert count(OutboxJob, OutboxJob.topic == "mail") == 0


# --- Moderation ----------------------------------------------------------------------------------------------------------------


def test_the_desk_has_work_and_a_past(region):
    cases = db.scalars(select(Case)).all()
    open_cases = [case for case in cases if case.is_open]
    assert len(open_cases) == sum("decision" not in case or "edit" in case for case in data.CASES)
    assert {case.cause for case in open_cases} == set(Cause)
    past = [row["reasons"] for row in data.PAST["refused"] + data.PAST["reported"]]
    assert count(Decision, Decision.reasons.in_(past)) > 40
    by_the_desk = (~Decision.is_automated, Decision.verdict != "hide", Decision.route != "appeal", Decision.reasons.not_in(past))
    assert count(Decision, *by_the_desk) == sum("decision" in case for case in data.CASES)
    assert count(Decision, Decision.route == "threshold") == 1
    assert {each.verdict.value for each in db.scalars(select(Decision))} == {"keep", "redact", "move", "hide", "refuse"}
    of_the_past = Report.message.not_in([row["message"] for row in data.PAST["reported"]])
    assert count(Report, of_the_past) == sum(len(case.get("reports", [])) for case in data.CASES)
    assert count(Report, Report.confirmed_at.is_(None)) == 0
    assert 0 < count(Report, Report.person_id.is_(None)) < count(Report)


def test_the_back_offices_say_what_waits_behind_each_door(region):
    """As the page behind each counts it; nine territories cost no more statements than one."""
    behind = {
        "Recours": appeals.waiting_count,
        "Sanctions": lambda place: sanctions.count_in(place, sanctions.Stage.WAITING),
        "Liens": lambda place: len(db.scalars(received(place)).all()),
    }
    said, asked, doors = {}, {}, set()
    for name in ("nadine-caron", "agnes-delcourt", "isabelle-roussel", "elodie-bailly", "claire-delannoy", "veronique-lesage"):
        with region.test_request_context(), statements_to(region.extensions["engine"]) as sent:
            who = select(Person).join(Identity).where(Identity.email == f"{name}@beffroi.example")
            person = db.scalars(who.options(selectinload(Person.roles))).one()
            places = [None, *places_of(person)]
            sent.clear()
            found = list(zip(places, offices(places, person), strict=True))
            asked[name] = len(sent)
        for place, entries in found:
            said |= {(place.slug if place else "region", entry.label): entry.waits for entry in entries}
            doors |= {(place, entry.label, entry.waits) for entry in entries if entry.label in behind}
    assert {int(waits.split()[0]) if waits else 0 for _place, _label, waits in doors} == {0, 1, 2}
    for place, label, waits in doors:
        assert (int(waits.split()[0]) if waits else 0) == behind[label](place.id if place else None)
    assert said["faches-thumesnil", "Modération"].startswith("2 textes à lire")
    assert said["action-fourmies", "Consultations"] == "1 à conclure"
    assert said["region", "Bureau des curateurs"] == "4 fiches à relire"
    assert max(asked.values()) <= 8


def test_the_authors_of_what_was_restricted_were_told_why(region):
    for decision in db.scalars(select(Decision).where(Decision.verdict.not_in(("keep", "move")))):
        author_id = db.scalar(select(Content.author_id).where(Content.id == decision.content_id))
        told = db.scalars(
            select(Notification).where(
                Notification.person_id == author_id,
                Notification.content_id == decision.content_id,
                Notification.template.like("decision_%"),
            )
        ).one()
        assert decision.reasons.split(".")[0] in told.text


def test_there_is_something_to_answer_and_answers_to_read(region):
    outcomes = Counter(db.scalars(select(Appeal.outcome)))
    assert outcomes == {None: 2, "upheld": 1, "dismissed": 1}
    assert not any(db.scalars(select(Appeal.is_late)))
    kept = [sanction.holds(clock.now()) for sanction in db.scalars(select(Sanction))]
    assert Counter(kept) == {True: 1, False: 2}
    assert count(Statement, Statement.sanction_id.is_not(None)) == 1


def test_a_corrected_proposal_keeps_its_versions_and_its_votes_name_theirs(region):
    corrected = db.scalars(select(Proposal).where(Proposal.revision > 1)).all()
    assert len(corrected) == len(AFTERWARDS["edits"])
    for proposal in corrected:
        assert count(Revision, Revision.content_id == proposal.id) == 2
        assert set(db.scalars(select(Vote.revision).where(Vote.content_id == proposal.id))) == {1, 2}


# --- What a visitor reads ------------------------------------------------------------------------------------------------------


def pages_and_addresses():
    found = {"page": ["/", "/participer", "/territoires/", "/catalogue/", "/projets/", "/recherche?q=cantine", "/donnees/"], "gone": []}
    for slug in db.scalars(select(Territory.slug)):
        found["page"] += [f"/territoires/{slug}/", f"/territoires/{slug}/charte", f"/territoires/{slug}/theme.css"]
        found["page"] += [f"/territoires/{slug}/{page}" for page in ("mentions-legales", "vos-donnees", "accessibilite")]
    for content in db.scalars(select(Content).options(*BODIES)):
        if content.state in {State.HIDDEN, State.REMOVED}:
            found.setdefault("taken back", []).append(kinds.permalink(content))
        elif content.kind in {"project", "consultation", "debate", "proposal", *KINDS}:
            is_read = content.is_public or (content.kind in KINDS and content.state == State.ARCHIVED)  # out of the lists only
            found["page" if is_read else "gone"].append(kinds.url_of(content))
        else:
            found["hop" if content.is_public else "gone"] = [
                *found.get("hop" if content.is_public else "gone", []),
                kinds.permalink(content),
            ]
    return found


def test_a_visitor_reads_everything_public_and_nothing_else(region):
    with region.test_request_context(base_url="http://localhost"):
        addresses = pages_and_addresses()
    client = region.test_client()
    wrong = [(path, client.get(path).status_code) for path in addresses["page"]]
    assert [each for each in wrong if each[1] != 200] == []
    assert [path for path in addresses["hop"] if client.get(path).status_code != 302] == []
    assert [path for path in addresses["gone"] if client.get(path).status_code != 404] == []
    assert [path for path in addresses["taken back"] if client.get(path).status_code != 410] == []
    assert len(addresses["page"]) > 150
    assert len(addresses["hop"]) > 100
    assert len(addresses["gone"]) > 10
    assert len(addresses["taken back"]) >= 4


def test_a_visitor_fetches_the_documents_of_a_project(region):
    documents = db.execute(select(Attachment.content_id, Attachment.file_id).where(Attachment.alt == "")).all()
    assert len(documents) == len(AFTERWARDS["documents"])
    client = region.test_client()
    for project_id, file_id in documents:
        page = client.get(client.get(f"/contributions/{project_id}").location).text
        address = re.search(rf'href="(/fichiers/{file_id}[^"]*)"', page)[1]
        with client.get(address) as response:
            assert response.status_code == 200
            assert len(response.data) > 200


def test_every_page_says_that_it_is_a_demonstration(region):
    page = region.test_client().get("/").text
    assert "Ceci est une démonstration" in page
    assert "inventés" in page


def test_an_official_answer_is_read_on_the_page_of_the_proposal(region):
    with region.test_request_context(base_url="http://localhost"):
        answer = db.scalars(select(Comment).where(Comment.body_source.like("**Retenue.**%")).limit(1)).one()
        proposal = db.scalars(select(Proposal).where(Proposal.id == answer.parent_id)).one()
        address = kinds.url_of(proposal)
        words = answer.body_html
    page = region.test_client().get(address).text
    assert words in page
    assert f"reponse-{answer.id}" in page


# --- Whenever it is loaded -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told_at", ["2027-03-28 03:00:01", "2026-10-25 00:00:01", "2028-02-29 12:00:00", "2026-12-31 23:59:59"])
def test_on_any_day_at_any_hour_all_that_is_told_is_past(region, told_at):
    now = datetime.fromisoformat(told_at).replace(tzinfo=clock.PARIS).astimezone(UTC)
    with clock.telling(now):
        story = services.planned()
    assert len(story.acts) > 400
    assert max(act[0] for act in story.acts) <= now


# --- Once ----------------------------------------------------------------------------------------------------------------------


def test_it_is_not_loaded_twice(region):
    before = count(Content)
    with pytest.raises(DomainError, match="base vide"), transaction():
        services.load()
    assert count(Content) == before
