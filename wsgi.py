"""What gunicorn serves: `gunicorn wsgi:app`. The worker is apart: `flask worker`."""

import gc

from app import create_app
from config import Config

app = create_app(Config)
gc.freeze()  # what a start makes stays: no request looks for garbage among it
