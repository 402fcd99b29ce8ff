"""Streams of bytes that are nearly answers, and what two other implementations make of them."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import h11
import httptools
from hypothesis import strategies as st
from recording_server import edge_answer

from edgeload.run.answer_reader import AnswerCutOff, AnswerReader, WireError, plain_answer

BODY = edge_answer()
_NGINX = (
    b"Server: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 08:59:36 GMT\r\n"
    b"Content-Type: application/json\r\n"
)
REAL = (
    b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%b"
    % (_NGINX, len(BODY), BODY),
    b"HTTP/1.1 200 OK\r\n%bTransfer-Encoding: chunked\r\n\r\n" % _NGINX
    + b"5\r\n{'id'\r\n3;x=y\r\n: 1\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno",
    b"HTTP/1.1 413 Too Large\r\n%bConnection: close\r\n\r\n<html>too large</html>" % _NGINX,
    b"HTTP/1.1 204 No Content\r\n%b\r\n" % _NGINX,
    b"HTTP/1.0 500 Internal Server Error\r\nContent-Length: 21\r\n\r\nInternal Server Error",
)
"""As real endpoints and proxies send them."""

_TOKENS = (
    b"\r\n", b"\n", b"\r", b" ", b"\t", b"\x00", b"\x01", b"\x0b", b"\x7f", b"\xff", b":", b",",
    b"\r\n\r\n", b"\r\n ", b"\n\n", b"HTTP/1.1 ", b"HTTP/1.1 100 C\r\n\r\n", b"0", b"-1", b"+2",
    b"0x2", b"2, 3", b"99999999999", b"000000000000000002", b"Content-Length: 2\r\n",
    b"content-length: 3\r\n", b"Content-Length : 2\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n", b"Connection: close\r\n", b"X: y\r\n", b": y\r\n", b"X\r\n",
    b"0\r\n\r\n", b"2\r\nok\r\n", b"200", b"204", b"101", b"SSH-2.0-x\r\n",
)  # fmt: skip


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """A real answer with some of its bytes taken out, doubled, or replaced by others."""
    raw = draw(st.sampled_from(REAL))
    head = raw.rfind(b"\r\n\r\n") + 8  # where bytes have a meaning, most of the time
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, min(head, len(raw)) if draw(st.booleans()) else len(raw)))
        size = draw(st.sampled_from((0, 0, 1, 2, 4, 20)))
        new = draw(st.sampled_from(_TOKENS) | st.binary(max_size=3) | st.just(raw[at : at + size]))
        raw = raw[:at] + new + raw[at + draw(st.sampled_from((0, size))) :]
    return raw


class Read(NamedTuple):
    """An answer, and whether it is whole only because the connection ended."""

    status: int
    body: bytes
    ended: bool = False


REFUSED = "refused"
CUT_OFF = "cut off"


def by_us(raw: bytes, cuts: list[int] | None = None) -> Read | str:
    """What we make of a stream that is split at these places and then ends."""
    edges = sorted({0, *(cut % (len(raw) + 1) for cut in cuts or ()), len(raw)})
    reader = AnswerReader()
    try:
        for start, end in itertools.pairwise(edges):
            if answer := reader.feed(raw[start:end]):
                # Bytes that follow are refused where they come together with the answer, and end
                # the connection where they come later.
                return Read(answer.status, answer.body) if end == len(raw) else REFUSED
        answer = reader.eof()
    except AnswerCutOff:
        return CUT_OFF
    except WireError:
        return REFUSED
    return Read(answer.status, answer.body, ended=True)


def at_once(raw: bytes) -> Read | None:
    """What the fast path makes of it."""
    answer = plain_answer(raw)
    return None if answer is None else Read(answer.status, answer.body)


def by_h11(raw: bytes) -> Read | str:
    """What h11 makes of it, with a server that ends the connection afterwards."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "h")]))
    connection.send(h11.EndOfMessage())
    status, body = 0, b""
    try:
        for data in (raw, b""):
            connection.receive_data(data)
            while (event := connection.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Response):
                    status = event.status_code
                elif isinstance(event, h11.Data):
                    body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    more = connection.trailing_data[0]
                    return REFUSED if more else Read(status, body, ended=not data)
                elif isinstance(event, h11.ConnectionClosed):
                    return CUT_OFF
    except h11.RemoteProtocolError:
        return REFUSED if data else CUT_OFF
    return CUT_OFF


class Httptools:
    """What httptools (the parser of Node.js) makes of it, without the connection's end."""

    def __init__(self, raw: bytes) -> None:
        self._body = b""
        self._statuses: list[int] = []
        self._parser = httptools.HttpResponseParser(self)
        self.read: Read | None = None
        """The first final answer; None if there is none, or if the stream is refused."""
        try:
            self._parser.feed_data(raw)
        except httptools.HttpParserError:
            self.read = None

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """The answer is whole."""
        status = self._parser.get_status_code()
        if status >= 200 and self.read is None:
            self.read = Read(status, self._body)
        self._body = b""
