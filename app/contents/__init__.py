"""The spine: what anyone publishes, of any kind; its states, versions, votes, links, phases and vocabularies."""


def init_app(app):
    from app.contents import changes, documents, kinds, linked, mine, retention, rows, rules, views  # noqa: F401

    changes.listen()
    kinds.init_app(app)
    rows.init_app(app)
    rules.declare()
    documents.declare()
    app.register_blueprint(views.contents)
