"""One worker process: the readiness loop that hosts many clients.

The loop blocks in a single place, `Poller.wait`, until a socket is ready or until the next event
that has a time: a request that is due, a timeout, or records to flush. The parent sends commands
through a pipe: `("start", anchor)`, then perhaps `("stop", run time)` and `("abort",)`. When the
pipe ends, the parent has died, and the worker ends too.
"""

from __future__ import annotations

import gc
import heapq
import os
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection as Pipe
from typing import Any

from edgeload.machine import open_as_many_files_as_allowed
from edgeload.plan import Due
from edgeload.records import Anchor
from edgeload.run.chain import ChainClient
from edgeload.run.client import HttpClient
from edgeload.run.connection import Connection
from edgeload.run.counters import WorkerCounters, counters_of
from edgeload.run.model_watch import ModelWatches
from edgeload.run.pacing import Schedule, schedule_of
from edgeload.run.poller import READABLE, best_poller
from edgeload.run.recorder import Recorder
from edgeload.run.tasks import WorkerTask, receive_task, tell_models
from edgeload.run.tcp_account import TcpAccount
from edgeload.run.templates import templates_of
from edgeload.run.worker_start import could_not_start
from edgeload.runlog import LogWriter, ended_by_refusal

_OPEN_AHEAD_S = 0.5
_EFFORT_EVERY_S = 1.0
_DUES_PER_TURN = 16  # then look at the sockets again, to read answers in time


class Worker:
    """The loop, which is the Host of its clients."""

    def __init__(self, task: WorkerTask, counts: WorkerCounters, pipe: Pipe) -> None:
        self._poller = best_poller(punctual=task.punctual)
        self._pipe = pipe
        self._poller.watch(pipe.fileno(), READABLE)
        self._task = task
        self._log: LogWriter
        self._counts = counts
        self._models = ModelWatches()
        self._templates = templates_of(task, self._models)
        self._clients = [self._client(number) for number in task.clients()]
        self._by_fd: dict[int, HttpClient] = {}
        self._wake: list[tuple[float, int, HttpClient]] = []
        self._armed: dict[float, deque[tuple[float, int, HttpClient]]] = {
            group.timeout_s: deque() for group in task.groups
        }
        self._armed_queues = tuple(self._armed.values())
        self._tcp = TcpAccount()
        self._left = len(self._clients)
        self._stop_s = float("inf")
        self._zero_ns = 0

    def _client(self, number: int) -> HttpClient:
        plan = self._task.plan
        first, followers = self._templates[plan.member(number).group]
        schedule = self._schedule(number)
        if followers:
            return ChainClient(number, schedule, first, followers, self)
        return HttpClient(number, schedule, first, self)

    def _schedule(self, number: int) -> Schedule:
        return schedule_of(self._task.plan, number)

    # --- what clients ask of their host ---

    def now(self) -> float:
        """Run time in seconds."""
        return (time.monotonic_ns() - self._zero_ns) / 1e9  # decimal, so it is short in the log

    def watch(self, client: HttpClient, fd: int, events: int) -> None:
        """Call `client.on_ready` when the descriptor is ready."""
        self._by_fd[fd] = client
        self._poller.watch(fd, events)

    def change(self, fd: int, events: int) -> None:
        """Watch a descriptor for other events."""
        self._poller.change(fd, events)

    def forget(self, fd: int) -> None:
        """Stop watching a descriptor."""
        del self._by_fd[fd]
        self._poller.forget(fd)

    def arm(self, client: HttpClient, number: int, sent_s: float) -> None:
        """Start a request's timeout. Those of one length end in the order in which they began."""
        timeout_s = client.timeout_s
        self._armed[timeout_s].append((sent_s + timeout_s, number, client))

    def freed(self, client: HttpClient, ended: Due, now_s: float, *, answered: bool) -> None:
        """Wake the client when its next request is due, or dismiss it.

        A request that is already due is sent at once. After a failure it goes through the heap,
        because otherwise an endpoint that refuses connections would keep the loop busy with one
        client. A client that pauses for a step is woken early, to reconnect in time if the server
        has closed its connection meanwhile.
        """
        due = client.schedule.next
        if due is None:
            self._dismiss(client)
        elif answered and due.due_s <= now_s < self._stop_s:
            client.begin()
        else:
            ahead_s = _OPEN_AHEAD_S if due.step > ended.step + 1 else 0.0
            heapq.heappush(self._wake, (due.due_s - ahead_s, client.number, client))

    def _dismiss(self, client: HttpClient) -> None:
        """The client has nothing more to send and nothing in flight."""
        self._left -= 1
        client.close()

    # --- the loop ---

    def run(self, anchor: Anchor) -> None:
        """Send what is planned and return when nothing is in flight any more."""
        self._zero_ns = round(anchor.monotonic_s * 1e9)
        self._log = LogWriter(self._task.log_file, create=False)
        names = [group.name for group in self._task.groups]
        self.recorder = Recorder(self._log, self._counts, anchor, self._task.index, names)
        self._await_first_dues(self._clients)
        effort_s = 0.0
        while self._goes_on():
            now_s = self.now()
            if now_s >= self._stop_s:
                self._stop()
            self._wake_clients(now_s)
            self._expire(now_s)
            if now_s >= effort_s:
                self.recorder.effort(now_s, self._tcp.look(self._connections()))
                self._tell_models(now_s)
                effort_s = max(effort_s, now_s // _EFFORT_EVERY_S * _EFFORT_EVERY_S)
                effort_s += _EFFORT_EVERY_S
            if now_s >= self.recorder.flush_due_s:
                self.recorder.flush()
            self._wait(effort_s)
        self.recorder.effort(self.now(), self._tcp.look(self._connections()))
        self._tell_models(self.now(), over=True)
        self.recorder.flush()
        self._log.close()

    def _tell_models(self, now_s: float, *, over: bool = False) -> None:
        """Write down which models answered, and tell the parent."""
        told = self._models.told(now_s, over=over)
        tell_models(self._pipe, self.recorder.models(told, now_s))

    def _connections(self) -> dict[int, Connection]:
        """All that are open, by their descriptors."""
        found = ((fd, client.connection) for fd, client in self._by_fd.items())
        return {fd: connection for fd, connection in found if connection is not None}

    def _goes_on(self) -> bool:
        """Whether a client still has something to send or in flight."""
        return self._left > 0

    def _await_first_dues(self, clients: Sequence[HttpClient]) -> None:
        """Wake each client for its first frame, early enough to connect before."""
        for client in clients:
            due = client.schedule.next
            if due is None:
                self._left -= 1
            else:
                wake_s = due.due_s - _OPEN_AHEAD_S
                heapq.heappush(self._wake, (wake_s, client.number, client))

    def _wake_clients(self, now_s: float) -> None:
        wake = self._wake
        for _ in range(_DUES_PER_TURN):
            if not wake or wake[0][0] > now_s:
                return
            client = heapq.heappop(wake)[2]
            due = client.schedule.next
            assert due is not None
            if due.due_s <= now_s:
                client.begin()
            else:
                client.open_ahead()
                heapq.heappush(wake, (due.due_s, client.number, client))

    def _expire(self, now_s: float) -> None:
        """Time out overdue requests, and drop ended ones from the front of their queue."""
        for armed in self._armed_queues:
            while armed:
                deadline_s, number, client = armed[0]
                if client.in_flight == number:
                    if deadline_s > now_s:
                        break
                    client.time_out()
                armed.popleft()

    def _wait(self, effort_s: float) -> None:
        due_s = self._wake[0][0] if self._wake else float("inf")
        until_s = min(due_s, effort_s, self.recorder.flush_due_s, self._stop_s)
        for armed in self._armed_queues:
            if armed:
                until_s = min(until_s, armed[0][0])
        for fd, events in self._poller.wait(until_s - self.now(), exact=until_s == due_s):
            client = self._by_fd.get(fd)
            if client is not None:
                client.on_ready(events)
            elif fd == self._pipe.fileno():
                self._listen()

    def _listen(self) -> None:
        """Obey the parent: stop sending, or end at once on "abort" or when the pipe ends."""
        try:
            message = self._pipe.recv()
        except EOFError:
            message = ("abort",)
        self._obey(message)

    def _obey(self, message: tuple[Any, ...]) -> None:
        if message[0] == "stop":
            self._stop_s = message[1]
            return
        for client in self._clients:
            if client.busy:
                client.abort()
        self.recorder.flush()
        os._exit(1)

    def _stop(self) -> None:
        """Send nothing more; requests in flight may still end."""
        stop_s, self._stop_s = self._stop_s, float("inf")
        self._wake.clear()
        for client in self._clients:
            idle = client.schedule.next is not None and not client.busy
            if missed := client.schedule.stop_at(stop_s):
                group = self._task.plan.member(client.number).group
                self.recorder.missed(client.number, missed, stop_s, group)
            if idle:
                self._dismiss(client)


def worker_main(pipe: Pipe, shared_counts: Any) -> None:
    """Entry of a worker process whose clients follow a plan."""
    serve(Worker, pipe, shared_counts)


def serve(kind: type[Worker], pipe: Pipe, shared_counts: Any) -> None:
    """Receive the task, say "ready", wait for the start, run as that kind of worker."""
    open_as_many_files_as_allowed()
    try:
        task = receive_task(pipe)
        worker = kind(task, counters_of(task, shared_counts), pipe)
        gc.collect()
        gc.freeze()
        pipe.send("ready")
        _, anchor = pipe.recv()
    except EOFError:
        return
    except Exception as error:  # whatever it is, the parent has to say it
        could_not_start(pipe, error)
        return
    with ended_by_refusal():
        worker.run(anchor)
