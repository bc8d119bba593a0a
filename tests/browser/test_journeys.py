"""What people come for, done as they do it: every one of these without JavaScript but the agent's keyboard."""

import re
from datetime import datetime, timedelta

import pytest

from tests.browser.region import PASS_PHRASE, log_in

pytestmark = [pytest.mark.browser, pytest.mark.no_database]
OPEN_TO_ALL = "faches-thumesnil"  # its open consultation publishes at once
CONSULTATION = (
    "SELECT c.id FROM contents c JOIN territories t ON t.id = c.territory_id WHERE c.kind = 'consultation' AND c.state = 'published'"
    " AND t.slug = ? AND c.opens_at <= CURRENT_TIMESTAMP AND c.closes_at > CURRENT_TIMESTAMP ORDER BY c.id LIMIT 1"
)
HOLDERS = (
    "SELECT i.email FROM roles r JOIN territories t ON t.id = r.territory_id JOIN identities i ON i.person_id = r.person_id"
    " WHERE t.slug = ? AND r.name = ? ORDER BY r.id"
)
CITIZENS = "SELECT email FROM identities i WHERE NOT EXISTS (SELECT 1 FROM roles r WHERE r.person_id = i.person_id) ORDER BY i.id LIMIT 12"


def said(page) -> str:
    """What the page says; what it refuses, first."""
    page.wait_for_load_state()
    refusals = page.locator("[data-errors]")
    return (refusals.inner_text() + "\n" if refusals.count() else "") + page.inner_text("main")


@pytest.fixture
def newcomer(region):
    """Citizens of the demonstration that no other page of the suite looks at: `newcomer(0)`, `newcomer(1)`…"""
    known = [email for (email,) in region.ask(CITIZENS) if email != region.emails["citizen"]]

    def of(n: int) -> str:
        return known[n]

    return of


@pytest.fixture
def come_in(visit):
    """A page for someone who just logged in through the form."""

    def come(email: str, **options):
        page = visit("visitor", **options)
        log_in(page, email)
        return page

    return come


def test_a_visitor_finds_what_is_open_in_one_click_and_reads_everything(visit):
    page = visit("visitor", javascript=False, width=360, height=740)
    page.goto("/")
    opened = page.get_by_role("region", name="Ouvert en ce moment")
    opened.get_by_role("heading", level=3).get_by_role("link").first.click()
    text = said(page)
    for answer in ("Ce qu’on vous demande", "Jusqu’à quand", "Ce que deviendra votre avis", "personnes ont participé"):
        assert answer in text
    assert page.get_by_role("link", name="Se connecter pour participer").is_visible(), "who cannot act is offered the door"

    page.locator("#propositions").locator("xpath=ancestor::section").get_by_role("heading", level=3).get_by_role("link").first.click()
    text = said(page)
    assert "Les avis" in text
    assert "Les arguments" in text
    assert page.locator("main input[name=csrf_token]").count() == 0, "a visitor's page holds nothing of theirs"


def test_a_citizen_registers_drafts_publishes_votes_argues_and_reports(region, visit):
    page = visit("visitor", javascript=False)
    email, phrase = "jeanne@habitants.example", "un tramway nomme desir"
    page.goto(f"/consultations/{region.ask(CONSULTATION, OPEN_TO_ALL)[0][0]}")
    asked = page.url
    page.get_by_role("link", name="Se connecter pour participer").first.click()
    page.get_by_role("link", name="Créer un compte").click()
    page.get_by_label("Nom affiché").fill("Jeanne P.")
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Mot de passe").fill(phrase)
    page.get_by_role("button", name="Créer mon compte").click()
    assert "Ouvrez votre courrier" in said(page)

    link = re.search(r"http://\S+/compte/confirmer/\S+", region.letter(email))[0]
    page.goto(link)
    page.get_by_label("Mot de passe").fill(phrase)
    page.get_by_role("button", name="Confirmer mon adresse").click()
    assert page.url.startswith(asked), "one comes back to what one was reading"
    assert page.get_by_role("link", name="Jeanne P.").is_visible()

    page.get_by_role("link", name="Faire une proposition").first.click()
    title = "Un potager derrière la cantine Kergomard"
    page.get_by_label("Votre proposition en une phrase").fill(title)
    page.get_by_role("button", name="Enregistrer le brouillon").click()
    assert "Votre brouillon est enregistré" in said(page)

    page.goto(asked)
    page.get_by_role("link", name="Reprendre mon brouillon").first.click()
    assert page.get_by_label("Votre proposition en une phrase").input_value() == title
    page.get_by_role("textbox", name="Votre proposition", exact=True).fill("Les enfants arrosent, **les cuisiniers cueillent**.")
    page.get_by_label("Rubrique").select_option(index=1)
    page.get_by_role("button", name="Publier ma proposition").click()
    assert "Votre proposition est publiée" in said(page)
    assert page.get_by_role("heading", level=1).inner_text() == title
    mine = page.url

    page.goto(asked)
    others = page.locator("#propositions").locator("xpath=ancestor::section").get_by_role("heading", level=3).get_by_role("link")
    assert others.first.inner_text() == title, "the most recent comes first"
    others.nth(1).click()
    votes = page.get_by_role("region", name="Les avis")
    votes.get_by_role("button", name="Mitigé").click()
    assert votes.get_by_role("button", name="Mitigé", exact=False).get_attribute("aria-pressed") == "true"

    page.get_by_role("link", name="Donner un argument contre").click()
    assert page.get_by_label("contre").is_checked()
    page.get_by_label("Pourquoi").fill("Le robinet le plus proche est à deux cents mètres.")
    page.get_by_role("button", name="Publier mon argument").click()
    assert "Le robinet le plus proche" in said(page)
    links = page.locator(".bf-argument", has_text="Le robinet le plus proche").locator(".bf-own a")
    lines = links.evaluate_all("links => new Set(links.map(link => link.getBoundingClientRect()).map(box => box.top + box.bottom)).size")
    assert (links.count(), lines) == (3, 1), "« Répondre », « Modifier » and « Retirer » stand on one line"

    page.get_by_role("link", name=re.compile("^Signaler")).first.click()
    page.get_by_label("Publicité").check()
    page.get_by_label("Précisez").fill("Une adresse de boutique.")
    page.get_by_role("button", name="Envoyer le signalement").click()
    assert "votre signalement est enregistré" in said(page)

    page.goto("/compte/")
    assert title in said(page)
    page.get_by_role("button", name="Se déconnecter", exact=True).click()
    assert page.get_by_role("link", name="Se connecter").first.is_visible()
    page.goto(mine)
    assert page.get_by_role("link", name="Modifier").count() == 0, "a page someone logged out of shows nothing of theirs"


def tab_to(page, locator, limit: int = 150) -> None:
    """Walk there with the keyboard, as someone without a mouse does."""
    for _step in range(limit):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard never gets there")


def test_an_agent_decides_with_the_keyboard_alone_and_the_author_reads_why(region, come_in, newcomer):
    author = come_in(newcomer(0), javascript=False)
    debate = region.ask(CONSULTATION.replace("'consultation'", "'debate'"), "grande-synthe")[0][0]
    author.goto(f"/debats/{debate}/argumenter?side=for")
    body = "Mes chaises pliantes à 12 euros, en promotion samedi, rayon jardin."
    author.get_by_label("Pourquoi").fill(body)
    author.get_by_role("button", name="Publier mon argument").click()
    assert body in said(author)
    argument = region.ask("SELECT id FROM contents WHERE kind = 'argument' ORDER BY id DESC LIMIT 1")[0][0]

    reader = come_in(newcomer(1), javascript=False)
    reader.goto(f"/contributions/{argument}/signaler")
    reader.get_by_label("Publicité").check()
    reader.get_by_role("button", name="Envoyer le signalement").click()

    agent = come_in(region.ask(HOLDERS, "grande-synthe", "moderator")[0][0])
    agent.goto("/")
    desk = agent.get_by_role("navigation", name="Mon travail").get_by_role("link", name="Modération")
    tab_to(agent, desk)
    agent.keyboard.press("Enter")
    case = agent.get_by_role("link", name=re.compile("^Mes chaises pliantes")).first
    case.wait_for()
    tab_to(agent, case)
    agent.keyboard.press("Enter")
    agent.get_by_role("heading", name="Décision").wait_for()

    agent.keyboard.press("4")
    assert agent.get_by_label("4. Publicité").is_checked()
    reasons = agent.get_by_label("Message à l’auteur")
    tab_to(agent, reasons)
    agent.keyboard.type("Ce texte vend quelque chose et ne parle pas de la place : article 4. Dites-nous plutôt ce que vous en pensez.")
    tab_to(agent, agent.get_by_role("button", name=re.compile("^Retirer")))
    with agent.expect_navigation():
        agent.keyboard.press("Enter")
    assert "C’est décidé" in said(agent)

    author.goto(f"/debats/{debate}")
    assert body not in said(author), "at the next request"
    decision = region.ask("SELECT id FROM decisions WHERE content_id = ?", argument)[0][0]
    author.goto(f"/moderation/decisions/{decision}")  # their message leaves once the agent can no longer take it back
    text = said(author)
    assert "Ce texte vend quelque chose" in text
    assert "rayon jardin" in text, "the author keeps the text"


def test_a_curator_publishes_a_sheet_and_finds_it(visit):
    page = visit("curator", javascript=False)
    page.goto("/catalogue/")
    page.get_by_role("link", name="une initiative").click()
    title = "Le parlement des hérissons de Wambrechies"
    page.get_by_label("Titre").fill(title)
    page.get_by_label("En une phrase").fill("Douze enfants ont voté les passages à petite faune du bourg ; sept sont ouverts.")
    page.get_by_label("Nature, eau et climat").check()
    page.get_by_role("textbox", name="Contexte").fill("Des hérissons écrasés, et des enfants qui les comptaient.")
    page.get_by_role("button", name="Enregistrer la fiche").click()
    page.get_by_role("button", name="Publier la fiche").click()
    assert page.get_by_role("heading", level=1).inner_text() == title

    page.get_by_role("link", name="Chercher").first.click()
    for _second in range(25):
        page.get_by_role("searchbox").fill("herisson")
        page.locator("main").get_by_role("button", name="Chercher").click()
        if page.get_by_role("link", name=title).count():
            break
        page.wait_for_timeout(1000)
    page.get_by_role("link", name=title).click()
    assert "des enfants qui les comptaient" in said(page)


def publish_consultation(page, title: str) -> None:
    """In the back office of Tourcoing: create, look, publish."""
    page.goto("/")
    page.get_by_role("navigation", name="Mon travail").get_by_role("link", name="Gestion").click()
    page.locator("main").get_by_role("link", name="Consultations").click()
    page.get_by_role("link", name="Créer une consultation").click()
    page.get_by_label("Titre").fill(title)
    page.get_by_label("Ce qui est en jeu").fill("La passerelle rouvre en juin. Il reste à lui trouver un nom.")
    page.get_by_label("Ce qu’on demande").fill("Proposer un nom, et dire pourquoi. Deux minutes.")
    page.get_by_label("Ce que deviendront").fill("Le conseil choisira le 3 juin parmi les cinq plus soutenus.")
    page.get_by_label("Rubriques").fill("Personnes\nLieux")
    today = datetime.now()
    page.get_by_label("Ouverture").or_(page.get_by_label("Début")).first.fill((today - timedelta(days=1)).strftime("%Y-%m-%dT08:00"))
    page.get_by_label("Clôture").or_(page.get_by_label("Fin")).first.fill((today + timedelta(days=20)).strftime("%Y-%m-%dT18:00"))
    page.get_by_role("button", name="Créer la consultation").click()
    page.get_by_role("button", name="Publier", exact=True).click()
    assert "C’est publié" in said(page)


def test_a_manager_opens_a_project_and_a_consultation_without_a_technician(visit):
    page = visit("manager", javascript=False)
    page.goto("/gestion/tourcoing/projets/")
    page.get_by_role("link", name="Créer un projet").click()
    page.get_by_label("Titre").fill("La passerelle du Brun-Pain")
    page.get_by_label("En deux phrases").fill("Une passerelle pour les piétons, par-dessus le canal.")
    page.get_by_label("Consultation", exact=True).check()
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("button", name="Publier le projet").click()

    publish_consultation(page, "Quel nom pour la passerelle ?")
    page.get_by_role("link", name="Voir la page").click()
    text = said(page)
    assert "Quel nom pour la passerelle" in text
    assert re.search("encore (19|20)", text)
    assert "Le conseil choisira le 3 juin" in text

    visitor = visit("visitor", javascript=False)
    visitor.goto("/")
    assert visitor.get_by_role("link", name="Quel nom pour la passerelle").first.is_visible(), "the front page shows it at once"


def test_a_text_sent_after_the_end_or_without_a_session_comes_back(visit, come_in, newcomer):
    manager = visit("manager", javascript=False)
    publish_consultation(manager, "Quelle fresque sur le mur du préau ?")
    back_office = manager.url
    manager.get_by_role("link", name="Voir la page").click()
    consultation = manager.url

    citizen = come_in(newcomer(2), javascript=False)
    text = "Une mouette géante qui tient un parapluie, peinte par les élèves."

    def write():
        citizen.goto(consultation)
        citizen.get_by_role("link", name="Faire une proposition").first.click()
        citizen.get_by_label("Rubrique").select_option(index=1)
        citizen.get_by_label("Votre proposition en une phrase").fill("Une mouette au parapluie")
        citizen.get_by_role("textbox", name="Votre proposition", exact=True).fill(text)

    write()
    kept = citizen.context.cookies()
    citizen.context.clear_cookies()  # the session ended while one was writing
    citizen.get_by_role("button", name="Publier ma proposition").click()
    assert text in citizen.content()
    assert citizen.locator("main").get_by_role("link", name=re.compile("Se connecter|Revenir")).first.is_visible(), "and the next step"

    citizen.context.add_cookies(kept)
    write()
    manager.goto(back_office)
    manager.get_by_role("link", name="Clore maintenant").click()
    manager.get_by_role("button", name="Clore maintenant").click()
    citizen.get_by_role("button", name="Publier ma proposition").click()
    assert text in citizen.content()
    assert "clos" in said(citizen)


def test_pages_hold_at_twice_their_size(region, visit):
    """200 % of a window of 1280 px: the same page on 640 px. Nothing is cut, nothing scrolls sideways, nothing overlaps."""
    page = visit("visitor", width=640, height=450)
    for name in ("front", "consultation", "proposal", "debate", "sheet", "search", "territory", "project", "log in"):
        page.goto(region.pages["visitor"][name])
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
        cut = page.evaluate(
            """() => [...document.querySelectorAll('main p, main li, main h1, main h2, main h3, main a, main button, main label')]
              .filter(e => e.offsetParent && !e.closest('.visually-hidden') && getComputedStyle(e).overflow === 'hidden'
                           && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
              .map(e => e.tagName + ' ' + e.textContent.trim().slice(0, 40))"""
        )
        assert cut == [], name


def test_the_signs_left_are_counted_when_they_run_short(region, visit):
    page = visit("visitor")
    page.goto(region.pages["visitor"]["report"])
    words, note = page.get_by_label("Précisez"), page.locator("#message-limit")
    for typed, told in [
        (100, "1\u202f000 signes au plus."),
        (800, "Signes restants\u00a0: 200"),
        (2005, "Signes en trop\u00a0: 1\u202f005"),
    ]:
        words.fill("o" * typed)
        assert note.inner_text() == told


def test_the_pass_phrase_of_the_demonstration_is_on_no_page(visit):
    page = visit("visitor", javascript=False)
    page.goto("/compte/connexion")
    assert PASS_PHRASE not in page.content()


RING = """() => {
  const style = getComputedStyle(document.activeElement)
  const drawn = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
  return [document.activeElement.tagName, document.activeElement.className, drawn]
}"""


@pytest.mark.parametrize(("role", "name"), [("visitor", "log in"), ("visitor", "search"), ("moderator", "case, reported")])
def test_what_has_the_focus_has_a_ring_around_it(region, visit, role, name):
    """Fields and buttons too, whose own rules in Bootstrap take it away from them."""
    page = visit(role)
    page.goto(region.pages[role][name])
    met, bare = set(), set()
    for _step in range(40):
        page.keyboard.press("Tab")
        tag, css, is_drawn = page.evaluate(RING)
        if tag == "BODY":
            break
        met.add(tag)
        if not is_drawn:
            bare.add((tag, css))
    assert {"A", "INPUT", "BUTTON"} <= met
    assert bare == set()
