"""Reads one answer from bytes that arrive in pieces. Uses no socket."""

from __future__ import annotations

import re

import h11
import msgspec

from edgeload.edge.other_protocols import first_bytes, other_protocol
from edgeload.run.answer_head import MAX_HEAD_BYTES, PlainHead, head_of, idle_s, plain_head
from edgeload.untrusted_text import printable

MAX_ANSWER_BYTES = 1 << 20

_BEGINNING = b"HTTP/1."
_BARE_LF = re.compile(rb"(?<!\r)\n")
_BEGINNING_BYTES = 64
_BODILESS = (204, 304)
_MORE_BYTES = "the server sent more bytes than the answer's length"
_MAX_FRAMING_BYTES = MAX_HEAD_BYTES
"""Bytes of an answer beside its body: heads, interim answers, and what stands around chunks."""


class WireError(ValueError):
    """These bytes are not an HTTP answer that this client accepts."""


class AnswerCutOff(WireError):
    """The connection ended inside an answer that was one as far as it came."""

    def __init__(self) -> None:
        super().__init__("the connection ended in the middle of the answer")


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A complete HTTP answer."""

    status: int
    body: bytes
    keep_alive: bool
    idle_s: float | None = None
    """How long the server keeps the connection without a request, if it says so."""


def plain_answer(data: bytes) -> Answer | None:
    """The answer if `data` is exactly one plain answer, else None (then use AnswerReader)."""
    plain = head_of(data)
    if plain is None or len(data) != plain.head_bytes + plain.body_bytes:
        return None
    return Answer(plain.status, data[plain.head_bytes :], plain.keep_alive, plain.idle_s)


class AnswerReader:
    """Puts one answer together from pieces that may be split anywhere.

    A plain answer is recognised by its head. h11 reads everything unusual: chunked bodies, interim
    answers, and bodies that end with the connection. What is not HTTP/1 is refused as soon as that
    can be seen, so that no request waits for the rest of it.
    """

    __slots__ = ("_body", "_buffer", "_fed_bytes", "_h11", "_head", "_plain", "_start")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._fed_bytes = 0
        self._start = 0
        self._plain: PlainHead | None = None
        self._h11: h11.Connection | None = None
        self._head: h11.Response | None = None
        self._body = bytearray()

    @property
    def begun(self) -> bool:
        """Whether any byte of the answer has arrived."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Answer | None:
        """Take the next piece; returns the answer once it is complete.

        Raises WireError, whatever the bytes do to a parser.
        """
        self._fed_bytes += len(data)
        try:
            if self._h11 is not None:
                return self._feed_h11(data)
            self._buffer += data
            if self._plain is None:
                return self._read_head(len(self._buffer) - len(data))
            return self._read_body(self._plain)
        except Exception as error:
            known = isinstance(error, WireError | h11.RemoteProtocolError)
            said = printable(str(error) if known else repr(error))
            raise WireError(f"{said}; {first_bytes(bytes(self._buffer))}") from error

    def eof(self) -> Answer:
        """The connection ended: the answer, if the end marks its length.

        Raises AnswerCutOff if there should be more.
        """
        try:
            answer = self._feed_h11(b"") if self._h11 is not None else None
        except Exception as error:  # what came before the end was right
            raise AnswerCutOff from error
        if answer is None:
            raise AnswerCutOff
        return Answer(answer.status, answer.body, False)

    def _read_head(self, seen: int) -> Answer | None:
        """Look for the end of the head behind the first `seen` bytes, which were looked at."""
        buffer = self._buffer
        _check_beginning(buffer)
        found = buffer.find(b"\r\n\r\n", max(0, seen - 3))
        start = len(buffer) if found < 0 else found + 4
        if _BARE_LF.search(buffer, seen, start):
            raise WireError("this server ends its lines with LF alone, which HTTP does not allow")
        if start > MAX_HEAD_BYTES:
            raise WireError(f"the answer's head is longer than {MAX_HEAD_BYTES} bytes")
        if found < 0:
            return None
        plain = plain_head(bytes(buffer[:start]))
        if plain is None:
            self._hand_over()
            return self._feed_h11(bytes(buffer))
        _check_length(plain.body_bytes)
        self._start, self._plain = start, plain
        return self._read_body(plain)

    def _read_body(self, plain: PlainHead) -> Answer | None:
        missing = self._start + plain.body_bytes - len(self._buffer)
        if missing < 0:
            raise WireError(_MORE_BYTES)
        if missing > 0:
            return None
        body = bytes(self._buffer[self._start :])
        return Answer(plain.status, body, plain.keep_alive, plain.idle_s)

    def _hand_over(self) -> None:
        """Let h11 read the rest; it has to believe that it has just sent a request."""
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._h11.send(
            h11.Request(method="POST", target="/", headers=[("host", "h"), ("content-length", "0")])
        )
        self._h11.send(h11.EndOfMessage())

    def _feed_h11(self, data: bytes) -> Answer | None:
        assert self._h11 is not None
        self._h11.receive_data(data)
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                if self._head is None:
                    _check_beginning(self._h11.trailing_data[0])
                self._check_framing()
                return None
            if isinstance(event, h11.Response):
                self._take_head(event)
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_ANSWER_BYTES:
                    raise WireError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
            elif isinstance(event, h11.EndOfMessage):
                self._check_framing()
                return self._finished()
            elif not isinstance(event, h11.InformationalResponse):
                raise WireError("the connection ended before the answer")

    def _take_head(self, head: h11.Response) -> None:
        self._head = head
        if head.status_code not in _BODILESS:
            for name, value in head.headers:
                if name == b"content-length":
                    _check_length(int(value))

    def _check_framing(self) -> None:
        if self._fed_bytes - len(self._body) > _MAX_FRAMING_BYTES:
            raise WireError(f"the answer has more than {_MAX_FRAMING_BYTES} bytes beside its body")

    def _finished(self) -> Answer:
        assert self._h11 is not None
        assert self._head is not None
        if self._h11.trailing_data[0]:
            raise WireError(_MORE_BYTES)
        keep_alive = self._h11.their_state is h11.DONE
        lines = (b"\r\n%b: %b" % (name, value.lower()) for name, value in self._head.headers)
        kept_s = idle_s(b"".join(lines))
        return Answer(self._head.status_code, bytes(self._body), keep_alive, kept_s)


def _check_beginning(data: bytes | bytearray) -> None:
    """Raise WireError unless HTTP/1 may begin so."""
    if not data.startswith(_BEGINNING[: len(data)]):
        raise WireError(other_protocol(bytes(data[:_BEGINNING_BYTES])))


def _check_length(body_bytes: int) -> None:
    if body_bytes > MAX_ANSWER_BYTES:
        raise WireError(
            f"the answer has {body_bytes} bytes; at most {MAX_ANSWER_BYTES} are accepted"
        )
