"""Serves the samples of a running monitor: GET /lines and GET /clock, and nothing that changes it.

/lines?from=N gives the whole lines of the file of samples from byte N on, 1 MiB at most; the header
X-Next says from where to go on. /clock gives this host's two clocks. Everybody else gets 404.
"""

from __future__ import annotations

import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECRET_HEADER = "X-Monitor-Secret"
NEXT_HEADER = "X-Next"
_MOST_BYTES = 1 << 20
_REQUEST_S = 5.0


def needs_secret(host: str) -> bool:
    """Whether an address can be reached from other machines."""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


class SampleServer:
    """The server, in threads of its own. Raises OSError if the port cannot be had."""

    def __init__(self, path: Path, host: str, port: int, secret: str | None) -> None:
        """Serves the file `path`, which need not be there yet."""
        handler = type("Handler", (_Handler,), {"path_of_samples": path, "secret": secret})
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve nobody any more."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    path_of_samples: Path
    secret: str | None
    timeout = _REQUEST_S
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        arrived = time.monotonic(), time.time()
        told = self.headers.get(SECRET_HEADER, "")
        if self.secret is not None and not hmac.compare_digest(told.encode(), self.secret.encode()):
            self._reply(403, b"the secret is missing or wrong\n")
            return
        parts = urlsplit(self.path)
        if parts.path == "/clock":
            self._reply(200, json.dumps({"monotonic_s": arrived[0], "wall_s": arrived[1]}).encode())
        elif parts.path == "/lines":
            offset = parse_qs(parts.query).get("from", ["0"])[0]
            self._lines(int(offset) if offset.isascii() and offset.isdigit() else 0)
        else:
            self._reply(404, b"/lines and /clock are all there is\n")

    def _lines(self, offset: int) -> None:
        try:
            with self.path_of_samples.open("rb") as file:
                file.seek(offset)
                data = file.read(_MOST_BYTES)
        except OSError:
            data = b""
        whole = data[: data.rfind(b"\n") + 1]
        self._reply(200, whole, {NEXT_HEADER: str(offset + len(whole))})

    def _reply(self, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the terminal is the monitor's."""
