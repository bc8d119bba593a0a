import pytest
from sqlalchemy import select

from app.contents import queries as contents
from app.contents import services as content_services
from app.contents.models import State
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.initiatives import queries, services
from app.initiatives.imports import import_one, key_of, language_of, sections_of
from app.initiatives.models import Initiative, Step
from app.notifications.models import Notification
from tests.factories import make_person, make_territory


def sheet_by(person=None, **given):
    values = {
        "territory": make_territory(),
        "title": "Marcher pour voir",
        "summary": "Quatre villages relus à pied.",
        "sections": {"method": "On **marche**.", "pitfalls": "- Trop long"},
    }
    return services.create_sheet("initiative", by=person or make_person(), **values | given)


def test_a_sheet_keeps_its_sections_in_the_order_of_the_kind():
    sheet = sheet_by(sections={"pitfalls": "- Trop long", "context": "Avant.", "inconnu": "x"})
    assert [(section["key"], section["html"]) for section in sheet.sections] == [
        ("context", "<p>Avant.</p>"),
        ("pitfalls", "<ul>\n<li>Trop long</li>\n</ul>"),
    ]
    assert "<h2>Contexte</h2>" in sheet.body_html


def test_hostile_sections_are_cleaned_whoever_writes_them():
    sheet = sheet_by()
    sheet.sections = [
        {"key": "other", "title": "X", "source": "", "html": "<p>Oui<script>alert(1)</script><a href='javascript:x'>a</a></p>"}
    ]
    db.commit()
    db.expire_all()
    found = db.scalars(select(Initiative.sections)).one()[0]["html"]
    assert "script" not in found
    assert "javascript" not in found


def test_the_workflow_from_draft_to_the_catalogue():
    author, curator = make_person(), make_person(roles=[("curator", None)])
    sheet = sheet_by(author)
    services.propose(sheet, by=author)
    assert (sheet.step, sheet.state, sheet.is_public) == (Step.PROPOSED, State.PENDING, False)
    services.send_back(sheet, by=curator, note="Il manque le coût.")
    assert (sheet.step, sheet.review_note) == (Step.DRAFT, "Il manque le coût.")
    services.propose(sheet, by=author)
    services.publish(sheet, by=curator)
    assert (sheet.step, sheet.is_public) == (Step.PUBLISHED, True)
    assert len(db.scalars(select(Notification).where(Notification.person_id == author.id)).all()) == 2


def test_a_sheet_is_proposed_once():
    author = make_person()
    sheet = sheet_by(author)
    services.propose(sheet, by=author)
    with pytest.raises(DomainError, match="déjà"):
        services.propose(sheet, by=author)


def test_two_people_edit_without_losing_a_word():
    author = make_person()
    sheet = sheet_by(author)
    given = {"title": "Un", "summary": "Un.", "sections": {"results": "Un"}, "terms": []}
    services.edit_sheet(sheet, by=author, seen=1, **given)
    with pytest.raises(Conflict):
        services.edit_sheet(sheet, by=author, seen=1, **given | {"title": "Deux"})
    kept = contents.revisions_of(sheet)
    assert [revision.fields["sections"][0]["source"] for revision in kept] == ["Un", "On **marche**."]


def test_terms_belong_to_their_vocabulary_and_keep_its_order():
    content_services.ensure_vocabulary("theme", "Thèmes", {"eau": "Eau", "velo": "Vélo"})
    eau, velo = contents.terms_in("theme")
    sheet = sheet_by(terms=[velo, eau, velo])
    assert [term.key for term in contents.terms_of([sheet.id])[sheet.id]["theme"]] == ["eau", "velo"]


def test_an_address_must_be_one_of_the_web():
    with pytest.raises(DomainError) as refused:
        services.create_sheet("tool", by=make_person(), territory=None, title="X", summary="X", sections={}, address="javascript:alert(1)")
    assert refused.value.field == "address"


def test_an_end_before_the_start_is_refused():
    from datetime import date

    with pytest.raises(DomainError, match="suivre"):
        sheet_by(started_on=date(2025, 5, 1), ended_on=date(2025, 4, 1))


def test_counts_by_step():
    sheet_by()
    assert queries.counts_by_step()[Step.DRAFT] == 1


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("Problems and Purpose", "context"),
        ("Participant Selection", "method"),
        ("Influence, Outcomes, and Effects:", "results"),
        ("Analysis and Criticism", "pitfalls"),
        ("External Links", "sources"),
        ("Écueils", "pitfalls"),
        ("Anything else", "other"),
    ],
)
def test_headings_are_mapped(heading, key):
    assert key_of(heading) == key


def test_a_page_is_cut_at_its_headings_and_the_rest_is_kept():
    page = """<p>Intro <script>x</script></p><h2>Problems and Purpose</h2><p>Why <b>so</b></p><h3>Odd <em>one</em></h3><ul><li>kept</ul>
    <h2></h2><h2>External links</h2><p><a href="https://example.org/a?b=1&amp;c=2">There</a> <a href="javascript:x">no</a></p>"""
    sections, sources = sections_of(page)
    assert [(section["key"], section["title"]) for section in sections] == [
        ("context", "Contexte"),
        ("other", "Odd one"),
        ("other", "External links"),
    ]
    assert "script" not in str(sections)
    assert sources == [{"title": "There", "url": "https://example.org/a?b=1&c=2"}]


def test_languages_are_told_by_their_little_words():
    assert language_of("the house of the people and the city that was built to be in the town for us") == "en"
    assert language_of("la maison des gens est dans une ville pour ceux qui passent par les rues") == "fr"
    assert language_of("42") == "fr"


def test_an_empty_region_starts_with_lists_and_keeps_its_own():
    services.ensure_lists()
    level = contents.terms_in("level")
    assert [term.key for term in level] == ["informer", "consulter", "concerter", "co-construire", "deleguer"]
    level[0].label = "Dire"
    services.ensure_lists()
    assert contents.terms_in("level")[0].label == "Dire"
    assert contents.terms_in("theme") == []


def test_an_imported_sheet_is_nobodys_report_and_is_measured():
    row = {"title": "A", "body_html": "<h2>Context</h2><p>" + "Words about a town. " * 60 + "</p>", "source_url": "https://example.org/a"}
    sheet = import_one(row, source="x:1", territory=None, publish=True)
    assert (sheet.step, sheet.voice, sheet.points) == (Step.PUBLISHED, "official", 2)  # described, with its source
    assert sheet.review_on is not None
