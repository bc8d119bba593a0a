import pytest

from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.initiatives import desk, remarks, services
from tests.factories import make_person, make_territory


def waiting_sheet(author):
    sheet = services.create_sheet("initiative", by=author, territory=make_territory(), title="Titre", summary="Phrase.", sections={})
    services.propose(sheet, by=author)
    return sheet


def test_a_remark_is_asked_answered_and_resolved():
    author, curator = make_person(), make_person(roles=[("curator", None)])
    sheet = waiting_sheet(author)
    first = remarks.remark(sheet, on="cost", body="Combien de temps d’agent ?", by=curator)
    assert "answers" not in {key for key, count in desk.counts().items() if count}
    remarks.answer(first, body="Dix jours.", by=author, revision=sheet.revision)
    assert db.scalars(desk.views()["answers"].ids()).all() == [sheet.id]
    (thread,) = remarks.threads_of(sheet)
    assert (thread.last.body, thread.is_open, remarks.open_of(sheet)) == ("Dix jours.", True, 1)
    remarks.answer(first, body="Merci.", by=curator, revision=sheet.revision)
    assert desk.counts()["answers"] == 0  # the curator has the last word
    remarks.resolve(first, by=curator)
    remarks.resolve(first, by=curator)
    assert (remarks.open_of(sheet), first.resolved_by_id) == (0, curator.id)
    with pytest.raises(DomainError):
        remarks.answer(first, body="Encore.", by=author, revision=1)
    remarks.reopen(first)
    assert remarks.open_of(sheet) == 1


@pytest.mark.parametrize("body", ["", " \n", "x" * 2001])
def test_a_remark_says_something_short(body):
    sheet = waiting_sheet(make_person())
    with pytest.raises(DomainError) as refused:
        remarks.remark(sheet, on="", body=body, by=make_person())
    assert refused.value.field == "body"


def test_an_answer_is_not_a_thread_and_another_sheets_remark_is_not_ones_own():
    author = make_person()
    sheet, other = waiting_sheet(author), waiting_sheet(author)
    first = remarks.remark(sheet, on="", body="Une question.", by=author)
    second = remarks.answer(first, body="Une réponse.", by=author, revision=1)
    for where, remark in ((other, first), (sheet, second)):
        with pytest.raises(NotFound):
            remarks.get_remark(where, remark.id)
