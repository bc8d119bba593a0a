"""French is the language of the source; other languages come from the catalogues."""

from flask import Flask
from flask_babel import Babel, gettext, lazy_gettext, ngettext

__all__ = ["_", "_l", "init_app", "ngettext"]

_ = gettext
_l = lazy_gettext  # for what is read when a module loads: labels, menus
babel = Babel()


def init_app(app: Flask) -> None:
    babel.init_app(app, locale_selector=lambda: "fr")
    app.jinja_env.add_extension("jinja2.ext.i18n")
