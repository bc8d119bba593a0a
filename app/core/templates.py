"""Templates once compiled stay so: two thirds of a first page, after a start, went into compiling what was compiled yesterday.

In `instance/templates/`, which only we write: what lies there is run. It holds for one state of our code and of the source
together, since filters and options go into what is compiled.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from app.core.logs import log

CODE = Path(__file__).parents[1]


class Compiled(FileSystemBytecodeCache):
    def __init__(self, folder: Path, code: str):
        super().__init__(str(folder), "%s")
        self.code = code

    def get_source_checksum(self, source: str) -> str:
        return hashlib.sha256(f"{self.code} {source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception as error:  # what a damaged file makes pickle say is anything
            log.warning("a compiled template cannot be read", error=type(error).__name__)
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):  # a full disk, a folder taken away: the page is made all the same
            super().dump_bytecode(bucket)


def state_of(code: Path = CODE) -> str:
    """Another one when a file of ours comes, goes or changes."""
    files = sorted((str(path), path.stat()) for path in code.rglob("*.py"))
    return hashlib.sha256(repr([(name, stat.st_mtime_ns, stat.st_size) for name, stat in files]).encode()).hexdigest()


def init_app(app: Flask) -> None:
    if app.testing or app.debug:
        return
    folder = Path(app.config["INSTANCE_DIR"]) / "templates"
    folder.mkdir(mode=0o700, exist_ok=True)
    app.jinja_env.bytecode_cache = Compiled(folder, state_of())
