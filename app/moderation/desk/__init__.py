"""The desk: the queue an agent reads from, the case page, what a machine points at, decisions taken together, daily letters."""


def init_app(app):
    from app.moderation.desk import (
        models,  # noqa: F401 -- its tables
        reminders,  # noqa: F401 -- the daily letters
        rules,  # noqa: F401 -- declares who may
        views,  # noqa: F401 -- adds its pages to the blueprint of moderation
    )
