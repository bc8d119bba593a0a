"""Statements of reasons, held to the submission rules of the European database (schema in force since 1 July 2025).

Written from its public documentation, https://transparency.dsa.ec.europa.eu/page/api-documentation-two, read on 2026-11-23:
attributes, which are required and when, allowed values, lengths, forms of dates and of the identifier.
"""

import csv
import io
import json
import re

import pytest

from app.core import clock
from app.core.db import db
from app.moderation.models import Scope, Statement, Verdict
from app.moderation.transparency import dsa
from app.territories.models import CharterArticle
from tests.factories import make_person
from tests.moderation.transparency.made import make_article, make_decision, make_desk

VISIBILITIES = {f"DECISION_VISIBILITY_{each}" for each in ("CONTENT_REMOVED", "CONTENT_DISABLED", "CONTENT_DEMOTED", "OTHER")}
CATEGORIES = {
    f"STATEMENT_CATEGORY_{each}"
    for each in (
        "ANIMAL_WELFARE",
        "CONSUMER_INFORMATION",
        "CYBER_VIOLENCE",
        "CYBER_VIOLENCE_AGAINST_WOMEN",
        "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
        "ILLEGAL_OR_HARMFUL_SPEECH",
        "INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
        "NOT_SPECIFIED_NOTICE",
        "OTHER_VIOLATION_TC",
        "PROTECTION_OF_MINORS",
        "RISK_FOR_PUBLIC_SECURITY",
        "SCAMS_AND_FRAUD",
        "SELF_HARM",
        "UNSAFE_AND_PROHIBITED_PRODUCTS",
        "VIOLENCE",
    )
}
ONE_OF = {
    "decision_account": {None, "DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"},
    "account_type": {None, "ACCOUNT_TYPE_BUSINESS", "ACCOUNT_TYPE_PRIVATE"},
    "decision_ground": {"DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT"},
    "incompatible_content_illegal": {None, "Yes", "No"},
    "category": CATEGORIES,
    "source_type": {"SOURCE_ARTICLE_16", "SOURCE_TRUSTED_FLAGGER", "SOURCE_TYPE_OTHER_NOTIFICATION", "SOURCE_VOLUNTARY"},
    "automated_detection": {"Yes", "No"},
    "automated_decision": {"AUTOMATED_DECISION_FULLY", "AUTOMATED_DECISION_PARTIALLY", "AUTOMATED_DECISION_NOT_AUTOMATED"},
}
REQUIRED = [
    "decision_facts",
    "decision_ground",
    "content_type",
    "category",
    "territorial_scope",
    "content_date",
    "application_date",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
]
LONGEST = {"decision_facts": 5000, "illegal_content_explanation": 2000, "incompatible_content_explanation": 2000, "puid": 500}
LONGEST |= dict.fromkeys(("decision_visibility_other", "illegal_content_legal_ground", "incompatible_content_ground"), 500)


def check(one):
    """What the database would refuse."""
    assert set(one) == set(dsa.FIELDS)
    assert all(one[name] for name in REQUIRED), one
    assert any(one[name] for name in ("decision_visibility", "decision_monetary", "decision_provision", "decision_account"))
    for name, allowed in ONE_OF.items():
        assert one[name] in allowed, (name, one[name])
    assert set(one["decision_visibility"] or ()) <= VISIBILITIES
    assert ("DECISION_VISIBILITY_OTHER" in (one["decision_visibility"] or ())) == bool(one["decision_visibility_other"])
    for ground, names in {
        "DECISION_GROUND_ILLEGAL_CONTENT": ("illegal_content_legal_ground", "illegal_content_explanation"),
        "DECISION_GROUND_INCOMPATIBLE_CONTENT": ("incompatible_content_ground", "incompatible_content_explanation"),
    }.items():
        assert all(bool(one[name]) == (one["decision_ground"] == ground) for name in names)
    assert all(len(one[name] or "") <= length for name, length in LONGEST.items())
    dates = [name for name in one if name.endswith("_date") or name.startswith("end_date")]
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", one[name]) for name in dates if one[name])
    assert all(one[name] >= one["application_date"] for name in dates if name.startswith("end") and one[name])
    assert re.fullmatch(r"[A-Z]{2}", one["content_language"])
    assert all(re.fullmatch(r"[A-Z]{2}", each) for each in one["territorial_scope"])
    assert "FR" in one["territorial_scope"]
    assert re.fullmatch(r"[A-Za-z0-9_-]+", one["puid"])


def exported(client, place, ending="json"):
    return client.get(f"/moderation/{place.slug}/motifs-{clock.today().year}.{ending}")


@pytest.fixture
def restricted():
    """A refusal, a removal under the law, a kept text; what the author was told names somebody."""
    place, debate, agent, article = make_desk()
    by_law = make_article(place, "Propos discriminatoires", number=4, legal_ground="Loi du 29 juillet 1881, article 24")
    author = make_person(name="Zoé Secret")
    make_decision(debate, agent, Verdict.REFUSE, article=article, author=author)
    make_decision(debate, agent, Verdict.REFUSE, article=by_law, pending=False)
    make_decision(debate, agent, Verdict.KEEP)
    _other, elsewhere, stranger, _ = make_desk()
    make_decision(elsewhere, stranger, Verdict.REFUSE, article=db.query(CharterArticle).order_by(CharterArticle.id.desc()).first())
    return place, agent


def test_statements_have_the_shape_that_the_european_database_takes(client, restricted):
    place, _agent = restricted
    client.log_in(make_person(roles=[("manager", place)]))
    told = exported(client, place).json["statements"]
    assert len(told) == 2
    for one in told:
        check(one)
    refused, removed = told
    assert refused["decision_visibility"] == ["DECISION_VISIBILITY_OTHER"]
    assert refused["incompatible_content_ground"].startswith("Article 2 de la charte")
    assert removed["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert removed["illegal_content_legal_ground"] == "Loi du 29 juillet 1881, article 24"
    assert removed["category"] == "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"
    for secret in ("Zoé", "secret", "Claire", "Un titre"):
        assert secret not in json.dumps(told, ensure_ascii=False)


def test_the_csv_says_the_same(client, restricted):
    place, _agent = restricted
    client.log_in(make_person(roles=[("administrator", None)]))
    lines = list(csv.DictReader(io.StringIO(exported(client, place, "csv").get_data(as_text=True).lstrip("\ufeff")), delimiter=";"))
    told = exported(client, place).json["statements"]
    assert [line["puid"] for line in lines] == [one["puid"] for one in told]
    assert json.loads(lines[0]["territorial_scope"]) == told[0]["territorial_scope"]
    assert tuple(lines[0]) == dsa.FIELDS


def test_only_the_manager_and_the_region_export(client, restricted):
    place, agent = restricted
    assert exported(client, place).status_code in {302, 401}
    for person in (agent, make_person(), make_person(roles=[("manager", make_desk()[0])])):
        client.log_in(person)
        assert exported(client, place).status_code == 404
        assert client.get(f"/moderation/{place.slug}/motifs").status_code == 404
    client.log_in(make_person(roles=[("manager", place)]))
    assert "2 exposés" in client.get(f"/moderation/{place.slug}/motifs").text.replace("\u202f", " ").replace("\u00a0", " ")
    assert client.get(f"/moderation/{place.slug}/motifs-2019.json").status_code == 404


@pytest.mark.parametrize("scope", [each for each in Scope if each not in dsa.LEFT_OUT])
def test_every_scope_has_its_shape(app, scope):
    """O02: a new sort of restriction without a place in the schema fails here."""
    on_account = scope in dsa.ACCOUNT or scope == Scope.READ_FIRST
    made = Statement(scope=scope, public_id="ab12", facts="Zoé", rule="r", redress="x", starts_at=clock.now(), ends_at=None)
    made.was_reported, made.is_detection_automated, made.is_decision_automated = True, False, False
    made.sanction_id, made.ground = (1 if on_account else None), "charter"
    check(dsa.described(made, None if on_account else "argument", None, None, None, None, base_url="http://localhost"))
