from typing import Any

from app.contents.linked import identity
from app.core.linked_data import describes
from app.projects.models import Project
from app.territories.linked import organization


@describes("project")
def project_data(project: Project) -> dict[str, Any] | None:
    """In schema.org a project is what an organisation undertakes; the dates are those of its page."""
    if not project.is_public:
        return None
    about = identity(project)
    language = about.pop("inLanguage")
    page = {
        "@type": "WebPage",
        "@id": about["url"],
        "inLanguage": language,
        "datePublished": project.published_at,
        "dateModified": project.updated_at,
    }
    return {"@type": "Project", **about, "parentOrganization": organization(project.territory), "mainEntityOfPage": page}
