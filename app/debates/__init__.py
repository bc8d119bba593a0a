"""Debates: one question put to all, arguments for and against, then a conclusion."""

from functools import partial


def init_app(app):
    from app.admin import menu
    from app.comments import registry
    from app.contents import kinds, spaces
    from app.core.i18n import _l
    from app.debates import admin, linked, models, rules, search, views  # noqa: F401 -- linked only registers itself
    from app.moderation import places
    from app.related import registry as related

    kinds.register(models.Debate, label=_l("Débat"), plural=_l("Débats"), address=views.address, permission="debate.read")
    registry.take_arguments("debate")
    places.takes("argument", into="debate", act="argue")
    rules.declare()
    search.declare()
    related.compare("debate")
    related.link("debate", permission="debate.edit")
    app.register_blueprint(views.debates)
    app.register_blueprint(admin.debates_admin)
    menu(_l("Débats"), "debates_admin.index", "debate.create", waiting=partial(spaces.to_conclude, models.Debate))
