from app.core.text import plain
from app.initiatives.labels import VOCABULARIES
from app.initiatives.models import Document, Initiative, Tool

LESSONS = ("practices", "pitfalls")  # what one learned from it weighs more than how it went


def declare() -> None:
    from app.search.registry import Document as Found
    from app.search.registry import facet, searchable

    for key, label in VOCABULARIES.items():
        if key != "theme":
            facet(key, label)

    def words(sheet, *keys: str) -> str:
        """The sections so called, or all but the lessons."""
        return " ".join(
            ". ".join(part for part in (section["title"], plain(section["html"])) if part)
            for section in sheet.sections
            if (section["key"] in keys if keys else section["key"] not in LESSONS)
        )

    @searchable(Initiative)
    def initiative_document(sheet: Initiative) -> Found:
        year = (sheet.ended_on or sheet.started_on or sheet.published_at or sheet.created_at).year
        body = " ".join(filter(None, (words(sheet), sheet.promoter, sheet.place)))
        return Found.of(sheet, lessons=words(sheet, *LESSONS), body=body, year=year)

    @searchable(Document)
    def reference_document(sheet: Document) -> Found:
        return Found.of(
            sheet, body=f"{words(sheet)} {sheet.writer}", year=sheet.issued_year or (sheet.published_at or sheet.created_at).year
        )

    @searchable(Tool)
    def tool_document(sheet: Tool) -> Found:
        return Found.of(sheet, body=words(sheet))
