"""The site as gunicorn serves it for a measurement: as in production, but for the limits, which one busy address would meet.

`BENCH_NO_GUARD=1` takes away what keeps votes single, to see the measurement turn red: no UNIQUE, no lock before reading.
"""

import gc
import os

from app import create_app
from bench import unguarded
from config import Config


class Measured(Config):
    RATELIMIT_ENABLED = False


if os.environ.get("BENCH_NO_GUARD"):
    unguarded.disarm()
app = create_app(Measured)
gc.freeze()  # as wsgi.py does
