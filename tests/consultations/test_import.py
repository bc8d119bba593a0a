"""Import and export, on small files of our own; on the whole corpus where it is present."""

import gzip
import json
import zipfile

import pytest
from sqlalchemy import func, select

from app.comments import queries as comment_queries
from app.comments import services as comment_services
from app.comments.models import Argument, Comment
from app.consultations import exporting, importing
from app.consultations.archives import META
from app.consultations.lines import moment_in
from app.consultations.models import Consultation
from app.consultations.proposals import services as proposing
from app.consultations.proposals.models import Appendix, Proposal, Source
from app.contents import queries as contents
from app.contents import services as content_services
from app.contents.models import Content, Origin, Revision, State, StateChange, Tally
from app.core.db import db
from app.core.outbox import OutboxJob
from app.core.text import from_plain, html
from app.territories.models import Territory
from tests.conftest import shared
from tests.factories import make_person, make_territory
from tests.participation import fresh, make_argument, make_consultation, make_proposal, make_reply, make_section, make_source


def proposal_line(number, **change):
    argument = {
        "id": number,
        "side": "for",
        "body": "Oui.\n\n- a\n- <50 %",
        "created_at": "2015-10-02T10:00:00+0200",
        "author": "participant-2",
        "votes": 3,
    }
    source = {
        "title": "Rapport",
        "url": "http://exemple.fr",
        "body": "Utile.",
        "created_at": "2015-10-03T10:00:00+0200",
        "author": "participant-3",
        "category": "Rapport",
        "votes": 1,
    }
    line = {
        "id": number,
        "section": "Données",
        "section_id": 86,
        "title": f"Article {number}",
        "body_html": "<p>Texte &eacute;crit<script>x</script></p>",
        "created_at": "2015-09-26T02:27:54+0200",
        "updated_at": "2015-09-29T11:50:19+0200",
        "author": "participant-1",
        "official": False,
        "votes": {"agree": 10, "mixed": 2, "disagree": 0},
        "versions_count": 4,
        "appendices": [{"title": "Explication", "body_html": "<p>Parce que.</p>"}],
        "arguments": [argument],
        "sources": [source],
    }
    return line | change


def corpus(folder, *lines, name="essai.jsonl.gz"):
    """A file of these lines: dictionaries, or text as it is."""
    path = folder / name
    text = "".join((line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def spaced(text):
    """Without French spaces, so that a test reads as it is typed."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def run(path, territory, **options):
    refused = []
    report = importing.import_consultation(path, territory, refusal=refused.append, **options)
    assert refused == report.refused
    return report


def command(app, *args):
    return app.test_cli_runner().invoke(args=["import", "consultation", *map(str, args)])


def consultation_of(report):
    return db.scalars(select(Consultation).where(Consultation.id == report.consultation_id)).one()


def one(model):
    return db.scalars(select(model)).one()


# --- What is kept -----------------------------------------------------------------------------------------------------------------


def test_a_line_becomes_a_proposal_with_all_that_hangs_from_it(tmp_path):
    territory = make_territory()
    report = run(corpus(tmp_path, proposal_line(61, official=True)), territory, title="République numérique")
    assert dict(report.imported) == {"proposal": 1, "argument": 1, "source": 1}
    assert not report.refused
    consultation, proposal, argument, source = consultation_of(report), one(Proposal), one(Argument), one(Source)
    assert (consultation.title, consultation.territory_id, consultation.is_public) == ("République numérique", territory.id, True)
    assert (consultation.opens_at.isoformat(), consultation.closes_at.isoformat()) == (
        "2015-09-25T22:00:00+00:00",
        "2015-10-03T22:00:00+00:00",
    )
    assert [content.source for content in (consultation, proposal, argument)] == ["essai", "essai:61", "essai:61"]
    assert source.source.startswith("essai:")
    assert len(source.source) == len("essai:") + 16
    assert {content.origin for content in (consultation, proposal, argument, source)} == {Origin.IMPORTED}
    assert (proposal.byline, proposal.author_id, proposal.is_official, proposal.voice, proposal.earlier_versions) == (
        "participant-1",
        None,
        True,
        "official",
        4,
    )
    assert proposal.body_html == "<p>Texte écrit</p>"
    assert proposal.published_at.isoformat() == "2015-09-26T00:27:54+00:00"
    assert proposal.updated_at.isoformat() == "2015-09-29T09:50:19+00:00"
    assert argument.body_html == "<p>Oui.</p><p>- a<br>- &lt;50 %</p>"
    assert argument.body_source == "Oui.\n\n- a\n- <50 %"
    assert (source.url, source.category, source.parent_id) == ("http://exemple.fr", "Rapport", proposal.id)
    assert one(Appendix).body_html == "<p>Parce que.</p>"
    figures = contents.figures_of([proposal.id, argument.id, source.id])
    assert [(f.agree, f.mixed, f.disagree, f.imported) for f in figures.values()] == [(10, 2, 0, 12), (3, 0, 0, 3), (1, 0, 0, 1)]
    assert contents.participants_in([consultation.id]) == {consultation.id: 3}


def test_the_import_is_shown_as_it_came(tmp_path, client):
    report = run(corpus(tmp_path, proposal_line(61)), make_territory())
    db.commit()
    page = client.get(f"/propositions/{one(Proposal).id}").text
    for text in (
        "Article 61",
        "Explication",
        "Parce que.",
        "participant-1",
        "4 versions sur la plateforme d’origine",
        "dont 12 repris",
        "http://exemple.fr",
        "Données",
    ):
        assert text in page
    assert client.get(f"/consultations/{report.consultation_id}.json").json["items"][0]["source"] == "essai:61"


def test_what_the_import_leaves_is_what_the_services_leave(tmp_path):
    """Rows are made in bulk: revisions, history, tallies, counters, visibility must be as if each had gone through services."""
    territory = make_territory()
    territory_id = territory.id
    run(corpus(tmp_path, proposal_line(61)), territory)
    line, consultation, section_id = proposal_line(62), one(Consultation), one(Proposal).section_id
    by_hand = []
    for model, part, parent in ((Proposal, line, None), (Argument, line["arguments"][0], 0), (Source, line["sources"][0], 0)):
        more = {
            Proposal: {"earlier_versions": 4, "section_id": section_id},
            Argument: {"side": "for"},
            Source: {"url": part.get("url"), "category": "Rapport"},
        }
        content = model(
            space_id=consultation.id, territory_id=territory_id, parent_id=by_hand[0].id if parent is not None else None, **more[model]
        )
        body = part.get("body_html") or from_plain(part["body"])
        clean = html(body)
        title = part.get("title") or "Oui. - a - <50 %"
        content_services.write(content, title=title, body=part.get("body") or body, body_html=clean)
        created = moment_in(part, "created_at")
        content_services.import_as(
            content,
            source=f"main:{len(by_hand)}",
            byline=part["author"],
            created_at=created,
            updated_at=moment_in(part, "updated_at", created),
        )
        content_services.add(content, author=None, state=State.PUBLISHED)
        votes = part["votes"] if isinstance(part["votes"], dict) else {"agree": part["votes"]}
        for value, count in votes.items():
            if count:
                content_services.move_tally(content.id, "agreement", value, imported=count)
        by_hand.append(content)
    bulk = [db.scalars(select(model).where(model.source.like("essai:%"))).one() for model in (Proposal, Argument, Source)]
    own = {"id", "parent_id", "source", "title"}
    for ours, theirs in zip(bulk, [fresh(content) for content in by_hand], strict=True):
        ours = fresh(ours)
        columns = {attribute.key for attribute in type(ours).__mapper__.column_attrs} - own
        assert {name: getattr(ours, name) for name in columns} == {name: getattr(theirs, name) for name in columns}
        beside = []
        for content in (ours, theirs):
            revisions = db.execute(select(Revision.n, Revision.author_id, Revision.fields).where(Revision.content_id == content.id)).all()
            changes = db.execute(
                select(StateChange.before, StateChange.after, StateChange.reason, StateChange.by_id).where(
                    StateChange.content_id == content.id
                )
            ).all()
            tallies = db.execute(
                select(Tally.scale, Tally.value, Tally.cast, Tally.imported).where(Tally.content_id == content.id).order_by(Tally.value)
            ).all()
            queued = db.scalar(
                select(func.count(func.distinct(OutboxJob.key))).where(OutboxJob.topic == "search", OutboxJob.key == str(content.id))
            )
            beside.append(([(n, author, {**fields, "title": ""}) for n, author, fields in revisions], changes, tallies, queued))
        assert beside[0] == beside[1]


# --- Again, interrupted, refused ------------------------------------------------------------------------------------------------------


def test_a_second_run_imports_nothing(tmp_path):
    territory = make_territory()
    path = corpus(tmp_path, proposal_line(1), proposal_line(2))
    run(path, territory)
    again = run(path, territory)
    assert (again.total, again.known) == (0, 6)
    assert db.scalar(select(func.count(Content.id))) == 7
    assert db.scalar(select(func.count(Revision.id))) == 7


def test_a_longer_file_adds_only_what_is_new(tmp_path):
    territory = make_territory()
    run(corpus(tmp_path, proposal_line(1)), territory)
    more = proposal_line(1)
    more["arguments"] = [*more["arguments"], more["arguments"][0] | {"id": 99, "side": "against", "body": "Non."}]
    report = run(corpus(tmp_path, more, proposal_line(2)), territory)
    assert dict(report.imported) == {"proposal": 1, "argument": 2, "source": 1}
    first = db.scalars(select(Proposal).where(Proposal.source == "essai:1")).one()
    assert fresh(first).replies_count == 3
    assert comment_queries.arguments_of(first, make_person()).total == 2


def test_an_interrupted_import_goes_on_from_where_it_was(tmp_path, monkeypatch):
    territory = make_territory()
    path = corpus(tmp_path, *(proposal_line(n) for n in range(1, 8)))
    monkeypatch.setattr(importing, "BATCH", 2)
    turns = []

    def stop(place):
        turns.append(place)
        if len(turns) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(path, territory, progress=stop)
    assert db.scalar(select(func.count(Proposal.id))) == 4
    report = run(path, territory)
    assert (report.imported["proposal"], report.known) == (3, 12)
    assert db.scalar(select(func.count(Consultation.id))) == 1


BAD = {
    "ce n’est pas du JSON": "{",
    "ce n’est pas une proposition": "[1]",
    "« id » manque": proposal_line(1, id=None),
    "« title » manque": proposal_line(1, title=""),
    "« title » est vide": proposal_line(1, title=" \u200b"),
    "« title » n’est pas un texte": proposal_line(1, title=3),
    "« body_html » dépasse": proposal_line(1, body_html="x" * 400_001),
    "« created_at » n’a pas de fuseau": proposal_line(1, created_at="2015-09-26T02:27:54"),
    "« created_at » n’est pas une date": proposal_line(1, created_at=12),
    "« agree » n’est pas un nombre": proposal_line(1, votes={"agree": -1}),
    "« arguments » n’est pas une liste": proposal_line(1, arguments="x"),
    "argument 9 : ni pour ni contre": proposal_line(1, arguments=[{"id": 9, "side": "up"}]),
    "argument 9 : « body » manque": proposal_line(1, arguments=[{"id": 9, "side": "for", "created_at": "2015-10-02T10:00:00+0200"}]),
    "source Rapport : Donnez une adresse": proposal_line(1, sources=[proposal_line(1)["sources"][0] | {"url": "javascript:alert(1)"}]),
    "signe qui ne peut pas": proposal_line(1, title="\ud800 seul"),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_line_or_a_part_not_taken_is_named_and_nothing_else_is_lost(tmp_path, reason):
    bad = BAD[reason] if isinstance(BAD[reason], str) else json.dumps(BAD[reason])
    report = run(corpus(tmp_path, proposal_line(7), bad, proposal_line(8)), make_territory())
    assert len(report.refused) == 1
    assert report.refused[0].startswith("Ligne 2")
    assert spaced(reason) in spaced(report.refused[0])
    assert {"essai:7", "essai:8"} <= set(db.scalars(select(Proposal.source)))
    assert db.scalar(select(func.count(Argument.id))) >= 2


def test_the_same_line_twice_in_a_file_is_one(tmp_path):
    report = run(corpus(tmp_path, proposal_line(1), proposal_line(1)), make_territory())
    assert report.imported["proposal"] == 1
    assert report.known == 3


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), "coupé ou abîmé"),
        (lambda path: path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-30])), "au milieu de la ligne"),
        (lambda path: path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + "é".encode("latin-1") + b"\n")), "UTF-8"),
        (lambda path: path.write_bytes(b"not gzip"), "n’en est pas un"),
    ],
)
def test_a_damaged_file_is_one_clear_sentence_and_keeps_what_came_before(app, tmp_path, monkeypatch, damage, sentence):
    monkeypatch.setattr(importing, "BATCH", 1)
    territory = make_territory()
    path = corpus(tmp_path, *(proposal_line(n) for n in range(1, 40)))
    damage(path)
    result = command(app, path, "--territory", territory.slug)
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert len([line for line in result.output.splitlines() if line.startswith("Error")]) == 1
    kept = db.scalar(select(func.count(Proposal.id)))
    assert kept == 0 if sentence == "n’en est pas un" else kept >= 20


def test_the_command_says_what_it_did(app, tmp_path):
    slug = make_territory().slug
    path = corpus(tmp_path, proposal_line(1), "{")
    first, second = (command(app, path, "--territory", slug, "--title", "Essai") for _ in range(2))
    assert first.exit_code == second.exit_code == 0
    assert "Importé : 1 proposition, 1 argument, 1 source. 1 refus" in spaced(first.output)
    assert "Ligne 2 : ce n’est pas du JSON" in spaced(first.output)
    assert "0 proposition, 0 argument, 0 source. 3 étaient déjà là" in second.output


def test_the_command_refuses_a_place_that_does_not_exist(app, tmp_path):
    path, slug, other = corpus(tmp_path, proposal_line(1)), make_territory().slug, make_territory().slug
    assert "Aucun territoire" in command(app, path, "--territory", "nulle-part").output
    assert "n’existe pas" in command(app, path, "--territory", slug, "--project", "9").output
    command(app, path, "--territory", slug)
    again = command(app, path, "--territory", other)
    assert again.exit_code == 1
    assert "autre territoire" in again.output


def test_a_plain_file_is_read_too(tmp_path):
    assert run(corpus(tmp_path, proposal_line(1), name="essai.jsonl"), make_territory()).total == 3


@pytest.mark.parametrize("name", ["archive.zip", "vide.zip"])
def test_an_archive_that_is_not_one_of_ours_is_refused(app, tmp_path, name):
    path = tmp_path / name
    if name == "vide.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("autre.txt", "x")
    else:
        path.write_bytes(b"PK\x03\x04 nothing")
    result = command(app, path, "--territory", make_territory().slug)
    assert result.exit_code == 1
    assert "rchive" in result.output
    assert "Traceback" not in result.output


# --- Export ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lively():
    """A consultation with something of everything, some of it not public."""
    consultation = make_consultation(title="La friche", body="Avant d’**écrire**.")
    section = make_section(consultation, title="Nature")
    proposal = make_proposal(
        consultation, section_id=section.id, title="=1+1", body="On **garde** trois murs.", author=make_person(name="Lucie")
    )
    argument = make_argument(proposal, body="-5 degrés", title="Le vent")
    untitled = comment_services.post_argument(proposal, author=make_person(), side="against", body="Trop cher.")
    make_reply(argument, body="@tous"), make_source(proposal, title="+33", body="Utile.")
    make_proposal(consultation, state=State.HIDDEN, title="Cachée"), make_argument(proposal, state=State.REMOVED, body="Retirée")
    make_reply(make_argument(proposal, state=State.WITHDRAWN, body="Reprise"), body="Orpheline")
    proposing.propose_officially(consultation, by=make_person(), title="Le chemin", body="Ouvert.", section_id=section.id, byline="Ville")
    (
        comment_services.vote(proposal, person=make_person(), value="agree"),
        comment_services.vote(untitled, person=make_person(), value="disagree"),
    )
    content_services.move_tally(proposal.id, "agreement", "mixed", imported=4)
    db.commit()
    return consultation


def test_an_archive_is_documented_and_holds_only_what_is_public(lively, tmp_path):
    path = tmp_path / "friche.zip"
    counts = exporting.export_consultation(loaded(lively), path)
    assert counts == {"proposal": 2, "argument": 2, "comment": 1, "source": 1, "votes_agree": 1, "votes_disagree": 1, "votes_mixed": 4}
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}
    whole = "".join(files.values())
    for absent in ("Cachée", "Retirée", "Reprise", "Orpheline", "@example.org"):
        assert absent not in whole
    for name, columns in exporting.TABLES.items():
        header = files[name].splitlines()[0].split(";")
        assert header == list(columns)
        assert all(f"`{column}`" in files["README.md"] for column in header)
    assert "'=1+1" in files["propositions.csv"]
    assert "'-5 degrés" in files["arguments.csv"]
    assert "'@tous" in files["reponses.csv"]
    assert "'+33" in files["sources.csv"]
    assert json.loads(files[META])["figures"] == counts


def loaded(consultation):
    from app.consultations.queries import get_consultation

    return get_consultation(consultation.id)


def test_an_archive_read_back_elsewhere_has_the_same_figures(lively, app, tmp_path):
    path = tmp_path / "friche.zip"
    result = app.test_cli_runner().invoke(args=["export", "consultation", str(lively.id), "-o", str(path)])
    assert result.exit_code == 0, result.output
    before = exporting.figures(lively)
    empty(lively)
    territory = make_territory()
    report = run(path, territory)
    assert not report.refused
    back = consultation_of(report)
    assert exporting.figures(back) == before
    assert (back.title, back.asked, back.opens_at, back.closes_at) == (lively.title, lively.asked, lively.opens_at, lively.closes_at)
    proposal = db.scalars(select(Proposal).where(Proposal.title == "=1+1")).one()
    assert (proposal.byline, proposal.body_source) == (
        "Lucie",
        "On **garde** trois murs.",
    )
    assert "<strong>garde</strong>" in proposal.body_html
    assert {(argument.title, argument.is_titled) for argument in db.scalars(select(Argument))} == {("Le vent", True), ("Trop cher.", False)}
    assert one(Comment).body_source == "@tous"
    assert db.scalars(select(Proposal.is_official)).all().count(True) == 1
    again = tmp_path / "encore.zip"
    exporting.export_consultation(loaded(back), again)
    assert run(again, territory).total == 0


def empty(consultation):
    """As if it had never been here."""
    from sqlalchemy import delete

    ids = [each.id for each in contents.descendants_of(consultation)] + [consultation.id]
    db.expunge_all()
    for model in (Argument, Comment, Source, Proposal, Consultation, Content):
        if model is Consultation:
            from app.consultations.proposals.models import Section

            db.execute(delete(Section).where(Section.consultation_id == consultation.id))
        if model is Content:
            db.execute(Content.__table__.update().where(Content.id.in_(ids)).values(parent_id=None, space_id=None))
        table = model.__table__
        db.execute(table.delete().where(table.c.id.in_(ids)))
    db.commit()


def test_what_is_not_published_is_not_exported(app, tmp_path):
    draft = make_consultation(state=State.DRAFT)
    for number in (draft.id, 999_999):
        result = app.test_cli_runner().invoke(args=["export", "consultation", str(number), "-o", str(tmp_path / "x.zip")])
        assert result.exit_code == 1
        assert not list(tmp_path.iterdir())


def test_a_failed_export_leaves_no_file(lively, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "readme", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        exporting.export_consultation(loaded(lively), tmp_path / "friche.zip")
    assert list(tmp_path.iterdir()) == []


# --- The real one ----------------------------------------------------------------------------------------------------------------------


def test_a_real_consultation_fits_without_loss_and_survives_export_and_import(committed, tmp_path):
    path = shared("corpus/republique-numerique.jsonl.gz")
    report = run(path, make_territory(), title="République numérique")
    db.expunge_all()
    assert dict(report.imported) == {"proposal": 696, "argument": 3994, "source": 326}
    assert not report.refused
    figures = exporting.figures(consultation_of(report))
    with gzip.open(path, "rt", encoding="utf-8") as whole:
        lines = [json.loads(line) for line in whole]
    agree = sum(line["votes"]["agree"] + sum(each["votes"] for each in (*line["arguments"], *line["sources"])) for line in lines)
    assert figures["votes_agree"] == agree
    assert figures["votes_mixed"] + figures["votes_disagree"] == sum(line["votes"]["mixed"] + line["votes"]["disagree"] for line in lines)
    assert db.scalar(select(func.count(Appendix.id))) == 539
    assert db.scalar(select(func.count(Proposal.id)).where(Proposal.is_official)) == 69
    assert contents.participants_in([report.consultation_id])[report.consultation_id] == 1539
    db.expunge_all()
    archive, consultation = tmp_path / "numerique.zip", loaded(consultation_of(report))
    exporting.export_consultation(consultation, archive)
    empty(consultation)
    back = run(archive, db.scalars(select(Territory)).one())
    db.expunge_all()
    assert exporting.figures(consultation_of(back)) == figures
    assert not back.refused
