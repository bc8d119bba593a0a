"""What two requests do at the same instant, each on its own connection."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from app.accounts import passwords, services, team, tokens
from app.accounts.models import Identity, Role, RoleName, Token
from app.core import mail
from app.core.db import db, transaction
from tests.accounts.people import OTHER, PHRASE
from tests.factories import make_person, make_territory

TOGETHER = 8


def at_once(app, act):
    """`act(client, n)` in parallel; returns the answers' status codes."""
    barrier = Barrier(TOGETHER)

    def one(n):
        client = app.test_client()
        barrier.wait()
        return client.post(**act(n)).status_code

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(one, range(TOGETHER)))


def test_eight_registrations_of_one_address_make_one_account_and_at_most_three_letters(committed):
    """K05. Seen red on PostgreSQL without the savepoint of `register`: the others were a 500."""
    given = {"name": "Marie", "email": "marie@example.org", "password": PHRASE}
    codes = at_once(committed, lambda n: {"path": "/compte/inscription", "data": given})
    assert codes == [302] * TOGETHER
    assert db.scalar(select(func.count(Identity.id))) == 1
    assert 1 <= db.scalar(select(func.count(mail.MailMessage.id))) <= mail.PER_ADDRESS_A_DAY
    live = db.scalar(select(func.count(Token.id)).where(Token.used_at.is_(None)))
    assert live >= 1


def test_a_link_used_eight_times_at_once_serves_once(committed):
    """Seen red on PostgreSQL without `used_at IS NULL` in `tokens.use`."""
    territory = make_territory()
    manager = make_person(roles=[("manager", territory)])
    with transaction():
        token = team.invite(email="agent@example.org", role=RoleName.MODERATOR, territory=territory, by=manager)
        path = tokens.path(token.purpose, token.nonce)
    codes = at_once(committed, lambda n: {"path": path, "data": {"name": f"Agent {n}", "password": PHRASE}})
    assert sorted(codes)[0] == 302
    assert codes.count(302) == 1
    assert all(code in {302, 404, 422} for code in codes)
    assert db.scalar(select(func.count(Role.id)).where(Role.name == RoleName.MODERATOR)) == 1


def test_two_hundred_log_ins_at_once_answer(committed):
    with transaction():
        services.create_person(name="Marie", email="marie@example.org", password_hash=passwords.hashed(PHRASE))
    codes = []
    for _ in range(5):
        codes += at_once(
            committed,
            lambda n: {"path": "/compte/connexion", "data": {"email": "marie@example.org", "password": OTHER if n % 2 else PHRASE}},
        )
    assert set(codes) == {302, 422}
