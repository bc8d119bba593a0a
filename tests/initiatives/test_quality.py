from datetime import date, timedelta

import pytest

from app.contents import services as content_services
from app.contents import vocabularies
from app.contents.models import Attachment
from app.core import clock
from app.core.db import db
from app.files.models import StoredFile
from app.initiatives import desk, quality, queries, services
from app.initiatives.models import KINDS, Step
from tests.factories import make_person, make_territory, save

LONG = "On a marché dans quatre villages, avec les habitants, pendant une matinée. " * 15
WHOLE = {
    "initiative": {
        "sections": {"method": LONG, "results": LONG, "practices": LONG, "pitfalls": LONG},
        "started_on": date(2025, 1, 1),
        "cost_euros": 0,
        "sources": [{"title": "Bilan"}],
        "contacts": [{"name": "Accueil", "phone": "03 00 00 00 00"}],
        "place": "Arras",
        "latitude": 50.29,
        "longitude": 2.78,
    },
    "document": {
        "sections": {"abstract": LONG},
        "writer": "Une équipe",
        "issued_year": 2024,
        "licence": "Libre",
        "address": "https://example.org/a.pdf",
        "sources": [{"title": "Bilan"}],
    },
    "tool": {
        "sections": {"purpose": LONG, "accessibility": LONG, "users": LONG},
        "price": "Gratuit",
        "licence": "Libre",
        "hosting": "Aucun",
        "sources": [{"title": "Bilan"}],
    },
}


def sheet_of(kind, **given):
    values = WHOLE[kind] | given
    return services.create_sheet(kind, by=make_person(), territory=None, title="Une fiche", summary="Une phrase.", **values)


def image_on(sheet, alt="Un plan"):
    file = save(
        StoredFile(stored_as=f"{sheet.id:032x}", sha256="0" * 64, media_type="image/png", size=1, name="p.png", purpose="attachment")
    )
    save(Attachment(content_id=sheet.id, file_id=file.id, title="Plan", alt=alt))
    quality.measure(sheet)


def missing(sheet):
    return [each.key for each in quality.meter_of(sheet, quality.around(sheet)).missing]


def test_each_kind_has_criteria_with_what_to_do_next():
    assert set(quality.CRITERIA) == set(KINDS)
    for criteria in quality.CRITERIA.values():
        assert all(str(each.label) and str(each.todo).endswith((".", "…")) for each in criteria)
        assert sum(each.by_clock for each in criteria) == 1


def test_an_initiative_that_says_all_meets_its_ten_criteria():
    sheet = sheet_of("initiative")
    assert missing(sheet) == ["image"]
    image_on(sheet)
    assert (missing(sheet), sheet.points) == ([], 9)  # and the one of the clock


@pytest.mark.parametrize(
    ("without", "criterion"),
    [
        ({"sections": {**WHOLE["initiative"]["sections"], "results": "Bien."}}, "results"),
        ({"sections": {**WHOLE["initiative"]["sections"], "pitfalls": ""}}, "lessons"),
        ({"sections": {"results": "x" * 90, "practices": "x" * 90, "pitfalls": "x" * 90}}, "description"),
        ({"started_on": None}, "dates"),
        ({"cost_euros": None}, "cost"),
        ({"sources": []}, "source"),
        ({"contacts": [{"name": "Quelqu’un"}]}, "contact"),
        ({"latitude": None, "longitude": None}, "place"),
    ],
)
def test_what_is_not_said_is_named(without, criterion):
    """Seen red with each criterion's question replaced by True."""
    assert missing(sheet_of("initiative", **without)) == [criterion, "image"]


def test_an_image_without_its_text_is_not_one():
    sheet = sheet_of("initiative")
    image_on(sheet, alt="")
    assert missing(sheet) == ["image"]


def test_documents_and_tools_have_their_own_criteria():
    assert missing(sheet_of("document")) == ["nature", "theme"]
    assert missing(sheet_of("tool")) == ["theme"]
    theme = vocabularies.add_term("theme", "Thèmes", label="Eau", by=None)
    assert missing(sheet_of("tool", terms=[theme])) == []


def test_time_takes_a_point_back_without_anybody_writing(at):
    sheet, curator = sheet_of("initiative"), make_person(roles=[("curator", None)])
    services.publish(sheet, by=curator)
    before = queries.desk_facts([sheet.id])[sheet.id]
    assert (before.score, before.is_due, missing(sheet)) == (90, False, ["image"])
    late = clock.now() + timedelta(days=services.REVIEWED_EVERY)
    at(late)
    after = queries.desk_facts([sheet.id])[sheet.id]
    assert (after.score, after.is_due, missing(sheet)) == (80, True, ["image", "fresh"])
    assert db.scalars(queries.due()).all() == [sheet.id]
    services.confirm_fresh(sheet, by=curator)
    assert db.scalars(queries.due()).all() == []


def test_the_score_in_sql_is_the_one_of_the_page():
    for kind in KINDS:
        for given in ({}, {"sources": []}, {"sections": {}}):
            sheet = sheet_of(kind, **given)
            assert queries.desk_facts([sheet.id])[sheet.id].score == quality.meter_of(sheet, quality.around(sheet)).percent


def test_the_desk_lists_what_waits_ages_and_lacks_in_a_steady_number_of_queries(count_queries):
    curator = make_person(roles=[("curator", None)])
    place = make_territory()
    poor = services.create_sheet("tool", by=curator, territory=place, title="Pauvre", summary="x", sections={})
    rich = sheet_of("initiative", promoter="Une association")
    services.create_sheet("tool", by=curator, territory=place, title="Brouillon", summary="x", sections={})
    for sheet in (rich, poor):
        services.publish(sheet, by=curator)
    listed = {key: db.scalars(view.ids()).all() for key, view in desk.views().items()}
    assert listed["weak"] == [poor.id]
    assert set(listed["unlinked"]) == {poor.id, rich.id}
    assert listed["promoters"] == [rich.id]
    assert len(listed["draft"]) == 1
    content_services.set_terms(rich, [vocabularies.add_term("theme", "Thèmes", label="Eau", by=None)])

    def found(view="published", **asked):
        return [sheet.title for sheet in db.scalars(queries.on_the_desk(desk.views()[view].ids(), queries.Asked(**asked)))]

    assert found(order="score") == ["Pauvre", "Une fiche"]
    assert found(words="PAUV") == found(territory_id=place.id) == found(kind="tool") == found(theme="none") == ["Pauvre"]
    assert found(words="%") == []
    assert found(theme="eau") == found(is_regional=True) == ["Une fiche"]
    assert found(origin="citizen") == found(reviewer_id=curator.id) == []
    count_queries.clear()
    counts = desk.counts()
    assert len(count_queries) == 1
    assert (counts["published"], counts["draft"], counts["proposed"]) == (2, 1, 0)
    assert queries.overview() == {"published": 2, "score": 50, "waiting": 0, "due": 0}


def test_a_neighbour_adds_its_list_to_the_desk(client):
    sheet = sheet_of("tool")
    views = dict(desk._views)
    desk.view("test", "Liens cassés", queries.weak, help="Réparez-les.", detail=lambda ids: dict.fromkeys(ids, "Deux liens cassés"))
    try:
        services.publish(sheet, by=None)
        sheet.points = 0
        db.commit()
        client.log_in(make_person(roles=[("curator", None)]))
        page = client.get("/gestion/region/catalogue/?vue=test").text
        assert "Réparez-les." in page
        assert "Deux liens cassés" in page
    finally:
        desk._views.clear()
        desk._views.update(views)
    assert sheet.step == Step.PUBLISHED
