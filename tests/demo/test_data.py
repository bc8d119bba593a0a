"""The demonstration region is consistent: every file parses, every reference resolves, every date makes sense."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "app" / "demo" / "data"
FILES = sorted(DATA.rglob("*.toml"))
ROLES = {"moderator", "manager", "elected", "curator", "evaluator", "administrator"}
REGIONAL_ROLES = {"curator", "evaluator", "administrator"}


def read(name):
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def keyed(rows):
    return {row["key"]: row for row in rows}


VOCABULARIES = {name: keyed(rows) for name, rows in read("vocabularies.toml").items()}
TERRITORIES = keyed(read("territories.toml")["territories"])
CHARTERS = keyed(read("charter.toml")["charters"])
PEOPLE = keyed(read("people.toml")["people"])
PROJECTS = keyed(read("projects.toml")["projects"])
CONSULTATIONS = keyed(read(path.relative_to(DATA)) for path in FILES if path.parent.name == "consultations")
DEBATES = keyed(read("debates.toml")["debates"])
CASES = read("moderation.toml")["cases"] + read("redress.toml")["cases"]
PAST = read("transparency.toml")
SHEETS = [sheet for path in FILES if path.parent.name == "sheets" for sheet in read(path.relative_to(DATA))["sheets"]]
LINKS = read("links.toml")["links"]
PROPOSED = read("links.toml")["proposed"]

PROPOSALS = [(activity, row) for activity in CONSULTATIONS.values() for row in activity.get("proposals", [])]
ARGUMENTS = [(activity, row) for activity in DEBATES.values() for row in activity.get("arguments", [])]
ACTIVITIES = [*CONSULTATIONS.values(), *DEBATES.values()]
CONTENTS = [
    *PROJECTS,
    *CONSULTATIONS,
    *DEBATES,
    *(row["key"] for _, row in PROPOSALS),
    *(row["key"] for _, row in ARGUMENTS),
    *(sheet["key"] for sheet in SHEETS),
]


def strings(value, path=""):
    """Every string below `value`, with the names that lead to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from strings(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from strings(inner, f"{path}[{n}]")


def has_role(person, territory, *roles):
    return any(held["role"] in roles and held.get("territory") in (None, territory) for held in PEOPLE[person]["roles"])


def contrast_on_white(colour):
    """The WCAG contrast ratio of `#rrggbb` on white."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def posted_within(activity, day):
    return activity["opens_in"] <= day <= min(activity["closes_in"], -1)


# The form of the text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_written_with_french_spaces_and_quotes(path):
    wrong = []
    for where, text in strings(tomllib.loads(path.read_text(encoding="utf-8"))):
        if where.endswith((".url", ".uri", ".email", ".accent")) or re.search(r"key$", where):
            continue
        bare = re.sub(r"\{date:-?\d+\}", "", text)
        found = re.search(r"['\"]|\.\.\.|[^\u202f?!][;!?»]|«[^\u202f]|[^\u00a0]:|\d [%€]", bare)
        if found:
            wrong.append((where, found.group(), bare[max(0, found.start() - 30) : found.end() + 30]))
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_text_is_empty_and_placeholders_are_known(path):
    for where, text in strings(tomllib.loads(path.read_text(encoding="utf-8"))):
        assert text.strip() or where.endswith(".bio"), where
        for placeholder in re.findall(r"\{[^}]*\}", text):
            assert re.fullmatch(r"\{(date:-?\d+|territory|email|platform)\}", placeholder), (where, placeholder)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_address_is_an_example(path):
    for where, text in strings(tomllib.loads(path.read_text(encoding="utf-8"))):
        if where.endswith(".url"):
            assert re.match(r"https://[a-z0-9.-]+\.example(/|$)", text), (where, text)
        if where.endswith(".email"):
            assert re.fullmatch(r"[a-z0-9.-]+@[a-z0-9.-]+\.example", text), (where, text)


def test_keys_are_slugs_and_name_one_thing():
    keys = [*CONTENTS, *PEOPLE, *TERRITORIES, *(case["key"] for case in CASES)]
    assert [key for key in keys if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key)] == []
    assert [key for key, times in Counter(CONTENTS).items() if times > 1] == []
    for name in ("territories", "people", "projects", "debates"):
        rows = read(f"{name}.toml")[name]
        assert len(rows) == len(keyed(rows)), name
    assert len(CASES) == len(keyed(CASES))


# Territories, charter, legal pages, people


def test_territories_have_a_parent_before_them_and_their_own_readable_accent():
    seen = set()
    for key, territory in TERRITORIES.items():
        assert territory.get("parent") is None or territory["parent"] in seen, key
        assert territory["kind"] in ("commune", "epci")
        if territory["kind"] == "commune":
            assert re.fullmatch(r"(59|62)\d{3}", territory["insee"])
            assert territory["population"] > 0
        assert contrast_on_white(territory["accent"]) >= 4.5, key
        assert territory.get("charter", "default") in CHARTERS
        seen.add(key)
    accents = [territory["accent"] for territory in TERRITORIES.values()]
    assert len(set(accents)) == len(accents)


def test_charter_articles_are_numbered_and_a_charter_only_replaces_what_exists():
    numbers = [article["number"] for article in CHARTERS["default"]["articles"]]
    assert numbers == list(range(1, 10))
    for charter in CHARTERS.values():
        if "from" in charter:
            assert charter["from"] in CHARTERS
            assert {article["number"] for article in charter["articles"]} <= set(numbers)
        assert all(article["notice"] for article in charter["articles"])
    assert [article["number"] for article in CHARTERS["default"]["articles"] if "legal_ground" in article] == [3, 9]


def test_legal_pages_have_a_default_and_known_exceptions():
    pages = read("legal.toml")["pages"]
    assert {page["key"] for page in pages if "territory" not in page} == {
        "mentions-legales",
        "vos-donnees",
        "accessibilite",
    }
    assert all(page["territory"] in TERRITORIES for page in pages if "territory" in page)


def test_people_hold_known_roles_where_they_make_sense():
    for key, person in PEOPLE.items():
        assert person["email"] == f"{key}@beffroi.example"
        assert person.get("home") is None or person["home"] in TERRITORIES
        for held in person["roles"]:
            assert held["role"] in ROLES
            assert ("territory" in held) == (held["role"] not in REGIONAL_ROLES), key
            assert held.get("territory") is None or held["territory"] in TERRITORIES
    assert len([person for person in PEOPLE.values() if not person["roles"]]) >= 25
    pilots = {key for key, territory in TERRITORIES.items() if "parent" not in territory}
    for role in ("moderator", "manager", "elected"):
        held = {h.get("territory") for person in PEOPLE.values() for h in person["roles"] if h["role"] == role}
        assert pilots <= held, role


# Projects, consultations, debates


@pytest.mark.parametrize("project", PROJECTS.values(), ids=PROJECTS)
def test_a_project_has_a_history_and_phases_in_order(project):
    assert project["territory"] in TERRITORIES
    assert project["kind"] in VOCABULARIES["project_kinds"]
    assert has_role(project["manager"], project["territory"], "manager")
    days = [step["changed_in"] for step in project["history"]]
    order = [list(VOCABULARIES["maturities"]).index(step["maturity"]) for step in project["history"]]
    assert days == sorted(days)
    assert days[-1] < 0
    assert order == sorted(order)
    assert order[0] == 0
    assert 3 <= len(project["phases"]) <= 5
    assert all(phase["opens_in"] < phase["closes_in"] for phase in project["phases"])
    initiatives = {sheet["key"] for sheet in SHEETS if sheet["kind"] == "initiative"}
    assert set(project["initiatives"]) <= initiatives


def test_every_maturity_is_shown():
    assert {project["history"][-1]["maturity"] for project in PROJECTS.values()} == set(VOCABULARIES["maturities"])


@pytest.mark.parametrize("activity", ACTIVITIES, ids=lambda activity: activity["key"])
def test_an_activity_belongs_to_its_project_and_answers_three_questions(activity):
    assert activity["state"] in ("published", "draft")
    assert activity["territory"] in TERRITORIES
    assert activity["opens_in"] < activity["closes_in"]
    assert all(activity[name] for name in ("title", "summary", "asked", "until", "becomes", "body"))
    if "project" in activity:
        project = PROJECTS[activity["project"]]
        assert project["territory"] == activity["territory"]
        assert any(phase["opens_in"] <= activity["opens_in"] and activity["closes_in"] <= phase["closes_in"] for phase in project["phases"])
    if conclusion := activity.get("conclusion"):
        assert activity["closes_in"] < conclusion["published_in"] < 0
        assert has_role(conclusion["author"], activity["territory"], "elected")


@pytest.mark.parametrize("activities", [CONSULTATIONS, DEBATES], ids=["consultations", "debates"])
def test_something_is_always_soon_open_closing_closed_and_drafted(activities):
    published = [activity for activity in activities.values() if activity["state"] == "published"]
    assert len(published) < len(activities)
    assert any(activity["opens_in"] > 0 for activity in published)
    assert any(activity["opens_in"] < 0 and activity["closes_in"] > 7 for activity in published)
    assert any(0 < activity["closes_in"] <= 2 for activity in published)
    assert any("conclusion" in activity for activity in published)
    for activity in activities.values():
        if activity["state"] == "draft" or activity["opens_in"] > 0:
            assert not activity.get("proposals")
            assert not activity.get("arguments")


def check_votes(row):
    assert set(row["votes"]) == {"agree", "mixed", "disagree"}
    assert 0 < sum(row["votes"].values()) <= 20
    assert min(row["votes"].values()) >= 0


@pytest.mark.parametrize(("consultation", "proposal"), PROPOSALS, ids=[row["key"] for _, row in PROPOSALS])
def test_a_proposal_is_posted_while_its_consultation_is_open(consultation, proposal):
    assert posted_within(consultation, proposal["posted_in"])
    assert proposal["section"] in keyed(consultation["sections"])
    assert proposal["author"] in PEOPLE
    if proposal.get("official"):
        assert has_role(proposal["author"], consultation["territory"], "manager", "elected")
    check_votes(proposal)
    for argument in proposal.get("arguments", []):
        assert argument["side"] in ("for", "against")
        assert argument["author"] in PEOPLE
        assert argument["author"] != proposal["author"]
        assert 0 <= argument["votes"] <= 20
        staff = has_role(argument["author"], consultation["territory"], "elected", "manager", "moderator")
        assert argument.get("voice") == ("official" if staff else None)
    for source in proposal.get("sources", []):
        assert source["title"]
        assert source["url"]
        assert source["body"]
    if answer := proposal.get("answer"):
        assert answer["state"] in ("accepted", "studied", "rejected")
        assert proposal["posted_in"] < answer["answered_in"] < 0
        assert answer.get("promised_in", 1) > 0
        assert has_role(answer["author"], consultation["territory"], "manager", "elected")


@pytest.mark.parametrize(("debate", "argument"), ARGUMENTS, ids=[row["key"] for _, row in ARGUMENTS])
def test_an_argument_is_posted_while_its_debate_is_open(debate, argument):
    assert posted_within(debate, argument["posted_in"])
    assert argument["side"] in ("for", "against")
    assert len(argument["title"]) <= 90
    assert argument["author"] in PEOPLE
    check_votes(argument)
    days = [argument["posted_in"], *(reply["posted_in"] for reply in argument.get("replies", []))]
    assert days == sorted(days)
    assert posted_within(debate, days[-1])
    for reply in argument.get("replies", []):
        assert reply["author"] in PEOPLE
        assert reply.get("voice", "official") == "official"
        staff = has_role(reply["author"], debate["territory"], "elected", "manager", "moderator")
        assert staff == ("voice" in reply), reply


# Moderation


def parent_and_window(case):
    """The activity around a case and the day before which nothing could have been written there."""
    key = case["on"] if "on" in case else case["text"]["on"]
    for activity in ACTIVITIES:
        if activity["key"] == key:
            return activity, activity["opens_in"]
    for activity, row in [*PROPOSALS, *ARGUMENTS]:
        if row["key"] == key:
            return activity, row["posted_in"]
    raise AssertionError(key)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["key"])
def test_a_case_is_about_something_and_follows_its_order(case):
    activity, earliest = parent_and_window(case)
    assert activity["territory"] == case["territory"]
    assert earliest <= case["opened_in"] < 0
    assert ("on" in case) != ("text" in case)
    if text := case.get("text"):
        assert text["author"] in PEOPLE
        assert posted_within(activity, case["opened_in"])
        debate_arguments = {row["key"] for _, row in ARGUMENTS}
        proposals = {row["key"] for _, row in PROPOSALS}
        parents = {
            "proposal": set(CONSULTATIONS),
            "argument": proposals | set(DEBATES),
            "reply": debate_arguments,
        }
        assert text["on"] in parents[text["kind"]]
        assert ("side" in text) == (text["kind"] == "argument")
        assert ("title" in text) == (text["on"] in CONSULTATIONS or text["on"] in DEBATES)
        if text["kind"] == "proposal":
            assert text["section"] in keyed(activity["sections"])
    assert case.get("reports") or case.get("held")
    last = case["opened_in"]
    for report in case.get("reports", []):
        assert case["opened_in"] <= report["reported_in"] < 0
        assert ("reporter" in report) != ("visitor" in report and "email" in report)
        assert report.get("reporter", next(iter(PEOPLE))) in PEOPLE
        assert 1 <= report["article"] <= 9
        last = max(last, report["reported_in"])
    if decision := case.get("decision"):
        assert decision["decision"] in ("keep", "redact", "move", "refuse")  # « hide » is provisional: no case ends with it
        assert ("cut" in decision) == (decision["decision"] == "redact")
        assert ("to" in decision) == (decision["decision"] == "move")
        assert all(passage in case["text"]["body"] for passage in decision.get("cut", []))
        assert ("article" in decision) == (decision["decision"] != "keep")
        assert last <= decision["decided_in"] < 0
        assert has_role(decision["by"], case["territory"], "moderator")


def test_the_queue_has_work_and_a_past():
    decided = [case for case in CASES if "decision" in case]
    assert len(decided) >= 5
    assert len(CASES) - len(decided) >= 8
    first = next(case for case in CASES if case.get("reason") == "first_contribution")
    written = [row["author"] for _, row in [*PROPOSALS, *ARGUMENTS]]
    assert first["text"]["author"] not in written


# The catalogue

COMMON = {"key", "kind", "state", "updated_in", "title", "summary", "themes", "approach", "publics", "sources"}
REQUIRED = {
    "initiative": {"promoter", "level", "started", "steps", "context", "aims", "method", "participants", "cost"}
    | {"results", "pitfalls", "good_practices", "contacts"},
    "document": {"author", "published", "abstract", "body", "licence", "url"},
    "tool": {"purpose", "method", "price", "licence", "accessibility", "hosting", "pitfalls", "used_by"},
}
OPTIONAL = {
    "initiative": {"territory", "place", "ended", "tools_used", "cost_euros", "staff_time", "decided"},
    "document": set(),
    "tool": set(),
}


@pytest.mark.parametrize("sheet", SHEETS, ids=[sheet["key"] for sheet in SHEETS])
def test_a_sheet_is_complete_and_chooses_from_the_vocabularies(sheet):
    required = COMMON | REQUIRED[sheet["kind"]]
    assert required <= set(sheet) <= required | OPTIONAL[sheet["kind"]]
    assert sheet["state"] in ("published", "review", "draft")
    assert sheet["updated_in"] < 0
    assert sheet["themes"]
    assert set(sheet["themes"]) <= set(VOCABULARIES["themes"])
    assert sheet["publics"]
    assert set(sheet["publics"]) <= set(VOCABULARIES["publics"])
    assert sheet["approach"] in VOCABULARIES["approaches"]
    assert sheet.get("territory") is None or sheet["territory"] in TERRITORIES
    kinds = {other["key"]: other["kind"] for other in SHEETS}
    assert all(kinds[key] == "tool" for key in sheet.get("tools_used", []))
    assert all(kinds[key] == "initiative" for key in sheet.get("used_by", []))
    if sheet["kind"] == "initiative":
        assert sheet["level"] in VOCABULARIES["levels"]
        assert sheet.get("territory") or sheet.get("place")
        assert 2000 < sheet["started"] <= sheet.get("ended", sheet["started"])
        assert isinstance(sheet.get("cost_euros", 0), int)
        words = sum(len(text.split()) for _, text in strings(sheet))
        assert words <= 600, words
        assert words >= 250 or sheet["state"] == "draft", words


def test_what_happens_to_sheets_happens_to_sheets_of_ours():
    rows = read("editorial.toml")
    keys = {sheet["key"]: sheet for sheet in SHEETS}
    for table in ("places", "promoters", "document_kinds", "users", "images", "corrected", "confirmed", "taken", "remarks", "archived"):
        assert {row["on"] for row in rows[table]} <= set(keys), table
    assert set(rows["open_contacts"]) <= set(keys)
    for table in ("promoters", "document_kinds"):
        assert {row["key"] for row in rows[table]} <= set(VOCABULARIES[table])
    for row in rows["places"]:
        assert 49.9 < row["latitude"] < 51.1, row["on"]  # Nord and Pas-de-Calais
        assert 1.5 < row["longitude"] < 4.3, row["on"]
    for row in [*rows["corrected"], *rows["taken"], *rows["remarks"], *rows["archived"], *rows["confirmed"]]:
        assert row["by"] in PEOPLE
    for row in rows["confirmed"]:
        assert keys[row["on"]]["updated_in"] < row["confirmed_in"] < row["until"]  # published, then read again
    for row in rows["reports"]:
        assert PEOPLE[row["by"]]["roles"] == []
        assert row.get("territory") is None or row["territory"] in TERRITORIES


def test_there_are_forty_sheets_and_some_are_not_published():
    assert Counter(sheet["kind"] for sheet in SHEETS) == {"initiative": 28, "document": 6, "tool": 6}
    states = Counter(sheet["state"] for sheet in SHEETS)
    assert (states["draft"], states["review"]) == (3, 2)
    titles = Counter(sheet["title"] for sheet in SHEETS)
    assert titles.most_common(1)[0][1] == 1


def test_links_join_two_known_things_once():
    pairs = Counter((link["from"], link["to"], link["nature"]) for link in LINKS)
    assert pairs.most_common(1)[0][1] == 1
    for link in LINKS:
        assert {link["from"], link["to"]} <= set(CONTENTS), link
        assert link["from"] != link["to"]
        assert link["nature"] in VOCABULARIES["natures"]
    assert len(LINKS) >= 60
    for link in PROPOSED:
        assert {link["from"], link["to"]} <= set(CONTENTS), link
        assert (link["from"], link["to"], link["nature"]) not in pairs


def test_links_say_what_the_sheets_and_projects_say():
    linked = {(link["from"], link["to"]) for link in LINKS} | {(link["to"], link["from"]) for link in LINKS}
    said = [(project["key"], key) for project in PROJECTS.values() for key in project["initiatives"]]
    said += [(sheet["key"], tool) for sheet in SHEETS for tool in sheet.get("tools_used", [])]
    said += [(user, sheet["key"]) for sheet in SHEETS for user in sheet.get("used_by", [])]
    assert [pair for pair in said if pair not in linked] == []
