"""What gunicorn serves: `gunicorn wsgi:app`. The worker is apart: `flask worker`."""

from app import create_app
from config import Config

app = create_app(Config)
