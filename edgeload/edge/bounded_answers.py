"""Connections of urllib3 whose answers are bounded in size, and in time as a whole.

The library's timeout is that of each piece: an answer of one byte per second never ends, and one
of 10 GB is read into memory.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from edgeload.edge.other_protocols import first_bytes, other_protocol

MOST_ANSWER_BYTES = 4 << 20
"""Of head and body together, as they come through the network."""
TOO_LONG = f"the answer is longer than {MOST_ANSWER_BYTES >> 20} MiB"
_BEGINNING = b"HTTP/1."
_UNBOUNDED_S = 7 * 86400.0


class UnboundedAnswer(OSError):
    """An answer is longer than any that is expected, or takes longer."""


class OtherProtocol(http.client.BadStatusLine):
    """The server does not speak HTTP/1; the text says what it speaks."""


def pool_classes(whole_answer_s: float) -> dict[str, type[HTTPConnectionPool]]:
    """For `pool_classes_by_scheme` of a pool manager of urllib3: all answers are bounded."""

    class Response(BoundedResponse):
        whole_s = whole_answer_s

    class Plain(HTTPConnection):
        response_class = Response

    class Tls(HTTPSConnection):
        response_class = Response

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = Tls

    return {"http": PlainPool, "https": TlsPool}


class BoundedResponse(http.client.HTTPResponse):
    """An answer of at most `MOST_ANSWER_BYTES`.

    It takes at most `whole_s` seconds from the end of the request to its last byte. It is never
    unpacked: 4 MiB may become 4 GiB.
    """

    whole_s = _UNBOUNDED_S

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        until_s = time.monotonic() + self.whole_s
        raw = self.fp.detach()
        self.fp = _BoundedReader(_Bounded(raw, sock, until_s))

    def begin(self) -> None:
        """Read the head, and forget that the body may be packed. Raises OtherProtocol."""
        if isinstance(self.fp, _BoundedReader):
            self.fp.refuse_other_protocols()
        super().begin()
        del self.headers["Content-Encoding"]


class _BoundedReader(io.BufferedReader):
    """Takes no memory for bytes that are only announced, as the length of a body or a chunk."""

    def refuse_other_protocols(self) -> None:
        """Raise OtherProtocol if the first bytes are none of HTTP/1, whatever may follow them."""
        beginning = self.peek(1)
        if not beginning.startswith(_BEGINNING[: len(beginning)]):
            raise OtherProtocol(f"{other_protocol(beginning)}; {first_bytes(beginning)}")

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_ANSWER_BYTES:
            raise UnboundedAnswer(TOO_LONG)
        return super().read(size)

    def read1(self, size: int = -1, /) -> bytes:
        return super().read1(min(size, MOST_ANSWER_BYTES))


class _Bounded(io.RawIOBase):
    """A stream of bytes that ends with an UnboundedAnswer if there are too many or it is late."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until_s: float) -> None:
        self._raw = raw
        self._sock = sock
        self._until_s = until_s
        self._left_bytes = MOST_ANSWER_BYTES
        self._began_s = time.monotonic()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        try:
            if (left_s := self._until_s - time.monotonic()) <= 0:
                raise TimeoutError
            piece_s = self._sock.gettimeout()
            self._sock.settimeout(left_s if piece_s is None else min(piece_s, left_s))
            size = self._raw.readinto(buffer)
        except TimeoutError as error:
            if time.monotonic() < self._until_s:
                raise
            whole_s = self._until_s - self._began_s
            raise UnboundedAnswer(f"the answer takes longer than {whole_s:.3g} s") from error
        self._left_bytes -= size or 0
        if self._left_bytes < 0:
            raise UnboundedAnswer(TOO_LONG)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()
