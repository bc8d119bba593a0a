"""Figures for Prometheus: requests and their time, what waits in the outbox, acts refused for rights, pages kept."""

import os
import time

from flask import Flask, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock, pagecache
from app.core.db import db
from app.core.outbox import OutboxJob

CONTENT_TYPE = CONTENT_TYPE_LATEST
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds


class Figures:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("endpoint", "method", "status")
        self.requests = Counter("beffroi_requests", "Requests that reached the application", labels, registry=self.registry)
        self.seconds = Histogram("beffroi_request_seconds", "Time to answer", ("endpoint",), buckets=BUCKETS, registry=self.registry)
        self.refused = Counter("beffroi_refused", "Acts refused for want of the right to do them", ("permission",), registry=self.registry)


class Outbox(Collector):
    """Read from the database when asked: the same whoever answers."""

    def collect(self):
        waiting = GaugeMetricFamily("beffroi_outbox_waiting", "Jobs not done yet", labels=["topic"])
        dead = GaugeMetricFamily("beffroi_outbox_dead", "Jobs that wait for a person", labels=["topic"])
        age = GaugeMetricFamily("beffroi_outbox_oldest_seconds", "How late the oldest due job is", labels=["topic"])
        now = clock.now()
        query = select(OutboxJob.topic, OutboxJob.is_dead, func.count(OutboxJob.id), func.min(OutboxJob.due_at))
        try:
            rows = db.execute(query.group_by(OutboxJob.topic, OutboxJob.is_dead)).all()
        except SQLAlchemyError:  # the other figures are wanted most when the database is away
            db.rollback()
            rows = []
        for topic, is_dead, count, oldest in rows:
            (dead if is_dead else waiting).add_metric([topic], count)
            if not is_dead:
                age.add_metric([topic], max(0.0, (now - oldest).total_seconds()))
        return [waiting, dead, age]


class Pages(Collector):
    """What this process keeps in front of the application, and what never reached it."""

    WORDS = {
        "pages": "Pages kept for visitors",
        "bytes": "What the kept pages weigh",
        "hits": "Requests answered with a kept page",
        "built": "Pages made to be kept",
        "waited": "Requests that waited for a page being made",
    }

    def collect(self):
        for name, count in pagecache.figures().items():
            figure = GaugeMetricFamily(f"beffroi_kept_{name}", self.WORDS[name], labels=["process"])
            figure.add_metric([str(os.getpid())], count)
            yield figure


def exposition() -> bytes:
    figures: Figures = current_app.extensions["figures"]
    registry = figures.registry
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # several gunicorn workers share their counts through this folder
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    asked = CollectorRegistry()  # what is looked at when asked, not counted on the way
    asked.register(Outbox())
    asked.register(Pages())
    return generate_latest(registry) + generate_latest(asked)


def init_app(app: Flask) -> None:
    figures = app.extensions["figures"] = Figures()

    @app.before_request
    def start() -> None:
        g.asked_at = time.perf_counter()

    @app.after_request
    def count(response):
        endpoint = request.endpoint or "none"
        figures.requests.labels(endpoint, request.method if request.url_rule else "any", response.status_code).inc()
        figures.seconds.labels(endpoint).observe(time.perf_counter() - g.get("asked_at", time.perf_counter()))
        if refused := g.pop("refused", None):
            figures.refused.labels(refused).inc()
        return response
