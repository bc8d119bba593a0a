from app.accounts import sections
from app.core.db import db
from tests.accounts.people import OTHER, PHRASE, is_in, letters, link, log_in, make_account, without_keys
from tests.factories import make_person, make_territory


def test_a_citizen_registers_confirms_and_is_in(client):
    answer = client.post("/compte/inscription", data={"name": "Marie", "email": "Marie@Example.org", "password": PHRASE})
    assert answer.location == "/compte/inscription/envoyee"
    assert client.get(answer.location).status_code == 200
    assert letters("marie@example.org") == ["confirm"]
    assert client.get(link("confirm")).status_code == 200
    assert not is_in(client)  # reading the page confirms nothing
    answer = client.post(link("confirm"), data={"password": PHRASE})
    assert answer.location == "/compte/"
    assert "Marie" in client.get("/compte/").text


def test_an_address_not_confirmed_does_not_log_in_and_the_refusal_is_the_usual_one(client):
    client.post("/compte/inscription", data={"name": "Marie", "email": "marie@example.org", "password": PHRASE})
    right, wrong = log_in(client), log_in(client, password=OTHER)
    assert right.status_code == wrong.status_code == 422
    assert without_keys(right) == without_keys(wrong)


def test_the_link_alone_does_not_confirm_what_a_stranger_registered(client):
    client.post("/compte/inscription", data={"name": "Pirate", "email": "marie@example.org", "password": "le mot du pirate seul"})
    answer = client.post(link("confirm"), data={"password": "je ne le connais pas"})
    assert answer.status_code == 422
    assert not is_in(client)


def test_the_last_who_registers_an_unconfirmed_address_sets_its_password(client):
    client.post("/compte/inscription", data={"name": "Pirate", "email": "marie@example.org", "password": "le mot du pirate seul"})
    first = link("confirm")
    client.post("/compte/inscription", data={"name": "Marie", "email": "marie@example.org", "password": PHRASE})
    assert client.get(first).status_code == 404
    client.post(link("confirm"), data={"password": PHRASE})
    assert "Marie" in client.get("/compte/").text


def test_a_form_refused_for_its_address_says_that_the_password_is_to_be_typed_again(client):
    """« Rien n’est perdu », said the page above a field that had become empty."""
    again = "À taper de nouveau\u00a0: aucune page ne garde un mot de passe."
    assert again not in client.get("/compte/inscription").text
    refused = client.post("/compte/inscription", data={"name": "Marie", "email": "marie@@example", "password": PHRASE})
    assert again in refused.text
    assert 'aria-describedby="password-help password-again' in refused.text
    assert PHRASE not in refused.text
    assert again not in client.post("/compte/inscription", data={"name": "Marie", "email": "m@example.org", "password": "court"}).text


def test_registering_comes_back_to_where_one_was_going(client):
    client.post("/compte/inscription", data={"name": "Marie", "email": "m@example.org", "password": PHRASE, "next": "/debats/3"})
    assert client.post(link("confirm") + "?next=/debats/3", data={"password": PHRASE}).location == "/debats/3"


def test_a_person_logs_in_and_out(client):
    make_account()
    assert log_in(client).location == "/compte/"
    assert is_in(client)
    client.post("/compte/deconnexion")
    assert not is_in(client)


def test_after_logging_in_one_is_where_one_was_going(client):
    make_account()
    assert log_in(client, next="/debats/3?page=2").location == "/debats/3?page=2"


def test_a_wrong_password_keeps_the_address_typed_and_never_the_password(client):
    make_account()
    page = log_in(client, password="pas la bonne phrase")
    assert page.status_code == 422
    assert "marie@example.org" in page.text
    assert "pas la bonne phrase" not in page.text


def test_staying_is_for_a_month_and_not_staying_ends_with_the_browser(client, app):
    make_account()
    log_in(client, stay="y")
    assert client.get_cookie("beffroi").expires is not None
    other = app.test_client()
    log_in(other)
    assert other.get_cookie("beffroi").expires is None


def test_weak_passwords_are_refused_beside_their_field(client):
    for weak in ("court", "motdepasse123", "Azertyuiop 123", "aaaaaaaaaaaaaa", "abcabcabcabcabc", "202420252026", "marie.2024!!!"):
        page = client.post("/compte/inscription", data={"name": "Marie", "email": "marie@example.org", "password": weak})
        assert page.status_code == 422, weak
        assert 'id="password-error"' in page.text
    assert letters() == []


def test_the_profile_is_edited_and_public_without_the_address(client):
    person = make_account()
    client.log_in(person)
    client.post("/compte/profil", data={"name": "Marie D.", "bio": "Lit tout. <script>alert(1)</script>"})
    page = client.get(f"/personnes/{person.public_id}").text
    assert "Marie D." in page
    assert "<script>alert" not in page
    assert "example.org" not in page


def test_a_suspended_person_reads_why_and_changes_nothing(client):
    person = make_account(name="Ancien nom")
    person.suspended_at, person.suspension_reason = person.created_at, "Menaces répétées."
    db.commit()
    client.log_in(person)
    assert "Menaces répétées." in client.get("/compte/").text
    assert client.post("/compte/profil", data={"name": "Autre nom"}).status_code == 403
    assert client.get("/compte/mes-donnees").status_code == 200


def test_layers_above_add_to_the_account_page(client):
    assert len(list(sections)) >= 1
    client.log_in(make_account())
    assert "Vos messages" in client.get("/compte/").text


def test_pages_of_the_account_are_for_those_logged_in(client):
    for path in ("/compte/", "/compte/profil", "/compte/adresse", "/compte/mot-de-passe", "/compte/mes-donnees", "/compte/fermer"):
        assert client.get(path).location == f"/compte/connexion?next={path}"


def test_every_page_answers(client):
    client.log_in(make_account())
    for path in ("/compte/profil", "/compte/adresse", "/compte/mot-de-passe", "/compte/mes-donnees", "/compte/fermer", "/compte/messages"):
        assert client.get(path).status_code == 200
    client.post("/compte/deconnexion")
    for path in (
        "/compte/connexion",
        "/compte/inscription",
        "/compte/mot-de-passe-oublie",
        "/compte/mot-de-passe-oublie/envoye",
        "/compte/ferme",
    ):
        assert client.get(path).status_code == 200


def test_the_person_and_their_roles_are_one_query(client, count_queries):
    client.log_in(make_person(roles=[("manager", make_territory()), ("moderator", make_territory())]))
    count_queries.clear()
    client.get("/compte/connexion")
    assert len([statement for statement in count_queries if "FROM login_sessions" in statement]) == 1
    assert len([statement for statement in count_queries if "roles" in statement]) == 1


def test_nobody_there_is_not_found(client):
    assert client.get("/personnes/abcdefabcdef").status_code == 404


def test_a_door_says_that_one_comes_back(client):
    back = "vous reviendrez ensuite à la page"
    assert back in client.get("/compte/connexion?next=/debats/").text
    assert back not in client.get("/compte/connexion").text
