"""A project's documents: rights follow the page that shows them, at each fetch."""

import io

import pytest
from sqlalchemy.orm.attributes import set_committed_value

from app.contents.queries import attachments_of
from app.core.db import db
from app.projects.models import Project
from tests.factories import make_content, make_person, make_territory, restrict


@pytest.fixture
def place():
    return make_territory()


@pytest.fixture
def manager(place):
    return make_person(roles=[("manager", place)])


@pytest.fixture
def project(place):
    made = make_content(Project, territory=place)
    set_committed_value(made, "territory", place)
    return made


def add(client, project, octets=b"Plan de la place\n", name="plan.txt"):
    address = f"/gestion/{project.territory.slug}/projets/{project.id}/documents"
    return client.post(address, data={"file": (io.BytesIO(octets), name), "title": "Le plan"}, content_type="multipart/form-data")


def test_a_manager_adds_a_document_and_a_visitor_reads_it(client, app, project, manager, place):
    client.log_in(manager)
    assert add(client, project).status_code == 302
    document = attachments_of(project)[0]
    page = app.test_client().get(f"/projets/{project.id}")
    assert "Le plan" in page.text
    with app.test_client().get(f"/fichiers/{document.file_id}") as fetched:
        assert fetched.data == b"Plan de la place\n"
        assert "attachment" in fetched.headers["Content-Disposition"]


def test_a_hidden_project_takes_its_documents_with_it(client, app, project, manager, place):
    client.log_in(manager)
    add(client, project)
    document = attachments_of(project)[0]
    restrict(db.get(Project, project.id))
    db.commit()
    assert app.test_client().get(f"/fichiers/{document.file_id}").status_code == 404


def test_another_territorys_manager_adds_nothing(client, project, place):
    client.log_in(make_person(roles=[("manager", make_territory())]))
    assert add(client, project).status_code in {403, 404}


def test_a_file_that_is_not_what_it_says_is_refused_with_a_sentence(client, project, manager, place):
    client.log_in(manager)
    refused = add(client, project, octets=b"<svg onload=alert(1)>", name="plan.svg")
    assert refused.status_code == 422
    assert attachments_of(project) == []


def test_a_document_is_removed(client, project, manager, place):
    client.log_in(manager)
    add(client, project)
    document = attachments_of(project)[0]
    assert client.post(f"/gestion/{place.slug}/projets/{project.id}/documents/{document.id}/retirer").status_code == 302
    assert attachments_of(project) == []
