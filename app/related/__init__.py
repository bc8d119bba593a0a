"""What has to do with what: links made by hand and agreed on, suggestions, contents near a text, genealogies."""


def init_app(app):
    from app.admin import menu
    from app.contents.rows import nature_label
    from app.core.i18n import _l
    from app.related import (
        admin,
        queries,
        rules,  # noqa: F401 -- declares who may
        views,
        worker,
    )

    worker.listen()
    app.register_blueprint(views.related)
    app.register_blueprint(admin.links_admin)
    menu(_l("Liens"), "links_admin.index", "link.desk", waiting=queries.in_words)
    menu(_l("Liens"), "links_admin.index", "link.desk", scope="region", waiting=queries.in_words)
    app.add_template_global(lambda row, page: nature_label(row.nature, row.from_id == page.id), "link_nature")
