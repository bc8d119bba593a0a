"""The frame of the back office: what can be done under /gestion/, listed for each person as far as they may.

Features say in their `init_app` what they bring:

    menu(_l("Projets"), "projects_admin.index", "project.create")                    # /gestion/<territory_slug>/projets/
    menu(_l("Catalogue"), "catalogue_admin.index", "catalogue.curate", scope="region", header=True)
    menu(_l("Modération"), "moderation.queue", "moderation.desk", header="moderation.index")
"""

from app.admin.menus import admin_menu, back_office, menu, menu_entries, places

__all__ = ["admin_menu", "back_office", "init_app", "menu", "menu_entries", "places"]


def init_app(app):
    from app.admin import rules, views  # noqa: F401

    app.register_blueprint(views.blueprint)
    app.add_template_global(admin_menu)
    app.add_template_global(menu_entries)
