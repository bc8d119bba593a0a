"""What the catalogue gives to others and takes from them: files, the API, harvests, citations, and the state of the links it cites.

`rows.py` says once what a sheet is as a row of a table and as an object of JSON; everything else here reads or writes that.
`whole.py` keeps the whole catalogue as files made ahead, and `following.py` says when they are no longer true.
"""


def init_app(app):
    from app.admin import menu
    from app.core.i18n import _l
    from app.exchange import admin, checking, citing, following, harvest, rules, views  # noqa: F401 -- some only register themselves

    following.listen()
    app.register_blueprint(views.exchange)
    app.register_blueprint(admin.exchange_admin)
    menu(_l("Importer des fiches"), "exchange_admin.upload", "catalogue.import", scope="region")
    menu(_l("Moissons"), "exchange_admin.sources", "catalogue.harvest", scope="region")
