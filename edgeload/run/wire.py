"""Writes one request as bytes, and checks what an answer says. Uses no socket.

A request is the same as the one that Groundlight SDK 1.3.1 sends for `submit_image_query(…, wait=0,
human_review="NEVER", confidence_threshold=0.0)`. The edge answers such a query at once and never
passes it on (edge endpoint contract, sections 3 and 5).
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from edgeload.failure_classes import (
    BAD_ANSWER,
    CHANGED_ANSWER,
    ESCALATED,
    RESET,
    SUCCESS,
    WRONG_DETECTOR,
    http_failure,
)
from edgeload.run.answer_reader import AnswerCutOff, WireError
from edgeload.run.picture_answers import ExpectedAnswer, changed_words
from edgeload.untrusted_text import printable

PART_SHIFT_BITS = 20
"""In a request's id; so a run may have a million clients, and a frame 4094 further requests."""


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


class _Metadata(msgspec.Struct, gc=False):
    is_from_edge: bool | None = None


class _Result(msgspec.Struct, gc=False):
    from_edge: bool | None = None
    confidence: float | None = None


class _ImageQuery(msgspec.Struct, gc=False):
    """The fields of an answer that are checked; all others are ignored."""

    id: str
    detector_id: str
    result: _Result | None
    metadata: _Metadata | None = None


class RequestResult(msgspec.Struct, frozen=True, gc=False):
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
    query_id: str | None = None
    """The id that the edge gave to a good answer's image query."""


def unreadable(error: WireError) -> RequestResult:
    """How a request ended that got no whole answer: lost with its connection, or answered badly."""
    outcome = RESET if isinstance(error, AnswerCutOff) else BAD_ANSWER
    return RequestResult(outcome, None, printable(str(error)))


_decode_query = msgspec.json.Decoder(_ImageQuery).decode


def check_answer(
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

    Raises nothing: whatever the bytes do to a decoder makes the answer a bad one.
    """
    if status not in (200, 201):
        return RequestResult(http_failure(status), None, printable(body) or None)
    try:
        query = _decode_query(body)
        asked = query.detector_id
        if asked != detector_id and asked.lower() != detector_id.lower():
            words = printable(f"the answer is about detector {asked}")
            return RequestResult(WRONG_DETECTOR, None, words)
        said, metadata = query.result, query.metadata
        if not (
            (said is not None and said.from_edge)
            or (metadata is not None and metadata.is_from_edge)
            or query.id.startswith("iqe_")
        ):
            return RequestResult(ESCALATED, False, "the answer did not come from the edge")
        if expected is not None and (changed := changed_words(expected, body)) is not None:
            return RequestResult(CHANGED_ANSWER, True, changed)
        below: bool | None = None
        if threshold is not None and said is not None and said.confidence is not None:
            below = said.confidence < threshold
        return RequestResult(SUCCESS, True, None, below, query.id)
    except Exception as error:
        named = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        return RequestResult(BAD_ANSWER, None, printable(f"{named}{error}: {printable(body)}"))
