from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request

from app.comments import queries, registry, services
from app.comments.forms import ArgumentEditForm, ArgumentForm, ReplyEditForm, ReplyForm
from app.comments.models import Argument, Comment
from app.contents import redactions
from app.contents.addresses import with_parents
from app.contents.kinds import url_of
from app.contents.models import Content, Phase, State, Voice
from app.contents.services import is_allowed, require_open
from app.core import clock, formats, limits
from app.core.db import SAFE_METHODS
from app.core.errors import Closed, NotFound, safe_referrer
from app.core.forms import Form, VersionedForm, refusals_in
from app.core.i18n import _
from app.core.limits import limiter
from app.core.pages import Page, asked_page
from app.core.permissions import can, could_after_login, me, require
from app.moderation import regimes

comments = Blueprint("comments", __name__, template_folder="templates")


# --- Where they are read ---------------------------------------------------------------------------------------------------


def address(content: Content) -> str:
    """On the page of what it answers, at its anchor: `/propositions/35-un-parc?argument=57#argument-57`."""
    with_parents([content])
    on = (
        content.parent
        if content.kind == "argument" or content.parent is None or content.parent.kind != "argument"
        else content.parent.parent
    )
    if on is None:
        raise NotFound
    argument = content if content.kind == "argument" else content.parent
    asked = f"?argument={argument.id}" if argument is not None and argument.kind == "argument" else ""
    return f"{url_of(on)}{asked}#{anchor(content)}"


ANCHORS = {"comment": "reponse", "proposal": "proposition"}


def anchor(content: Content) -> str:
    return f"{ANCHORS.get(content.kind, content.kind)}-{content.id}"


def back_to(content: Content):
    """The page the person came from, if it shows this content, at its anchor; else where it is read."""
    path = url_of(content).split("#")[0]
    came = safe_referrer()
    if came and urlsplit(came).path == urlsplit(path).path:
        path = came
    return redirect(f"{path}#{anchor(content)}", 303)


# --- What the reader may do here ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class May:
    """What is open now, and open to this reader; a visitor is shown what an account would let them do."""

    propose: bool
    argue: bool
    comment: bool
    vote: bool  # with buttons: never true for a visitor
    answer: bool  # in the territory's voice
    door: bool  # something is open, and one must log in to do it


def may_in(space: Content, phases: Sequence[Phase], about: Content) -> May:
    """Asks each rule once, of the page's subject, and the phases the page has at hand."""
    is_open = {act: is_allowed(space, phases, act) and about.is_public for act in ("propose", "argue", "comment", "vote")}

    def may(act: str, name: str) -> bool:
        return is_open[act] and (can(name, about) or could_after_login(name, about))

    return May(
        propose=may("propose", "content.argue"),
        argue=may("argue", "content.argue"),
        comment=may("comment", "content.comment"),
        vote=is_open["vote"] and can("content.vote", about),
        answer=about.is_public and can("content.answer", about),
        door=me().is_anonymous and any(is_open.values()),
    )


def asked_sort() -> str:
    sort = request.args.get("sort", "recent")
    return sort if sort in queries.SORTS else "recent"


def asked_argument() -> int | None:
    """The argument that the address points at, so that its page of the list is shown."""
    raw = request.args.get("argument", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def page_asked(content: Content, per_side: int) -> int:
    """The page of arguments asked for: by number, or the one that holds an argument."""
    asked = asked_argument()
    return queries.page_holding(asked, content, me(), sort=asked_sort(), per_side=per_side) if asked else asked_page()


def pages_of(arguments: queries.Arguments, **address) -> Page:
    """The pagination of both columns together."""
    page: Page = Page((), arguments.pages, arguments.number, 1, address | {"argument": None})
    return page


def next_change(phases: Iterable[Phase], closes_at: datetime | None) -> datetime | None:
    """When a page that shows these phases and the days left will say something else."""
    now = clock.now()
    edges = [edge for phase in phases for edge in (phase.opens_at, phase.closes_at) if edge and edge > now]
    if closes_at and closes_at > now:
        edges += [closes_at, formats.next_change(closes_at)]
    return min(edges, default=None)


def told_closed(check: Callable[[], object]) -> bool:
    """A form that could only refuse is not opened: say why, on the page it would be opened from. What is sent late is kept, by the form."""
    if request.method not in SAFE_METHODS:
        return False
    try:
        check()
    except Closed as refusal:
        flash(refusal.message, "warning")
        return True
    return False


# --- Votes -------------------------------------------------------------------------------------------------------------------


@comments.post("/contributions/<int:content_id>/avis")
@limiter.limit(limits.VOTING)
def vote(content_id):
    content = queries.get_votable(content_id)
    require("content.read", content)
    require("content.vote", content)
    value = request.form.get("value", "")
    services.vote(content, person=me(), value=None if value == "none" else value)
    return back_to(content)


# --- Arguments ---------------------------------------------------------------------------------------------------------------


def argue(about: Content):
    """The view that features give to what takes arguments: a debate, a proposal."""
    require("content.argue", about)
    if told_closed(lambda: require_open(queries.space_of(about), "argue")):
        return redirect(url_of(about), 303)
    form = ArgumentForm(side=request.args.get("side") if request.method == "GET" else None)
    with refusals_in(form):
        if form.validate_on_submit():
            argument = services.post_argument(about, author=me(), side=form.side.data, title=form.title.data or "", body=form.body.data)
            flash(said(argument, _("Votre argument est publié.")))
            return redirect(url_of(argument), 303)
    return render_template("comments/argue.html", about=about, form=form), form.status


def said(content: Content, published: str) -> str:
    """What becomes of what was just sent."""
    if content.state == State.PUBLISHED:
        return published
    arrived = _("Merci. Votre texte est bien arrivé. Il n’est pas encore public.")
    return f"{arrived} {regimes.reading_of(content, me()).sentence()}"


@comments.route("/contributions/<int:content_id>/repondre", methods=["GET", "POST"])
@limiter.limit(limits.WRITING, methods=["POST"])
def reply(content_id):
    to = queries.get_contribution(content_id)
    require("content.read", to)
    require("content.comment", to)
    if not can("content.answer", to) and told_closed(lambda: require_open(queries.space_of(to), "comment")):
        return redirect(url_of(to), 303)
    form = ReplyForm()
    official = request.form.get("voice") == Voice.OFFICIAL
    if official:
        require("content.answer", to)
    with refusals_in(form):
        if form.validate_on_submit():
            comment = services.reply(to, author=me(), body=form.body.data, voice=Voice.OFFICIAL if official else Voice.CITIZEN)
            flash(said(comment, _("Votre réponse est publiée.")))
            return redirect(url_of(comment), 303)
    return render_template("comments/reply.html", to=to, form=form, citizens=to.kind in registry.replied), form.status


@comments.route("/contributions/<int:content_id>/modifier", methods=["GET", "POST"])
@limiter.limit(limits.WRITING, methods=["POST"])
def edit(content_id):
    content = get_said(content_id)
    require(f"{content.kind}.edit", content)
    if told_closed(lambda: services.check_editable(content)):
        return redirect(url_of(content), 303)
    form = ArgumentEditForm() if content.kind == "argument" else ReplyEditForm()
    if request.method == "GET":
        fill(form, content)
    with refusals_in(form):
        if form.validate_on_submit():
            change(content, form)
            flash(said(content, _("Votre texte est modifié. L’ancienne version reste dans l’historique.")))
            return redirect(url_of(content), 303)
    late = form.overtaken_by(content)
    return render_template("comments/edit.html", content=content, form=form, late=late, back=url_of(content)), 409 if late else form.status


def get_said(content_id: int) -> Argument | Comment:
    """An argument or a reply that this person may know of."""
    content = queries.get_said(content_id)
    require(f"{content.kind}.read", content)
    return content


def fill(form: VersionedForm, content: Argument | Comment) -> None:
    title, form.body.data = redactions.written(content)
    form.version.data = str(content.revision)
    if isinstance(content, Argument) and content.is_titled:
        form.title.data = title


def change(content: Argument | Comment, form: VersionedForm) -> None:
    if isinstance(content, Argument):
        services.edit_argument(content, by=me(), seen=form.seen, title=form.title.data or "", body=form.body.data)
    else:
        services.edit_reply(content, by=me(), seen=form.seen, body=form.body.data)


@comments.route("/contributions/<int:content_id>/retirer", methods=["GET", "POST"])
def withdraw(content_id):
    content = get_said(content_id)
    require(f"{content.kind}.withdraw", content)
    form = Form()
    if form.validate_on_submit():
        services.withdraw(content, by=me())
        flash(_("Votre texte est retiré. Il n’est plus publié."))
        return redirect(url_of(content.parent), 303)
    return render_template("comments/withdraw.html", content=content, form=form, back=url_of(content))
