"""A small HTTP server of the standard library that records what it is asked, for tests."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

DETECTOR_ID = "det_" + "R" * 27

ME = {
    "email": "tester@example.com",
    "username": "tester",
    "group": {"id": 1, "name": "g"},
    "is_superuser": False,
}


def edge_answer(detector_id: str = DETECTOR_ID) -> bytes:
    """An answer as the edge endpoint's contract shows it."""
    return json.dumps(
        {
            "metadata": {"is_from_edge": True},
            "id": "iq_3MSJL8L5q0ObHP3hV9bcneiNqHs",
            "type": "image_query",
            "created_at": "2026-11-22T08:59:36.329040Z",
            "query": "Is the image background black?",
            "detector_id": detector_id,
            "result_type": "binary_classification",
            "result": {
                "confidence": 0.97,
                "source": "ALGORITHM",
                "result_type": None,
                "from_edge": True,
                "label": "YES",
            },
            "patience_time": 30.0,
            "confidence_threshold": 0.0,
            "rois": None,
            "text": None,
            "done_processing": True,
        }
    ).encode()


@dataclass(frozen=True)
class Seen:
    """One request as it came in."""

    method: str
    path: str
    parameters: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Recorder:
    """The server's memory, and what it does with an image query."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: Callable[[Handler, int], None] = lambda handler, _number: handler.reply(
        200, edge_answer()
    )

    def queries(self) -> list[Seen]:
        """The image queries among the requests."""
        return [seen for seen in self.seen if seen.method == "POST"]


class Handler(BaseHTTPRequestHandler):
    """Records, then answers: `/me` and readiness by itself, image queries as the test wants."""

    protocol_version = "HTTP/1.1"
    recorder: Recorder

    def reply(self, status: int, body: bytes, *, close: bool = False) -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.shutdown(socket.SHUT_RD)
        self.close_connection = True
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def hang(self, seconds: float) -> None:
        """No answer, and then the end of the connection."""
        time.sleep(seconds)
        self.close_connection = True

    def do_GET(self) -> None:
        self._record(b"")
        path = urlsplit(self.path).path
        if path == "/health/ready":
            self.reply(200, b'{"status":"ready"}')
        elif path == "/device-api/v1/me":
            self.reply(200, json.dumps(ME).encode())
        else:
            self.reply(404, b'{"detail":"Not Found"}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        number = self._record(body)
        self.recorder.answer(self, number)

    def _record(self, body: bytes) -> int:
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(
            self.command, url.path, parse_qs(url.query), headers, body, self.client_address[1]
        )
        with self.recorder.lock:
            self.recorder.seen.append(seen)
            return len(self.recorder.queries())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on stderr."""


class WithoutCloud(Handler):
    """Serves every detector, by its id, and has no cloud that could say anything about one."""

    def do_GET(self) -> None:
        if "/detectors/" in self.path:
            self._record(b"")
            self.reply(503, b"")
        else:
            super().do_GET()


def asked_detector(handler: Handler) -> str:
    """The id of the detector that an image query asks."""
    return parse_qs(urlsplit(handler.path).query)["detector_id"][0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of the server."""


@contextlib.contextmanager
def recording_server(
    answer: Callable[[Handler, int], None] | None = None,
    *,
    handler: type[Handler] = Handler,
    tls: ssl.SSLContext | None = None,
    receive_buffer_bytes: int | None = None,
    port: int = 0,
) -> Iterator[Recorder]:
    """A server on `port`, 0 for a free one; `answer(handler, number)` deals with image queries."""
    recorder = Recorder()
    if answer is not None:
        recorder.answer = answer
    bound = type("BoundHandler", (handler,), {"recorder": recorder})
    server = _Server(("127.0.0.1", port), bound)
    if receive_buffer_bytes is not None:
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    recorder.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
