"""Two mirrored territories and the region, with one of everything in every state; and the people who come to try.

Built once, committed for real; whoever attacks does so inside a savepoint that is rolled back.
"""

import io
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import update

from app.accounts import passwords, sessions, tokens
from app.accounts.models import Person, RoleName, TokenPurpose
from app.comments.models import Argument, Comment, Side
from app.consultations.models import Consultation
from app.consultations.proposals.models import Appendix, Proposal, Section, Source
from app.contents import links
from app.contents import services as contents
from app.contents.models import Attachment, Content, Link, LinkNature, LinkState, Mandate, Phase, State
from app.contents.queries import terms_in
from app.core import clock
from app.core import db as database
from app.core.db import db
from app.debates.models import Debate
from app.exchange.models import HarvestedSheet, HarvestSource, SheetImport, SourceKind
from app.files import services as files
from app.files.models import StoredFile
from app.follows import links as saved
from app.follows.models import SavedSearch
from app.initiatives.labels import VOCABULARIES
from app.initiatives.models import Document, Initiative, Remark, Step, Tool
from app.moderation import queries as desk
from app.moderation import redress, reports
from app.moderation import services as moderation
from app.moderation.appeals.models import Appeal
from app.moderation.desk.models import SavedView
from app.moderation.models import Cause, Report
from app.moderation.sanctions.models import Sanction, SanctionKind
from app.moderation.transparency.models import ReadingDraw, SecondReading
from app.notifications.models import Notification
from app.projects.models import Project
from app.related.models import Suggestion
from app.search import engines, sync
from app.territories import services as territories
from app.territories.models import Territory
from tests.conftest import make_app
from tests.factories import make_content, make_person, save

PHRASE = "la brique rouge du nord"
ACTS = ["propose", "argue", "vote", "comment"]

# What may stand in each state. "buried": itself published, inside of something that is not.
STATES = ("draft", "pending", "published", "hidden", "removed", "buried")
SHOWN = "published"
KINDS = ("project", "consultation", "debate", "proposal", "argument", "comment", "source", "initiative", "document", "tool")

# Who comes. "banned" is the author, suspended; the suspended and the unconfirmed hold roles in A, which must give them nothing.
ROLES = (
    "visitor",
    "citizen",
    "unconfirmed",
    "suspended",
    "author",
    "banned",
    "moderator",
    "manager",
    "elected",
    "upstairs",  # whole team of the intercommunality that A is part of: roles do not flow down
    "other",  # whole team of B
    "curator",
    "evaluator",
    "administrator",
    "garant",
)


@dataclass
class Place:
    """A territory and what is in it: `contents["proposal", "hidden"]` is an id."""

    slug: str
    id: int
    contents: dict[tuple[str, str], int] = field(default_factory=dict)
    phases: dict[tuple[str, str], int] = field(default_factory=dict)
    sections: dict[str, int] = field(default_factory=dict)
    attachments: dict[tuple[str, str], int] = field(default_factory=dict)
    articles: list[int] = field(default_factory=list)
    page: str = ""
    cases: dict[str, int] = field(default_factory=dict)
    decision: int = 0
    view_id: int = 0
    others: dict[str, int] = field(default_factory=dict)  # name of an argument → id: an appeal, a sanction, a suggestion…
    role_id: int = 0
    invitation_id: int = 0
    logo_id: int = 0
    version: int = 0


class World:
    def __init__(self, app):
        self.app = app
        self.client = app.test_client(use_cookies=False)
        self.people: dict[str, Person] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.cookies: dict[str, str] = {}  # of the visitor, none
        self.tokens: dict[str, str] = {}
        self.message_id = 0
        token = database.writing.set(True)
        before = database.Session.kw["bind"]
        database.db.remove()
        database.Session.configure(bind=app.extensions["engine"], join_transaction_mode="conditional_savepoint")
        try:
            with app.test_request_context():
                self.build()
                db.commit()
                sync.rebuild(engines.current())
                db.remove()
        finally:
            database.Session.configure(bind=before)
            database.writing.reset(token)

    # --- Building -------------------------------------------------------------------------------------------------------

    def build(self) -> None:
        for key, label in VOCABULARIES.items():
            contents.ensure_vocabulary(key, str(label[0] if isinstance(label, tuple) else label), {"un": f"Terme de {key}"})
        self.upstairs = self.make_territory("Vallée", kind="epci")
        self.a, self.b = (self.make_territory(name, parent=self.upstairs) for name in ("Aubigny", "Bailleul"))
        self.region = Place("region", 0)
        self.make_people()
        for place in (self.a, self.b):
            self.fill(place)
        self.fill_region()
        self.make_links()
        self.read_versions()

    def make_territory(self, name: str, kind="commune", parent: Place | None = None) -> Place:
        row = territories.create_territory(
            name=name, short_name=name, kind=kind, insee=None, siren=None, population=None,
            parent=db.get(Territory, parent.id) if parent else None, contact_email="", by_id=None,
        )  # fmt: skip
        db.commit()
        from app.territories.queries import charter_of, pages_of

        place = Place(row.slug, row.id)
        if not charter_of(row.id):
            territories.write_article(row, number=None, version=0, title="Respect", text="On se respecte.", by_id=None)
        place.articles = [article.id for article in charter_of(row.id)]
        place.page = pages_of(row.id)[0].slug
        picture = io.BytesIO()
        Image.new("RGB", (40, 40), "#9c3222").save(picture, "PNG")
        picture.seek(0)
        territories.set_logo(row, files.prepare(picture, name="logo.png"), alt="Un beffroi", by_id=None)
        row.accent = "#9c3222"
        place.logo_id = row.logo_id
        db.commit()
        return place

    def read_versions(self) -> None:
        for place in (self.a, self.b):
            place.version = db.get(Territory, place.id).version

    def make_people(self) -> None:
        everything_in = lambda place: [(name, db.get(Territory, place.id)) for name in ("moderator", "manager", "elected")]
        in_a = lambda *names: [(name, db.get(Territory, self.a.id)) for name in names]
        people = {
            "citizen": {},
            "unconfirmed": {"confirmed": False, "roles": in_a("moderator", "manager")},
            "suspended": {"suspended_at": clock.now(), "suspension_reason": "Injures.", "roles": in_a("moderator", "manager")},
            "author": {},
            "moderator": {"roles": in_a("moderator")},
            "manager": {"roles": in_a("manager")},
            "elected": {"roles": in_a("elected")},
            "upstairs": {"roles": everything_in(self.upstairs)},
            "other": {"roles": everything_in(self.b)},
            "curator": {"roles": [("curator", None)]},
            "evaluator": {"roles": [("evaluator", None)]},
            "administrator": {"roles": [("administrator", None)]},
            "garant": {},
            "passer-by": {},
            "second administrator": {"roles": [("administrator", None)]},
        }
        for name, values in people.items():
            person = make_person(name=name.capitalize(), email=f"{name.replace(' ', '-')}@example.org", **values)
            person.identity.password_hash = passwords.hashed(PHRASE)
            self.people[name] = person
        db.commit()
        for name, person in self.people.items():
            self.sessions[name] = sessions.open_for(person)
            self.cookies[name] = self.sealed(self.sessions[name])
        self.sessions["visitor"] = {}
        self.cookies["banned"] = self.cookies["author"]
        self.people["banned"] = self.people["author"]
        self.ids = {name: person.id for name, person in self.people.items()}
        self.public_ids = {name: person.public_id for name, person in self.people.items()}
        for place in (self.a, self.b):
            holder = make_person(name="Agent", roles=[("moderator", db.get(Territory, place.id))])
            place.role_id = holder.roles[0].id
            by = self.people["manager"].id if place is self.a else self.people["other"].id
            invited = tokens.issue(
                TokenPurpose.INVITE, email=f"invite-{place.slug}@example.org", role=RoleName.MODERATOR, territory_id=place.id, by_id=by
            )
            place.invitation_id = invited.id
            self.tokens[f"invite {place.slug}"] = tokens.path(invited.purpose, invited.nonce).rsplit("/", 1)[1]
        region = tokens.issue(
            TokenPurpose.INVITE, email="invite-region@example.org", role=RoleName.CURATOR, by_id=self.people["administrator"].id
        )
        self.region.invitation_id, self.region.role_id = region.id, self.people["curator"].roles[0].id
        for purpose, values in {
            "confirm": {"person_id": self.people["unconfirmed"].id},
            "reset": {"person_id": self.people["passer-by"].id},
            "change_email": {"person_id": self.people["author"].id, "email": "autre@example.org"},
            "first_administrator": {"role": RoleName.ADMINISTRATOR},
        }.items():
            email = values.pop(
                "email", "unconfirmed@example.org" if purpose == "confirm" else "passer-by@example.org" if purpose == "reset" else ""
            )
            row = tokens.issue(TokenPurpose(purpose), email=email, **values)
            self.tokens[purpose] = tokens.path(row.purpose, row.nonce).rsplit("/", 1)[1]
        message = save(
            Notification(person_id=self.people["author"].id, template="decision_keep", title="Un message", text="Texte.", url="/")
        )
        self.message_id = message.id

    def sealed(self, cookie: dict[str, Any]) -> str:
        return self.app.session_interface.get_signing_serializer(self.app).dumps(cookie)

    def fill(self, place: Place) -> None:
        """One of each kind in each state, all by the author."""
        author, agent = self.people["author"], self.people["manager" if place is self.a else "other"]
        name = f"chez {place.slug}"
        made: dict[tuple[str, str], Content] = {}

        def make(model, kind, state, author=author, **values):
            is_shown = state in {"published", "buried"}
            words = f"secretmot{place.slug}{kind}{state}"
            row = make_content(
                model,
                author=author,
                state=State(SHOWN if is_shown else state),
                title=f"{kind} {state} {name} {words}",
                body=f"Corps {words}.",
                territory_id=place.id,
                **values,
            )
            made[kind, state] = row
            place.contents[kind, state] = row.id
            return row

        now = clock.now()
        for state in STATES[:-1]:
            make(Project, "project", state, author=agent, summary="Résumé.")
        make(Project, "project", "buried", author=agent, summary="Résumé.", project_id=made["project", "hidden"].id)
        for kind, model in (("consultation", Consultation), ("debate", Debate)):
            for state in STATES:
                above = made["project", "hidden" if state == "buried" else "published"].id
                space = make(model, kind, state, author=agent, summary="Résumé.", project_id=above, asked="Quoi ?", becomes="Ceci.")
                contents.set_phases(
                    space, [Phase(name="Ouvert", opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=30), allows=ACTS)]
                )
                db.flush()
                from app.contents.queries import phases_of

                place.phases[kind, state] = phases_of(space)[0].id
                if kind == "consultation":
                    section = save(Section(consultation_id=space.id, key="un", title=f"Rubrique {name}"))
                    place.sections[state] = section.id
        for state in STATES:
            study = Phase(name="Étude", opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=9), allows=[])
            contents.set_phases(made["project", state], [study])
            db.flush()
            place.phases["project", state] = phases_of(made["project", state])[0].id
        project = made["project", "published"]
        open_one = made["consultation", "published"]
        for state in STATES:
            space = made["consultation", "hidden"] if state == "buried" else open_one
            proposal = make(
                Proposal,
                "proposal",
                state,
                project_id=project.id,
                space_id=space.id,
                section_id=place.sections["hidden" if state == "buried" else "published"],
            )
            save(Appendix(proposal_id=proposal.id, title="Annexe", body_html="<p>Annexe</p>"))
        for state in STATES:
            under = made["proposal", "hidden" if state == "buried" else "published"]
            common = {"space_id": open_one.id, "project_id": project.id, "parent_id": under.id}
            make(Argument, "argument", state, side=Side.FOR, is_titled=True, **common)
            make(Source, "source", state, url="https://example.org/etude", **common)
        for state in STATES:
            under = made["argument", "hidden" if state == "buried" else "published"]
            make(Comment, "comment", state, space_id=open_one.id, project_id=project.id, parent_id=under.id)
        for voter, (kind, state) in zip(
            ("citizen", "passer-by", "curator"), (("proposal", "published"), ("proposal", "hidden"), ("argument", "buried")), strict=True
        ):
            contents.cast_vote(made[kind, state], person=self.people[voter], value="agree")
        for kind, model in (("initiative", Initiative), ("document", Document), ("tool", Tool)):
            for state in STATES[:-1]:
                step = {"draft": Step.DRAFT, "pending": Step.REVIEW}.get(state, Step.PUBLISHED)
                sections = [{"key": "context", "title": "Contexte", "source": "Ici.", "html": "<p>Ici.</p>"}]
                make(model, kind, state, summary="Résumé.", step=step, sections=sections)
        self.moderate(place, made, agent)
        for state in STATES:
            place.attachments["project", state] = self.attach(made["project", state])
        db.commit()

    def moderate(self, place: Place, made: dict, agent: Person) -> None:
        """Cases: reported, waiting, on the moderator's own text; a decision on the author's."""
        from app.territories.queries import charter_of

        article = charter_of(place.id)[0]
        for name, content in {
            "reported": made["argument", "published"],
            "waiting": made["proposal", "pending"],
            "sheet": made["initiative", "published"],
        }.items():
            place.cases[name] = moderation.open_case(content, Cause.REPORT if name != "waiting" else Cause.GATE).id
        reports.report(made["argument", "published"], person=self.people["passer-by"], article=article, message="Un mot de trop.")
        own = make_content(
            Argument, author=self.people["moderator" if place is self.a else "other"], title="À moi", territory_id=place.id, side=Side.FOR,
            space_id=made["debate", "published"].id, parent_id=made["debate", "published"].id, project_id=made["project", "published"].id,
        )  # fmt: skip
        place.contents["own", "published"] = own.id
        place.cases["own"] = moderation.open_case(own, Cause.REPORT).id
        judged = make_content(
            Argument, author=self.people["author"], title="Jugé", territory_id=place.id, side=Side.FOR,
            space_id=made["debate", "published"].id, parent_id=made["debate", "published"].id, project_id=made["project", "published"].id,
        )  # fmt: skip
        case = moderation.open_case(judged, Cause.REPORT)
        place.cases["decided"] = case.id
        case = desk.get_case(case.id)
        place.decision = moderation.decide(case, by=agent, verdict="hide", article=article, reasons="Hors sujet.", seen=case.version).id
        place.view_id = save(SavedView(person_id=agent.id, name="En retard", place=place.slug, query="late=1")).id
        self.redress(place, judged, made, agent, article)
        if place is self.a:
            report = Report(
                content_id=made["debate", "published"].id,
                article_id=article.id,
                visitor_name="Paul",
                visitor_email="paul@example.org",
                token_hash=reports.hashed("jeton"),
            )
            save(report)
            self.tokens["report"] = "jeton"
            save(Mandate(project_id=made["project", "published"].id, person_id=self.people["garant"].id))

    def redress(self, place: Place, judged: Content, made: dict, agent: Person, article) -> None:
        """What follows a decision: an appeal, a sanction that waits, a second reading; and what else hangs from the territory."""
        appeal = save(Appeal(decision_id=place.decision, territory_id=place.id, person_id=self.people["author"].id, text="Relisez-moi."))
        sanction = Sanction(person_id=self.people["author"].id, territory_id=place.id, kind=SanctionKind.WARNING, facts="Injures répétées.")
        sanction.proposed_by_id, sanction.article_id = agent.id, article.id
        save(sanction)
        draw = save(
            ReadingDraw(
                place=f"territory:{place.id}", territory_id=place.id, week=clock.today(), seed="a", percent=5, population=1, drawn=1
            )
        )
        reading = save(SecondReading(decision_id=place.decision, draw_id=draw.id, territory_id=place.id))
        sheet, project = made["initiative", "published"], made["project", "published"]
        pair = sorted((sheet.id, project.id))
        suggestion = save(Suggestion(one_id=pair[0], other_id=pair[1], likeness=0.5, score=1.0))
        asked = save(
            Link(
                from_id=sheet.id,
                to_id=made["tool", "published"].id,
                nature=LinkNature.REUSES,
                state=LinkState.PROPOSED,
                asked_id=made["tool", "published"].id,
            )
        )
        remark = save(Remark(sheet_id=sheet.id, field="", body="Une source ?", revision=1, author_id=self.people["curator"].id))
        place.others = {
            "appeal_id": appeal.id,
            "sanction_id": sanction.id,
            "reading_id": reading.id,
            "suggestion_id": suggestion.id,
            "link_id": asked.id,
            "remark_id": remark.id,
        }
        for state in STATES[:-1]:
            place.attachments["initiative", state] = self.attach(made["initiative", state])
        self.tokens[f"appeal {place.slug}"] = redress.token_of(redress.Key(decision_id=place.decision))

    def attach(self, project: Content) -> int:
        plan = save(
            StoredFile(
                stored_as=secrets.token_hex(16),
                sha256="0" * 64,
                media_type="application/pdf",
                size=1,
                name="plan.pdf",
                purpose="logo",
                is_attached=True,
            )
        )
        return save(Attachment(content_id=project.id, file_id=plan.id, title="Plan")).id

    def fill_region(self) -> None:
        for kind, model in (("initiative", Initiative), ("document", Document), ("tool", Tool)):
            for state in STATES[:-1]:
                step = {"draft": Step.DRAFT, "pending": Step.REVIEW}.get(state, Step.PUBLISHED)
                row = make_content(
                    model, author=self.people["curator"], state=State(state), title=f"{kind} {state} régional", step=step, summary="Résumé."
                )
                self.region.contents[kind, state] = row.id
                self.region.attachments[kind, state] = self.attach(row)
        case = moderation.open_case(db.get(Content, self.region.contents["initiative", "published"]), Cause.REPORT)
        self.region.cases["reported"] = case.id
        harvested = save(HarvestSource(name="Ailleurs", kind=SourceKind.FEED, url="https://example.org/fil"))
        taken = HarvestedSheet(
            source_id=harvested.id, remote_id="1", content_id=self.region.contents["tool", "published"], digest="x", revision=1
        )
        search = save(SavedSearch(person_id=self.people["author"].id, label="vélo", address="q=v%C3%A9lo", nonce="abc"))
        self.region.others = {
            "source_id": harvested.id,
            "harvested_id": save(taken).id,
            "import_id": save(SheetImport(name="fiches.csv", rows=[{"titre": "Une fiche"}])).id,
            "search_id": search.id,
            "term_id": terms_in("theme")[0].id,
        }
        self.tokens["feed"] = saved.sign(saved.FEED, search.nonce)
        self.tokens["stop"] = saved.sign(saved.STOP, self.people["author"].public_id)
        db.commit()

    def make_links(self) -> None:
        for place in (self.a, self.b):
            target = db.get(Content, place.contents["project", "published"])
            for state in STATES[:-1]:
                origin = db.get(Content, place.contents["initiative", state])
                links.link(origin, target, "documents", author=None)
        db.commit()

    # --- Attacking ------------------------------------------------------------------------------------------------------

    @contextmanager
    def attacked(self):
        """Everything done inside is undone at the end; `self.ask` needs it."""
        engine = self.app.extensions["engine"]
        token = database.writing.set(True)
        before = dict(database.Session.kw)
        with engine.connect() as connection:
            outer = connection.begin()
            database.db.remove()
            database.Session.configure(bind=connection, join_transaction_mode="create_savepoint")
            self.connection = connection
            try:
                yield self
            finally:
                database.db.remove()
                outer.rollback()
                database.Session.configure(
                    bind=before["bind"], join_transaction_mode=before.get("join_transaction_mode", "conditional_savepoint")
                )
        database.writing.reset(token)

    @contextmanager
    def for_real(self):
        """As in production: each request has its own transaction, and what it commits stays."""
        before = dict(database.Session.kw)
        database.db.remove()
        database.Session.configure(bind=self.app.extensions["engine"], join_transaction_mode="conditional_savepoint")
        try:
            yield self
        finally:
            database.db.remove()
            database.Session.configure(**before)

    def ask(self, role: str, method: str, path: str, *, undo: bool = True, cookie: str | None = None, **request):
        """One request by this person, then as if it had not been."""
        headers = dict(request.pop("headers", {}))
        cookie = cookie or self.cookies.get(role)
        if cookie:
            headers["Cookie"] = f"{self.app.config['SESSION_COOKIE_NAME']}={cookie}"
        database.writing.set(True)
        savepoint = self.connection.begin_nested()
        try:
            if role == "banned":
                self.connection.execute(update(Person).where(Person.id == self.ids["author"]).values(suspended_at=clock.now()))
            return self.client.open(path, method=method, headers=headers, buffered=True, **request)
        finally:
            database.db.remove()
            if undo:
                savepoint.rollback()
            else:
                savepoint.commit()


def make_world(folder: Path, name: str = "attacks", **settings) -> World:
    return World(make_app(folder, name, **settings))
