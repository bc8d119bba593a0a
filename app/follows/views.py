from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts import sections
from app.accounts.queries import get_profile
from app.core.i18n import _
from app.core.limits import WRITING, limiter
from app.core.permissions import me, require
from app.core.security import csrf
from app.follows import links, queries, services
from app.search import under_results
from app.search.engines.base import SearchUnavailable
from app.search.queries import Found

follows = Blueprint("follows", __name__, template_folder="templates")
MOST_ENTRIES = 30


@under_results.register
def offer(found: Found):
    """Under the title of the results: save this search, or the door."""
    if me().is_anonymous:
        return "follows/_door.html", {"path": url_for("search.results") + (f"?{found.address}" if found.address else "")}
    known = queries.find_search(me(), found.address)
    return "follows/_offer.html", {"address": found.address, "label": label_of(found), "known": known}


def label_of(found: Found) -> str:
    """« vélo », Tourcoing, Mobilité."""
    words = [_("« %(words)s »", words=found.params.query.text)] if found.params.query.text else []
    return ", ".join(words + [label for label, _address in found.active] + ([found.space.title] if found.space else []))


@follows.get("/compte/recherches")
def index():
    require("saved_search.list")
    return render_template("follows/index.html", searches=queries.searches_of(me()), feed_of=feed_of)


@follows.post("/compte/recherches")
@limiter.limit(WRITING)
def save():
    require("saved_search.create")
    services.save_search(me(), address=request.form.get("address", ""), label=request.form.get("label", ""))
    flash(_("Vous suivez cette recherche. Vous recevrez un courriel les jours où il y a du nouveau."))
    return redirect(url_for("follows.index"))


@follows.post("/compte/recherches/<int:search_id>/alertes")
def alert(search_id):
    search = queries.get_search(search_id)
    require("saved_search.read", search)
    services.set_alert(search, on=request.form.get("on") == "1")
    return redirect(url_for("follows.index"))


@follows.post("/compte/recherches/<int:search_id>/retirer")
def forget(search_id):
    search = queries.get_search(search_id)
    require("saved_search.read", search)
    services.forget_search(search)
    flash(_("La recherche est retirée."))
    return redirect(url_for("follows.index"))


def feed_of(search) -> str:
    return url_for("follows.feed", token=links.sign(links.FEED, search.nonce), _external=True)


@follows.get("/recherche/suivies/<token>.atom")
def feed(token) -> ResponseReturnValue:
    """What the search finds, the latest first, for whoever holds the address. It says nothing of who saved it."""
    search = queries.get_by_nonce(links.read(links.FEED, token))
    try:
        latest = queries.latest_of(search)[:MOST_ENTRIES]
    except SearchUnavailable:
        return Response(_("La recherche est momentanément indisponible."), 503, {"Retry-After": "300"}, mimetype="text/plain")
    body = render_template("follows/feed.xml", search=search, contents=latest, self_url=feed_of(search))
    response = Response(body, mimetype="application/atom+xml")
    response.add_etag()
    return response.make_conditional(request)


@follows.route("/alertes/<token>", methods=["GET", "POST"])
@csrf.exempt  # the programs that read mail press this button for their reader (RFC 8058): the address itself is the proof
def stop(token):
    """No more letters, in one click and without logging in. Looking changes nothing: mail scanners follow links."""
    require("saved_search.stop")
    person = get_profile(links.read(links.STOP, token))
    if request.method == "POST":
        services.stop_alerts(person.id)
    return render_template("follows/stop.html", is_done=request.method == "POST")


@sections.at(40)
def saved(person):
    """The searches, on the account's page."""
    searches = queries.searches_of(person)
    return (_("Vos recherches suivies"), "follows/section.html", {"searches": searches}) if searches else None
