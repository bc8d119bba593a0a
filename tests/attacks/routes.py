"""What to put in every address, and in every form: endpoint → arguments, endpoint → fields that would succeed.

An endpoint whose argument nobody can fill fails the matrix; one whose form is not written here is sent empty.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image

from app.core import clock
from tests.attacks.world import KINDS, PHRASE, STATES, Place, World

NOT_OURS = {"static"}  # files of the repository, the same for all
SPACES = {"consultations_admin": "consultation", "debates_admin": "debate"}
SAID = {
    "comments.edit": ("argument", "comment"),
    "comments.withdraw": ("argument", "comment"),
    "comments.vote": ("argument", "proposal", "debate"),
}
ENDINGS = {
    "exchange.whole_catalogue": ("csv", "ods", "xlsx", "json"),
    "exchange.citation": ("bib",),
    "transparency.statements_file": ("csv", "json"),
}
SAID |= {
    "related.show": ("initiative", "project", "consultation"),
    "comments.reply": ("argument", "proposal", "initiative"),
    "moderation.report": ("argument", "consultation"),
    "contents.show": KINDS,
}
FUTURE, LATER = "2031-05-01T08:00", "2031-06-01T08:00"


@dataclass(frozen=True)
class Route:
    endpoint: str
    method: str
    thing: str  # what the address leads to: "proposal:hidden", or "-"
    arguments: tuple[tuple[str, Any], ...]
    defaults: tuple[tuple[str, Any], ...] = ()

    @property
    def given(self) -> dict[str, Any]:
        return dict(self.arguments)

    def path(self, world: World) -> str:
        values = self.given | dict(self.defaults)
        return world.app.url_map.bind("localhost").build(self.endpoint, values, method=self.method)


def rules(world: World, blueprint: str = "") -> Iterator[tuple[Any, str]]:
    """Every rule of ours (of this blueprint) with each of its methods; HEAD and OPTIONS go with GET."""
    for rule in sorted(world.app.url_map.iter_rules(), key=lambda rule: (rule.endpoint, rule.rule)):
        if rule.endpoint not in NOT_OURS and blueprint in {"", rule.endpoint.split(".")[0]}:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def routes(world: World, place: Place | None = None, slug: str | None = None, blueprint: str = "") -> Iterator[Route]:
    """Every rule, method and thing in a place (A); `slug` puts another territory in the address."""
    for rule, method in rules(world, blueprint):
        defaults = rule.defaults or {}
        for thing, values in things(world, rule.endpoint, rule.arguments - set(defaults), place or world.a).items():
            if slug and "territory_slug" in values:
                values = values | {"territory_slug": slug}
            yield Route(rule.endpoint, method, thing, tuple(sorted(values.items())), tuple(defaults.items()))


def things(world: World, endpoint: str, names: set[str], place: Place) -> dict[str, dict[str, Any]]:
    """What the arguments may be, by the name it has in the matrix."""
    group = endpoint.split(".")[0]
    here: dict[str, Any] = {
        "territory_slug": place.slug,
        "slug": place.slug,
        "page": place.page,
        "number": 1,
        "role_id": place.role_id,
        "token_id": place.invitation_id,
    }
    here |= {
        "view_id": place.view_id,
        "decision_id": place.decision,
        "message_id": world.message_id,
        "name": "consultation",
        "filename": "css/site.css",
    }
    here |= world.region.others | place.others
    here |= {"public_id": world.public_ids["author"], "vocabulary": "theme", "key": "un", "year": clock.today().year}
    here |= {"month": f"{clock.today():%Y-%m}"}
    found: dict[str, dict[str, Any]] = {}
    if names == {"token"}:
        values = tokens(world, endpoint, place)
        return {name: {"token": value} for name, value in values.items()}
    if "file_id" in names:
        found = {"logo": {"file_id": place.logo_id}}
    elif names == {"public_id"}:
        found = {name: {"public_id": world.public_ids[name]} for name in ("author", "suspended")}
    elif names & {"ending", "form"}:
        (name,) = names & {"ending", "form"}
        found = {each: {name: each} for each in ENDINGS[endpoint]}
        if "sheet_id" in names:
            found = {f"initiative:{state}": {name: "bib", "sheet_id": place.contents["initiative", state]} for state in STATES[:-1]}
    elif "kind" in names:
        found = {kind: {"kind": kind} for kind in ("initiative", "document", "tool")}
    elif "case_id" in names:
        here["project_id"] = place.contents["project", "published"]
        found = {f"case:{name}": {"case_id": case_id} for name, case_id in place.cases.items()}
    elif group in SPACES and "content_id" in names:
        kind = SPACES[group]
        for state in STATES:
            found[f"{kind}:{state}"] = {
                "content_id": place.contents[kind, state],
                "phase_id": place.phases[kind, state],
                "section_id": place.sections.get(state),
            }
    elif "content_id" in names:
        for kind in SAID.get(endpoint, ()):
            found |= {f"{kind}:{state}": {"content_id": place.contents[kind, state]} for state in STATES if (kind, state) in place.contents}
    else:
        for argument, kinds in {
            "project_id": ("project",), "consultation_id": ("consultation",), "debate_id": ("debate",), "proposal_id": ("proposal",),
            "source_id": () if group == "exchange_admin" else ("source",), "sheet_id": ("initiative",),
            "space_id": ("consultation", "debate"),
        }.items():  # fmt: skip
            if argument in names:
                for kind in kinds:
                    for state in STATES:
                        if (kind, state) in place.contents:
                            more = {"phase_id": place.phases.get((kind, state)), "attachment_id": place.attachments.get((kind, state))}
                            found[f"{kind}:{state}"] = {argument: place.contents[kind, state]} | more
    if "sheet_id" in names and "ending" not in names:
        found |= {
            f"region:{kind}:{state}": {"sheet_id": n, "attachment_id": world.region.attachments[kind, state]}
            for (kind, state), n in world.region.contents.items()
            if kind == "initiative" and state in {"draft", "published"}
        }
    found = {
        thing: {name: value for name, value in (here | values).items() if name in names} for thing, values in (found or {"-": {}}).items()
    }
    if group in {"moderation", "accounts_admin"} and names == {"territory_slug"}:
        found["region"] = {"territory_slug": "region"}
    for thing, values in found.items():
        missing = names - {name for name, value in values.items() if value is not None}
        if missing:
            raise LookupError(f"{endpoint} ({thing}): tests/attacks/routes.py does not know how to fill {sorted(missing)}")
    return found


def tokens(world: World, endpoint: str, place: Place) -> dict[str, str]:
    if endpoint == "appeals.by_link":
        return {"link": world.tokens[f"appeal {place.slug}"], "forged": "a.b"}
    if endpoint == "accounts.accept":
        return {"invitation": world.tokens[f"invite {place.slug}"], "forged": "a.b"}
    known = {"accounts.confirm": "confirm", "accounts.confirm_email": "change_email", "accounts.first_administrator": "first_administrator"}
    known |= {"accounts.reset": "reset", "moderation.confirm_report": "report", "follows.feed": "feed", "follows.stop": "stop"}
    if endpoint not in known:
        raise LookupError(f"{endpoint}: tests/attacks/routes.py does not know its token")
    return {"link": world.tokens[known[endpoint]], "forged": "a.b"}


# --- Forms ---------------------------------------------------------------------------------------------------------------

SPACE = {
    "title": "Un titre",
    "summary": "Deux phrases.",
    "asked": "Quoi ?",
    "becomes": "Ceci.",
    "open_to": "Tous",
    "body": "Texte.",
    "project": "0",
    "version": "1",
}
SOURCE = {"name": "Ailleurs", "kind": "feed", "url": "https://example.org/autre", "territory": "0", "every_hours": "24"}
NEW_SPACE = SPACE | {"opens_at": FUTURE, "closes_at": LATER}
PHASE = {"name": "Suite", "note": "Note", "opens_at": FUTURE, "closes_at": LATER, "allows": ["vote"]}
SHEET = {"version": "1", "title": "Une fiche", "summary": "En une phrase.", "level": "0", "sources_text": "Titre | https://example.org/"}


def picture() -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    Image.new("RGB", (10, 10), "#336699").save(out, "PNG")
    return io.BytesIO(out.getvalue()), "logo.png"


def with_article(world: World, place: Place, **fields: Any) -> dict[str, Any]:
    return fields | {"article": str(place.articles[0])}


FORMS: dict[str, Callable[[World, Place], dict[str, Any]]] = {
    "accounts.accept": lambda w, p: {"name": "Nouvelle", "password": "trois péniches vertes"},
    "accounts.change_email": lambda w, p: {"email": "neuve@example.org", "current_password": PHRASE},
    "accounts.change_password": lambda w, p: {"current_password": PHRASE, "new_password": "trois péniches vertes"},
    "accounts.close": lambda w, p: {"current_password": PHRASE},
    "accounts.confirm": lambda w, p: {"password": PHRASE},
    "accounts.edit_profile": lambda w, p: {"name": "Autre nom", "bio": "Bonjour."},
    "accounts.first_administrator": lambda w, p: {"name": "Moi", "password": "trois péniches vertes", "email": "moi@example.org"},
    "accounts.forgotten": lambda w, p: {"email": "passer-by@example.org"},
    "accounts.log_in": lambda w, p: {"email": "citizen@example.org", "password": PHRASE},
    "accounts.register": lambda w, p: {"name": "Neuve", "email": "neuve@example.org", "password": "trois péniches vertes"},
    "accounts.reset": lambda w, p: {"new_password": "trois péniches vertes"},
    "accounts.suspend": lambda w, p: {"reason": "Injures répétées."},
    "accounts_admin.invite": lambda w, p: {"email": "agent@example.org", "role": "moderator"},
    "catalogue_admin.send_back": lambda w, p: {"note": "Il manque le coût."},
    "comments.edit": lambda w, p: {"version": "1", "title": "Mieux dit", "body": "Mieux dit."},
    "comments.reply": lambda w, p: {"body": "Je réponds."},
    "comments.vote": lambda w, p: {"value": "agree"},
    "consultations_admin.add_phase": lambda w, p: PHASE,
    "consultations_admin.add_section": lambda w, p: {"title": "Deux", "text": "Texte"},
    "consultations_admin.conclude": lambda w, p: {"body": "Voilà."},
    "consultations_admin.create": lambda w, p: NEW_SPACE | {"sections": "Un\nDeux"},
    "consultations_admin.edit": lambda w, p: SPACE,
    "consultations_admin.edit_phase": lambda w, p: PHASE,
    "consultations_admin.edit_section": lambda w, p: {"title": "Trois", "text": "Texte", "position": "2"},
    "consultations_admin.propose": lambda w, p: {"title": "Texte officiel", "body": "Article 1.", "section": str(p.sections["published"])},
    "debates.argue": lambda w, p: {"side": "for", "title": "Parce que", "body": "Parce que."},
    "debates_admin.add_phase": lambda w, p: PHASE,
    "debates_admin.conclude": lambda w, p: {"body": "Voilà."},
    "debates_admin.create": lambda w, p: NEW_SPACE,
    "debates_admin.edit": lambda w, p: SPACE,
    "debates_admin.edit_phase": lambda w, p: PHASE,
    "appeals.against_decision": lambda w, p: {"text": "Relisez-moi, le ton était vif mais poli."},
    "appeals.by_link": lambda w, p: {"text": "Relisez-moi, le ton était vif mais poli."},
    "appeals.show": lambda w, p: {"version": "1", "outcome": "dismissed", "answer": "La décision tient : le mot visait une personne."},
    "catalogue_admin.archive": lambda w, p: {"note": "Ce site n’existe plus."},
    "catalogue_admin.confirm": lambda w, p: {"review_on": "2031-05-01"},
    "catalogue_admin.tick": lambda w, p: {"checked": ["understood", "true"]},
    "catalogue_admin.add_theme": lambda w, p: {
        "theme": str(w.region.others["term_id"]),
        "sheet": str(p.contents["initiative", "published"]),
    },
    "initiatives.describe_file": lambda w, p: {"title": "Le plan", "alt": "Un plan."},
    "initiatives.files_page": lambda w, p: {"file": picture(), "title": "Plan", "alt": "Un plan."},
    "initiatives.review": lambda w, p: {"field": "", "body": "Quelle source ?"},
    "lists.edit": lambda w, p: {"label": "Autre nom"},
    "related.accept_suggestion": lambda w, p: {"nature": "evaluates"},
    "related.show": lambda w, p: {"target": str(p.contents["project", "published"]), "nature": "evaluates", "note": "Le même sujet."},
    "sanctions.confirm": lambda w, p: {"version": "1", "reasons": "Oui."},
    "sanctions.decline": lambda w, p: {"version": "1", "reasons": "Non."},
    "transparency.rate": lambda w, p: {"percent": "20"},
    "transparency.reading": lambda w, p: {"version": "1", "verdict": "keep"},
    "exchange_admin.add_source": lambda w, p: SOURCE,
    "exchange_admin.edit_source": lambda w, p: SOURCE,
    "exchange_admin.upload": lambda w, p: {"file": (io.BytesIO(b"titre\nUne fiche\n"), "fiches.csv"), "target": "draft"},
    "follows.save": lambda w, p: {"address": "q=arbres"},
    "initiatives.report": lambda w, p: {"title": "Un jardin", "story": "On plante une friche.", "territory": str(p.id)},
    "initiatives.complete": lambda w, p: {"version": "1", "title": "Un jardin", "story": "On plante.", "territory": str(p.id)},
    "moderation.activity": lambda w, p: {"regime": "a_priori"},
    "moderation.erase": lambda w, p: with_article(w, p, version="2", reasons="Contenu illicite, effacé."),
    "lists.show": lambda w, p: {"label": "Un terme de plus"},
    "moderation.correct": lambda w, p: {"text": "Otez le nom."},
    "sanctions.propose": lambda w, p: with_article(
        w, p, kind="read_first", facts="Injures répétées.", until=f"{clock.from_now(days=30):%Y-%m-%d}"
    ),
    "initiatives.create": lambda w, p: SHEET | {"territory": str(p.id)},
    "initiatives.edit": lambda w, p: SHEET | {"territory": str(p.id)},
    "initiatives.link": lambda w, p: {"target": str(p.contents["project", "published"]), "nature": "follows"},
    "moderation.case": lambda w, p: with_article(w, p, version="2", verdict="keep", reasons="Rien à redire."),
    "moderation.save_view": lambda w, p: {"name": "En retard"},
    "moderation.together": lambda w, p: with_article(
        w, p, case=str(p.cases["waiting"]), verdict="keep", reasons="Rien à redire.", confirmed="1"
    ),
    "moderation.report": lambda w, p: with_article(w, p, message="Voyez.", name="Paule", email="paule@example.org"),
    "moderation.settings": lambda w, p: {"regime": "a_priori", "target_hours": "12"},
    "projects_admin.add_document": lambda w, p: {"file": picture(), "title": "Plan des travaux"},
    "projects_admin.add_link": lambda w, p: {"target": str(p.contents["initiative", "published"]), "nature": "follows"},
    "projects_admin.add_phase": lambda w, p: {"name": "Suite", "opens_at": FUTURE, "closes_at": LATER},
    "projects_admin.edit_phase": lambda w, p: {"name": "Suite", "opens_at": FUTURE, "closes_at": LATER},
    "projects_admin.create": lambda w, p: {
        "title": "Un projet",
        "summary": "Deux phrases.",
        "body": "Texte.",
        "project_kind": "consultation",
    },
    "projects_admin.edit": lambda w, p: {
        "title": "Un projet",
        "summary": "Deux phrases.",
        "body": "Texte.",
        "project_kind": "consultation",
        "version": "1",
    },
    "projects_admin.maturity": lambda w, p: {"maturity": "en_cours", "note": "On commence."},
    "proposals.add_source": lambda w, p: {"title": "Étude", "url": "https://example.org/autre", "category": "rapport", "body": "Chiffres."},
    "proposals.argue": lambda w, p: {"side": "against", "title": "Trop cher", "body": "Trop cher."},
    "proposals.autosave": lambda w, p: {"title": "Brouillon", "body": "Pas fini"},
    "proposals.edit": lambda w, p: {"version": "1", "title": "Mieux dit", "body": "Mieux dit."},
    "proposals.propose": lambda w, p: {"title": "Planter des arbres", "body": "Cent arbres.", "section": str(p.sections["published"])},
    "territories_admin.add_article": lambda w, p: {"title": "Deux", "text": "Texte"},
    "territories_admin.add_page": lambda w, p: {"title": "Une page", "body": "Texte"},
    "territories_admin.change_logo": lambda w, p: {"file": picture(), "logo_alt": "Un autre beffroi"},
    "territories_admin.create": lambda w, p: {"kind": "commune", "name": "Cassel", "short_name": "Cassel", "parent": ""},
    "territories_admin.edit_article": lambda w, p: {"title": "Un", "text": "Texte changé", "version": "1"},
    "territories_admin.edit_page": lambda w, p: {"title": "Une page", "body": "Texte changé", "version": "1"},
    "territories_admin.settings": lambda w, p: {
        "intro": "Ici.",
        "welcome": "Bonjour.",
        "charter": "",
        "accent": "",
        "contact_email": "",
        "logo_alt": "Un beffroi",
        "version": str(p.version),
    },
    "territories_admin.withdraw_article": lambda w, p: {"version": "1"},
}


def fields(world: World, endpoint: str, place: Place | None = None) -> dict[str, Any]:
    """What the form of this endpoint takes, valid."""
    return FORMS[endpoint](world, place or world.a) if endpoint in FORMS else {}
