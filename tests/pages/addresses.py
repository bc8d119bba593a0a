"""Every type of page, with an address of the demonstration region that shows it, and who reads it.

What only differs by its data (open, soon, closed, concluded; published, waiting) counts as a type of its own.
"""

from collections.abc import Callable

Ask = Callable[..., list[tuple]]

TOWN = "tourcoing"
LOG_IN = "SELECT i.email FROM identities i JOIN people p ON p.id = i.person_id WHERE "
HOLDS = "EXISTS (SELECT 1 FROM roles r LEFT JOIN territories t ON t.id = r.territory_id WHERE r.person_id = p.id AND r.name = '{role}' AND {where})"
PLAIN = "NOT EXISTS (SELECT 1 FROM roles r WHERE r.person_id = p.id)"


def first(ask: Ask, query: str):
    rows = ask(query)
    assert rows, f"the demonstration has nothing for: {query}"
    return rows[0][0]


def people(ask: Ask) -> dict[str, str]:
    """The address each role logs in with; the citizen is one whose text was moderated."""

    def holder(role: str, where: str = "t.slug = 'tourcoing'") -> str:
        return first(ask, LOG_IN + HOLDS.format(role=role, where=where) + " ORDER BY p.id LIMIT 1")

    return {
        "citizen": first(
            ask,
            "SELECT i.email FROM decisions d JOIN contents c ON c.id = d.content_id JOIN people p ON p.id = c.author_id"
            f" JOIN identities i ON i.person_id = p.id WHERE {PLAIN} AND d.verdict <> 'keep' ORDER BY d.id DESC LIMIT 1",
        ),
        "moderator": holder("moderator"),
        "manager": holder("manager"),
        "curator": holder("curator", "t.id IS NULL"),
        "administrator": holder("administrator", "t.id IS NULL"),
    }


def pages(ask: Ask, emails: dict[str, str]) -> dict[str, dict[str, str]]:
    """Role → name of the page → address."""
    one = lambda query: first(ask, query)

    def space(kind: str, when: str) -> int:
        return one(f"SELECT c.id FROM contents c WHERE c.kind = '{kind}' AND c.state = 'published' AND {when} ORDER BY c.id LIMIT 1")

    opened, soon, closed = (
        "c.opens_at <= CURRENT_TIMESTAMP AND c.closes_at > CURRENT_TIMESTAMP",
        "c.opens_at > CURRENT_TIMESTAMP",
        "c.closes_at <= CURRENT_TIMESTAMP",
    )
    busiest = "(SELECT COUNT(*) FROM contents x WHERE x.space_id = c.id)"
    consultation = one(
        f"SELECT c.id FROM contents c WHERE c.kind = 'consultation' AND c.state = 'published' AND {opened} ORDER BY {busiest} DESC LIMIT 1"
    )
    debate = one(
        f"SELECT c.id FROM contents c WHERE c.kind = 'debate' AND c.state = 'published' AND {opened} ORDER BY {busiest} DESC LIMIT 1"
    )
    debated = "(SELECT COUNT(*) FROM contents x WHERE x.parent_id = c.id)"
    proposal = one(
        f"SELECT c.id FROM contents c WHERE c.kind = 'proposal' AND c.state = 'published' AND c.space_id = {consultation} ORDER BY {debated} DESC LIMIT 1"
    )
    revised = one("SELECT c.id FROM contents c WHERE c.kind = 'proposal' AND c.state = 'published' ORDER BY c.revision DESC, c.id LIMIT 1")
    answered = one(
        "SELECT c.parent_id FROM contents c JOIN contents p ON p.id = c.parent_id WHERE c.voice = 'official' AND p.kind = 'proposal' ORDER BY c.id LIMIT 1"
    )
    argument = one(
        f"SELECT c.id FROM contents c WHERE c.kind = 'argument' AND c.state = 'published' AND c.parent_id = {debate} ORDER BY c.id LIMIT 1"
    )
    project = one(
        "SELECT c.project_id FROM contents c JOIN contents p ON p.id = c.project_id WHERE p.state = 'published' GROUP BY c.project_id"
        " ORDER BY COUNT(*) DESC, c.project_id LIMIT 1"
    )
    town = one(f"SELECT id FROM territories WHERE slug = '{TOWN}'")
    hers = f"SELECT c.id FROM contents c JOIN identities i ON i.person_id = c.author_id WHERE i.email = '{emails['citizen']}'"
    decision = one(f"SELECT id FROM decisions WHERE content_id IN ({hers}) ORDER BY id DESC LIMIT 1")
    profile = one(f"SELECT p.public_id FROM people p JOIN identities i ON i.person_id = p.id WHERE i.email = '{emails['citizen']}'")
    case = f"SELECT id FROM cases WHERE territory_id = {town} AND "
    sheet = "SELECT id FROM contents WHERE kind = '{}' AND state = '{}' ORDER BY id LIMIT 1"
    local = f"SELECT id FROM contents WHERE territory_id = {town} AND kind = '{{}}' ORDER BY id LIMIT 1"
    managed = one(
        f"SELECT c.id FROM contents c WHERE c.kind = 'consultation' AND c.territory_id = {town} AND {opened} ORDER BY c.id LIMIT 1"
    )
    held, done = one(local.format("debate")), one(local.format("project"))
    waiting = one(sheet.format("initiative", "pending"))
    section = one(f"SELECT id FROM sections WHERE consultation_id = {managed} ORDER BY id LIMIT 1")
    phase = one(f"SELECT id FROM phases WHERE content_id = {managed} ORDER BY id LIMIT 1")
    step = one(f"SELECT id FROM phases WHERE content_id = {done} ORDER BY id LIMIT 1")
    page = one(f"SELECT slug FROM legal_pages WHERE territory_id = {town} ORDER BY id LIMIT 1")
    desk = f"/gestion/{TOWN}"
    return {
        "visitor": {
            "front": "/",
            "participate": "/participer",
            "participate, closed": "/participer?state=closed",
            "consultations": "/consultations/",
            "consultation": f"/consultations/{consultation}",
            "consultation, soon": f"/consultations/{space('consultation', soon)}",
            "consultation, closed": f"/consultations/{space('consultation', closed)}",
            "proposal": f"/propositions/{proposal}",
            "proposal, answered": f"/propositions/{answered}",
            "versions": f"/propositions/{revised}/versions",
            "debates": "/debats/",
            "debate": f"/debats/{debate}",
            "debate, soon": f"/debats/{space('debate', soon)}",
            "debate, concluded": f"/debats/{space('debate', closed)}",
            "projects": "/projets/",
            "project": f"/projets/{project}",
            "territories": "/territoires/",
            "territory": f"/territoires/{TOWN}/",
            "charter": f"/territoires/{TOWN}/charte",
            "legal page": f"/territoires/{TOWN}/{page}",
            "catalogue": "/catalogue/",
            "catalogue, filtered": "/catalogue/?q=velo&kind=initiative",
            "sheet": f"/catalogue/{one(sheet.format('initiative', 'published'))}",
            "document": f"/catalogue/{one(sheet.format('document', 'published'))}",
            "tool": f"/catalogue/{one(sheet.format('tool', 'published'))}",
            "map": "/catalogue/carte",
            "map, nearer": "/catalogue/carte?bbox=2.0,50.2,3.5,50.8",
            "search, empty": "/recherche",
            "search": "/recherche?q=rue",
            "search, nothing": "/recherche?q=zzyzx",
            "search, filtered": "/recherche?q=rue&territory=tourcoing&kind=proposal&state=open",
            "search, inside": f"/recherche?q=rue&space={consultation}",
            "profile": f"/personnes/{profile}",
            "log in": "/compte/connexion",
            "register": "/compte/inscription",
            "registered": "/compte/inscription/envoyee",
            "forgotten": "/compte/mot-de-passe-oublie",
            "forgotten, sent": "/compte/mot-de-passe-oublie/envoye",
            "report": f"/contributions/{argument}/signaler",
            "accessibility": "/accessibilite",
            "privacy": "/vos-donnees",
            "legal": "/mentions-legales",
            "open data": "/donnees/",
            "missing": "/cette-page-n-existe-pas",
        },
        "citizen": {
            "front": "/",
            "saved searches": "/compte/recherches",
            "search": "/recherche?q=rue",
            "consultation": f"/consultations/{consultation}",
            "proposal": f"/propositions/{proposal}",
            "debate": f"/debats/{debate}",
            "propose": f"/consultations/{consultation}/proposer",
            "argue": f"/debats/{debate}/argumenter",
            "argue on a proposal": f"/propositions/{proposal}/argumenter?side=against",
            "source": f"/propositions/{proposal}/ajouter-une-source",
            "reply": f"/contributions/{argument}/repondre",
            "report": f"/contributions/{argument}/signaler",
            "account": "/compte/",
            "messages": "/compte/messages",
            "edit profile": "/compte/profil",
            "change address": "/compte/adresse",
            "change password": "/compte/mot-de-passe",
            "data": "/compte/mes-donnees",
            "close account": "/compte/fermer",
            "decision": f"/moderation/decisions/{decision}",
            "forbidden": f"/gestion/{TOWN}/reglages",
        },
        "moderator": {
            "queue": f"/moderation/{TOWN}/",
            "queue, narrowed": f"/moderation/{TOWN}/?late=1&q=ville",
            "cases together": f"/moderation/lot?case={one(case + '''is_open AND cause = 'gate' ORDER BY id LIMIT 1''')}",
            "case, reported": f"/moderation/{TOWN}/cas/{one(case + '''is_open AND cause = 'report' ORDER BY id LIMIT 1''')}",
            "case, at the gate": f"/moderation/{TOWN}/cas/{one(case + '''is_open AND cause = 'gate' ORDER BY id LIMIT 1''')}",
            "case, decided": f"/moderation/{TOWN}/cas/{one(case + 'NOT is_open ORDER BY id LIMIT 1')}",
            "register": f"/moderation/{TOWN}/registre",
            "desk": "/gestion/",
        },
        "manager": {
            "desk": "/gestion/",
            "desk of a territory": f"{desk}/",
            "consultations": f"{desk}/consultations/",
            "new consultation": f"{desk}/consultations/nouvelle",
            "consultation": f"{desk}/consultations/{managed}",
            "phase": f"{desk}/consultations/{managed}/phases/{phase}",
            "section": f"{desk}/consultations/{managed}/rubriques/{section}",
            "conclude": f"{desk}/consultations/{managed}/conclure",
            "official proposal": f"{desk}/consultations/{managed}/propositions/nouvelle",
            "debates": f"{desk}/debats/",
            "new debate": f"{desk}/debats/nouveau",
            "debate": f"{desk}/debats/{held}",
            "projects": f"{desk}/projets/",
            "new project": f"{desk}/projets/nouveau",
            "project": f"{desk}/projets/{done}",
            "maturity": f"{desk}/projets/{done}/etape",
            "phase of a project": f"{desk}/projets/{done}/phases/{step}",
            "links": f"{desk}/liens/",
            "links of a page": f"/contributions/{done}/liens",
            "charter": f"{desk}/charte",
            "article": f"{desk}/charte/1",
            "new article": f"{desk}/charte/nouveau",
            "pages": f"{desk}/pages",
            "page": f"{desk}/pages/{page}",
            "settings": f"{desk}/reglages",
            "logo": f"{desk}/logo",
            "team": f"{desk}/equipe",
            "moderation": f"{desk}/moderation",
        },
        "curator": {
            "desk": "/gestion/region/catalogue/",
            "catalogue": "/catalogue/",
            "new initiative": "/catalogue/nouvelle/initiative",
            "new document": "/catalogue/nouvelle/document",
            "new tool": "/catalogue/nouvelle/tool",
            "sheet, waiting": f"/catalogue/{waiting}",
            "edit": f"/catalogue/{waiting}/modifier",
            "links": "/gestion/region/liens/",
            "links of a sheet": f"/contributions/{waiting}/liens",
            "send back": f"/gestion/region/catalogue/{waiting}/renvoyer",
            "review": f"/catalogue/{waiting}/relecture",
            "versions": f"/catalogue/{waiting}/versions",
            "files of a sheet": f"/catalogue/{waiting}/fichiers",
            "lists": "/gestion/region/vocabulaires/",
            "list": "/gestion/region/vocabulaires/theme",
            "report": "/catalogue/signaler",
            "queue of the region": "/moderation/region/",
        },
        "administrator": {
            "people": "/gestion/region/comptes",
            "team": "/gestion/region/equipe",
            "new territory": "/gestion/region/territoires/nouveau",
            "profile": f"/personnes/{profile}",
            "suspend": f"/personnes/{profile}/suspendre",
        },
    }
