"""Files that may be kept for a year, because their address changes with them."""

import gzip
import re

import brotli
import pytest
from flask import Flask

from app.core import assets


@pytest.fixture(scope="module")
def site():
    app = Flask("site", static_folder=None)
    assets.init_app(app)
    return app


def address(site, name):
    with site.test_request_context():
        return assets.asset(name)


def test_an_address_holds_the_hash_of_the_content_and_is_kept_a_year(site):
    sheet = address(site, "css/site.css")
    assert re.fullmatch(r"/static/css/site\.[0-9a-f]{12}\.css", sheet)
    answer = site.test_client().get(sheet)
    assert answer.status_code == 200
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_sheet_is_bootstrap_then_ours_and_no_part_is_served_alone(site):
    text = site.test_client().get(address(site, "css/site.css")).text
    assert text.index("Bootstrap") < text.index("--ground") < text.rindex("@media print")
    assert site.test_client().get("/static/css/tokens.css").status_code == 404


@pytest.mark.parametrize(("accepted", "open_"), [("br", brotli.decompress), ("gzip", gzip.decompress), ("identity", bytes)])
def test_what_is_sent_is_what_the_browser_can_read(site, accepted, open_):
    client = site.test_client()
    plain = client.get(address(site, "css/site.css"), headers={"Accept-Encoding": "identity"}).data
    answer = client.get(address(site, "css/site.css"), headers={"Accept-Encoding": accepted})
    assert open_(answer.data) == plain
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_an_older_address_gets_todays_file_but_is_not_kept(site):
    answer = site.test_client().get("/static/css/site.000000000000.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_browser_that_has_it_is_told_so(site):
    client, name = site.test_client(), address(site, "js/site.js")
    tag = client.get(name).headers["ETag"]
    assert client.get(name, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("name", ["css/nothing.css", "../config.py", "css/", "js/site.js.map"])
def test_nothing_else_is_served(site, name):
    assert site.test_client().get(f"/static/{name}").status_code == 404


def test_styles_and_scripts_stay_light(site):
    client = site.test_client()
    weight = sum(len(client.get(address(site, name), headers={"Accept-Encoding": "gzip"}).data) for name in ("css/site.css", "js/site.js"))
    assert weight < 60_000  # the goal is 90 kB; htmx and a map will want their share


def test_our_styles_and_scripts_name_no_other_host():
    for path in [*(assets.STATIC / "css").glob("*.css"), *(assets.STATIC / "js").glob("*.js")]:
        for found in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text(encoding="utf-8")):
            assert found.endswith("www.w3.org"), f"{path.name}: {found}"
