"""`python -m app`: the whole platform in one process, on this machine: server, worker, migrations, demonstration."""

import argparse
import ctypes
import gc
import os
import signal
import sys
import threading

HOST = "127.0.0.1"  # plain http never leaves the machine: a public site stands behind a proxy that speaks https
STOPS = (signal.SIGTERM, signal.SIGINT)
M_ARENA_MAX = -8  # malloc.h
HEAD_START = 2.0  # seconds at most that the first answer has, before the work that waits wants the same processor
LAST_BATCH = 8.0  # seconds a stop waits for the worker; what is cut short is done again at the next start


def main() -> int:
    arguments = read_arguments()
    os.umask(0o077)
    for number in STOPS:
        signal.signal(number, lambda *_: sys.exit(0))  # until there is a server: what is under way is undone
    share_one_heap()
    gc.disable()  # what a start makes stays: looking for garbage among it would take a fifth of its time
    if arguments.port is not None:
        os.environ["PORT"] = str(arguments.port)
    from app.operations import server, settings
    from config import Config

    class Embedded(Config):
        DEMO = arguments.demo
        EMBEDDED = True
        PAGE_CACHE_BYTES, FRAGMENT_CACHE_BYTES = 24 * 1024 * 1024, 12 * 1024 * 1024  # one small process for all
        DEBUG = os.environ.get("FLASK_DEBUG", "").lower() in {"1", "true", "on", "yes"}

    config = {name: getattr(Embedded, name) for name in dir(Embedded) if name.isupper()}
    problems = settings.refusals(config)
    if settings.is_public(config) and not config["PROXY_HOPS"]:
        problems.append("PROXY_HOPS manque : dites combien de serveurs mandataires à vous se tiennent devant celui-ci.")
    if problems:
        return refuse(*problems)
    try:
        bound = server.bind(HOST, config["PORT"])
    except OSError:
        return refuse(f"Le port {config['PORT']} est déjà pris : arrêtez l’autre programme, ou choisissez « --port ».")

    from app import create_app
    from app.core.worker import Worker
    from app.operations import first, migrations

    with first.one_start_at_a_time(config["INSTANCE_DIR"]):
        migrations.upgrade_if_behind(config["DATABASE_URL"])
        app = create_app(Embedded)
        with app.app_context():
            if sentence := migrations.trouble_now():
                return refuse(sentence)
            news = first.first_steps(app)
    serving = server.make_server(app, bound, largest_body=config["UPLOAD_LIMIT"], proxies=config["PROXY_HOPS"])
    for number in STOPS:
        signal.signal(number, serving.end)
    worker = Worker(app)
    working = threading.Thread(target=work_after_first_answer, args=(worker, serving), name="start")
    working.start()
    gc.freeze()
    gc.enable()
    print(*news, f"Beffroi répond sur {config['BASE_URL']} (Ctrl-C pour arrêter).", sep="\n", flush=True)
    serving.run()
    working.join()
    worker.stop(timeout=LAST_BATCH)
    print("Beffroi est arrêté.", flush=True)
    return 0


def work_after_first_answer(worker, serving) -> None:
    """The index and the clock can wait for whoever has just started the program and looks."""
    serving.answered.wait(HEAD_START)
    if not serving.ending:
        worker.start()


def share_one_heap() -> None:
    """One heap for all threads, where the C library is glibc: it would give each its own, and what one frees no other uses.

    With the threads of the server and of the worker, that took 150 MB. Figures: docs/performance.md.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_ARENA_MAX, 1)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app", description="Beffroi en un seul processus : serveur, ouvrier, base.")
    parser.add_argument("--demo", action="store_true", help="avec la région de démonstration, si la base est vide")
    parser.add_argument("--port", type=int, help="port à écouter sur cette machine (8000, ou la variable PORT)")
    return parser.parse_args()


def refuse(*sentences: str) -> int:
    print("Beffroi ne démarre pas :", *(f"- {sentence}" for sentence in sentences), sep="\n", file=sys.stderr, flush=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
