"""Real image queries before the ramp, as a client sends them, until the endpoint is certain.

Each goes over a connection of its own, because every proxy process of an Edge Endpoint is cold by
itself, and only a new connection may meet another one. When it is enough, and what a refusal
means, is decided in `preflight_rules`.
"""

from __future__ import annotations

import select
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from edgeload.edge.detectors import NoSuchDetector
from edgeload.edge.location import Unreachable
from edgeload.edge.sdk import SdkError
from edgeload.failure_classes import TIMEOUT
from edgeload.run.answer_reader import Answer, AnswerReader, WireError
from edgeload.run.connection import PIECE_BYTES, Connection, classify, connect
from edgeload.run.kept_connection import last_words
from edgeload.run.poller import READABLE, WRITABLE
from edgeload.run.preflight_rules import (
    PreflightQuery,
    Subject,
    given_up,
    is_about_the_detector,
    is_certain,
    still_refused,
    why_not,
)
from edgeload.run.request_template import image_index
from edgeload.run.tasks import GroupTask, WorkerTask
from edgeload.run.wire import RequestResult, check_answer, id_prefix, request_head, unreadable

_CLIENT = 0xFFFF_FFFF
"""Stands in a request's id for the client; no client of a run has this number."""
_AFTER_A_REFUSAL_S = 0.2


class QueryReply(NamedTuple):
    """The HTTP status, None without an answer; how the query ended; and the answer's body."""

    status: int | None
    result: RequestResult
    body: bytes = b""


class Sender(Protocol):
    """Sends one query over a new connection, as a client of the run would."""

    def send(self, number: int, picture: int | None = None) -> QueryReply:
        """Send query `number` with the picture of this index; None: that of a client of the run."""


def ask_until_certain(
    sender: Sender,
    subject: Subject,
    *,
    timeout_s: float,
    least_good: int = 0,
    pause: Callable[[float], object] = time.sleep,
    say: Callable[[str], object] = lambda text: None,
) -> list[PreflightQuery]:
    """Send queries until the endpoint is certain, and `least_good` were answered well; all of them.

    Refusals that may pass are waited out for `timeout_s` seconds; `say` then gets one line. Raises
    Unreachable, in one line that names the cause; NoSuchDetector if it is about the detector.
    """
    queries: list[PreflightQuery] = []
    began_s = time.monotonic()
    said = False
    while not is_certain(queries) or sum(query.good for query in queries) < least_good:
        number, sent_s = len(queries) + 1, time.monotonic()
        status, result, _ = sender.send(number)
        done_s = time.monotonic()
        query = PreflightQuery(number, sent_s, done_s, status, result, subject.detector_id)
        queries.append(query)
        if query.good:
            pause(0.0)
            continue
        if cause := why_not(query, subject):
            about = is_about_the_detector(query, subject)
            raise (NoSuchDetector if about else Unreachable)(cause)
        if query.done_s - began_s >= timeout_s:
            raise Unreachable(given_up(queries, subject))
        if not said:
            say(still_refused(query, subject, timeout_s))
            said = True
        pause(_AFTER_A_REFUSAL_S)
    return queries


class HttpSender:
    """Sends queries as the lean HTTP client does, one after the other, and waits for each."""

    def __init__(self, task: WorkerTask, group: GroupTask, detector_id: str) -> None:
        """`detector_id` is asked, with the pictures of a group."""
        self._task = task
        self._timeout_s = group.timeout_s
        self._detector_id = detector_id
        self._tls = task.trust.ssl_context() if task.target.scheme == "https" else None
        self._images = group.pictures.map()
        self._head = request_head(
            task.target.authority, detector_id, task.token, group.pictures.sizes
        )
        self._id_prefix = id_prefix(task.run_id, _CLIENT)

    def send(self, number: int, picture: int | None = None) -> QueryReply:
        """See Sender."""
        connection, reader = None, AnswerReader()
        if picture is None:
            picture = image_index(0, number, len(self._images))
        try:
            connection = connect(self._task.target, self._tls)
            answer = self._exchange(connection, reader, number, picture)
        except WireError as error:
            return QueryReply(None, unreadable(error))
        except TimeoutError:
            return QueryReply(None, RequestResult(TIMEOUT, None, "no complete answer in time"))
        except OSError as error:
            opened = connection if connection is not None and connection.open else None
            try:
                words = last_words(opened, reader) if opened else None
            except WireError as what:
                return QueryReply(None, unreadable(what))
            if words is None:
                return QueryReply(None, classify(error))
            answer = words
        finally:
            if connection is not None:
                connection.close()
        result = check_answer(answer.status, answer.body, self._detector_id)
        return QueryReply(answer.status, result, answer.body)

    def _exchange(
        self, connection: Connection, reader: AnswerReader, number: int, picture: int
    ) -> Answer:
        """Open the connection, send the query and read the answer. Raises TimeoutError."""
        until_s = time.monotonic() + self._timeout_s
        wanted = WRITABLE
        while wanted:
            _wait(connection, wanted, until_s)
            wanted = connection.advance()
        head = self._head.render(picture, self._id_prefix, number)
        connection.send(head, self._images[picture])
        while True:
            events = READABLE | WRITABLE if connection.sending else READABLE
            ready = _wait(connection, events, until_s)
            if ready & WRITABLE and connection.sending:
                connection.send_more()
            if ready & ~WRITABLE and (answer := self._receive(connection, reader)):
                return answer

    def _receive(self, connection: Connection, reader: AnswerReader) -> Answer | None:
        """Read what has arrived; the answer once it is complete."""
        while True:
            try:
                data = connection.receive(PIECE_BYTES)
            except BlockingIOError:
                return None
            if not data and not reader.begun:
                raise ConnectionResetError("the server closed the connection without an answer")
            answer = reader.feed(data) if data else reader.eof()
            if answer is not None or not connection.has_more():
                return answer


def _wait(connection: Connection, events: int, until_s: float) -> int:
    """Wait for one of these events, errors included. Raises TimeoutError at `until_s`."""
    poll = select.poll()
    poll.register(connection.fd, events)
    ready = poll.poll(max(0.0, until_s - time.monotonic()) * 1000.0)
    if not ready:
        raise TimeoutError
    return ready[0][1]


class SdkSender:
    """Sends queries through the SDK, as the client `sdk` does."""

    def __init__(self, task: WorkerTask, group: GroupTask) -> None:
        """The detector of a group is asked."""
        from edgeload.run.sdk_client import SdkQueries  # noqa: PLC0415  (imports the SDK)

        self._images = group.pictures.map()
        try:
            self._queries = SdkQueries(task, group, _CLIENT)
        except SdkError as error:
            raise Unreachable(f"CLIENT = 'sdk': {error}") from error

    def send(self, number: int, picture: int | None = None) -> QueryReply:
        """See Sender."""
        self._queries.reconnect()
        if picture is None:
            picture = image_index(0, number, len(self._images))
        image: Any = self._images[picture]
        with warnings.catch_warnings():  # urllib3 complains of --insecure
            warnings.simplefilter("ignore")
            status, result = self._queries.submit(bytes(image), number)
        return QueryReply(status, result, self._queries.last_body())
