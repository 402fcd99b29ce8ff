"""One client over HTTP: sends each request when it is due, reads the answer, writes one record."""

from __future__ import annotations

from typing import Protocol

from edgeload.failure_classes import ABORTED, RESET, STALE_CONNECTION, TIMEOUT
from edgeload.plan import Due
from edgeload.run.answer_reader import Answer, AnswerReader, WireError, plain_answer
from edgeload.run.connection import PIECE_BYTES, Connection, classify, connect
from edgeload.run.kept_connection import last_words, lost_a_race, usable_for_s
from edgeload.run.pacing import Schedule
from edgeload.run.poller import READABLE, WRITABLE
from edgeload.run.recorder import Recorder
from edgeload.run.request_template import RequestTemplate, image_index
from edgeload.run.wire import RequestResult, check_answer, id_prefix, unreadable

_NEVER_S = float("inf")


class Host(Protocol):
    """What a client needs from the loop that hosts it (`worker.Worker`, or a fake in tests)."""

    recorder: Recorder

    def now(self) -> float:
        """Run time in seconds."""

    def watch(self, client: HttpClient, fd: int, events: int) -> None:
        """Call `client.on_ready` when the descriptor is ready."""

    def change(self, fd: int, events: int) -> None:
        """Watch a descriptor for other events."""

    def forget(self, fd: int) -> None:
        """Stop watching a descriptor."""

    def arm(self, client: HttpClient, number: int, sent_s: float) -> None:
        """Call `client.time_out` if this request has not ended `timeout_s` after `sent_s`."""

    def freed(self, client: HttpClient, ended: Due, now_s: float, *, answered: bool) -> None:
        """The client's request has ended; its schedule knows the next one."""


class HttpClient:
    """A simulated camera: at most one request in flight, on one kept connection."""

    __slots__ = (
        "_answered_s",
        "_connect_s",
        "_connection",
        "_due",
        "_first_picture",
        "_host",
        "_id_prefix",
        "_opened_s",
        "_part",
        "_picture",
        "_reader",
        "_retried",
        "_sent_s",
        "_template",
        "_usable_until_s",
        "_used",
        "in_flight",
        "number",
        "schedule",
        "timeout_s",
    )

    def __init__(
        self,
        number: int,
        schedule: Schedule,
        template: RequestTemplate,
        host: Host,
        part: int = 0,
    ) -> None:
        """`part` is that of the records: 0, or from 1 on for a follower (see `chain`)."""
        self.number = number
        self.schedule = schedule
        self.timeout_s = template.timeout_s
        self._part = part
        self._template = template
        self._host = host
        self._connection: Connection | None = None
        self._used = False  # whether the connection has carried an answer
        self._answered_s = 0.0  # when it carried the last one
        self._usable_until_s = _NEVER_S  # when the server may close it, if it has said so
        self._opened_s = self._connect_s = 0.0
        self._due: Due | None = None
        self.in_flight = 0
        """Number of the request in flight; 0 if there is none."""
        self._sent_s = 0.0
        self._retried = False
        self._id_prefix = id_prefix(template.run_id, number, part)
        self._first_picture = image_index(number + part, 0, len(template.images))
        self._picture = 0
        self._reader: AnswerReader | None = None

    @property
    def busy(self) -> bool:
        """Whether it waits for an answer."""
        return self._due is not None

    @property
    def connection(self) -> Connection | None:
        """Its connection, if it has one."""
        return self._connection

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
        template = self._template
        number = due.number
        self._picture = (self._first_picture + number) % len(template.images)
        self._sent_s = sent_s = host.now()
        host.recorder.sent[template.group] += 1
        self.in_flight = number
        host.arm(self, number, sent_s)
        if sent_s > self._usable_until_s:
            self._drop()
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
            if events == WRITABLE:
                return
            while True:
                data = connection.receive(PIECE_BYTES)
                if self._due is None:  # idle: the server closed, or sent something unasked
                    self._drop()
                    return
                answer = plain_answer(data) if self._reader is None else None
                if answer is None:
                    answer = self._read_on(data)
                if answer is not None:
                    self._finish(answer)
                    return
                if not connection.has_more():
                    return
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error)
        except WireError as error:
            self._end(None, unreadable(error))

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
        self._opened_s = self._host.now()
        connection = self._connection = connect(self._template.target, self._template.tls)
        self._used = False
        self._usable_until_s = _NEVER_S
        self._host.recorder.connects += 1
        self._host.watch(self, connection.fd, WRITABLE)

    def _go_on_opening(self, connection: Connection) -> None:
        wanted = connection.advance()
        self._host.change(connection.fd, wanted or READABLE)
        if not wanted:
            self._connect_s = self._host.now() - self._opened_s
            if self._due is not None:
                self._send(connection)

    def _send(self, connection: Connection) -> None:
        """Send the request's bytes on an open connection."""
        assert self._due is not None
        picture = self._picture
        template = self._template
        head = template.head.render(picture, self._id_prefix, self._due.number)
        try:
            complete = connection.send(head, template.images[picture])
        except (BrokenPipeError, ConnectionResetError):
            if not self._used:
                raise
            self._send_again()  # the system accepted no byte, so the server cannot have read any
            return
        if not complete:
            self._host.change(connection.fd, READABLE | WRITABLE)

    def _send_again(self) -> None:
        """Send the request on a new connection, because the server had closed the kept one.

        This is the only repetition. There is at most one for each request, because the new
        connection has not carried an answer. It is counted, and the request's record says so. The
        request was sent when it was sent first: neither its times nor its timeout begin anew.
        """
        self._host.recorder.stale_retries += 1
        self._retried = True
        self._drop()
        self._open()

    def _read_on(self, data: bytes) -> Answer | None:
        """Read an answer that comes in pieces or is not plain; b"" means that the stream ended."""
        if self._reader is None:
            self._reader = AnswerReader()
        if data:
            return self._reader.feed(data)
        if not self._reader.begun:
            raise ConnectionResetError("the server closed the connection without an answer")
        return self._reader.eof()

    def _finish(self, answer: Answer, *, broken: bool = False) -> None:
        """The answer is complete: end the request with it, and drop a `broken` connection."""
        done_s = self._answered_s = self._host.now()
        template = self._template
        expected = None if template.expected is None else template.expected[self._picture]
        result = check_answer(
            answer.status,
            answer.body,
            template.detector_id,
            template.confidence_threshold,
            expected,
        )
        if result.from_edge:
            if expected is not None:
                self._host.recorder.compared += 1
            models = template.models
            if answer.body.startswith(models.mark, models.at):
                models.last_s = done_s
            else:
                models.look(answer.body, done_s)
        self._used = True
        assert self._connection is not None
        if broken or not answer.keep_alive or self._connection.sending:
            self._drop()
        elif answer.idle_s is not None:
            self._usable_until_s = done_s + usable_for_s(answer.idle_s)
        self._end(answer.status, result, done_s)

    def _fail(self, error: OSError) -> None:
        """The connection failed: end the request with what had arrived, or send it again."""
        if self._due is None:
            self._drop()
            return
        connection = self._connection
        if connection is None or not connection.open:
            self._end(None, classify(error))
            return
        if self._reader is None:
            self._reader = AnswerReader()
        try:
            answer = last_words(connection, self._reader)
        except WireError as what:
            self._end(None, unreadable(what))
            return
        if answer:
            self._finish(answer, broken=True)
        elif self._lost_a_race(error):
            try:
                self._send_again()
            except OSError as new:
                self._end(None, classify(new))
        else:
            self._end(None, classify(error))

    def _lost_a_race(self, error: OSError) -> bool:
        """Whether the request may be sent again: see `lost_a_race`."""
        silent = self._reader is None or not self._reader.begun
        if not (self._used and silent) or classify(error).outcome != RESET:
            return False
        idle_s = self._sent_s - self._answered_s
        return lost_a_race(idle_s, self._host.now() - self._sent_s, self._connect_s)

    def _end(self, status: int | None, result: RequestResult, done_s: float | None = None) -> None:
        """End the request in flight with one record; without a status, close the connection."""
        due = self._due
        assert due is not None
        if done_s is None:
            done_s = self._host.now()
        if status is None:
            self._drop()
        if self._retried and result.outcome == RESET:
            result = RequestResult(STALE_CONNECTION, None, result.error)
        self._due = None
        self.in_flight = 0
        self._reader = None
        template = self._template
        self._host.recorder.request(
            self.number,
            due,
            self._sent_s,
            done_s,
            status,
            result,
            len(template.images[self._picture]),
            self._retried,
            template.group,
            self._part,
        )
        self._retried = False
        self._ended(due, result.outcome, done_s, answered=status is not None)

    def _ended(self, due: Due, outcome: str, done_s: float, *, answered: bool) -> None:
        """The request has ended and is recorded, and so has its frame.

        Give up the frames that can no longer be sent, and turn to the next.
        """
        if missed := self.schedule.free_at(done_s, answered=answered):
            self._host.recorder.missed(self.number, missed, done_s, self._template.group)
        self._host.freed(self, due, done_s, answered=answered)

    def _drop(self) -> None:
        """Close the connection if there is one."""
        if self._connection is not None:
            self._host.forget(self._connection.fd)
            self._connection.close()
            self._connection = None
