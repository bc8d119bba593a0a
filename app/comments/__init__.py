"""Replies, arguments and their votes, on anything that takes them."""


def init_app(app):
    from app.comments import models, reading, rules, search, views
    from app.contents import kinds
    from app.core.i18n import _l

    kinds.register(models.Argument, label=_l("Argument"), plural=_l("Arguments"), address=views.address, permission="argument.read")
    kinds.register(models.Comment, label=_l("Réponse"), plural=_l("Réponses"), address=views.address, permission="comment.read")
    rules.declare()
    search.declare()
    app.register_blueprint(views.comments)
    app.add_template_global(views.anchor, "content_anchor")
    app.add_template_global(reading.card_version)
