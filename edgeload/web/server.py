"""Serves the growing report on loopback: a process of its own, which reads the log and no more.

    … edgeload.web.server:main LOG SINCE PORT

It prints the port, or a line that says why there is none. A line on standard input is the path of
the final report, which it then serves; it ends with standard input, or as soon as a browser that
was watching has the final report.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from edgeload.child_processes import die_with_parent
from edgeload.read.output.page_frame import waiting_page
from edgeload.web.growing_page import GrowingPage

HOST = "127.0.0.1"
_NICE = 19
_AT_MOST_EVERY_S = 2.0
_SHARE_OF_A_CORE = 0.1
"""Of the time, at the lowest priority: the machine is there to send the load."""
_LIVE = b'<p id="live"'
"""Where the page says that it is live; there its script finds which version it is."""
_LINGER_S = 6.0
"""Time that a browser has to fetch the final report; it asks every two seconds."""


class Pages:
    """The page as it is now. Threads of the server read it while the main one replaces it."""

    def __init__(self) -> None:
        self._changed = threading.Lock()
        self._html = waiting_page().encode()
        self._version = 0
        self._final = False
        self._watched_until_s = 0.0

    def show(self, html: bytes, *, final: bool = False) -> None:
        """Serve this from now on."""
        with self._changed:
            if html != self._html or final:
                self._html, self._final = html, final
                self._version += 1

    def page(self) -> tuple[bytes, str]:
        """The page and its version; who has the final one does not ask again."""
        with self._changed:
            if self._final:
                self._watched_until_s = 0.0
            version = str(self._version)
            return self._html.replace(
                _LIVE, _LIVE + f' data-version="{version}"'.encode(), 1
            ), version

    def version(self) -> str:
        """What a browser asks for, to know whether there is something new."""
        self._watched_until_s = time.monotonic() + _LINGER_S
        return str(self._version)

    @property
    def watched(self) -> bool:
        """Whether a browser is likely to ask again."""
        return time.monotonic() < self._watched_until_s


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    pages: Pages


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD of the page and of its version, to this machine alone."""

    server: _Server
    server_version, sys_version = "edgeload", ""

    def do_GET(self) -> None:
        """Called by http.server."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Called by http.server."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        port = self.server.server_address[1]
        if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
            # A page of somebody else's, under a name that now leads here (DNS rebinding).
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        if self.path == "/":
            body, version = self.server.pages.page()
            kind = "text/html; charset=utf-8"
        elif self.path == "/version":
            version = self.server.pages.version()
            body, kind = version.encode(), "text/plain; charset=utf-8"
        else:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Version", version)
        self.end_headers()
        if with_body:
            with contextlib.suppress(OSError):
                self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Called by http.server: nobody reads what it would print."""


def main() -> int:
    """Serve until standard input ends; the exit code."""
    log, since_s, port = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    die_with_parent()
    os.nice(_NICE)
    try:
        server = _Server((HOST, port), _Handler)
    except OSError as problem:
        print(problem.strerror, flush=True)
        return 1
    server.pages = pages = Pages()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    final = _grow(pages, GrowingPage(log, since_s))
    if final:
        with contextlib.suppress(OSError):
            pages.show(Path(final).read_bytes(), final=True)
        while pages.watched:
            time.sleep(0.1)
    return 0


def _grow(pages: Pages, growing: GrowingPage) -> str:
    """Make the page again and again; the path of the final report, or nothing if there is none."""
    wait_s = _AT_MOST_EVERY_S
    while not select.select([sys.stdin], [], [], wait_s)[0]:
        began_s = time.process_time()
        html = growing.html()
        if html is not None:
            pages.show(html.encode())
        used_s = time.process_time() - began_s
        wait_s = max(_AT_MOST_EVERY_S, used_s / _SHARE_OF_A_CORE)
    return sys.stdin.readline().strip()
