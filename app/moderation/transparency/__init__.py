"""What the public is shown of moderation: a register without the texts, a report a month, a blind second reading of a sample.

And the statements of reasons in the shape of the European database. Nothing here decides anything.
"""


def init_app(app):
    from app.core.i18n import _l
    from app.moderation.doors import door
    from app.moderation.transparency import (
        cli,
        listeners,
        rules,  # noqa: F401 -- declares who may
        tasks,  # noqa: F401 -- the weekly draw
        views,
    )

    listeners.listen()
    app.register_blueprint(views.transparency)
    app.cli.add_command(cli.readings)
    door(_l("Relectures"), "transparency.readings", "reading.list", 50)
