"""Projects: what a territory undertakes; its kind, its maturity with a dated history, its phases, what belongs to it."""


def init_app(app):
    from app.admin import menu
    from app.contents import kinds
    from app.core.i18n import _l
    from app.projects import (
        admin,
        linked,  # noqa: F401 -- registers itself
        models,
        rules,  # noqa: F401 -- declares who may
        search,
        views,
    )
    from app.related import registry as related

    kinds.register(models.Project, label=_l("Projet"), plural=_l("Projets"), address=views.address, permission="project.read")
    search.declare()
    related.compare("project", precedent=True)
    related.link("project", permission="project.edit")
    app.register_blueprint(views.projects)
    app.register_blueprint(admin.projects_admin)
    menu(_l("Projets"), "projects_admin.index", "project.create")
