"""What tests of sanctions and appeals begin with: a territory, its team, a citizen who wrote there."""

from types import SimpleNamespace

from app.core import clock
from app.core.db import db
from app.moderation.sanctions import queries, services
from app.moderation.sanctions.models import SanctionKind
from app.projects.models import Project
from app.territories.models import CharterArticle
from tests.factories import make_content, make_person, make_territory, save


def make_world(**author):
    """Claire proposes, Samir reads second; Bruno wrote a text that stays as it is. Noise: another territory with its own team."""
    place, other = make_territory(name="Tourcoing", short_name="Tourcoing"), make_territory()
    world = SimpleNamespace(
        place=place,
        other=other,
        article=save(CharterArticle(territory_id=place.id, number=2, title="Injures", text="On ne s’insulte pas.")),
        claire=make_person(name="Claire", roles=[("moderator", place)]),
        samir=make_person(name="Samir", roles=[("manager", place)]),
        nadine=make_person(name="Nadine", roles=[("administrator", None)]),
        agnes=make_person(name="Agnès", roles=[("administrator", None)]),
        stranger=make_person(name="Étranger", roles=[("moderator", other), ("manager", other)]),
        bruno=make_person(name="Bruno", **author),
    )
    world.text = make_content(Project, territory=place, author=world.bruno, body="Quelle andouille.")
    make_content(Project, territory=other, author=world.bruno)
    return world


def propose(world, kind=SanctionKind.WARNING, *, region=False, by=None, **values):
    given = {
        "territory": None if region else world.place,
        "kind": kind,
        "article": None if region else world.article,
        "facts": "Trois injures en une semaine.",
        "ends_at": clock.from_now(days=30),
        "by": by or (world.nadine if region else world.claire),
    } | values
    made = services.propose(world.bruno, **given)
    db.commit()
    return queries.get_sanction(made.id)


def confirm(world, sanction, by=None):
    sanction_id = sanction.id
    services.confirm(sanction, by=by or (world.agnes if sanction.territory_id is None else world.samir), seen=sanction.version)
    db.commit()
    return queries.get_sanction(sanction_id)
