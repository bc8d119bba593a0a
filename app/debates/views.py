from flask import Blueprint, jsonify, render_template, request, url_for

from app.api import listing, negotiated
from app.comments import queries as comments
from app.comments.views import argue as argue_about
from app.comments.views import arguments_on, asked_sort, may_in, next_change, pages_of
from app.contents import queries as contents
from app.contents.models import Content
from app.core import limits, pagecache
from app.core.limits import limiter
from app.core.pages import paginate
from app.core.permissions import me, require
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
    debate = queries.get_debate(debate_id)
    require("debate.read", debate)
    phases = contents.phases_of(debate)
    arguments = arguments_on(debate, PER_SIDE)
    tallies = contents.figures_of(arguments.ids)
    if debate.is_public:
        pagecache.public(f"content:{debate.id}", f"territory:{debate.territory_id}", until=next_change(phases, debate.closes_at))
    if request.path.endswith(".json"):
        return jsonify(whole(debate, arguments, tallies))
    return render_template(
        "debates/show.html",
        debate=debate,
        phases=phases,
        arguments=arguments,
        page=pages_of(arguments, debate_id=debate),
        sort=asked_sort(),
        tallies=tallies,
        votes=contents.votes_of(me(), arguments.ids),
        replies=comments.replies_of(arguments.ids, me()),
        participants=contents.participants_in([debate.id]).get(debate.id, 0),
        links=contents.links_of(debate, me()),
        may=may_in(debate, phases, debate),
    )


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
