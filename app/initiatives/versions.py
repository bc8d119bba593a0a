"""What a sheet says, field by field, as texts that can be compared: two versions, or one's own and the one online."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.differences import Stretch, differences
from app.core.formats import day
from app.core.i18n import _, _l
from app.initiatives.labels import CHOSEN, FACT_LABELS, LANGUAGES, SECTIONS, VOCABULARIES

LABELS: dict[str, Any] = {
    "title": _l("Titre"),
    "summary": _l("En une phrase"),
    **FACT_LABELS,
    "latitude": _l("Latitude"),
    "longitude": _l("Longitude"),
    "started_on": _l("Début"),
    "ended_on": _l("Fin"),
    "cost_euros": _l("Coût en euros"),
    "steps": _l("Étapes"),
    "contacts": _l("Contacts"),
    "contacts_are_public": _l("Contacts montrés à tout le monde"),
    "sources": _l("Sources"),
    "files": _l("Images et documents"),
    **VOCABULARIES,
}


@dataclass(frozen=True)
class Change:
    key: str
    label: str
    stretches: list[Stretch]


def fields_of(kind: str) -> dict[str, str]:
    """Every field of this kind that one may point to: key → label, in the order of the sheet."""
    from app.initiatives.models import KINDS

    keys = ["title", "summary", *CHOSEN[kind], *KINDS[kind].FACTS]
    found = {key: str(LABELS[key]) for key in dict.fromkeys(keys) if key in LABELS}
    found |= {key: str(title) for key, (title, _help) in SECTIONS[kind].items()}
    return found | {"sources": str(LABELS["sources"]), "files": str(LABELS["files"])}


def written(value: Any) -> str:
    """One fact, as a person reads it; lines of a list one under the other."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, float):
        return str(value).replace(".", ",")
    if isinstance(value, list):
        return "\n".join(line_of(each) for each in value)
    return str(value) if not hasattr(value, "isoformat") else day(value)


def line_of(row: Any) -> str:
    if not isinstance(row, Mapping):
        return str(row)
    if "what" in row:
        return "\u00a0: ".join(filter(None, (row.get("when"), row.get("what"))))
    keys = ("name", "role", "email", "phone", "title", "url", "date")
    return ", ".join(str(row[key]) for key in keys if row.get(key))


def texts_of(kind: str, fields: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """key → (label, text) of what a version keeps (`Revision.fields`), in the order of the sheet."""
    found = {
        key: (str(label), written(_day(fields.get(key)) if key.endswith("_on") else fields.get(key)))
        for key, label in LABELS.items()
        if key not in VOCABULARIES or key in fields
    }
    found |= {
        key: (str(VOCABULARIES[key]), ", ".join(labels)) for key, labels in (fields.get("terms") or {}).items() if key in VOCABULARIES
    }
    if fields.get("language"):
        found["language"] = (_("Langue"), str(LANGUAGES.get(fields["language"], fields["language"])))
    for n, section in enumerate(fields.get("sections") or ()):
        key = section["key"] if section["key"] != "other" else f"other{n}"
        found[key] = (section["title"], section["source"])
    order = ["title", "summary", *VOCABULARIES, *LABELS, *SECTIONS[kind]]
    return dict(sorted(found.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))


def _day(value: Any) -> Any:
    from datetime import date

    return date.fromisoformat(value) if isinstance(value, str) and value else value


def compare(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs, field by field, words marked."""
    old, new = texts_of(kind, before), texts_of(kind, after)
    changes = []
    for key in dict.fromkeys([*new, *old]):
        was, now = old.get(key, ("", ""))[1], new.get(key, ("", ""))[1]
        if was != now:
            changes.append(Change(key, (new.get(key) or old[key])[0], differences(was, now)))
    return changes
