"""A server that answers image queries wrongly in many ways, one way per query, for tests."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recording_server import Handler, Recorder, edge_answer, recording_server

BODY = edge_answer()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HALF_CHUNK = b"%x\r\n" % len(BODY) + BODY[:100]
WHOLE_CHUNK = b"%x\r\n%b\r\n" % (len(BODY), BODY)
OTHER = b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n"
NARROW_BYTES = 4096
"""A receive buffer that takes a small part of a large picture."""


@dataclass(frozen=True)
class Fault:
    """What happens to one query: some bytes are sent, and then the connection ends or hangs."""

    name: str
    sent: bytes
    then: Callable[[Wrong], None]
    outcome: str
    read: bool = True
    """Whether the server reads the query first."""


class Wrong(Handler):
    """Answers each query by the fault whose turn it is."""

    faults: tuple[Fault, ...]
    met: dict[tuple[int, int], Fault]
    over: threading.Event

    def do_POST(self) -> None:
        with self.recorder.lock:
            fault = self.faults[len(self.met) % len(self.faults)]
            name = self.headers["X-Request-Id"]
            self.met[int(name[-16:-8], 16), int(name[-8:], 16)] = fault
        if fault.read:
            self.rfile.read(int(self.headers["Content-Length"]))
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(fault.sent)
            fault.then(self)

    def stall(self) -> None:
        """Send nothing more, and keep the connection until the test is over."""
        self.over.wait(30)

    def drip(self) -> None:
        """Send a byte now and then, until the other side has gone or the test is over."""
        while not self.over.wait(0.05):
            self.wfile.write(b" ")

    def drip_interim(self) -> None:
        """Say again and again that an answer will come."""
        while not self.over.wait(0.05):
            self.wfile.write(INTERIM)

    def end(self) -> None:
        """End the connection in order: a FIN, and before it TLS's own end."""
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.settimeout(5)
            with contextlib.suppress(OSError, ValueError):
                self.connection.unwrap().close()

    def cut(self) -> None:
        """End the connection by a FIN, without TLS's own end."""
        self.connection.shutdown(socket.SHUT_RDWR)

    def half_close(self) -> None:
        """End one direction, and wait for what still comes in the other."""
        self.connection.shutdown(socket.SHUT_WR)
        self.over.wait(30)


@contextlib.contextmanager
def wrong_server(
    faults: tuple[Fault, ...], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[Recorder, dict[tuple[int, int], Fault]]]:
    """A server of faults; and which of them met a query, by client and number."""
    over = threading.Event()
    met: dict[tuple[int, int], Fault] = {}
    handler = type("BoundWrong", (Wrong,), {"faults": faults, "met": met, "over": over})
    try:
        with recording_server(handler=handler, tls=tls, receive_buffer_bytes=NARROW_BYTES) as found:
            try:
                yield found, met
            finally:
                over.set()
    finally:
        over.set()


def faults(*, tls: bool = False) -> tuple[Fault, ...]:
    """Each way to end in each place of an answer, and the class that it has to get."""
    places = (
        ("before the head", b"", True),
        ("in the head", HEAD[:30], True),
        ("between head and body", HEAD, True),
        ("in the body", HEAD + BODY[:100], True),
        ("in a chunk", CHUNKED + HALF_CHUNK, True),
        ("before the last chunk", CHUNKED + WHOLE_CHUNK, True),
        ("after an interim answer", INTERIM, True),
        ("while the query still comes", b"", False),
    )
    ways = (
        ("stalled", Wrong.stall, "timeout"),
        ("reset", Wrong.reset, "reset"),
        ("ended", Wrong.end, "reset"),
        ("cut", Wrong.cut, "reset"),
        ("half-closed", Wrong.half_close, "reset"),
    )
    whole = b"HTTP/1.1 200 OK\r\n\r\n" + BODY
    last = INTERIM * 3 + HEAD.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + BODY
    return (
        *(
            Fault(f"{way} {place}", sent, then, outcome, read)
            for place, sent, read in places
            for way, then, outcome in ways
        ),
        Fault("dripping head", HEAD[:17], Wrong.drip, "timeout"),
        Fault("dripping body", HEAD, Wrong.drip, "timeout"),
        Fault("dripping interim answers", b"", Wrong.drip_interim, "timeout"),
        Fault("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n", Wrong.end, "bad_answer"),
        Fault("a status line that is none of a protocol", OTHER, Wrong.end, "bad_answer"),
        Fault("ended where the answer does", whole, Wrong.end, "ok"),
        Fault("cut where the answer does", whole, Wrong.cut, "reset" if tls else "ok"),
        Fault("interim answers before the last", last, Wrong.end, "ok"),
    )
