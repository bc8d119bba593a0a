"""The controlled lists, kept by the curators: under /gestion/region/vocabulaires/."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.contents import vocabularies
from app.contents.models import Term
from app.core.errors import NotFound
from app.core.forms import Form, refusals_in
from app.core.i18n import _, ngettext
from app.core.pages import paginate
from app.core.permissions import me, require
from app.initiatives import services
from app.initiatives.forms import MergeForm, TermForm
from app.initiatives.labels import VOCABULARIES

lists = Blueprint("lists", __name__, url_prefix="/gestion/region/vocabulaires", template_folder="templates")


def load(vocabulary: str, term_id: int | None = None) -> Term | None:
    require("vocabulary.edit")
    if vocabulary not in VOCABULARIES:
        raise NotFound
    return vocabularies.get_term_by_id(vocabulary, term_id) if term_id is not None else None


@lists.get("/")
def index():
    require("vocabulary.edit")
    return render_template("initiatives/lists.html", vocabularies=VOCABULARIES, counts=vocabularies.counts())


@lists.route("/<vocabulary>", methods=["GET", "POST"])
def show(vocabulary):
    """The terms in their order, with their use; the form to add one; the last changes."""
    load(vocabulary)
    form = TermForm()
    with refusals_in(form):
        if form.validate_on_submit():
            term = vocabularies.add_term(
                vocabulary,
                str(VOCABULARIES[vocabulary]),
                label=form.label.data,
                note=form.note.data or "",
                uri=form.uri.data or "",
                by=me(),
            )
            flash(_("« %(label)s » est dans la liste.", label=term.label))
            return redirect(url_for("lists.show", vocabulary=vocabulary))
    return render_template(
        "initiatives/list.html",
        vocabulary=vocabulary,
        title=VOCABULARIES[vocabulary],
        terms=vocabularies.counted_terms(vocabulary),
        in_words=services.promoters_in_words() if vocabulary == "promoter" else [],
        changes=paginate(vocabularies.history_of(vocabulary), number=1, per_page=10),
        form=form,
        once=Form(),
    ), form.status


@lists.get("/<vocabulary>/historique")
def history(vocabulary):
    load(vocabulary)
    page = paginate(vocabularies.history_of(vocabulary), per_page=50)
    return render_template("initiatives/list_history.html", vocabulary=vocabulary, title=VOCABULARIES[vocabulary], page=page)


@lists.route("/<vocabulary>/<int:term_id>", methods=["GET", "POST"])
def edit(vocabulary, term_id):
    term = load(vocabulary, term_id)
    form = TermForm(data={"label": term.label, "note": term.note, "uri": term.uri})
    with refusals_in(form):
        if form.validate_on_submit():
            vocabularies.rename_term(term, label=form.label.data, by=me())
            vocabularies.describe_term(term, note=form.note.data or "", uri=form.uri.data or "", by=me())
            flash(_("C’est enregistré. L’identifiant « %(key)s » ne change pas.", key=term.key))
            return redirect(url_for("lists.show", vocabulary=vocabulary))
    if form.status != 200:
        term = load(vocabulary, term_id)  # a refusal undid what was read with it
    return render_template(
        "initiatives/term.html",
        vocabulary=vocabulary,
        title=VOCABULARIES[vocabulary],
        term=term,
        form=form,
        former=vocabularies.former_keys(term),
        changes=paginate(vocabularies.history_of(vocabulary, term), number=1, per_page=30),
    ), form.status


@lists.route("/<vocabulary>/<int:term_id>/fusionner", methods=["GET", "POST"])
def merge(vocabulary, term_id):
    term = load(vocabulary, term_id)
    counted = vocabularies.counted_terms(vocabulary)
    form = MergeForm()
    form.into.choices = [
        SelectChoice(0, _("Choisissez…")),
        *(SelectChoice(each.id, each.label) for each, _count in counted if each.id != term.id),
    ]
    with refusals_in(form):
        if form.validate_on_submit():
            into = vocabularies.get_term_by_id(vocabulary, form.into.data)
            count = vocabularies.merge_term(term, into, by=me())
            flash(ngettext("Fusionné : %(num)s page change de terme.", "Fusionné : %(num)s pages changent de terme.", count))
            return redirect(url_for("lists.show", vocabulary=vocabulary))
    if form.status != 200:
        term = load(vocabulary, term_id)
    used = next(count for each, count in vocabularies.counted_terms(vocabulary) if each.id == term.id)
    return render_template(
        "initiatives/merge.html", vocabulary=vocabulary, title=VOCABULARIES[vocabulary], term=term, used=used, form=form
    ), form.status


@lists.post("/<vocabulary>/<int:term_id>/deplacer")
def move(vocabulary, term_id):
    term = load(vocabulary, term_id)
    vocabularies.move_term(term, up=request.form.get("sens") == "haut", by=me())
    return redirect(url_for("lists.show", vocabulary=vocabulary) + f"#terme-{term.id}")


@lists.post("/promoter/adopter")
def adopt():
    """A promoter written by hand enters the list, on every sheet that writes it so."""
    load("promoter")
    words = request.form.get("words", "")
    count = services.adopt_promoter(words, label=str(VOCABULARIES["promoter"]), by=me())
    flash(ngettext("Ajouté à la liste, et à %(num)s fiche.", "Ajouté à la liste, et à %(num)s fiches.", count))
    return redirect(url_for("lists.show", vocabulary="promoter"))
