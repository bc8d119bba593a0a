"""Consultations: the territory asks. Each way to answer is a sub-package that ignores the others."""

from functools import partial


def init_app(app):
    from app.admin import menu
    from app.consultations import admin, cli, linked, models, proposals, rules, search, views  # noqa: F401 -- linked only registers itself
    from app.contents import kinds, spaces
    from app.core.i18n import _l
    from app.related import registry as related

    kinds.register(
        models.Consultation, label=_l("Consultation"), plural=_l("Consultations"), address=views.address, permission="consultation.read"
    )
    rules.declare()
    search.declare()
    related.compare("consultation", precedent=True)
    related.link("consultation", permission="consultation.edit")
    app.register_blueprint(views.consultations)
    app.register_blueprint(admin.consultations_admin)
    menu(_l("Consultations"), "consultations_admin.index", "consultation.create", waiting=partial(spaces.to_conclude, models.Consultation))
    proposals.init_app(app)
    cli.declare()
