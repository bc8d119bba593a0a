"""Settings that are not safe to be public with, each refused in one sentence. Imports nothing heavy: asked first of all."""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SHORTEST_KEY = 32
SHORTEST_TOKEN = 16


def is_public(config: Mapping[str, Any]) -> bool:
    """Is the site meant to be reached from elsewhere than this machine?"""
    return urlsplit(config["BASE_URL"]).hostname not in LOOPBACK


def refusals(config: Mapping[str, Any]) -> list[str]:
    """Why this configuration must not be public; nothing for one that stays on its machine."""
    return list(_refusals(config)) if is_public(config) else []


def _refusals(config: Mapping[str, Any]) -> Iterator[str]:
    if not config["BASE_URL"].startswith("https://"):
        yield "BASE_URL doit commencer par https:// : en http, les mots de passe circulent en clair."
    key = config["SECRET_KEY"]
    if key is not None and (len(key) < SHORTEST_KEY or len(set(key)) < 8):
        yield f"SECRET_KEY est trop courte ou trop simple : donnez {SHORTEST_KEY} signes tirés au hasard, ou n’en donnez pas."
    if not config["MAIL_URL"]:
        yield "MAIL_URL manque : sans serveur de courriel, personne ne peut confirmer son adresse."
    if config["MAIL_FROM"].endswith("@localhost"):
        yield "MAIL_FROM manque : donnez l’adresse d’où partent les courriels."
    if config["DEMO"]:
        yield "--demo n’est pas permis en public : les personnes de démonstration ont des accès connus de tous."
    if config.get("DEBUG"):
        yield "Le mode de débogage n’est pas permis en public : retirez FLASK_DEBUG."
    if not config["RATELIMIT_ENABLED"]:
        yield "Les limites de débit sont coupées : elles protègent les comptes en public."
    if config["METRICS_TOKEN"] and len(config["METRICS_TOKEN"]) < SHORTEST_TOKEN:
        yield f"METRICS_TOKEN est trop court : donnez {SHORTEST_TOKEN} signes au moins."
    for name in ("REDIS_URL", "JOBS_URL"):
        url = config[name] or ""
        if url.startswith(("redis://", "rediss://")) and not urlsplit(url).password:
            yield f"{name} n’a pas de mot de passe : n’importe quel programme pourrait y écrire."
    yield from _open_files(config)


def _open_files(config: Mapping[str, Any]) -> Iterator[str]:
    """Whatever others of the machine can read: the folder of the instance, a database outside of it."""
    folder = Path(config["INSTANCE_DIR"])
    if folder.exists() and folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"Le dossier {folder.name}/ est ouvert à d’autres utilisateurs de la machine : faites « chmod 700 »."
    url = config["DATABASE_URL"]
    if url.startswith("sqlite"):
        database = Path(url.split("///", 1)[-1])
        if database.exists() and folder not in database.parents and database.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield f"La base {database.name} est lisible par d’autres utilisateurs de la machine : faites « chmod 600 »."
