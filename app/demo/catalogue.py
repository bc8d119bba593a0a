"""The catalogue: sheets of three kinds at each of their steps, and the links among everything."""

from datetime import date, timedelta
from typing import Any

from app.contents import links
from app.demo.story import Story
from app.initiatives import services

READER, WRITER = "claire-delannoy", "pierre-anselme"  # one curator writes what belongs to no territory, the other reads it
SENT_BACK = "Il manque au moins une source et le nombre de participants. Le reste est clair : renvoyez-nous la fiche ensuite."


def plan(story: Story) -> None:
    managers = {row["territory"]: row["manager"] for row in story.read("projects.toml")["projects"]}
    rows = [row for file in story.read_all("sheets") for row in file["sheets"]]
    drafts = [row["key"] for row in rows if row["state"] == "draft"]
    for row in rows:
        plan_sheet(story, row, managers.get(row.get("territory"), WRITER), is_sent_back=row["key"] == drafts[0])
    for n, row in enumerate(story.read("links.toml")["links"]):
        story.plan(story.end_of(-1) - timedelta(minutes=n + 1), tie, row)


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


def write(story: Story, row: dict[str, Any], author: str) -> None:
    chosen = [("theme", key) for key in row["themes"]] + [("approach", row["approach"])] + [("public", key) for key in row["publics"]]
    if "level" in row:
        chosen.append(("level", row["level"]))
    sections, facts = FIELDS[row["kind"]](row)
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
    sections = {"purpose": row["purpose"], "use": row["method"], "accessibility": row["accessibility"], "limits": bullets(row["pitfalls"])}
    return sections, {name: row[name] for name in ("price", "licence", "hosting")}


def bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


FIELDS = {"initiative": initiative, "document": document, "tool": tool}


def tie(story: Story, row: dict[str, str]) -> None:
    """By the curator who writes. What is not published yet shows no link until it is."""
    origin, target = story.things[row["from"]], story.things[row["to"]]
    links.link(origin, target, row["nature"], author=story.people[WRITER], note=row.get("note", ""))
