"""The work of the curators on the sheets: remarks, readings, corrections, what citizens report, what is put away."""

from datetime import date
from io import BytesIO
from typing import Any

from app.contents import queries as contents
from app.demo.catalogue import READER
from app.demo.story import Story
from app.files import services as files
from app.initiatives import remarks, services
from app.initiatives.models import AnySheet

INK, GROUND, STREET, PATH = "#1f2a33", "#faf7f2", "#d9d2c4", "#9c3222"
SIZE = (960, 540)  # pixels


def plan(story: Story) -> None:
    rows = story.read("editorial.toml")
    for row in rows["images"]:
        story.plan(story.moment(-3, f"image/{row['on']}"), picture, row)
    for row in rows["corrected"]:
        story.plan(story.moment(row["corrected_in"], f"correct/{row['on']}"), correct, row)
    for row in rows["confirmed"]:
        story.plan(story.moment(row["confirmed_in"], f"confirm/{row['on']}"), confirm, row)
    for row in rows["taken"]:
        story.plan(story.moment(row["taken_in"], f"take/{row['on']}"), take, row)
    for n, row in enumerate(rows["remarks"]):
        said = story.plan(story.moment(row["said_in"], f"remark/{n}"), remark, row, n)
        for answered in row.get("answers", []):
            said = story.plan(story.moment(answered["said_in"], f"answer/{n}", after=said), answer, row, answered, n)
        if "resolved_in" in row:
            story.plan(story.moment(row["resolved_in"], f"resolve/{n}", after=said), resolve, row, n)
    for row in rows["reports"]:
        story.plan(story.moment(row["reported_in"], row["key"]), report, row)
    for row in rows["archived"]:
        story.plan(story.moment(row["archived_in"], f"archive/{row['on']}"), put_away, row)


def sheet_of(story: Story, row: dict[str, Any]) -> AnySheet:
    return story.things[row["on"]]


def picture(story: Story, row: dict[str, Any]) -> None:
    received = files.prepare(BytesIO(drawn(row["stops"])), name=row["name"])
    services.add_file(sheet_of(story, row), received, title=row["title"], alt=row["alt"], by=story.people[READER])


def drawn(stops: int) -> bytes:
    """A plan of streets with a walk of so many stops: ours to publish, and the same each time."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", SIZE, GROUND)
    draw = ImageDraw.Draw(image)
    for n in range(7):
        draw.line((-40 + 170 * n, 0, 40 + 150 * n, SIZE[1]), fill=STREET, width=22)
        draw.line((0, 30 + 95 * n, SIZE[0], 10 + 80 * n), fill=STREET, width=16)
    points = [(90 + (780 * n) // (stops - 1), 120 + 300 * ((n * 5) % stops) // stops) for n in range(stops)]
    draw.line(points, fill=PATH, width=9, joint="curve")
    for n, (x, y) in enumerate(points, 1):
        draw.ellipse((x - 22, y - 22, x + 22, y + 22), fill=GROUND, outline=INK, width=4)
        draw.text((x, y), str(n), fill=INK, anchor="mm", font_size=24)
    packed = BytesIO()
    image.save(packed, "PNG", compress_level=1)  # what is received is written anew: nobody keeps these bytes
    return packed.getvalue()


def correct(story: Story, row: dict[str, Any]) -> None:
    sheet = sheet_of(story, row)
    sections = {section["key"]: section["source"] for section in sheet.sections}
    sections[row["section"]] = f"{sections.get(row['section'], '')}\n\n{row['adds']}"
    terms = [term for listed in contents.terms_of([sheet.id])[sheet.id].values() for term in listed]
    services.edit_sheet(
        sheet, by=story.people[row["by"]], seen=sheet.revision, title=sheet.title, summary=sheet.summary, sections=sections, terms=terms
    )


def confirm(story: Story, row: dict[str, Any]) -> None:
    services.confirm_fresh(sheet_of(story, row), by=story.people[row["by"]], review_on=story.day(row["until"]))


def take(story: Story, row: dict[str, Any]) -> None:
    sheet = sheet_of(story, row)
    services.take(sheet, by=story.people[row["by"]])
    services.tick(sheet, row["checked"], by=story.people[row["by"]])


def remark(story: Story, row: dict[str, Any], n: int) -> None:
    story.things[f"remark/{n}"] = remarks.remark(sheet_of(story, row), on=row["field"], body=row["body"], by=story.people[row["by"]])


def answer(story: Story, row: dict[str, Any], answered: dict[str, Any], n: int) -> None:
    first = story.things[f"remark/{n}"]
    remarks.answer(first, body=answered["body"], by=story.people[answered["by"]], revision=sheet_of(story, row).revision)


def resolve(story: Story, row: dict[str, Any], n: int) -> None:
    remarks.resolve(story.things[f"remark/{n}"], by=story.people[row["by"]])


def report(story: Story, row: dict[str, Any]) -> None:
    story.things[row["key"]] = services.suggest(
        by=story.people[row["by"]],
        territory=story.places.get(row.get("territory", "")),
        title=row["title"],
        summary=row["story"].split(". ")[0] + ".",
        sections={"method": row["story"], "results": row.get("results", "")},
        place=row["place"],
        started_on=date(row["year"], 1, 1),
        sources=[{"title": row["known_by"]}] if "known_by" in row else [],
    )


def put_away(story: Story, row: dict[str, Any]) -> None:
    services.archive(sheet_of(story, row), by=story.people[row["by"]], note=row["why"])
