from app.contents.models import State
from app.moderation.models import Verdict
from tests.factories import make_person
from tests.moderation.made import make_world
from tests.participation import make_consultation, make_proposal


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


def test_the_page_of_a_removed_proposal_leads_its_author_to_the_reason(client):
    """It said « Vous seuls voyez ce texte », and nothing of why nor of what to do."""
    world = make_world()
    proposal = make_proposal(make_consultation(territory=world.place))
    here, author = f"/propositions/{proposal.id}", proposal.author
    decision = world.decide(world.reported(proposal), Verdict.REFUSE)
    client.log_in(author)
    assert f'href="/moderation/decisions/{decision.id}"' in client.get(here).text
    client.log_in(make_person())
    assert client.get(here).status_code == 410
