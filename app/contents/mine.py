"""What a person wrote: all of it on their own page, what is public on their public one."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from flask import render_template

from app.accounts import profile_sections, sections
from app.accounts.models import Person
from app.contents import queries
from app.contents.kinds import kind_label, permalink
from app.contents.models import Content
from app.contents.rows import Row
from app.contents.views import contents
from app.core import formats
from app.core.hooks import Hooks
from app.core.i18n import _
from app.core.pages import paginate
from app.core.permissions import me, require
from app.core.text import is_beginning

SHOWN = 5  # on the account's page; the rest is one click away

# Layers above say where the author reads what became of a text: contents → {id of the content: address}.
outcomes: Hooks[Callable[[Sequence[Content]], dict[int, str]]] = Hooks()


def own_rows(found: Sequence[Content]) -> list[Row]:
    """A text that is shown nowhere any more leads to what was decided of it: the page it was on says nothing."""
    told = told_of(found)
    return [replace(as_row(content), url=told.get(content.id, permalink(content))) for content in found]


def told_of(found: Sequence[Content]) -> dict[int, str]:
    """Where what was decided of these is read, of those that a decision keeps out of sight."""
    return {key: address for outcome in outcomes for key, address in outcome(found).items()}


def as_row(content: Content) -> Row:
    """By its permanent address: the page where an argument or a comment is read may take a query to find.

    With what it answers: « Retenue. » alone says nothing of an elected person's work."""
    place = content.territory.short_name if content.territory else _("Région")
    title = content.title or content.summary or kind_label(content)
    written = _("Écrit le %(day)s", day=formats.day(content.created_at))
    summary = "" if is_beginning(title, content.summary) else content.summary  # an argument's title is its first words
    about = content.parent if content.parent_id is not None else None
    facts = [_("Sur « %(title)s »", title=about.title)] if about is not None and about.is_public and about.title else ()
    return Row(kind_label(content), title, permalink(content), place, summary, content.moment, content.state, date=written, facts=facts)


@contents.get("/compte/contributions")
def mine():
    require("account.own")
    page = paginate(queries.contributions_of(me()))
    return render_template("contents/mine.html", page=page, items=own_rows(page.items))


@sections.at(20)
def on_the_account_page(person: Person):
    page = paginate(queries.contributions_of(person), number=1, per_page=SHOWN)
    return _("Vos contributions"), "contents/section_mine.html", {"items": own_rows(page.items), "total": page.total}


@profile_sections.at(20)
def on_the_public_page(person: Person):
    page = paginate(queries.contributions_of(person).where(queries.published()), number=1)
    if not page.total:
        return None
    return _("Contributions publiées"), "contents/section_public.html", {"items": list(map(as_row, page.items)), "total": page.total}
