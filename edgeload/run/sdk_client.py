"""One client that uses the Groundlight SDK: same plan and records, but blocking calls.

The SDK is what customers use. It takes 0.7 to 2.2 ms of CPU per request, so each client gets a
process of its own. Its silent retries after a 5xx and its token rotation are switched off.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from multiprocessing.connection import Connection as Pipe
from types import FrameType
from typing import Any

from urllib3.exceptions import InsecureRequestWarning

from edgeload.edge.bounded_answers import TOO_LONG, UnboundedAnswer
from edgeload.edge.causes import errors_within, tls_error_text
from edgeload.edge.sdk import (
    SdkError,
    sdk_client,
    take_off_retries,
)
from edgeload.edge.sdk_answers import is_no_answer, os_error_in, read_answers
from edgeload.edge.tls_words import tls_words
from edgeload.failure_classes import BAD_ANSWER, RESET, STALE_CONNECTION, TIMEOUT, TLS
from edgeload.plan import Due
from edgeload.records import Anchor
from edgeload.run.answer_head import kept_for_s
from edgeload.run.connection import classify
from edgeload.run.counters import WorkerCounters, counters_of
from edgeload.run.kept_connection import lost_a_race, usable_for_s
from edgeload.run.model_watch import ModelWatch
from edgeload.run.pacing import schedule_of
from edgeload.run.picture_answers import ExpectedAnswer
from edgeload.run.recorder import Recorder
from edgeload.run.request_template import image_index
from edgeload.run.tasks import GroupTask, WorkerTask, receive_task, tell_models
from edgeload.run.wire import RequestResult, check_answer, id_prefix
from edgeload.run.worker_start import could_not_start
from edgeload.runlog import LogWriter, ended_by_refusal
from edgeload.untrusted_text import printable

_NEVER_S = float("inf")


class _OutOfTime(BaseException):
    """The request's time is over. Not an Exception, because a library might swallow that."""


class SdkQueries:
    """Image queries through the SDK, one call and one request each. Raises SdkError."""

    def __init__(self, task: WorkerTask, group: GroupTask, client: int) -> None:
        """`client` is the number that stands in the requests' ids."""
        self._task = task
        self._timeout_s = group.timeout_s
        self._detector = group.detector
        self._id_prefix = id_prefix(task.run_id, client).decode()
        self._url = f"{task.target.scheme}://{task.target.authority}"
        self._gl: Any = sdk_client(self._url, task.token, task.trust)
        take_off_retries(self._gl, self._next_request_id)
        self.arrivals = read_answers(self._gl)
        self._number = 0

    def submit(self, image: bytes, number: int) -> tuple[int | None, RequestResult]:
        """Make one call; returns the HTTP status and how the request ended."""
        try:
            self.call(image, number, self._timeout_s)
        except Exception as error:  # the SDK raises a dozen unrelated classes
            return self.result(error)
        return self.result(None)

    def reconnect(self) -> None:
        """Close the kept connections: the next call opens a new one."""
        self._gl.api_client.rest_client.pool_manager.clear()

    def connections(self) -> int:
        """How many connections the SDK has opened since it last had to begin anew."""
        pools = self._gl.api_client.rest_client.pool_manager
        return int(pools.connection_from_url(self._url).num_connections)

    def idle_s(self) -> float | None:
        """How long the server keeps an idle connection, if its last answer says so."""
        last = self._gl.api_client.last_response
        return None if last is None else kept_for_s(last.getheader("Keep-Alive", ""))

    def call(self, image: bytes, number: int, timeout_s: float) -> None:
        """Send one query. Raises whatever the SDK does; then ask `result` what it means."""
        self._number = number
        self.arrivals.begun = False
        self._gl.api_client.last_response = None
        self._gl.submit_image_query(
            self._detector.detector_id,
            image,
            wait=0,
            human_review="NEVER",
            confidence_threshold=0.0,
            request_timeout=timeout_s,
        )

    def result(
        self, problem: BaseException | None, expected: ExpectedAnswer | None = None
    ) -> tuple[int | None, RequestResult]:
        """Status and result of the last call, which raised `problem`, or nothing.

        `expected` is what the picture got before the run, if its answer is to be compared.
        """
        if problem is not None:
            return self._failed(problem)
        api = self._gl.api_client
        status, detector = api.last_response.status, self._detector
        return status, check_answer(
            status, self.last_body(), detector.detector_id, detector.confidence_threshold, expected
        )

    def last_body(self) -> bytes:
        """The body of the last answer; empty if there was none."""
        last = self._gl.api_client.last_response
        body = b"" if last is None else last.data
        return body.encode() if isinstance(body, str) else bytes(body)

    def _failed(self, problem: BaseException) -> tuple[int | None, RequestResult]:
        status = getattr(problem, "status", None)
        if status:
            body = getattr(problem, "body", b"") or b""
            raw = body.encode() if isinstance(body, str) else body
            return status, check_answer(status, raw, self._detector.detector_id)
        text = printable(str(problem))
        if isinstance(problem, _OutOfTime) or "timed out" in text:
            self.reconnect()  # the connection is in an unknown state
            return None, RequestResult(TIMEOUT, None, "no complete answer in time")
        if (said := tls_error_text(problem)) is not None:
            return None, RequestResult(TLS, None, printable(tls_words(said)))
        if any(isinstance(cause, UnboundedAnswer) for cause in errors_within(problem)):
            return None, RequestResult(BAD_ANSWER, None, TOO_LONG)
        if (cause := os_error_in(problem)) is not None:
            return None, classify(cause)
        last = self._gl.api_client.last_response
        outcome = RESET if last is None and not is_no_answer(problem) else BAD_ANSWER
        return None if last is None else last.status, RequestResult(outcome, None, text)

    def _next_request_id(self) -> str:
        return f"req_uu{self._id_prefix}{self._number:08x}"


class SdkClient:
    """The blocking counterpart of `client.HttpClient` and its loop."""

    def __init__(self, task: WorkerTask, counts: WorkerCounters) -> None:
        self._task = task
        self._counts = counts
        self._group = task.plan.member(task.index).group
        group = task.groups[self._group]
        self._timeout_s = group.timeout_s
        self._images = group.pictures.map()
        self._expected = group.detector.expected or (None,) * len(self._images)
        self._schedule = schedule_of(task.plan, task.index)
        self._queries = SdkQueries(task, group, task.index)
        self._models = ModelWatch(group.detector.detector_id)
        self._answered_s = 0.0  # when the connection carried the last answer
        self._usable_until_s = _NEVER_S  # when the server may close it, if it has said so
        self._timed = False
        self._stop_s = _NEVER_S
        self._stop_told = threading.Event()
        self._anchor: Anchor

    def run(self, anchor: Anchor, pipe: Pipe) -> None:
        """Send what is planned, one after the other."""
        self._anchor = anchor
        self._pipe = pipe
        recorder = self._recorder = Recorder(
            LogWriter(self._task.log_file, create=False),
            self._counts,
            anchor,
            self._task.index,
            [group.name for group in self._task.groups],
        )
        threading.Thread(target=self._listen, args=(pipe,), daemon=True).start()
        signal.signal(signal.SIGALRM, self._out_of_time)
        effort_s = 0.0
        while (due := self._schedule.next) is not None:
            self._wait_until(due.due_s)
            if self._now() >= self._stop_s:
                missed = self._schedule.stop_at(self._stop_s)
                recorder.missed(self._task.index, missed, self._stop_s, self._group)
                break
            answered = self._send(self._schedule.take())
            now_s = self._now()
            if missed := self._schedule.free_at(now_s, answered=answered):
                recorder.missed(self._task.index, missed, now_s, self._group)
            if now_s >= effort_s:
                recorder.effort(now_s)
                self._tell_models(now_s)
                effort_s = now_s + 1.0
            recorder.flush()  # there is no other client that this could delay
        recorder.effort(self._now())
        self._tell_models(self._now(), over=True)
        recorder.flush()

    def _tell_models(self, now_s: float, *, over: bool = False) -> None:
        """Write down which models answered, and tell the parent."""
        told = self._models.told(now_s, over=over)
        tell_models(self._pipe, self._recorder.models(told, now_s))

    def _now(self) -> float:
        return time.monotonic() - self._anchor.monotonic_s

    def _wait_until(self, due_s: float) -> None:
        """Sleep until the instant, or until the run is stopped if that comes first."""
        while (left_s := min(due_s, self._stop_s) - self._now()) > 0:
            if self._stop_told.is_set():
                time.sleep(left_s)
            else:
                self._stop_told.wait(left_s)

    def _send(self, due: Due) -> bool:
        """Send one request and record how it ended; whether there was an answer."""
        picture = image_index(self._task.index, due.number, len(self._images))
        image, expected = bytes(self._images[picture]), self._expected[picture]
        sent_s = self._now()
        self._recorder.sent[self._group] += 1
        if sent_s > self._usable_until_s:
            self._queries.reconnect()
        opened = self._queries.connections()
        status, result = self._submit(image, due.number, self._timeout_s, expected)
        failed_after_s = self._now() - sent_s
        arrivals = self._queries.arrivals
        retried = (
            result.outcome == RESET
            and self._queries.connections() == opened > 0
            and not arrivals.begun
            and lost_a_race(sent_s - self._answered_s, failed_after_s, arrivals.connect_s)
        )
        if retried:
            self._recorder.stale_retries += 1
            left_s = self._timeout_s - failed_after_s
            status, result = self._submit(image, due.number, left_s, expected)
            if result.outcome == RESET:
                result = RequestResult(STALE_CONNECTION, None, result.error)
        done_s = self._now()
        if status is not None:
            self._answered_s = done_s
            idle_s = self._queries.idle_s()
            self._usable_until_s = _NEVER_S if idle_s is None else done_s + usable_for_s(idle_s)
        if result.from_edge:
            self._recorder.compared += expected is not None
            body = self._queries.last_body()
            if body.startswith(self._models.mark, self._models.at):
                self._models.last_s = done_s
            else:
                self._models.look(body, done_s)
        self._recorder.request(
            self._task.index, due, sent_s, done_s, status, result, len(image), retried, self._group
        )
        return status is not None

    def _submit(
        self, image: bytes, number: int, timeout_s: float, expected: ExpectedAnswer | None
    ) -> tuple[int | None, RequestResult]:
        """Make one call of the SDK; it ends after the timeout at the latest."""
        problem: BaseException | None = None
        self._timed = True
        signal.setitimer(signal.ITIMER_REAL, timeout_s)
        try:
            self._queries.call(image, number, timeout_s)
        except (_OutOfTime, Exception) as error:  # the SDK raises a dozen unrelated classes
            problem = error
        finally:
            self._timed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
        return self._queries.result(problem, expected)

    def _out_of_time(self, signum: int, frame: FrameType | None) -> None:
        if self._timed:
            raise _OutOfTime

    def _listen(self, pipe: Pipe) -> None:
        """Obey the parent: stop sending, or end at once on "abort" or when the pipe ends."""
        try:
            while (message := pipe.recv())[0] == "stop":
                self._stop_s = message[1]
                self._stop_told.set()
        except (EOFError, OSError):
            pass
        os._exit(1)


def sdk_worker_main(pipe: Pipe, shared_counts: Any) -> None:
    """Entry of an SDK worker process: see `worker.worker_main`; may answer with an error."""
    warnings.simplefilter("ignore", InsecureRequestWarning)  # --insecure was asked for
    try:
        task = receive_task(pipe)
        try:
            client = SdkClient(task, counters_of(task, shared_counts))
        except SdkError as error:
            pipe.send(str(error))
            return
        pipe.send("ready")
        _, anchor = pipe.recv()
    except EOFError:
        return
    except Exception as error:  # whatever it is, the parent has to say it
        could_not_start(pipe, error)
        return
    with ended_by_refusal():
        client.run(anchor, pipe)
    os._exit(0)  # the listening thread still holds the pipe
