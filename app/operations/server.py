"""The embedded server: waitress, patient with slow networks, not with those who hold connections, and quiet when it stops."""

import socket
import threading
import time
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

THREADS = 8
CONNECTIONS = 400
IDLE = 20  # seconds a connection may say nothing
HEADER_TIME = 20  # seconds to send the whole header of a request
SLOWEST = 16_000  # bytes a second a body must reach on the whole: 128 kbit/s
LAST_ANSWERS = 5.0  # seconds a stop waits for the answers under way


class Channel(HTTPChannel):
    """A connection that knows since when it has been sending the request that is not complete yet."""

    begun: float | None = None

    def received(self, data: bytes) -> bool:
        taken = super().received(data)
        self.begun = None if self.request is None else self.begun or time.time()
        return taken

    def service(self) -> None:
        super().service()
        self.server.answered.set()

    def is_late(self, now: float) -> bool:
        request = self.request
        if request is None or self.begun is None:
            return False
        body = getattr(request, "content_length", 0) or getattr(request, "body_bytes_received", 0)
        return now - self.begun > HEADER_TIME + (body / SLOWEST if request.headers_finished else 0)


class Server(TcpWSGIServer):
    channel_class = Channel
    ending = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.answered = threading.Event()  # somebody has had a first answer, or nobody will
        super().__init__(*arguments, **named)

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            if channel.is_late(now):
                channel.will_close = True

    def run(self) -> None:
        """Serve until `end()`; then answer what was asked, and return."""
        while not self.ending:
            wasyncore.loop(timeout=1.0, use_poll=True, map=self._map, count=1)
        self.answered.set()
        self.del_channel(self._map)
        self.socket.close()
        until = time.monotonic() + LAST_ANSWERS
        while time.monotonic() < until and any(self.is_busy(channel) for channel in list(self.active_channels.values())):
            wasyncore.loop(timeout=0.1, use_poll=True, map=self._map, count=1)
        self.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
        wasyncore.close_all(self._map, ignore_all=True)

    @staticmethod
    def is_busy(channel: Channel) -> bool:
        return bool(channel.requests or channel.total_outbufs_len or (channel.request is not None and not channel.will_close))

    def end(self, *_signal: Any) -> None:
        """Safe in a signal handler: takes no lock."""
        if not self.ending:
            self.ending = True
            self.pull_trigger()


def bind(host: str, port: int) -> socket.socket:
    """Take the address, without answering yet; OSError if it is taken."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def make_server(application: Any, bound: socket.socket, *, largest_body: int, proxies: int) -> Server:
    """`proxies`: how many of ours stand in front; without one, what they would say of the client is not believed."""
    adjustments = Adjustments(
        threads=THREADS,
        connection_limit=CONNECTIONS,
        backlog=256,
        channel_timeout=IDLE,
        cleanup_interval=5,
        max_request_header_size=32 * 1024,
        max_request_body_size=largest_body + 1024 * 1024,
        clear_untrusted_proxy_headers=not proxies,
        asyncore_use_poll=True,
        ident="",
    )
    address = (bound.family, bound.type, bound.proto, bound.getsockname())
    return Server(application, {}, True, bound, adj=adjustments, sockinfo=address, bind_socket=False)
