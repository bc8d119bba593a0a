"""The catalogue: sheets of three kinds at each of their steps."""

from datetime import date
from typing import Any

from app.demo.story import Story
from app.initiatives import services

READER, WRITER = "claire-delannoy", "pierre-anselme"  # one curator writes what belongs to no territory, the other reads it
OPEN_LICENCE = "Licence Ouverte 2.0"
SENT_BACK = "Il manque au moins une source et le nombre de participants. Le reste est clair : renvoyez-nous la fiche ensuite."


def plan(story: Story) -> None:
    managers = {row["territory"]: row["manager"] for row in story.read("projects.toml")["projects"]}
    rows = [row for file in story.read_all("sheets") for row in file["sheets"]]
    more = story.read("editorial.toml")
    drafts = [row["key"] for row in rows if row["state"] == "draft"]
    for row in rows:
        row["more"] = added(more, row["key"])
        plan_sheet(story, row, managers.get(row.get("territory"), WRITER), is_sent_back=row["key"] == drafts[0])


def plan_sheet(story: Story, row: dict[str, Any], author: str, *, is_sent_back: bool) -> None:
    key = row["key"]
    written = story.plan(story.moment(row["updated_in"] - 4, key), write, row, author)
    if row["state"] != "draft" or is_sent_back:
        proposed = story.moment(row["updated_in"] - 2, key + "/proposed", after=written)
        story.plan(proposed, propose, key, author)
    last = story.moment(row["updated_in"], key + "/read")
    if row["state"] == "published":
        story.plan(last, publish, key)
    elif is_sent_back:
        story.plan(last, send_back, key)


def added(more: dict[str, Any], key: str) -> dict[str, Any]:
    """What editorial.toml adds to the sheet of this key: terms, facts, who uses it."""
    terms = [
        (name, row["key"])
        for name, table in (("promoter", "promoters"), ("document_kind", "document_kinds"))
        for row in more[table]
        if row["on"] == key
    ]
    facts: dict[str, Any] = {"contacts_are_public": True} if key in more["open_contacts"] else {}
    for row in more["places"]:
        if row["on"] == key:
            facts |= {"latitude": row["latitude"], "longitude": row["longitude"]} | ({"place": row["name"]} if "name" in row else {})
    return {"terms": terms, "facts": facts, "users": "".join(row["text"] for row in more["users"] if row["on"] == key)}


def write(story: Story, row: dict[str, Any], author: str) -> None:
    chosen = [("theme", key) for key in row["themes"]] + [("approach", row["approach"])] + [("public", key) for key in row["publics"]]
    if "level" in row:
        chosen.append(("level", row["level"]))
    if row.get("licence", "").startswith(OPEN_LICENCE):
        chosen.append(("licence", "licence-ouverte-2"))
    sections, facts = FIELDS[row["kind"]](row)
    chosen += row["more"]["terms"]
    facts |= row["more"]["facts"]
    story.things[row["key"]] = services.create_sheet(
        row["kind"],
        by=story.people[author],
        territory=story.places.get(row.get("territory", "")),
        title=row["title"],
        summary=row["summary"],
        sections=sections,
        terms=[story.terms[each] for each in chosen],
        sources=[{"title": source["title"], "url": source.get("url", ""), "date": source.get("date", "")} for source in row["sources"]],
        **facts,
    )


def propose(story: Story, key: str, author: str) -> None:
    services.propose(story.things[key], by=story.people[author])


def publish(story: Story, key: str) -> None:
    services.publish(story.things[key], by=story.people[READER])


def send_back(story: Story, key: str) -> None:
    services.send_back(story.things[key], by=story.people[READER], note=SENT_BACK)


def initiative(row: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    sections: dict[str, str] = {key: row.get(key, "") for key in ("context", "aims", "method", "results", "decided")}
    sections |= {"practices": bullets(row["good_practices"]), "pitfalls": bullets(row["pitfalls"])}
    facts: dict[str, Any] = {
        name: row[name] for name in ("promoter", "place", "cost", "cost_euros", "staff_time", "participants", "contacts") if name in row
    }
    facts["steps"] = [{"when": step["date"], "what": step["what"]} for step in row["steps"]]
    facts["started_on"] = date(row["started"], 1, 1)
    facts["ended_on"] = date(row["ended"], 12, 31) if "ended" in row else None
    return sections, facts


def document(row: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    facts = {"writer": row["author"], "issued_year": row["published"], "licence": row["licence"], "address": row["url"]}
    return {"abstract": row["abstract"], "contents": row["body"]}, facts


def tool(row: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    sections = {
        "purpose": row["purpose"],
        "use": row["method"],
        "users": row["more"]["users"],
        "accessibility": row["accessibility"],
        "limits": bullets(row["pitfalls"]),
    }
    return sections, {name: row[name] for name in ("price", "licence", "hosting")}


def bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


FIELDS = {"initiative": initiative, "document": document, "tool": tool}
