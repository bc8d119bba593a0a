from app.projects.models import Project


def declare() -> None:
    from app.search.registry import Document, searchable

    @searchable(Project, whole=False)
    def project_document(project: Project) -> Document:
        return Document.of(project)
