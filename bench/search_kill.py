"""Kill -9 an indexer at random instants; each time the index must open, answer, and take a new document. attacks.md F02.

.venv/bin/python bench/search_kill.py --times 200
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.search.engines.whoosh import WhooshEngine  # noqa: E402
from tests.search.test_engines import ask, document, ids  # noqa: E402
from tests.search.test_whoosh import WRITE_FOR_EVER  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        engine = WhooshEngine(Path(folder) / "search")
        engine.rebuild(iter([[document(n, f"Vélo {n}", "piste cyclable") for n in range(1, 301)]]), lambda ids: [])
        slowest = 0.0
        for n in range(options.times):
            with subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(engine.folder)], cwd=ROOT, stdout=subprocess.PIPE) as process:
                process.stdout.readline()
                time.sleep(chance.uniform(0, 0.5))
                process.send_signal(signal.SIGKILL)
            start = time.perf_counter()
            fresh = WhooshEngine(engine.folder)
            ask(fresh, "vélo")
            fresh.put([document(777, "Après la mort")])
            assert ids(fresh, "mort") == [777], n
            fresh.remove([777])
            slowest = max(slowest, time.perf_counter() - start)
            print(f"\r{n + 1} kills, {len(list(engine.folder.rglob('*')))} files", end="", flush=True)
        engine.rebuild(iter([[document(1, "Vélo")]]), lambda ids: [])
        left = [path.name for path in engine.folder.rglob("*") if path.is_file()]
    print(f"\n{options.times} kills: the index opened each time; back to work in {slowest * 1000:.0f} ms at most; after a rebuild: {left}")


if __name__ == "__main__":
    main()
