"""A box that asks a cloud, as the real one's nginx does: detectors and accounts are the cloud's.

All else, image queries above all, goes to an embedded endpoint.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_CLOUDS = ("/device-api/v1/detectors", "/device-api/v1/me")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    box: str
    cloud: str

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        upstream = urlsplit(self.cloud if self.path.startswith(_CLOUDS) else self.box).netloc
        with contextlib.closing(http.client.HTTPConnection(upstream, timeout=10)) as connection:
            headers = {name: text for name, text in self.headers.items() if name != "Host"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = _any

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on stderr."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of the server."""


@contextlib.contextmanager
def box_of_cloud(box: str, cloud: str) -> Iterator[str]:
    """While entered, it answers on a free port of loopback; its URL."""
    server = _Server(("127.0.0.1", 0), type("Bound", (_Handler,), {"box": box, "cloud": cloud}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
