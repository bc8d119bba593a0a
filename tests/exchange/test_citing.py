import json

import pytest

from app.core.db import db
from app.exchange import citing
from app.initiatives import services
from tests.factories import make_person


@pytest.fixture
def sheet(app):
    curator = make_person(roles=[("curator", None)])
    title = 'Un budget </script><script>alert(1)</script> \u2028 & 100 % {de} $ "fin"'
    made = services.create_sheet(
        "initiative", by=curator, territory=None, title=title, summary="Dit.", sections={}, latitude=50.5, longitude=3.0
    )
    services.publish(made, by=curator)
    db.commit()
    return made


def test_a_sheet_is_cited_in_words_and_in_bibtex(client, sheet):
    words = client.get(f"/catalogue/{sheet.id}/citation.txt")
    assert f"/contributions/{sheet.id}" in words.text
    assert words.mimetype == "text/plain"
    bib = client.get(f"/catalogue/{sheet.id}/citation.bib").text
    assert bib.startswith(f"@misc{{beffroi-{sheet.id},")
    assert r"\& 100 \% \{de\} \$" in bib
    assert bib.count("{") == bib.count("}")


def test_x08_linked_data_cannot_end_its_own_script(client, sheet):
    page = client.get(f"/catalogue/{sheet.id}", follow_redirects=True).text
    inside = page.split('<script type="application/ld+json">')[1].split("</script>")[0]
    about = json.loads(inside)
    assert about["name"] == sheet.title
    assert about["contentLocation"]["geo"]["latitude"] == 50.5
    assert "<script>alert" not in page
    alone = client.get(f"/catalogue/{sheet.id}/fiche.jsonld")
    assert (alone.mimetype, alone.json) == ("application/ld+json", about)


def test_an_unpublished_sheet_is_cited_by_nobody_else(client, app):
    curator = make_person(roles=[("curator", None)])
    made = services.create_sheet("initiative", by=curator, territory=None, title="Secret", summary="", sections={})
    db.commit()
    for path in ("citation.txt", "citation.bib", "fiche.jsonld"):
        assert client.get(f"/catalogue/{made.id}/{path}").status_code == 404
    assert client.get(f"/api/v1/catalogue/{made.id}").status_code == 404


def test_bibtex_has_no_commands(app):
    assert citing.escaped(r"\input{x}~^") == r"\textbackslash{}input\{x\}\textasciitilde{}\textasciicircum{}"
