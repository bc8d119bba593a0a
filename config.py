"""Settings, read from the environment once. Every default is safe in production and fit to be public."""

import os
from pathlib import Path
from urllib.parse import urlsplit


class Config:
    INSTANCE_DIR = Path(os.environ.get("INSTANCE_DIR", "instance")).resolve()
    DATABASE_URL = os.environ.get("DATABASE_URL") or f"sqlite:///{INSTANCE_DIR / 'beffroi.db'}"
    JOBS_URL = os.environ.get("JOBS_URL") or f"sqlite:///{INSTANCE_DIR / 'jobs.db'}"  # redis://… or postgresql://… beyond one machine
    REDIS_URL = os.environ.get("REDIS_URL")  # shared rate limits; without it each process counts for itself
    MAIL_URL = os.environ.get(
        "MAIL_URL"
    )  # smtp://user:password@host:25, smtps://…, smtp+starttls://…; without it: console and instance/outbox/
    MAIL_FROM = os.environ.get("MAIL_FROM", "ne-pas-repondre@localhost")
    SECRET_KEY = os.environ.get("SECRET_KEY")  # without it: made once, kept in instance/secret-key (0600)
    AUDIT_KEY = os.environ.get("AUDIT_KEY")  # signs the register; without it: made once, kept in instance/audit-key (0600)
    AUDIT_KEY_FALLBACKS = os.environ.get("AUDIT_KEY_FALLBACKS", "").split()  # public keys it replaced
    PORT = int(os.environ.get("PORT", "8000"))
    BASE_URL = os.environ.get("BASE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
    METRICS_TOKEN = os.environ.get("METRICS_TOKEN")  # /metrics answers to loopback, or to this bearer token
    PROXY_HOPS = int(os.environ.get("PROXY_HOPS", "0"))  # how many proxies of ours stand in front
    REGION_NAME = os.environ.get("REGION_NAME", "Nord – Pas-de-Calais")
    MAP_TILES = os.environ.get("MAP_TILES")  # https://host/{z}/{x}/{y}.png: the ground of the catalogue's map; without it, a plain one
    MAP_CREDIT = os.environ.get("MAP_CREDIT", "")  # what its licence asks to be written on it

    DEMO = False  # set by `python -m app --demo`: shows the demonstration people's addresses
    EMBEDDED = False  # set by `python -m app`: this process also works the outbox
    TESTING = False

    TRUSTED_HOSTS = [urlsplit(BASE_URL).hostname or "127.0.0.1"]
    MAX_CONTENT_LENGTH = 2 * 1024 * 1024  # bytes; views that take files raise it for themselves
    MAX_FORM_MEMORY_SIZE = 1024 * 1024
    MAX_FORM_PARTS = 200
    UPLOAD_LIMIT = 25 * 1024 * 1024

    SESSION_COOKIE_SECURE = BASE_URL.startswith("https://")
    SESSION_COOKIE_NAME = "__Host-beffroi" if SESSION_COOKIE_SECURE else "beffroi"
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    SESSION_COOKIE_PATH = "/"
    PERMANENT_SESSION_LIFETIME = 30 * 24 * 3600  # seconds
    WTF_CSRF_TIME_LIMIT = None  # as long as the session: nobody loses a text because lunch was long
    WTF_CSRF_SSL_STRICT = True

    PASSWORD_TIME_COST = 3  # argon2id, RFC 9106's second recommended option: 64 MiB, 3 passes
    PASSWORD_MEMORY_COST = 65536  # KiB
    RATELIMIT_ENABLED = True
    BABEL_DEFAULT_LOCALE = "fr"
    BABEL_DEFAULT_TIMEZONE = "Europe/Paris"
    COMPRESS_REGISTER = False  # pages are compressed by the cache in front, once
    BOOTSTRAP_SERVE_LOCAL = True
