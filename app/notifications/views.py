from flask import Blueprint, redirect, render_template, request, url_for

from app.accounts import sections
from app.core.i18n import _
from app.core.pages import paginate
from app.core.permissions import me, require
from app.core.urls import local_path
from app.notifications import queries, services

notifications = Blueprint("notifications", __name__, template_folder="templates")


@notifications.get("/compte/messages")
def index():
    require("message.own")
    return render_template("notifications/index.html", page=paginate(queries.messages_of(me())), unread=queries.unread_count(me()))


@notifications.post("/compte/messages/lus")
def mark_all_read():
    require("message.own")
    services.mark_read(me())
    return redirect(url_for("notifications.index"))


@notifications.post("/compte/messages/<int:message_id>/lu")
def mark_read(message_id):
    """Read, and go where the message leads."""
    require("message.own")
    services.mark_read(me(), message_id)
    return redirect(local_path(request.form.get("next")) or url_for("notifications.index"))


@sections.at(10)
def latest(person):
    """The last messages, on the account's page."""
    found = paginate(queries.messages_of(person), number=1, per_page=3)
    return (
        _("Vos messages"),
        "notifications/section.html",
        {"messages": found.items, "total": found.total, "unread": queries.unread_count(person)},
    )
