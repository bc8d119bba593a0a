"""Proposals: drafts, versions, arguments for and against, sources, sections. One way to answer a consultation."""


def init_app(app):
    from app.comments import registry
    from app.consultations.proposals import linked, listeners, models, rules, search, views  # noqa: F401 -- linked only registers itself
    from app.contents import kinds
    from app.core.i18n import _l
    from app.moderation import places
    from app.related import registry as related

    proposal = {"label": _l("Proposition"), "plural": _l("Propositions"), "address": views.address, "permission": "proposal.read"}
    source = {"label": _l("Source"), "plural": _l("Sources"), "address": views.source_address, "permission": "source.read"}
    kinds.register(models.Proposal, **proposal)
    kinds.register(models.Source, **source)
    registry.take_arguments("proposal")
    places.takes("proposal", into="consultation", act="propose")
    registry.take_votes("proposal")
    registry.take_answers("proposal")
    registry.acts["proposal"] = "propose"
    rules.declare()
    listeners.listen()
    search.declare()
    related.compare("proposal")
    app.register_blueprint(views.proposals)
