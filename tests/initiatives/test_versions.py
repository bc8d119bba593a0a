from app.contents import queries as contents
from app.contents import vocabularies
from app.initiatives import services, versions
from tests.factories import make_person, make_territory


def test_two_versions_are_compared_field_by_field_in_words():
    author = make_person()
    eau = vocabularies.add_term("theme", "Thèmes", label="Eau", by=None)
    sheet = services.create_sheet(
        "initiative", by=author, territory=make_territory(), title="La marche", summary="x", sections={"results": "Trois rues."}, steps=[{"when": "mai", "what": "Début"}]
    )  # fmt: skip
    services.edit_sheet(
        sheet,
        by=author,
        seen=1,
        title="La marche",
        summary="x",
        sections={"results": "Quatre rues."},
        terms=[eau],
        cost_euros=1200,
        contacts_are_public=True,
        steps=[{"when": "mai", "what": "Début"}, {"when": "", "what": "Fin"}],
    )
    new, old = contents.revisions_of(sheet)
    changes = {change.key: (change.label, change.stretches) for change in versions.compare("initiative", old.fields, new.fields)}
    assert changes == {
        "theme": ("Thèmes", [("new", "Eau")]),
        "cost_euros": ("Coût en euros", [("new", "1200")]),
        "steps": ("Étapes", [("same", "mai\u00a0: Début"), ("new", "\nFin")]),
        "contacts_are_public": ("Contacts montrés à tout le monde", [("gone", "non"), ("new", "oui")]),
        "results": ("Résultats", [("gone", "Trois"), ("new", "Quatre"), ("same", " rues.")]),
    }
    assert versions.compare("initiative", new.fields, new.fields) == []


def test_a_version_from_before_these_fields_is_still_read():
    old = {"title": "T", "summary": "S", "sections": [], "sources": [{"title": "Bilan", "url": "https://example.org"}]}
    texts = versions.texts_of("tool", old)
    assert texts["sources"] == ("Sources", "Bilan, https://example.org")
    assert versions.compare("tool", old, {**old, "price": "Gratuit"})[0].stretches == [("new", "Gratuit")]


def test_every_field_of_a_kind_may_be_pointed_to():
    assert list(versions.fields_of("tool")) == [
        "title",
        "summary",
        "theme",
        "approach",
        "public",
        "licence",
        "price",
        "hosting",
        "address",
        "purpose",
        "use",
        "users",
        "accessibility",
        "limits",
        "sources",
        "files",
    ]
