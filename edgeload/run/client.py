"""One client over HTTP: sends each request when it is due, reads the answer, writes one record."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edgeload.edge.location import Target
from edgeload.failure_classes import ABORTED, BAD_ANSWER, TIMEOUT
from edgeload.plan import Due
from edgeload.run.connection import Connection, classify, connect
from edgeload.run.pacing import ClientSchedule
from edgeload.run.poller import READABLE, WRITABLE
from edgeload.run.recorder import Recorder
from edgeload.run.wire import (
    Answer,
    AnswerReader,
    RequestHead,
    RequestResult,
    WireError,
    check_answer,
    id_prefix,
    plain_answer,
)


@dataclass(frozen=True)
class RequestTemplate:
    """What the requests of all clients of a worker have in common."""

    target: Target
    tls: ssl.SSLContext | None
    """None for a plain connection."""
    head: RequestHead
    images: Sequence[memoryview]
    detector_id: str
    run_id: str


class Host(Protocol):
    """What a client needs from the loop that hosts it (`worker.Worker`, or a fake in tests)."""

    recorder: Recorder
    buffer: memoryview

    def now(self) -> float:
        """Run time in seconds."""

    def watch(self, client: HttpClient, fd: int, events: int) -> None:
        """Call `client.on_ready` when the descriptor is ready."""

    def change(self, fd: int, events: int) -> None:
        """Watch a descriptor for other events."""

    def forget(self, fd: int) -> None:
        """Stop watching a descriptor."""

    def arm(self, client: HttpClient, number: int, sent_s: float) -> None:
        """Call `client.time_out` if this request has not ended one timeout after `sent_s`."""

    def freed(self, client: HttpClient, ended: Due, now_s: float, *, answered: bool) -> None:
        """The client's request has ended; its schedule knows the next one."""


def image_index(client: int, number: int, count: int) -> int:
    """Which of `count` pictures a request sends, from 0.

    Consecutive requests of a client differ, and so do requests that clients send together.
    """
    return (client * 31 + number) % count


class HttpClient:
    """A simulated camera: at most one request in flight, on one kept connection."""

    __slots__ = (
        "_connection",
        "_due",
        "_host",
        "_id_prefix",
        "_picture",
        "_reader",
        "_sent_s",
        "_template",
        "_used",
        "number",
        "schedule",
    )

    def __init__(
        self, number: int, schedule: ClientSchedule, template: RequestTemplate, host: Host
    ) -> None:
        self.number = number
        self.schedule = schedule
        self._template = template
        self._host = host
        self._connection: Connection | None = None
        self._used = False  # whether the connection has carried an answer
        self._due: Due | None = None
        self._sent_s = 0.0
        self._id_prefix = id_prefix(template.run_id, number)
        self._picture = 0
        self._reader: AnswerReader | None = None

    @property
    def in_flight(self) -> int:
        """Number of the request in flight; 0 if there is none."""
        return 0 if self._due is None else self._due.number

    def open_ahead(self) -> None:
        """Connect before a request is due; a failure will show when the request is sent."""
        if self._connection is None:
            try:
                self._open()
            except OSError:
                self._drop()

    def begin(self) -> None:
        """Send the next request of the schedule now."""
        due = self._due = self.schedule.take()
        host = self._host
        self._picture = image_index(self.number, due.number, len(self._template.images))
        self._sent_s = sent_s = host.now()
        host.recorder.sent += 1
        host.arm(self, due.number, sent_s)
        try:
            if self._connection is None:
                self._open()
            elif self._connection.open:
                self._send(self._connection)
        except OSError as error:
            self._fail(error)

    def on_ready(self, events: int) -> None:
        """The socket is ready: continue what was waiting for it."""
        connection = self._connection
        assert connection is not None
        try:
            if not connection.open:
                self._go_on_opening(connection)
                return
            if events != READABLE and connection.sending and connection.send_more():
                self._host.change(connection.fd, READABLE)
            if events != WRITABLE:
                self._receive(connection)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error)

    def time_out(self) -> None:
        """The request has used up its time: record it as a timeout."""
        opening = self._connection is not None and not self._connection.open
        stage = "connecting" if opening else "waiting"
        self._end(None, RequestResult(TIMEOUT, None, f"no complete answer in time ({stage})"))

    def abort(self) -> None:
        """End the request in flight and record it as aborted."""
        assert self._due is not None
        self._end(None, RequestResult(ABORTED, None, "the run was cut off"))

    def close(self) -> None:
        """Close the connection of a client that has no request in flight."""
        assert self._due is None
        self._drop()

    def _open(self) -> None:
        connection = self._connection = connect(self._template.target, self._template.tls)
        self._used = False
        self._host.recorder.connects += 1
        self._host.watch(self, connection.fd, WRITABLE)

    def _go_on_opening(self, connection: Connection) -> None:
        wanted = connection.advance()
        self._host.change(connection.fd, wanted or READABLE)
        if not wanted and self._due is not None:
            self._send(connection)

    def _send(self, connection: Connection) -> None:
        """Send the request's bytes, and reconnect once if the server had closed the connection.

        This is the only repetition. The system accepted not a single byte, so the server cannot
        have read any. It is counted as a stale retry.
        """
        assert self._due is not None
        picture = self._picture
        template = self._template
        head = template.head.render(picture, self._id_prefix, self._due.number)
        try:
            complete = connection.send(head, template.images[picture])
        except (BrokenPipeError, ConnectionResetError):
            if not self._used:
                raise
            self._host.recorder.stale_retries += 1
            self._drop()
            self._open()
            return
        if not complete:
            self._host.change(connection.fd, READABLE | WRITABLE)

    def _receive(self, connection: Connection) -> None:
        """Read what has arrived; end the request if the answer is complete."""
        buffer = self._host.buffer
        while True:
            size = connection.receive(buffer)
            if self._due is None:  # idle: the server closed, or sent something unasked
                self._drop()
                return
            data = bytes(buffer[:size])
            answer = plain_answer(data) if self._reader is None else None
            if answer is None:
                try:
                    answer = self._read_on(data)
                except WireError as error:
                    self._end(None, RequestResult(BAD_ANSWER, None, str(error)))
                    return
            if answer is not None:
                done_s = self._host.now()
                result = check_answer(answer.status, answer.body, self._template.detector_id)
                self._used = True
                if not answer.keep_alive or connection.sending:
                    self._drop()
                self._end(answer.status, result, done_s)
                return
            if not connection.has_more():
                return

    def _read_on(self, data: bytes) -> Answer | None:
        """Read an answer that comes in pieces or is not plain; b"" means that the stream ended."""
        if self._reader is None:
            self._reader = AnswerReader()
        if data:
            return self._reader.feed(data)
        if not self._reader.begun:
            raise ConnectionResetError("the server closed the connection without an answer")
        return self._reader.eof()

    def _fail(self, error: OSError) -> None:
        if self._due is None:
            self._drop()
        else:
            self._end(None, classify(error))

    def _end(self, status: int | None, result: RequestResult, done_s: float | None = None) -> None:
        """End the request in flight with one record; without a status, close the connection."""
        due = self._due
        assert due is not None
        if done_s is None:
            done_s = self._host.now()
        if status is None:
            self._drop()
        self._due = None
        self._reader = None
        self._host.recorder.request(
            self.number,
            due,
            self._sent_s,
            done_s,
            status,
            result,
            len(self._template.images[self._picture]),
        )
        if missed := self.schedule.free_at(done_s):
            self._host.recorder.missed(self.number, missed, done_s)
        self._host.freed(self, due, done_s, answered=status is not None)

    def _drop(self) -> None:
        """Close the connection if there is one."""
        if self._connection is not None:
            self._host.forget(self._connection.fd)
            self._connection.close()
            self._connection = None
