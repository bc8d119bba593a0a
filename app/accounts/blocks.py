"""What accounts add to the page of a territory: its team."""

from app.accounts import queries
from app.accounts.forms import ROLES
from app.territories import blocks


@blocks.at(90)
def team(territory):
    found = queries.team_of(territory.id)
    return ("accounts/block_team.html", {"team": found, "roles": ROLES}) if found else None
