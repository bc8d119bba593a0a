"""Cuts: what is taken out is nowhere in what the public reads, and comes back whole when it is lifted."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from app.contents import redactions, services
from app.contents.models import Origin, Redaction, Revision, State
from app.core import clock
from app.core.db import db
from app.core.errors import DomainError
from app.core.text import Cleaned, from_plain, html, markdown, plain
from app.initiatives.models import Tool
from app.projects.models import Project
from tests.factories import make_content, make_person, make_territory, save
from tests.participation import make_argument


@pytest.fixture
def article():
    from app.territories.models import CharterArticle

    place = make_territory()
    return save(CharterArticle(territory_id=place.id, number=5, title="Données personnelles d’autrui", text="…"))


def cut(content, article, *passages, field="body_source"):
    """Cut these words from the text, as the desk says it."""
    source = redactions.get_revision(content.id, content.revision).fields[field]
    spans = [(field, source.index(words), source.index(words) + len(words)) for words in passages]
    redactions.redact(content, spans, article_id=article.id, at=clock.now())
    content.restriction = article.title
    db.flush()


def test_a_passage_leaves_a_mark_everywhere_the_text_is_shown(article):
    text = make_content(Project, body="Appelez **Mme Josette au 06 39 98 55 12**. Elle répond.", author=make_person())
    cut(text, article, "Mme Josette au 06 39 98 55 12")
    assert text.body_html == "<p>Appelez <strong>[…]</strong>. Elle répond.</p>"
    assert text.body_source == "Appelez **[…]**. Elle répond."
    assert text.summary == "Appelez […]. Elle répond."
    assert redactions.written(text) == (text.title, "Appelez **Mme Josette au 06 39 98 55 12**. Elle répond.")
    assert text.is_cut


def test_a_title_made_of_the_first_words_is_cut_with_them(article):
    argument = make_argument(
        title="Demandez à Farid Belkacem, 06 39 98 12 40, il sait …", body="Demandez à Farid Belkacem, 06 39 98 12 40, il sait tout."
    )
    cut(argument, article, "Farid Belkacem, 06 39 98 12 40")
    assert "Farid" not in argument.title + argument.summary + argument.slug
    assert argument.title.startswith("Demandez à […], il sait")


def test_a_chosen_title_that_repeats_what_was_cut_is_cut_too_and_a_title_may_be_cut_alone(article):
    text = make_content(Project, title="La maison de Mme Carpentier", body="La maison est à Mme Carpentier, 14 rue des Ursulines.")
    cut(text, article, "Mme Carpentier")
    assert text.title == "La maison de […]"
    cut(text, article, "Mme Carpentier", field="title")
    assert (text.title, text.body_source) == ("La maison de […]", "La maison est à Mme Carpentier, 14 rue des Ursulines.")


def test_lifting_gives_every_word_back(article):
    text = make_content(
        Project, title="Un banc", body="Un *banc* devant l’école de Mme Josette.\n\n- un\n- deux", summary="Un banc de Mme Josette"
    )
    before = (text.title, text.summary, text.body_source, str(text.body_html))
    cut(text, article, "Mme Josette", "deux")
    assert "Josette" not in "".join((text.title, text.summary, text.body_source, text.body_html))
    redactions.lift(text, at=clock.now())
    assert (text.title, text.summary, text.body_source, str(text.body_html)) == before
    assert redactions.active_on(text) == []


def test_cutting_again_keeps_lifts_and_revives_passages(article, at):
    text = make_content(Project, body="Un deux trois quatre cinq.")
    cut(text, article, "deux", "quatre")
    at(clock.from_now(minutes=1))
    cut(text, article, "deux", "cinq")
    assert text.body_source == "Un […] trois quatre […]."
    at(clock.from_now(minutes=2))
    cut(text, article, "quatre")
    assert text.body_source == "Un deux trois […] cinq."
    assert len(db.scalars(select(Redaction.id)).all()) == 3


def test_undoing_forgets_what_was_done_at_that_moment_and_nothing_else(article, at):
    text = make_content(Project, body="Un deux trois quatre cinq.")
    cut(text, article, "deux", "quatre")
    moment = clock.from_now(minutes=1)
    at(moment)
    cut(text, article, "deux", "cinq")
    redactions.undo(text, at=moment)
    assert text.body_source == "Un […] trois […] cinq."


@pytest.mark.parametrize(
    ("source", "words", "shown"),
    [
        ("Voyez [mon site](https://secret.example/page) vite.", "secret.example", "<p>Voyez […] vite.</p>"),
        ("Voyez [mon site](https://lien.example/) vite.", "mon", '<p>Voyez <a href="https://lien.example/" rel="nofollow noopener ugc">[…] site</a> vite.</p>'),
        ("Voyez [mon site](https://secret.example/) vite.", "site](https", "<p>Voyez […] vite.</p>"),
        ("Écrivez à farid@courriel.example vite.", "farid", "<p>Écrivez à […] vite.</p>"),
        ("Mot(https://ici.example) fin", "Mot", "<p>[…] fin</p>"),
        ("Le mot secret[ref] fin\n\n[ref]: https://ici.example", "secret", '<p>Le mot […]<a href="https://ici.example" rel="nofollow noopener ugc">ref</a> fin</p>'),
        ("Du **gras et encore** du texte", "encore** du", "<p>Du <strong>gras et […]</strong> […] texte</p>"),
        ("Du **gras et encore** du texte", "Du **gras", "<p>[…] <strong>[…] et encore</strong> du texte</p>"),
        ("- un\n- deux\n- trois", "un\n- deux", "<ul>\n<li>[…]</li>\n<li>[…]</li>\n<li>trois</li>\n</ul>"),
        ("Une ligne\n\nUne autre", "ligne\n\nUne", "<p>Une […]</p>\n<p>[…] autre</p>"),
        ("Un `code secret` ici", "secret", "<p>Un <code>code […]</code> ici</p>"),
    ],
)  # fmt: skip
def test_cuts_across_marks_leave_a_text_that_reads(article, source, words, shown):
    text = make_content(Project, body=source)
    cut(text, article, words)
    assert str(text.body_html) == shown


def test_the_html_of_an_import_is_cut_without_breaking_it(article):
    source = '<p>Bonjour <b>Mme Josette</b>, <a href="https://secret.example/josette">sa page</a> &amp; le reste</p><ul><li>un</li></ul>'
    text = make_content(Project, body="x", author=make_person())
    services.write(text, title="Un titre", body=source, body_html=html(source))
    text.origin, text.source = Origin.IMPORTED, "essai:1"
    db.scalars(select(Revision).where(Revision.content_id == text.id)).one().fields = services.fields_of(text)
    db.commit()
    cut(text, article, "Josette</b>, <a href")
    assert "osette" not in text.body_html
    assert "secret" not in text.body_html
    assert str(text.body_html) == "<p>Bonjour <strong>Mme […]</strong>[…] page &amp; le reste</p><ul><li>un</li></ul>"
    redactions.lift(text, at=clock.now())
    assert text.body_html == html(source)


def test_the_plain_text_of_an_import_stays_plain_text(article):
    source = "Première ligne *sans* marque\nMme Josette\n\nfin"
    text = make_content(Project, body="x", author=make_person())
    services.write(text, title="Un titre", body=source, body_html=html(from_plain(source)))
    text.origin, text.source = Origin.IMPORTED, "essai:2"
    db.scalars(select(Revision).where(Revision.content_id == text.id)).one().fields = services.fields_of(text)
    db.commit()
    cut(text, article, "Josette")
    assert str(text.body_html) == "<p>Première ligne *sans* marque<br>Mme […]</p><p>fin</p>"


def test_what_cannot_be_cut_is_refused_with_its_reason(article):
    text = make_content(Project, body="Un mot.")
    for spans, said in (([], "au moins un passage"), ([("body_source", 3, 99)], "n’est pas dans ce texte"), ([("summary", 0, 1)], "n’est pas"), ([("body_source", 0, 7)], "rien à lire")):  # fmt: skip
        with pytest.raises(DomainError, match=said), db.begin_nested():
            redactions.redact(text, spans, article_id=article.id, at=clock.now())
    tool = make_content(Tool, title="Un outil", summary="s", territory=None)
    with pytest.raises(DomainError, match="ne se coupe pas"):
        redactions.redact(tool, [("title", 0, 2)], article_id=article.id, at=clock.now())


def test_only_versions_that_were_published_and_not_restricted_are_read_by_the_public(article):
    text = make_content(Project, body="Brouillon secret.", state=State.PENDING, author=make_person())
    services.edit(text, by=None, title="A", body="Première version publique.")
    services.change_state(text, State.PUBLISHED)
    services.edit(text, by=None, title="A", body="Deuxième, avec 06 39 98 55 12.")
    services.edit(text, by=None, title="A", body="Troisième, avec 06 39 98 55 12 aussi.")
    assert [each.n for each in redactions.public_revisions(text)] == [4, 3, 2]
    cut(text, article, "06 39 98 55 12")
    redactions.seal(text, at=clock.now(), up_to=3)
    assert [each.fields["body_source"] for each in redactions.revisions_for(text, whole=False)] == ["Troisième, avec […] aussi."]
    assert [each.n for each in redactions.revisions_for(text, whole=True)] == [4, 3, 2, 1]


def test_erasing_leaves_no_word_in_any_version(article):
    text = make_content(Project, title="Nom secret", body="Mots secrets.", author=make_person())
    services.edit(text, by=None, title="Nom secret", body="Mots secrets encore.")
    from tests.factories import restrict

    restrict(text, State.REMOVED)
    redactions.destroy(text)
    kept = "".join(str(each) for each in db.scalars(select(Revision.fields).where(Revision.content_id == text.id)))
    assert "ecret" not in kept + text.title + text.summary + text.body_source + text.body_html


def test_pieces_put_end_to_end_are_the_text():
    assert redactions.pieces("Un deux trois", [(3, 7)]) == [("Un ", False), ("deux", True), (" trois", False)]
    assert redactions.pieces("Un", [(0, 2)]) == [("Un", True)]


WORDS = st.sampled_from(["SECRET", "mot", "**", "*", "_", "`", "\n", "\n\n", "- ", "> ", "# ", "[", "](", "](https://SECRET.example/)", ")", "<b>", "|", " ", "&amp;", "é", "https://a.example/SECRET", "a@SECRET.example"])  # fmt: skip


@given(st.lists(WORDS, min_size=1, max_size=14).map("".join), st.data())
@example("[SECRET](https://SECRET.example/)", None)
def test_no_word_that_was_cut_is_left_whatever_the_marks_around_it(source, data):
    """Every occurrence of the word is cut, wherever it stands: it must be nowhere in the source nor in the HTML made of it."""
    spans, at = [], source.find("SECRET")
    while at >= 0:
        spans.append((at, at + 6))
        at = source.find("SECRET", at + 1)
    wide = redactions.widened(source, spans)
    for render in (markdown, redactions.html_of_import, redactions.html_of_plain):
        made = str(render(redactions.cut(source, wide, redactions._HOLE)))
        assert "secret" not in made.lower()
    assert "SECRET" not in redactions.cut(source, wide)
    assert [(a, b) for a, b in wide if a >= b] == []
    assert all(first[1] < second[0] for first, second in pairwise(wide))


@given(st.text(alphabet="ab[]()<>@:/.*_ \n&;", max_size=60), st.data())
def test_any_span_of_any_text_is_cut_to_what_reads(source, data):
    if not source.strip():
        return
    start = data.draw(st.integers(0, len(source) - 1))
    end = data.draw(st.integers(start + 1, len(source)))
    wide = redactions.widened(source, [(start, end)])
    words = source[start:end].strip()
    assert not words or (wide and wide[0][0] <= source.index(words, start) and wide[0][1] >= source.index(words, start) + len(words))
    Cleaned(markdown(redactions.cut(source, wide, redactions._HOLE)))


def test_a_hostile_text_is_cut_in_little_time():
    """Red (minutes) with patterns that look to the end of the text from each sign. Counted in steps of work, not in seconds."""
    import sys

    for source in ("[" * 20_000, "](" * 10_000, "a@" * 10_000, "<" * 20_000, "&" * 20_000, "[a](b" * 4_000, "x " * 10_000):
        calls = 0

        def count(frame, event, arg):
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count)
        try:
            wide = redactions.widened(source, [(n, n + 1) for n in range(0, len(source), 40)])
            redactions.cut(source, wide)
        finally:
            sys.setprofile(None)
        assert calls < 2_000_000
    assert plain("<p>ok</p>") == "ok"
