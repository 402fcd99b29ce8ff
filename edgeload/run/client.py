"""One client over HTTP: when its request is due, send it, read the answer, write one record."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edgeload.edge.location import Target
from edgeload.plan import Due
from edgeload.run import counters
from edgeload.run.connection import Connection, classify
from edgeload.run.pacing import Schedule
from edgeload.run.recorder import Recorder
from edgeload.run.waiting import READABLE, WRITABLE
from edgeload.run.wire import AnswerReader, Judgement, RequestHead, WireError, judge
from edgeload.run.wire import request_id as wire_request_id


@dataclass(frozen=True)
class Sending:
    """What all clients of a worker send, and where to."""

    target: Target
    tls: ssl.SSLContext | None
    head: RequestHead
    images: Sequence[memoryview]
    detector_id: str
    run_id: str


class Host(Protocol):
    """What a client needs of the loop that hosts it (`worker.Worker`; a fake in tests)."""

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

    def freed(self, client: HttpClient) -> None:
        """The client's request has ended; its schedule says what is next."""


def image_index(client: int, number: int, count: int) -> int:
    """Which picture a request sends: neighbours in time and clients in step get different ones."""
    return (client * 31 + number) % count


class HttpClient:
    """A simulated camera: at most one request in flight, on one kept connection."""

    __slots__ = (
        "_connection",
        "_due",
        "_host",
        "_image",
        "_reader",
        "_sending",
        "_sent_s",
        "_used",
        "number",
        "schedule",
    )

    def __init__(self, number: int, schedule: Schedule, sending: Sending, host: Host) -> None:
        self.number = number
        self.schedule = schedule
        self._sending = sending
        self._host = host
        self._connection: Connection | None = None
        self._used = False  # whether the connection has carried an answer
        self._due: Due | None = None
        self._sent_s = 0.0
        self._image: memoryview = sending.images[0]
        self._reader: AnswerReader | None = None

    @property
    def in_flight(self) -> int:
        """Number of the request in flight; 0 for none."""
        return 0 if self._due is None else self._due.number

    @property
    def connected(self) -> bool:
        """Whether there is a connection, open or opening."""
        return self._connection is not None

    def open_ahead(self) -> None:
        """Connect before the first request is due; a failure shows when the request is sent."""
        try:
            self._open()
        except OSError:
            self._drop()

    def begin(self) -> None:
        """Send the schedule's next request now."""
        due = self._due = self.schedule.take()
        host = self._host
        images = self._sending.images
        self._image = images[image_index(self.number, due.number, len(images))]
        self._sent_s = host.now()
        host.recorder.counts.add(counters.SENT)
        host.arm(self, due.number, self._sent_s)
        try:
            if self._connection is None:
                self._open()
            elif self._connection.open:
                self._send()
        except OSError as error:
            self._fail(error)

    def on_ready(self, events: int) -> None:
        """The socket is ready: go on with whatever was waiting for it."""
        connection = self._connection
        assert connection is not None
        try:
            if not connection.open:
                self._go_on_opening(connection)
                return
            if connection.sending and events & WRITABLE and connection.send_more():
                self._host.change(connection.fd, READABLE)
            if events & ~WRITABLE:
                self._receive(connection)
        except OSError as error:
            self._fail(error)

    def time_out(self) -> None:
        """The request has used up its time."""
        stage = "connecting" if self._connection and not self._connection.open else "waiting"
        self._end(None, Judgement("timeout", None, f"no complete answer in time ({stage})"))

    def abort(self) -> None:
        """The run is cut off; a request in flight is recorded as aborted."""
        if self._due is not None:
            self._end(None, Judgement("aborted", None, "the run was stopped"))
        else:
            self._drop()

    def _open(self) -> None:
        connection = self._connection = Connection(self._sending.target, self._sending.tls)
        self._used = False
        self._host.recorder.counts.add(counters.CONNECTS)
        self._host.watch(self, connection.fd, WRITABLE)

    def _go_on_opening(self, connection: Connection) -> None:
        wanted = connection.advance()
        self._host.change(connection.fd, wanted or READABLE)
        if not wanted and self._due is not None:
            self._send()

    def _send(self) -> None:
        """Send the request's bytes; on a connection that the server had closed, once more anew.

        That is the only repetition: the system took not one byte, so the server cannot have read
        any. It is counted.
        """
        assert self._due is not None
        assert self._connection is not None
        request_id = wire_request_id(self._sending.run_id, self.number, self._due.number)
        head = self._sending.head.render(request_id, len(self._image))
        try:
            complete = self._connection.send((head, self._image))
        except (BrokenPipeError, ConnectionResetError):
            if not self._used:
                raise
            self._host.recorder.counts.add(counters.STALE_RETRIES)
            self._drop()
            self._open()
            return
        if not complete:
            self._host.change(self._connection.fd, READABLE | WRITABLE)

    def _receive(self, connection: Connection) -> None:
        host = self._host
        while True:
            size = connection.receive(host.buffer)
            if size is None:
                return
            if self._due is None:  # idle: the server closed, or talks out of turn
                self._drop()
                return
            reader = self._reader or AnswerReader()
            try:
                if size:
                    answer = reader.feed(host.buffer[:size])
                elif reader.begun:
                    answer = reader.eof()
                else:
                    raise ConnectionResetError("the server closed the connection without an answer")
            except WireError as error:
                self._drop()
                self._end(None, Judgement("bad_answer", None, str(error)))
                return
            if answer is not None:
                done_s = host.now()
                if not answer.keep_alive or connection.sending or size == 0:
                    self._drop()
                self._used = True
                judgement = judge(answer.status, answer.body, self._sending.detector_id)
                self._end(answer.status, judgement, done_s)
                return
            self._reader = reader
            if not connection.has_more():
                return

    def _fail(self, error: OSError) -> None:
        if self._due is None:
            self._drop()
        else:
            self._end(None, classify(error))

    def _end(self, status: int | None, judgement: Judgement, done_s: float | None = None) -> None:
        """The request in flight ends here, in one record. Without a status the connection goes."""
        due = self._due
        assert due is not None
        if done_s is None:
            done_s = self._host.now()
        if status is None:
            self._drop()
        self._due = None
        self._reader = None
        recorder = self._host.recorder
        recorder.request(
            self.number, due, self._sent_s, done_s, status, judgement, len(self._image)
        )
        if missed := self.schedule.free_at(done_s):
            recorder.missed(self.number, missed, done_s)
        self._host.freed(self)

    def _drop(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._host.forget(self._connection.fd)
            self._connection.close()
            self._connection = None
