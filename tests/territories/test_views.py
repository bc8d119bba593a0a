import io
import re

import pytest
from PIL import Image
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.db import db
from app.files.models import StoredFile
from app.territories import queries, services
from app.territories.models import CharterArticle, Territory
from tests.factories import make_person, make_territory


def make_pilot(**values) -> Territory:
    territory = services.create_territory(**{"name": "Tourcoing", "kind": "commune", "contact_email": "mairie@example.org"} | values)
    db.commit()
    return territory


def manager_of(territory, client):
    person = make_person(roles=[("manager", territory)])
    client.log_in(person)
    return person


def settings(territory, **changes):
    given = {
        "intro": territory.intro,
        "welcome": territory.welcome_source,
        "charter": territory.charter_source,
        "accent": territory.accent or "",
        "contact_email": territory.contact_email,
        "version": str(territory.version),
    }
    return given | changes


def now(territory) -> Territory:
    """As it is in the database, whatever was loaded before."""
    db.expunge_all()
    return queries.get_by_id(territory.id)


# --- What anyone reads ---


def test_the_list_shows_communes_under_their_intercommunality_in_html_and_json(client):
    epci = make_pilot(name="Action Fourmies", kind="epci")
    commune = make_pilot(name="Fourmies", parent=epci, insee="59249", population=11449)
    make_territory(name="Lieu sans espace", is_pilot=False)
    page = client.get("/territoires/").text
    assert page.index("Action Fourmies") < page.index(f'href="/territoires/{commune.slug}/"')
    assert "Lieu sans espace" not in page
    given = client.get("/territoires.json").json
    assert (given["total"], given["page"], given["pages"]) == (2, 1, 1)
    assert given["items"][1]["part_of"] == epci.slug
    assert given["items"][1]["insee"] == "59249"


def test_the_page_of_a_territory_says_who_and_under_which_rules(client):
    territory = make_pilot(intro="Une ville textile.", welcome="Ici on **demande** d’abord.")
    make_person(name="Agnès Delcourt", roles=[("manager", territory)])
    make_pilot(name="Quartier", parent=territory)
    page = client.get(f"/territoires/{territory.slug}/").text
    for words in (
        "Une ville textile.",
        "<strong>demande</strong>",
        "Agnès Delcourt",
        "Quartier",
        "Mentions légales",
        "mailto:mairie@example.org",
    ):
        assert words in page
    assert client.get("/territoires/nulle-part/").status_code == 404


def test_a_longer_page_costs_no_more_queries(client, count_queries):
    territory = make_pilot()

    def cost():
        client.get(f"/territoires/{territory.slug}/")
        count_queries.clear()
        client.get(f"/territoires/{territory.slug}/")
        return len(count_queries)

    make_person(roles=[("manager", territory)])
    make_pilot(name="Un", parent=territory)
    one = cost()
    for n in range(4):
        make_person(roles=[("moderator", territory)])
        make_pilot(name=f"Autre {n}", parent=territory)
    assert cost() == one <= 12


def test_the_charter_has_nine_articles_and_their_anchors(client):
    page = client.get(f"/territoires/{make_pilot().slug}/charte").text
    assert re.findall(r'id="article-(\d)"', page) == list("123456789")


def test_legal_pages_name_the_territory_and_never_run_what_it_writes(client):
    territory = make_pilot(name="{{7*7}} {0.__class__} %(x)s")
    page = client.get(f"/territoires/{territory.slug}/mentions-legales").text
    assert "{{7*7}} {0.__class__} %(x)s" in page
    assert "49" not in page.split("<main")[1].split("</main>")[0]
    assert client.get(f"/territoires/{territory.slug}/absente").status_code == 404


def test_the_theme_is_a_stylesheet_of_four_variables_twice(client):
    territory = make_pilot(accent="#8A1C4A")
    answer = client.get(f"/territoires/{territory.slug}/theme.css")
    assert answer.mimetype == "text/css"
    assert answer.text.count("--accent: ") == 2
    assert "--accent: #8a1c4a" in answer.text
    assert f"/territoires/{territory.slug}/theme.css" in client.get(f"/territoires/{territory.slug}/").text
    assert client.get(f"/territoires/{make_pilot(name='Sans').slug}/theme.css").status_code == 404


# --- What the team writes ---


def test_a_manager_sets_the_space_and_the_register_says_so(client):
    territory = make_pilot()
    person = manager_of(territory, client)
    answer = client.post(f"/gestion/{territory.slug}/reglages", data=settings(now(territory), intro="Deux phrases.", accent="#1d6b3f"))
    assert answer.status_code == 302
    assert (now(territory).intro, now(territory).accent) == ("Deux phrases.", "#1d6b3f")
    entry = db.scalars(select(AuditEntry).where(AuditEntry.act == "territory.settings_changed")).one()
    assert entry.actor_id == person.id
    assert entry.detail == '{"fields":["accent","intro"]}'


def test_a_pale_accent_is_refused_with_its_measure(client):
    territory = make_pilot()
    manager_of(territory, client)
    answer = client.post(f"/gestion/{territory.slug}/reglages", data=settings(now(territory), accent="#f0a08f", intro="Gardé."))
    assert answer.status_code == 422
    assert "2,0" in answer.text
    assert "Gardé." in answer.text
    assert now(territory).accent is None


def test_two_who_write_at_once_see_both_texts_and_nothing_is_lost(client):
    territory = make_pilot(intro="Au début.")
    manager_of(territory, client)
    before = settings(now(territory))
    client.post(f"/gestion/{territory.slug}/reglages", data=before | {"intro": "La première écrit ceci."})
    answer = client.post(f"/gestion/{territory.slug}/reglages", data=before | {"intro": "La seconde écrit cela."})
    assert answer.status_code == 409
    assert "La première écrit ceci." in answer.text
    assert "La seconde écrit cela." in answer.text
    assert now(territory).intro == "La première écrit ceci."
    version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    assert client.post(f"/gestion/{territory.slug}/reglages", data=before | {"intro": "Les deux.", "version": version}).status_code == 302
    assert now(territory).intro == "Les deux."


@pytest.mark.parametrize("version", ["", "-1", "x", "9" * 30, "²"])
def test_nonsense_for_a_version_is_a_version_nobody_has(client, version):
    territory = make_pilot()
    manager_of(territory, client)
    given = settings(now(territory), intro="X", version=version)
    assert client.post(f"/gestion/{territory.slug}/reglages", data=given).status_code == 409


def test_a_new_version_of_an_article_keeps_the_old_one(client):
    territory = make_pilot()
    manager_of(territory, client)
    address = f"/gestion/{territory.slug}/charte/7"
    assert client.post(address, data={"title": "Doublon", "text": "Comptées, non effacées.", "version": "1"}).status_code == 302
    assert [(each.version, each.replaced_at is None) for each in queries.versions_of(territory.id, 7)] == [(2, True), (1, False)]
    assert client.post(address, data={"title": "Doublon", "text": "Autre chose.", "version": "1"}).status_code == 409
    page = client.get(address).text
    assert "Versions précédentes" in page
    assert len(queries.charter_of(territory.id)) == 9


def test_articles_come_and_go(client):
    territory = make_pilot()
    manager_of(territory, client)
    client.post(f"/gestion/{territory.slug}/charte/nouveau", data={"title": "Langue", "text": "Toutes les langues."})
    assert queries.charter_of(territory.id)[-1].number == 10
    client.post(f"/gestion/{territory.slug}/charte/4/retirer", data={"version": "1"})
    assert 4 not in [each.number for each in queries.charter_of(territory.id)]
    assert client.get(f"/gestion/{territory.slug}/charte/4").status_code == 404
    assert db.scalar(select(CharterArticle.id).where(CharterArticle.territory_id == territory.id, CharterArticle.number == 4))


def test_legal_pages_are_written_and_cleaned(client):
    territory = make_pilot()
    manager_of(territory, client)
    client.post(f"/gestion/{territory.slug}/pages/nouvelle", data={"title": "Cookies", "body": "Aucun. <script>alert(1)</script>"})
    page = client.get(f"/territoires/{territory.slug}/cookies")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    known = queries.get_page(territory.id, "cookies")
    address = f"/gestion/{territory.slug}/pages/cookies"
    assert client.post(address, data={"title": "Cookies", "body": "Un seul.", "version": str(known.version)}).status_code == 302
    assert client.post(address, data={"title": "Cookies", "body": "Zéro.", "version": str(known.version)}).status_code == 409
    assert client.post(f"/gestion/{territory.slug}/pages/nouvelle", data={"title": "Charte", "body": "x"}).status_code == 422


def image() -> io.BytesIO:
    bytes_ = io.BytesIO()
    Image.new("RGB", (60, 40), "#8a1c4a").save(bytes_, "PNG")
    bytes_.seek(0)
    return bytes_


def test_a_logo_is_shown_to_all_and_the_old_one_is_removed(client, app):
    territory = make_pilot()
    manager_of(territory, client)
    for name in ("un.png", "deux.png"):
        answer = client.post(f"/gestion/{territory.slug}/logo", data={"file": (image(), name), "logo_alt": "Ville de Tourcoing"})
        assert answer.status_code == 302
    files = db.scalars(select(StoredFile).where(StoredFile.purpose == "logo")).all()
    assert [file.name for file in files] == ["deux.png"]
    visitor = app.test_client()
    assert 'alt="Ville de Tourcoing"' in visitor.get(f"/territoires/{territory.slug}/").text
    with visitor.get(now(territory).logo_url) as picture:
        assert picture.mimetype == "image/png"
    client.post(f"/gestion/{territory.slug}/logo/retirer")
    assert now(territory).logo_id is None


def test_what_is_not_an_image_is_refused_beside_its_field(client):
    territory = make_pilot()
    manager_of(territory, client)
    given = {"file": (io.BytesIO(b"<svg onload=alert(1)>"), "logo.png"), "logo_alt": "Logo"}
    answer = client.post(f"/gestion/{territory.slug}/logo", data=given)
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    assert now(territory).logo_id is None


def test_the_back_office_of_a_territory_is_its_managers(client):
    here, there = make_pilot(), make_pilot(name="Ailleurs")
    manager_of(here, client)
    for page in ("reglages", "logo", "charte", "charte/1", "charte/nouveau", "pages", "pages/nouvelle", "pages/mentions-legales", "equipe"):
        assert client.get(f"/gestion/{here.slug}/{page}").status_code == 200, page
        assert client.get(f"/gestion/{there.slug}/{page}").status_code == 404, page
    assert client.post(f"/gestion/{there.slug}/reglages", data=settings(now(there), intro="Pirate")).status_code == 404
    assert client.post(f"/gestion/{there.slug}/charte/4/retirer", data={"version": "1"}).status_code == 404
    assert client.post(f"/gestion/{there.slug}/logo/retirer").status_code == 404
    assert client.get("/gestion/region/territoires/nouveau").status_code == 404


def test_the_administrator_opens_a_territory_by_its_code(client):
    client.log_in(make_person(roles=[("administrator", None)]))
    answer = client.post("/gestion/region/territoires/nouveau", data={"kind": "epci", "code": "59599", "parent": ""})
    assert answer.location == "/gestion/tourcoing/reglages"
    territory = queries.get_territory("tourcoing")
    assert (territory.name, territory.kind, territory.insee, territory.population) == ("Tourcoing", "commune", "59599", 98772)
    assert client.get(answer.location).status_code == 200
    again = client.post("/gestion/region/territoires/nouveau", data={"kind": "commune", "code": "59599", "parent": ""})
    assert again.status_code == 422
    assert client.post("/gestion/region/territoires/nouveau", data={"kind": "commune", "code": "75056", "parent": ""}).status_code == 422


def test_the_reserved_word_of_the_region_is_no_slug():
    assert make_pilot(name="Region").slug == "region-2"
