from app.contents.models import State
from app.moderation.models import Verdict
from tests.factories import make_person
from tests.moderation.made import make_world


def test_a_text_out_of_sight_leads_its_author_to_the_reason_and_another_text_to_its_page(client):
    """The page of the debate says nothing of a refused argument: from there nobody could find the reason, nor the appeal."""
    world, author = make_world(), make_person()
    refused, waits = (world.text(author=author, state=State.PENDING) for _n in range(2))
    world.waiting(waits)
    kept = world.text(author=author)
    world.decide(world.reported(kept), Verdict.KEEP)
    decision = world.decide(world.waiting(refused), Verdict.REFUSE)
    client.log_in(author)
    for path in ("/compte/contributions", "/compte/"):
        page = client.get(path).text
        assert f'href="/moderation/decisions/{decision.id}"' in page
        assert f'href="/contributions/{refused.id}"' not in page
        assert f'href="/contributions/{waits.id}"' in page
        assert f'href="/contributions/{kept.id}"' in page
    assert client.get(f"/moderation/decisions/{decision.id}").status_code == 200
