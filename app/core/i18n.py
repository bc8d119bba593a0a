"""French is the language of the source; other languages come from the catalogues.

While French is the only language offered, a text is its own translation and nothing is looked up: Flask-Babel's
look-up costs 13 µs a text, and a page has hundreds.
"""

from flask import Flask
from flask_babel import Babel, lazy_gettext
from flask_babel import gettext as look_up
from flask_babel import ngettext as look_up_plural

__all__ = ["LANGUAGES", "_", "_l", "gettext", "init_app", "ngettext"]

LANGUAGES = ("fr",)
babel = Babel()


def gettext(message: str, **variables) -> str:
    if len(LANGUAGES) > 1:
        return look_up(message, **variables)
    return message % variables if variables else message


def ngettext(singular: str, plural: str, num: int, **variables) -> str:
    """French takes the singular for 0 and 1."""
    if len(LANGUAGES) > 1:
        return look_up_plural(singular, plural, num, **variables)
    return (singular if abs(num) < 2 else plural) % {"num": num, **variables}


_ = gettext
_l = lazy_gettext  # for what is read when a module loads: labels, menus


def _plural(singular: str, plural: str, num: int) -> str:
    """For Jinja, which fills in the variables itself, after escaping them."""
    return look_up_plural(singular, plural, num) if len(LANGUAGES) > 1 else (singular if abs(num) < 2 else plural)


def init_app(app: Flask) -> None:
    babel.init_app(app, locale_selector=lambda: "fr")
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, _plural, newstyle=True)  # type: ignore[attr-defined]
