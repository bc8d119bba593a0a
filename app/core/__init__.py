"""Tools that know nothing about participation: database, permissions, outbox, errors, forms, text, time, mail."""

from importlib import import_module

PARTS = [
    "logs",
    "templates",
    "i18n",
    "formats",
    "urls",
    "db",
    "errors",
    "permissions",
    "once",
    "security",
    "limits",
    "mail",
    "assets",
    "cli",
    "flashes",
    "stamps",
    "pagecache",
    "front",
    "linked_data",
    "worker",
]


def init_app(app):
    for name in PARTS:
        import_module(f"app.core.{name}").init_app(app)
