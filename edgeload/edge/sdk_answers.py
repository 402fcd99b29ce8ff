"""How the SDK's connections read an answer: an early one, an interim one, one that is cut off."""

from __future__ import annotations

import errno
import os
import ssl
import time
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead, parse_headers
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import DecodeError

from edgeload.edge.bounded_answers import BoundedResponse
from edgeload.edge.causes import errors_within

_BEGINNING = b"HTTP/1."
_SWITCHING_PROTOCOLS = 101  # an answer like any final one, though its number is that of an interim


@dataclass
class SdkArrivals:
    """What the SDK does not report about its connections."""

    begun: bool = False
    """Whether a byte of the present answer has arrived; set it to False before a request."""
    connect_s: float = 0.0
    """How long it took to open the last connection, TLS included."""


class _Head:
    """The stream of an answer while its head is read."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readline(self, limit: int = -1) -> bytes:
        """One line; http.client would take the end of the stream for the end of the head."""
        line: bytes = self._stream.readline(limit)
        if not line.endswith(b"\n") and len(line) != limit:
            raise ConnectionResetError(
                errno.ECONNRESET, "the connection ended in the middle of the answer"
            )
        return line

    def close(self) -> None:
        self._stream.close()


class _Answer(BoundedResponse):
    """An answer whose head is read to its end, behind all interim answers."""

    arrivals: SdkArrivals

    def begin(self) -> None:
        stream: Any = self.fp
        first: bytes = stream.peek(1)[: len(_BEGINNING)]
        self.arrivals.begun = bool(first)
        if first and first == _BEGINNING[: len(first)]:
            head: Any = _Head(stream)
            self.fp = head
        try:
            super().begin()
        finally:
            if self.fp is not None:
                self.fp = stream

    def _read_status(self) -> tuple[str, int, str]:
        """The next status line; http.client itself passes over no interim answer but 100.

        It would take the final answer for that of the next request.
        """
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not _SWITCHING_PROTOCOLS < status < 200:
                return version, status, reason
            parse_headers(self.fp)


def read_answers(client: Any) -> SdkArrivals:
    """Make an SDK client read answers as the lean client does; returns what is told of them.

    If a server closes the connection before it has read the request, urllib3 reads its answer after
    a BrokenPipeError. Through TLS the same event is an SSLEOFError.
    """
    told = SdkArrivals()

    class Answer(_Answer):
        arrivals = told

    class Timed:
        response_class: Any = Answer

        def connect(self) -> None:
            began_s = time.monotonic()
            super().connect()  # type: ignore[misc]
            told.connect_s = time.monotonic() - began_s

    class Connection(Timed, HTTPConnection):
        pass

    class TlsConnection(Timed, HTTPSConnection):
        def send(self, data: Any) -> None:
            try:
                super().send(data)
            except ssl.SSLEOFError as error:
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    pools = client.api_client.rest_client.pool_manager
    pools.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}
    pools.clear()  # the SDK has asked something already
    return told


def os_error_in(problem: BaseException) -> OSError | None:
    """Find the operating system's error inside those of urllib3 and the SDK; None without one."""
    for error in errors_within(problem):
        if isinstance(error, OSError) and (error.errno or isinstance(error, ConnectionError)):
            return error
    return None


def is_no_answer(problem: BaseException) -> bool:
    """Whether what came is no HTTP answer, or one whose body cannot be decoded."""
    return any(
        isinstance(error, DecodeError | HTTPException) and not isinstance(error, IncompleteRead)
        for error in errors_within(problem)
    )
