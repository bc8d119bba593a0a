from collections.abc import Sequence
from sys import getsizeof

from flask import Blueprint, jsonify, request, url_for

from app.accounts.models import Person
from app.api import listing, negotiated
from app.comments import queries as comments
from app.comments import reading
from app.comments.views import May, asked_sort, may_in, next_change, page_asked, pages_of
from app.comments.views import argue as argue_about
from app.contents import queries as contents
from app.contents import spaces
from app.contents.models import Content, Phase
from app.core import limits, pagecache, shapes
from app.core.db import let_go
from app.core.i18n import _
from app.core.limits import limiter
from app.core.pages import paginate
from app.core.permissions import can, me, require
from app.debates import queries
from app.debates.models import Debate

debates = Blueprint("debates", __name__, template_folder="templates")
PER_SIDE = 100  # a debate is read as a whole; only a very long one has a second page


def address(content: Content) -> str:
    return url_for("debates.show", debate_id=content)


@listing(debates, "/debats/")
def index():
    moment = request.args.get("state", "")
    page = paginate(queries.public_debates(moment))
    figures = comments.figures_in([debate.id for debate in page.items])
    pagecache.public("region", until=contents.next_boundary(*page.items))
    return negotiated(
        page,
        describe=lambda debate: describe(debate, figures[debate.id]),
        template="debates/index.html",
        figures=figures,
        moment=moment,
    )


@debates.get("/debats/<ref:debate_id>")
@debates.get("/debats/<ref:debate_id>.json", endpoint="show_json")
def show(debate_id):
    debate, phases = pagecache.kept(
        ("debate", debate_id), lambda: subject(debate_id), size=lambda made: getsizeof(made[0].body_html) + 8_000
    )
    require("debate.read", debate)
    sort, number = asked_sort(), page_asked(debate, PER_SIDE)
    if request.path.endswith(".json"):
        arguments = comments.arguments_of(debate, me(), sort=sort, number=number, per_side=PER_SIDE)
        return jsonify(whole(debate, arguments, contents.figures_of(arguments.ids)))
    may = may_in(debate, phases, debate)
    votes = reading.voting(may)

    def build(viewer):
        return page_of(debate, phases, viewer, may=may, voting=votes, sort=sort, number=number)

    manage = None
    if debate.territory and can("debate.edit", debate):
        manage = url_for("debates_admin.edit", territory_slug=debate.territory.slug, content_id=debate.id), _("Gérer ce débat")
    name = ("debate page", debate.id, "fr", may, votes, sort, number)
    return reading.read(name, build, may, label=_("Pages d’arguments"), manage=manage)


def subject(debate_id: int) -> tuple[Debate, Sequence[Phase]]:
    """What the page is about."""
    debate = queries.get_debate(debate_id)
    phases = contents.phases_of(debate)
    if debate.is_public:
        pagecache.public(f"content:{debate.id}", f"territory:{debate.territory_id}", until=next_change(phases, debate.closes_at))
    let_go(debate, debate.territory, debate.project, *phases)
    return debate, phases


def page_of(debate: Debate, phases: Sequence[Phase], viewer: Person, *, may: May, voting: str, sort: str, number: int) -> reading.Reading:
    """All of it, with slots for what is the reader's own."""
    arguments = comments.arguments_of(debate, viewer, sort=sort, number=number, per_side=PER_SIDE)
    replies = comments.replies_of(arguments.ids, viewer)
    comments.with_gone(debate, arguments, replies)
    links = contents.links_of(debate)
    if debate.is_public:
        stamps = reading.stamps_of(debate, *(other for _link, other, _outward in links))
        pagecache.public(*stamps, f"counts:{debate.id}", f"territory:{debate.territory_id}", until=next_change(phases, debate.closes_at))
    shape = shapes.shape(
        "debates/show.html",
        debate=debate,
        phases=phases,
        moved=spaces.ends_moved(debate),
        arguments=arguments,
        sort=sort,
        tallies=contents.figures_of(arguments.ids),
        replies=replies,
        participants=contents.participants_in([debate.id]).get(debate.id, 0),
        links=links,
        may=may,
        voting=voting,
    )
    return reading.Reading(shape, arguments.ids, reading.shown_in(debate, arguments, replies), pages_of(arguments, debate_id=debate))


@debates.route("/debats/<ref:debate_id>/argumenter", methods=["GET", "POST"])
@limiter.limit(limits.WRITING, methods=["POST"])
def argue(debate_id):
    debate = queries.get_debate(debate_id)
    require("debate.read", debate)
    return argue_about(debate)


def describe(debate: Debate, counts: dict[str, int]) -> dict:
    return {
        "kind": debate.kind,
        "id": debate.id,
        "title": debate.title,
        "url": address(debate),
        "territory": debate.territory.slug if debate.territory else None,
        "state": debate.moment,
        "published_at": debate.published_at,
        "opens_at": debate.opens_at,
        "closes_at": debate.closes_at,
        "source": debate.source,
        "excerpt": debate.summary,
        "arguments": counts.get("argument", 0),
    }


def whole(debate: Debate, arguments: comments.Arguments, tallies) -> dict:
    described = describe(debate, {"argument": arguments.total})
    items = [
        {**describe_argument(each, tallies[each.id]), "url": f"{address(debate)}#argument-{each.id}"}
        for each in arguments.all
        if each.is_public
    ]
    return described | {
        "conclusion": debate.conclusion_html,
        "total": arguments.total,
        "page": arguments.number,
        "pages": arguments.pages,
        "items": items,
    }


def describe_argument(argument, tally) -> dict:
    return {
        "kind": argument.kind,
        "id": argument.id,
        "side": argument.side,
        "title": argument.title,
        "byline": argument.byline,
        "published_at": argument.published_at,
        "source": argument.source,
        "body": argument.body_html,
        "votes": {"agree": tally.agree, "mixed": tally.mixed, "disagree": tally.disagree, "imported": tally.imported},
    }
