"""Errors the domain raises, and the pages they become.

Whatever was typed comes back with the refusal: nothing a person wrote is lost.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from app.core.hooks import Hooks
from app.core.i18n import _
from app.core.logs import address, log
from app.core.outages import is_outage

BACK_OFFICES = ("/gestion/", "/moderation/")
UNSHOWN = ("csrf_token", "_once", "password", "current_password", "new_password", "token")


class DomainError(Exception):
    """A rule of the domain refused; the message is meant for the citizen."""

    def __init__(self, message: str, field: str | None = None):
        super().__init__(message)
        self.message, self.field = message, field


class Conflict(DomainError):
    """Somebody else was first: an edit on an old version, a case already decided."""


class Closed(DomainError):
    """Nothing can be sent here, now or any more: what was typed can only be copied."""


class PermissionDenied(Exception):
    """The current person may not do this."""


class NotFound(Exception):
    """There is no such thing, or it is not for this person to know of: then `thing` is what was refused to them."""

    def __init__(self, thing: Any = None):
        super().__init__()
        self.thing = thing


# Layers above say what became of a thing that the public knew: a function (thing) → (title, message, template, context), or None.
gone: Hooks[Callable[[Any], tuple[str, str, str, dict[str, Any]] | None]] = Hooks()


def typed() -> list[tuple[str, str]]:
    """What the refused request carried, as (field, text), to be shown again."""
    if request.method in {"GET", "HEAD"}:
        return []
    try:
        fields = request.form.items(multi=True)
    except HTTPException:  # a body too large or malformed has nothing to give back
        return []
    return [(name, text) for name, text in fields if name not in UNSHOWN and len(text.strip()) > 3]


def wants_json() -> bool:
    return request.path.endswith(".json") or request.path.startswith("/api/")


def answer(
    status: int, title: str, message: str, template: str = "layouts/error.html", *, to_anyone: bool = False, **page
) -> tuple[str | Response, int]:
    """The page of a refusal. `to_anyone`: it asks the database nothing, not even who is here."""
    from app.core.db import db

    db.rollback()
    if to_anyone:
        g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    if wants_json():
        return jsonify(error=title, message=message), status
    return render_template(template, title=title, message=message, kept_text=typed(), **page), status


def told_gone(thing: Any) -> Response | None:
    """410 for whoever reads the address of what was public and was taken back: a page for people, not for search engines."""
    found = next((said for tell in gone if (said := tell(thing))), None)
    if found is None:
        return None
    title, message, template, context = found
    response = current_app.make_response(answer(410, title, message, template, **context))
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def door():
    """A visitor who may not read this page logs in and comes back; one who was writing keeps the text."""
    if request.method in {"GET", "HEAD"} and not wants_json():
        return redirect(url_for("accounts.log_in", next=request.full_path.rstrip("?")))
    return answer(
        401,
        _("Connectez-vous pour continuer"),
        _("Votre session est terminée. Copiez votre texte, connectez-vous, puis renvoyez-le."),
        next_url=url_for("accounts.log_in"),
        next_label=_("Se connecter"),
    )


def behind_the_counter() -> bool:
    """Is this a page of a back office? What is there is not for others to know."""
    return request.path.startswith(BACK_OFFICES)


def init_app(app: Flask) -> None:
    @app.errorhandler(NotFound)
    @app.errorhandler(404)
    def missing(error):
        if current_user.is_anonymous and behind_the_counter():
            return door()  # whether the page exists or not
        thing = getattr(error, "thing", None)
        if thing is not None and request.method in {"GET", "HEAD"} and not behind_the_counter() and (told := told_gone(thing)):
            return told
        return answer(404, _("Cette page n’existe pas"), _("L’adresse est peut-être incomplète, ou la page a été retirée."))

    @app.errorhandler(PermissionDenied)
    def denied(error):
        g.refused = str(error)
        log.info("refused", permission=str(error), address=address(), person=getattr(current_user, "id", None))
        if current_user.is_anonymous:
            return door()
        if behind_the_counter():
            return missing(error)  # another territory's back office does not exist
        return answer(
            403, _("Vous n’avez pas accès à cette page"), _("Si vous pensez que c’est une erreur, écrivez à l’équipe du territoire.")
        )

    @app.errorhandler(Conflict)
    def overtaken(error):
        return answer(409, _("Quelqu’un est passé avant vous"), error.message, **way_back())

    @app.errorhandler(DomainError)
    def refused(error):
        return answer(422, _("Ce n’est pas possible"), error.message, **way_back())

    @app.errorhandler(CSRFError)
    def forged(error):
        return answer(
            400,
            _("Votre page a expiré"),
            _("Votre texte est ci-dessous. Copiez-le, rechargez la page d’origine, puis renvoyez-le."),
            **way_back(),
        )

    @app.errorhandler(429)
    def too_many(error):
        return answer(429, _("Trop de demandes"), _("Attendez quelques minutes, puis réessayez."))

    @app.errorhandler(413)
    def too_large(error):
        return answer(413, _("C’est trop lourd"), _("Réduisez votre texte ou vos fichiers, puis renvoyez-les."))

    @app.errorhandler(SecurityError)
    def foreign_host(error):
        """The request names a host that is not ours: no address can be made, so no page of ours either."""
        return "400", 400, {"Content-Type": "text/plain; charset=utf-8"}

    @app.errorhandler(HTTPException)
    def other(error):
        if error.code and error.code < 400:
            return error
        page = answer(error.code or 500, _("La demande n’a pas pu être lue"), _("Revenez à la page précédente et réessayez."))
        response = current_app.make_response(page)
        if methods := getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(methods))
        return response

    @app.errorhandler(InternalServerError)
    def broken_again(error):
        """What a handler met while it answered: a page that asked who is here, of a database that is away."""
        return broken(error.original_exception or error)

    @app.errorhandler(Exception)
    def broken(error):
        if is_outage(error):
            return away(error)
        if current_app.testing or current_app.debug:
            raise error
        log.exception("error", address=address(), method=request.method)
        return answer(
            500,
            _("Une erreur s’est produite"),
            _("Elle est enregistrée et sera corrigée. Votre texte est ci-dessous : copiez-le."),
            to_anyone=True,
        )

    def away(error):
        log.error("away", address=address(), method=request.method, error=type(error).__name__)
        sentence = _("Attendez une minute, puis réessayez. Si vous aviez écrit un texte, il est ci-dessous : copiez-le.")
        response = current_app.make_response(answer(503, _("Le site fait une pause"), sentence, to_anyone=True))
        response.headers["Retry-After"] = "30"
        return response


def way_back() -> dict[str, str | None]:
    """To where the button was pressed: as it is now, it says what can be done."""
    return {"next_url": safe_referrer(), "next_label": _("Revenir à la page")}


def safe_referrer() -> str | None:
    """The page the person comes from, when it is one of ours."""
    from app.core.urls import local_path

    return local_path(request.headers.get("Referer", ""))
