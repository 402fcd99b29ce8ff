"""Writes one request as bytes, parses one answer from bytes and checks it. Uses no socket.

A request is the same as the one that Groundlight SDK 1.3.1 sends for `submit_image_query(…, wait=0,
human_review="NEVER", confidence_threshold=0.0)`. The edge answers such a query at once and never
passes it on (edge endpoint contract, sections 3 and 5).
"""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from typing import NamedTuple

import h11
import msgspec

from edgeload.failure_classes import (
    BAD_ANSWER,
    CHANGED_ANSWER,
    ESCALATED,
    RESET,
    WRONG_DETECTOR,
    http_failure,
)
from edgeload.run.picture_answers import ExpectedAnswer, changed_words
from edgeload.untrusted_text import printable

MAX_ANSWER_BYTES = 1 << 20
PART_SHIFT_BITS = 20
"""In a request's id; so a run may have a million clients, and a frame 4094 further requests."""

# The fast path takes plain answers only: HTTP/1.1, a final status that has a body, exactly one
# Content-Length and no Transfer-Encoding. h11 reads all others.
_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [^\r\n]*)?\r\n")
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r\n")
_BODILESS = (b"204", b"304")
_BEGINNING = b"HTTP/1."
_KEEP_ALIVE = re.compile(rb"\r\nkeep-alive:[^\r\n]*?\btimeout[ \t]*=[ \t]*([0-9]{1,9})")


class WireError(ValueError):
    """These bytes are not an HTTP answer that this client accepts."""


class AnswerCutOff(WireError):
    """The connection ended inside an answer that was one as far as it came."""

    def __init__(self) -> None:
        super().__init__("the connection ended in the middle of the answer")


class RequestHead(NamedTuple):
    """The heads of all requests of a worker: one beginning per picture, and one end for all."""

    beginnings: tuple[bytes, ...]
    """Everything before the request's id, one per picture because it holds the picture's size."""
    end: bytes

    def render(self, picture: int, id_prefix: bytes, number: int) -> bytes:
        """The head of one request, ready to send in front of the picture."""
        return b"%b%b%08x%b" % (self.beginnings[picture], id_prefix, number, self.end)


def request_head(
    authority: str, detector_id: str, token: str, picture_bytes: Sequence[int]
) -> RequestHead:
    """Heads of image queries for one detector, with the headers that the SDK sends.

    `picture_bytes` holds the size of each picture in bytes.
    """
    agent = f"edgeload Python/{platform.python_version()}"
    line = (
        "POST /device-api/v1/image-queries?confidence_threshold=0.0&human_review=NEVER"
        f"&detector_id={detector_id} HTTP/1.1\r\nHost: {authority}\r\nAccept-Encoding: identity"
    )
    return RequestHead(
        tuple(
            (
                f"{line}\r\nContent-Length: {size}\r\nAccept: application/json\r\n"
                "Content-Type: image/jpeg\r\nX-Request-Id: req_uu"
            ).encode("ascii")
            for size in picture_bytes
        ),
        f"\r\nUser-Agent: {agent}\r\nx-api-token: {token}\r\n\r\n".encode("ascii"),
    )


def id_prefix(run_id: str, client: int, part: int = 0) -> bytes:
    """The first 24 of a request id's 32 hex digits: 16 of the run, 3 of the part, 5 of the client.

    The last 8 digits are the request's number. The id therefore leads from a line in our log to
    the same request in a server's log.
    """
    return b"%b%08x" % (run_id[-16:].encode("ascii"), part << PART_SHIFT_BITS | client)


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A complete HTTP answer."""

    status: int
    body: bytes
    keep_alive: bool
    idle_s: float | None = None
    """How long the server keeps the connection without a request, if it says so."""


class _Plain(NamedTuple):
    """What the head of a plain answer says."""

    status: int
    body_bytes: int
    keep_alive: bool
    idle_s: float | None


# Heads that were parsed before. A server's heads usually differ only in the second of their Date,
# so nearly every answer is found here. The bound protects against servers that vary their heads.
_heads: dict[bytes, _Plain] = {}
_MOST_HEADS = 256


def plain_answer(data: bytes) -> Answer | None:
    """The answer if `data` is exactly one plain answer, else None (then use AnswerReader)."""
    start = data.find(b"\r\n\r\n") + 4
    plain = _heads.get(data[:start]) or _read_head(data[:start])
    if plain is None or len(data) != start + plain.body_bytes:
        return None
    return Answer(plain.status, data[start:], plain.keep_alive, plain.idle_s)


def _read_head(head: bytes) -> _Plain | None:
    """Parse a head that ends with an empty line; None if the answer is not plain."""
    status_line = _STATUS_LINE.match(head)
    lower = head.lower()
    length = _CONTENT_LENGTH.search(lower)
    if (
        status_line is None
        or length is None
        or status_line[1] in _BODILESS
        or lower.count(b"\r\ncontent-length") != 1
        or b"\r\ntransfer-encoding" in lower
    ):
        return None
    keep_alive = b"\r\nconnection:" not in lower or not _closes(lower)
    plain = _Plain(int(status_line[1]), int(length[1]), keep_alive, _idle_s(lower))
    if len(_heads) >= _MOST_HEADS:
        _heads.clear()
    _heads[head] = plain
    return plain


class AnswerReader:
    """Puts one answer together from pieces that may be split anywhere.

    A plain answer is recognised by its head. h11 reads everything unusual: chunked bodies, interim
    answers, and bodies that end with the connection.
    """

    __slots__ = ("_body", "_buffer", "_h11", "_head")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._h11: h11.Connection | None = None
        self._head: h11.Response | None = None
        self._body = bytearray()

    @property
    def begun(self) -> bool:
        """Whether any byte of the answer has arrived."""
        return bool(self._buffer) or self._h11 is not None

    def feed(self, data: bytes) -> Answer | None:
        """Take the next piece; returns the answer once it is complete. Raises WireError."""
        if self._h11 is not None:
            return self._feed_h11(data)
        self._buffer += data
        return self._parse()

    def eof(self) -> Answer:
        """The connection ended: the answer, if the end marks its length.

        Raises AnswerCutOff if there should be more, and WireError if it was no answer at all.
        """
        if self._h11 is None:
            self._hand_over()
            answer = self._feed_h11(bytes(self._buffer)) if self._buffer else None
            if answer is not None:
                return answer
            if not self._buffer.startswith(_BEGINNING[: len(self._buffer)]):
                raise WireError("the connection ended, and what came on it was not HTTP/1")
        try:
            answer = self._feed_h11(b"")
        except WireError as error:  # what came before the end was right
            raise AnswerCutOff from error
        if answer is None:
            raise AnswerCutOff
        return Answer(answer.status, answer.body, False)

    def _parse(self) -> Answer | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_ANSWER_BYTES:
                raise WireError(f"the answer's head is longer than {MAX_ANSWER_BYTES} bytes")
            return None
        start = end + 4
        plain = _read_head(bytes(self._buffer[:start]))
        if plain is None:
            self._hand_over()
            return self._feed_h11(bytes(self._buffer))
        if plain.body_bytes > MAX_ANSWER_BYTES:
            raise WireError(
                f"the answer has {plain.body_bytes} bytes; at most {MAX_ANSWER_BYTES} are accepted"
            )
        missing = start + plain.body_bytes - len(self._buffer)
        if missing < 0:
            raise WireError("the server sent more bytes than the answer's length")
        if missing > 0:
            return None
        return Answer(plain.status, bytes(self._buffer[start:]), plain.keep_alive, plain.idle_s)

    def _hand_over(self) -> None:
        """Let h11 read the rest; it has to believe that it has just sent a request."""
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_ANSWER_BYTES)
        self._h11.send(
            h11.Request(method="POST", target="/", headers=[("host", "h"), ("content-length", "0")])
        )
        self._h11.send(h11.EndOfMessage())

    def _feed_h11(self, data: bytes) -> Answer | None:
        assert self._h11 is not None
        try:
            self._h11.receive_data(data)
            while True:
                event = self._h11.next_event()
                if event is h11.NEED_DATA:
                    return None
                if isinstance(event, h11.Response):
                    self._head = event
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    if len(self._body) > MAX_ANSWER_BYTES:
                        raise WireError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
                elif isinstance(event, h11.EndOfMessage):
                    return self._finished()
                elif not isinstance(event, h11.InformationalResponse):
                    raise WireError("the connection ended before the answer")
        except h11.RemoteProtocolError as error:
            raise WireError(str(error)) from error

    def _finished(self) -> Answer:
        assert self._h11 is not None
        assert self._head is not None
        if self._h11.trailing_data[0]:
            raise WireError("the server sent more bytes than the answer's length")
        keep_alive = self._h11.their_state is h11.DONE
        lines = (b"\r\n%b: %b" % (name, value.lower()) for name, value in self._head.headers)
        idle_s = _idle_s(b"".join(lines))
        return Answer(self._head.status_code, bytes(self._body), keep_alive, idle_s)


def _closes(head: bytes) -> bool:
    """Whether a lower-cased head asks to close the connection."""
    return any(
        b"close" in [word.strip() for word in value.split(b",")]
        for value in re.findall(rb"\r\nconnection:([^\r\n]*)", head)
    )


def _idle_s(head: bytes) -> float | None:
    """The timeout of a `Keep-Alive: timeout=5` in a lower-cased head, in seconds."""
    found = _KEEP_ALIVE.search(head)
    return None if found is None else float(found[1])


def kept_for_s(keep_alive: str) -> float | None:
    """The timeout in the value of a header `Keep-Alive`, in seconds; None without one."""
    return _idle_s(b"\r\nkeep-alive:" + keep_alive.lower().encode("utf-8", "replace"))


class _Metadata(msgspec.Struct):
    is_from_edge: bool | None = None


class _Result(msgspec.Struct):
    from_edge: bool | None = None
    confidence: float | None = None


class _ImageQuery(msgspec.Struct):
    """The fields of an answer that are checked; all others are ignored."""

    id: str
    detector_id: str
    result: _Result | None
    metadata: _Metadata | None = None


class RequestResult(NamedTuple):
    """How a request ended."""

    outcome: str
    """"ok", or the class of the failure (see `failure_classes`)."""
    from_edge: bool | None
    """Whether the edge itself answered; None if the answer does not say so."""
    error: str | None
    """What was wrong, in words; None for a success."""
    below_threshold: bool | None = None
    """Whether a good answer's confidence is below the detector's own threshold, if both are known.
    """


def unreadable(error: WireError) -> RequestResult:
    """How a request ended that got no whole answer: lost with its connection, or answered badly."""
    outcome = RESET if isinstance(error, AnswerCutOff) else BAD_ANSWER
    return RequestResult(outcome, None, str(error))


_OK = RequestResult("ok", True, None)
_OK_CONFIDENT = RequestResult("ok", True, None, False)
_OK_BELOW = RequestResult("ok", True, None, True)
_decode_query = msgspec.json.Decoder(_ImageQuery).decode


def check_answer(  # noqa: PLR0911  (one for each way to end)
    status: int,
    body: bytes,
    detector_id: str,
    threshold: float | None = None,
    expected: ExpectedAnswer | None = None,
) -> RequestResult:
    """Check an answer's status, JSON form and detector, and that it came from the edge itself.

    An edge answer has `result.from_edge` (since 2025-06), `metadata.is_from_edge` (since 2024-12)
    or an id that begins with `iqe_` (until 2024-11). An answer with none of these counts as
    escalated. `threshold` is the detector's own, which our requests replace by 0. With `expected`,
    an edge answer also has to say the same about its picture.
    """
    if status not in (200, 201):
        return RequestResult(http_failure(status), None, printable(body) or None)
    try:
        query = _decode_query(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return RequestResult(BAD_ANSWER, None, printable(f"{error}: {printable(body)}"))
    if query.detector_id != detector_id and query.detector_id.lower() != detector_id.lower():
        return RequestResult(
            WRONG_DETECTOR, None, printable(f"the answer is about detector {query.detector_id}")
        )
    if not (
        (query.result is not None and query.result.from_edge)
        or (query.metadata is not None and query.metadata.is_from_edge)
        or query.id.startswith("iqe_")
    ):
        return RequestResult(ESCALATED, False, "the answer did not come from the edge")
    if expected is not None and (changed := changed_words(expected, body)) is not None:
        return RequestResult(CHANGED_ANSWER, True, changed)
    confidence = None if query.result is None else query.result.confidence
    if threshold is None or confidence is None:
        return _OK
    return _OK_BELOW if confidence < threshold else _OK_CONFIDENT
