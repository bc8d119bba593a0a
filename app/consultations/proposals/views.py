from collections.abc import Sequence
from sys import getsizeof

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for

from app.accounts.models import Person
from app.comments import queries as comments
from app.comments import reading
from app.comments.services import check_editable
from app.comments.views import May, asked_sort, may_in, next_change, page_asked, pages_of, said, told_closed
from app.comments.views import argue as argue_about
from app.consultations import queries as consultations
from app.consultations.models import Consultation
from app.consultations.proposals import queries, services
from app.consultations.proposals.describe import argument_whole, votes
from app.consultations.proposals.forms import DraftForm, ProposalEditForm, ProposalForm, SourceForm
from app.consultations.proposals.models import Proposal
from app.contents import queries as contents
from app.contents import redactions
from app.contents.addresses import with_parents
from app.contents.kinds import url_of
from app.contents.mine import told_of
from app.contents.models import Content, Phase
from app.contents.services import require_open
from app.core import limits, pagecache, shapes
from app.core.db import let_go
from app.core.differences import differences
from app.core.errors import NotFound
from app.core.forms import Form, refusals_in
from app.core.i18n import _
from app.core.limits import limiter
from app.core.permissions import can, me, require
from app.related import pages as related

proposals = Blueprint("proposals", __name__, template_folder="templates")
PER_SIDE = 20


def address(content: Content) -> str:
    return url_for("proposals.show", proposal_id=content)


def source_address(content: Content) -> str:
    """On its proposal's page, at its anchor."""
    with_parents([content])
    if content.parent is None:
        raise NotFound
    return f"{address(content.parent)}#source-{content.id}"


# --- Reading -----------------------------------------------------------------------------------------------------------------


@proposals.get("/propositions/<ref:proposal_id>")
@proposals.get("/propositions/<ref:proposal_id>.json", endpoint="show_json")
def show(proposal_id):
    proposal, phases = pagecache.kept(
        ("proposal", proposal_id), lambda: subject(proposal_id), size=lambda made: getsizeof(made[0].body_html) + 12_000
    )
    require("proposal.read", proposal)
    sort, number = asked_sort(), page_asked(proposal, PER_SIDE)
    if request.path.endswith(".json"):
        arguments = comments.arguments_of(proposal, me(), sort=sort, number=number, per_side=PER_SIDE)
        sources = queries.sources_of(proposal, me())
        tallies = contents.figures_of([proposal.id, *arguments.ids, *(source.id for source in sources)])
        return jsonify(whole(proposal, arguments, sources, tallies))
    may = may_in(proposal.space, phases, proposal)
    votes = reading.voting(may)

    def build(viewer):
        return page_of(proposal, phases, viewer, may=may, voting=votes, sort=sort, number=number)

    name = ("proposal page", proposal.id, "fr", may, votes, sort, number)
    return reading.read(name, build, may, label=_("Pages d’arguments"))


def subject(proposal_id: int) -> tuple[Proposal, Sequence[Phase]]:
    """What the page is about."""
    proposal = queries.get_proposal(proposal_id)
    assert proposal.space is not None
    phases = contents.phases_of(proposal.space)
    tell(proposal, phases)
    let_go(proposal, proposal.territory, proposal.section, proposal.space, *phases)
    return proposal, phases


def tell(proposal, phases, *others) -> None:
    """What moves a page about this proposal and these others."""
    if proposal.is_public:
        stamps = reading.stamps_of(proposal, proposal.space, *others)
        pagecache.public(*stamps, f"territory:{proposal.territory_id}", until=next_change(phases, proposal.space.closes_at))


def page_of(
    proposal: Proposal, phases: Sequence[Phase], viewer: Person, *, may: May, voting: str, sort: str, number: int
) -> reading.Reading:
    """All of it, with slots for what is the reader's own."""
    arguments = comments.arguments_of(proposal, viewer, sort=sort, number=number, per_side=PER_SIDE)
    sources = queries.sources_of(proposal, viewer)
    replies = comments.replies_of([proposal.id, *arguments.ids], viewer)
    comments.with_gone(proposal, arguments, replies)
    links = contents.links_of(proposal)
    tell(proposal, phases, *arguments.all, *sources, *(other for _link, other, _outward in links))
    shape = shapes.shape(
        "proposals/show.html",
        proposal=proposal,
        consultation=proposal.space,
        decided=told_of([proposal]).get(proposal.id) if not proposal.is_public else None,
        arguments=arguments,
        sort=sort,
        tallies=contents.figures_of([proposal.id, *arguments.ids, *(source.id for source in sources)]),
        replies=replies,
        sources=sources,
        appendices=queries.appendices_of(proposal),
        links=links,
        near=related.nearby(proposal, (other for _link, other, _outward in links)),
        may=may,
        voting=voting,
    )
    shown = reading.shown_in(proposal, arguments, replies, sources)
    return reading.Reading(shape, [proposal.id, *arguments.ids], shown, pages_of(arguments, proposal_id=proposal))


def whole(proposal: Proposal, arguments: comments.Arguments, sources, tallies) -> dict:
    here = address(proposal)
    return {
        "kind": proposal.kind,
        "id": proposal.id,
        "title": proposal.title,
        "url": here,
        "territory": proposal.territory.slug if proposal.territory else None,
        "state": proposal.space.moment if proposal.space else None,
        "published_at": proposal.published_at,
        "source": proposal.source,
        "body": proposal.body_html,
        "section": proposal.section.title if proposal.section else None,
        "is_official": proposal.is_official,
        "byline": proposal.byline,
        "revision": proposal.revision,
        "votes": votes(tallies[proposal.id]),
        "sources": [{"id": each.id, "title": each.title, "url": each.url, "category": each.category} for each in sources if each.is_public],
        "total": arguments.total,
        "page": arguments.number,
        "pages": arguments.pages,
        "items": [
            argument_whole(each, tallies[each.id]) | {"url": f"{here}#argument-{each.id}"} for each in arguments.all if each.is_public
        ],
    }


@proposals.get("/propositions/<ref:proposal_id>/versions")
def versions(proposal_id):
    proposal = queries.get_proposal(proposal_id)
    require("proposal.read", proposal)
    raw = request.args.get("version", "")
    n = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 9 else proposal.revision
    revisions = redactions.revisions_for(proposal, whole=can("content.read_original", proposal))
    after = next((each for each in revisions if each.n == n), None)
    if after is None:
        abort(404)
    before = next((each for each in revisions if each.n < n), None)
    if proposal.is_public:
        pagecache.public(f"content:{proposal.id}", f"territory:{proposal.territory_id}")
    changes = {name: differences(before.fields[name], after.fields[name]) for name in ("title", "body_source")} if before else None
    return render_template(
        "proposals/versions.html",
        proposal=proposal,
        revision=after,
        changes=changes,
        revisions=revisions,
        seen_by=queries.votes_by_revision(proposal),
    )


# --- Writing -----------------------------------------------------------------------------------------------------------------


def load_consultation(consultation_id: int) -> Consultation:
    consultation = consultations.get_consultation(consultation_id)
    require("consultation.read", consultation)
    require("consultation.propose", consultation)
    return consultation


@proposals.route("/consultations/<ref:consultation_id>/proposer", methods=["GET", "POST"])
@limiter.limit(limits.WRITING, methods=["POST"])
def propose(consultation_id):
    consultation = load_consultation(consultation_id)
    draft = queries.draft_of(me(), consultation) if request.method == "GET" else None
    if draft is None and told_closed(lambda: require_open(consultation, "propose")):
        return redirect(url_of(consultation), 303)
    form = (DraftForm if request.form.get("action") == "draft" else ProposalForm)()
    form.offer_sections(queries.sections_of(consultation))
    if draft is not None:
        form.title.data, form.body.data = draft.title, draft.body_source
        if form.section:
            form.section.data = draft.section_id
    with refusals_in(form):
        if form.validate_on_submit():
            if isinstance(form, DraftForm):
                return keep_draft(consultation, form)
            texts = {"title": form.title.data, "body": form.body.data, "section_id": form.section_id}
            proposal = services.propose(consultation, author=me(), **texts)
            flash(said(proposal, _("Votre proposition est publiée.")))
            return redirect(address(proposal), 303)
    elsewhere = related.elsewhere(form.title.data, form.body.data, consultation.territory_id)
    return render_template("proposals/propose.html", consultation=consultation, form=form, draft=draft, elsewhere=elsewhere), form.status


def keep_draft(consultation: Consultation, form: DraftForm):
    title, body = form.title.data or "", form.body.data or ""
    if services.save_draft(consultation, author=me(), title=title, body=body, section_id=form.section_id) is None:
        flash(_("Rien n’est enregistré : écrivez d’abord quelques mots."), "warning")
    else:
        flash(_("Votre brouillon est enregistré. Vous seul le voyez ; vous le retrouverez ici et sur votre compte."))
    return redirect(url_for("proposals.propose", consultation_id=consultation), 303)


@proposals.post("/consultations/<ref:consultation_id>/brouillon")
@limiter.limit(limits.WRITING)
def autosave(consultation_id):
    """What scripts send while one types; the button « Enregistrer le brouillon » does the same without them."""
    consultation = load_consultation(consultation_id)
    form = DraftForm()
    form.offer_sections(queries.sections_of(consultation))
    with refusals_in(form):
        if form.validate_on_submit():
            services.save_draft(
                consultation, author=me(), title=form.title.data or "", body=form.body.data or "", section_id=form.section_id
            )
            return "", 204
    return jsonify(errors=form.errors, message=list(form.form_errors)), 422


@proposals.post("/consultations/<ref:consultation_id>/brouillon/effacer")
def discard_draft(consultation_id):
    consultation = load_consultation(consultation_id)
    draft = queries.draft_of(me(), consultation)
    if draft is not None:
        services.withdraw(draft, by=me())
        flash(_("Votre brouillon est effacé."))
    return redirect(url_of(consultation), 303)


def load(proposal_id: int, permission: str) -> Proposal:
    proposal = queries.get_proposal(proposal_id)
    require("proposal.read", proposal)
    require(permission, proposal)
    return proposal


@proposals.route("/propositions/<ref:proposal_id>/modifier", methods=["GET", "POST"])
@limiter.limit(limits.WRITING, methods=["POST"])
def edit(proposal_id):
    proposal = load(proposal_id, "proposal.edit")
    if proposal.state == "draft":
        return redirect(url_for("proposals.propose", consultation_id=proposal.space))
    if told_closed(lambda: check_editable(proposal)):
        return redirect(address(proposal), 303)
    form = ProposalEditForm()
    if request.method == "GET":
        form.version.data = str(proposal.revision)
        form.title.data, form.body.data = redactions.written(proposal)
    with refusals_in(form):
        if form.validate_on_submit():
            services.edit_proposal(proposal, by=me(), seen=form.seen, title=form.title.data, body=form.body.data)
            flash(said(proposal, _("Votre proposition est modifiée. L’ancienne version reste dans l’historique.")))
            return redirect(address(proposal), 303)
    late = form.overtaken_by(proposal)
    return render_template("proposals/edit.html", proposal=proposal, form=form, late=late), 409 if late else form.status


@proposals.route("/propositions/<ref:proposal_id>/retirer", methods=["GET", "POST"])
def withdraw(proposal_id):
    proposal = load(proposal_id, "proposal.withdraw")
    form = Form()
    if form.validate_on_submit():
        services.withdraw(proposal, by=me())
        flash(_("Votre proposition est retirée. Vous en gardez une copie sur votre compte."))
        return redirect(url_of(proposal.space), 303)
    return render_template("proposals/withdraw.html", content=proposal, form=form, back=address(proposal))


@proposals.route("/propositions/<ref:proposal_id>/argumenter", methods=["GET", "POST"])
@limiter.limit(limits.WRITING, methods=["POST"])
def argue(proposal_id):
    proposal = queries.get_proposal(proposal_id)
    require("proposal.read", proposal)
    return argue_about(proposal)


@proposals.route("/propositions/<ref:proposal_id>/ajouter-une-source", methods=["GET", "POST"])
@limiter.limit(limits.WRITING, methods=["POST"])
def add_source(proposal_id):
    proposal = load(proposal_id, "source.add")
    if told_closed(lambda: require_open(proposal.space, "argue")):
        return redirect(address(proposal), 303)
    form = SourceForm()
    with refusals_in(form):
        if form.validate_on_submit():
            texts = {name: form[name].data or "" for name in ("title", "url", "category", "body")}
            source = services.add_source(proposal, author=me(), **texts)
            flash(said(source, _("Votre source est publiée.")))
            return redirect(url_of(source), 303)
    return render_template("proposals/source.html", proposal=proposal, form=form), form.status


@proposals.route("/sources/<int:source_id>/retirer", methods=["GET", "POST"])
def withdraw_source(source_id):
    source = queries.get_source(source_id)
    require("source.read", source)
    require("source.withdraw", source)
    form = Form()
    if form.validate_on_submit():
        services.withdraw(source, by=me())
        flash(_("Votre source est retirée."))
        return redirect(address(source.parent), 303)
    return render_template("proposals/withdraw.html", content=source, form=form, back=source_address(source))
