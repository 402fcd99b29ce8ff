"""The workers of one run on the nodes of a cluster, driven like those of one machine.

Commands and questions go to the nodes, counters and records come back; no request does. All that
comes is taken in by `wait_for`, in the thread that drives the run.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent import futures
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from multiprocessing.connection import wait
from typing import Any, Literal

from edgeload.box_records import ModelRecord
from edgeload.cluster.clock_look import ClockLook
from edgeload.cluster.engine import Engine, last_line
from edgeload.cluster.node_link import ASK_NODE_EVERY_S, NodeLink, NodeShare
from edgeload.cluster.node_words import NodeReady, NodeTask
from edgeload.cluster.pulled_log import PulledLog
from edgeload.cluster.summed_counts import SummedCounts
from edgeload.edge.location import Unreachable
from edgeload.records import Anchor, NodeClock, WallClock, encode
from edgeload.run.counters import Effort, LiveCounts
from edgeload.run.tasks import EndpointTask, WorkerTask
from edgeload.run.worker_processes import EndedWorker, WorkerKind, WorkersFailed
from edgeload.runlog import LogRefused, LogWriter
from edgeload.settings import SettingError
from edgeload.signals import StopSignals

Records = Literal["pull", "stream", "leave"]
_READY_WITHIN_S = 90.0
_LEAST_LEAD_S = 1.0
_ROUND_TRIPS_AHEAD = 20
_CLOCKS_EVERY_S = 10.0
_LOOK_EVERY_S = 0.25
_CLOSED_WITHIN_S = 3.0
_HURRY_S = 0.2
_LAST_COMMANDS = ("stop", "abort", "finish", "end_step", "kill")
"""What follows them is awaited, so nodes are asked more often."""


@dataclass(frozen=True)
class ClusterRules:
    """What a cluster run does about nodes and records: see the settings of these names."""

    lease_s: float
    records: Records
    not_pinned: str = ""


@dataclass
class _Pull:
    """The log of a node, and how it comes."""

    log: PulledLog
    closing: Future[Any] | None = None
    over: bool = False


class ClusterWorkers:
    """All workers of a run on the nodes of a cluster. Call `close` whatever happens."""

    def __init__(
        self,
        engine: Engine,
        rules: ClusterRules,
        shares: Sequence[tuple[int, ...]],
        on_ready: Callable[[Sequence[tuple[NodeReady, ClockLook]]], None] = lambda _: None,
        endpoints: Sequence[EndpointTask] = (),
    ) -> None:
        """`shares` are the numbers of the workers of each node. `on_ready` hears what each node
        says once it is ready, and how its clock lies to ours before the run. `endpoints` has what
        each node loads; empty: all load that of the task.
        """
        self._engine = engine
        self._rules = rules
        self._shares = shares
        self._on_ready = on_ready
        self._endpoints = endpoints
        self._links: list[NodeLink] = []
        self._pulls: dict[NodeLink, _Pull] = {}
        self._ready: list[Future[Any]] = []
        self._log: LogWriter | None = None
        self._log_refused: str | None = None
        self._news: list[str] = []
        self._task: WorkerTask
        self._anchor: Anchor | None = None
        self._next_clocks_s = 0.0
        self._is_search = False
        self._bound_s = 0.0
        self._counts = SummedCounts()
        self._closed = threading.Event()
        self._hurry = self._cut_off = self._killed = False
        self._step = 0
        self._log_paths: dict[NodeLink, str] = {}
        self._named: set[NodeLink] = set()
        self._idle_heard = False
        self._look_s = 0.0
        self._came: deque[NodeLink] = deque()
        """Nodes from which something has come; other threads append to it."""
        self._heard, self._teller = socket.socketpair()
        for end in (self._heard, self._teller):
            end.setblocking(False)

    # --- before the run ---

    def start(self, task: WorkerTask, kind: WorkerKind) -> None:
        """Let every node start its share of `task.workers` processes.

        Raises SettingError if the endpoint is one that other machines cannot reach.
        """
        tasks = [each.of(task) for each in self._endpoints] or [task] * len(self._shares)
        for target in dict.fromkeys(each.target for each in tasks):
            if ip_address(target.address).is_loopback and not self._engine.local:
                raise SettingError(
                    f"{'TARGET_MAP' if self._endpoints else 'ENDPOINT_URL'}: {target.host} is this "
                    f"machine ({target.address}), and each node would ask itself; must be an "
                    "address that all nodes reach"
                )
        self._task, self._is_search = task, kind == "trials"
        files = list(dict.fromkeys(group.pictures.path for group in task.groups))
        pictures = self._engine.shared(tuple(path.read_bytes() for path in files))
        numbers = tuple(files.index(group.pictures.path) for group in task.groups)
        trust = task.trust
        certificates = None if trust.cacert is None else trust.cacert.read_bytes()
        for node, indices, node_task in zip(self._engine.nodes, self._shares, tasks, strict=True):
            clients = tuple(
                len(range(index, task.plan.max_clients, task.workers)) for index in indices
            )
            share = NodeShare(indices, clients)
            link = NodeLink(node, share, self._rules.lease_s, self._wake)
            self._links.append(link)
            self._pulls[link] = _Pull(PulledLog(node, self._write, partial(self._wake, link)))
            own = NodeTask(
                name=node.name,
                task=node_task,
                kind=kind,
                indices=indices,
                picture_files=numbers,
                certificates=certificates,
                lease_s=self._rules.lease_s,
                not_pinned=self._rules.not_pinned,
            )
            self._ready.append(node.call("prepare", own, pictures))

    def await_ready(self) -> None:
        """Return when all workers on all nodes are ready, and the clocks have been compared.

        Raises as `WorkerProcesses.await_ready`.
        """
        futures.wait(self._ready, _READY_WITHIN_S)
        ready = [
            self._ready_of(link, future)
            for link, future in zip(self._links, self._ready, strict=True)
        ]
        looks = [self._compared(link) for link in self._links]
        for link, each in zip(self._links, ready, strict=True):
            self._log_paths[link] = each.log
        self._bound_s = max(each.bound_s for each in looks)
        self._on_ready(list(zip(ready, looks, strict=True)))

    def _ready_of(self, link: NodeLink, future: Future[NodeReady]) -> NodeReady:
        try:
            ready = future.result(0.0)
        except futures.TimeoutError:
            ready = NodeReady(problem=f"it did not become ready in {_READY_WITHIN_S:g} s")
        except Exception as error:  # whatever the engine says, the run cannot begin
            ready = NodeReady(problem=last_line(error))
        if not ready.problem:
            return ready
        text = f"node {link.name}: {ready.problem}"
        raise Unreachable(text) if ready.endpoint else WorkersFailed(text)

    def _compared(self, link: NodeLink) -> ClockLook:
        try:
            return link.ping()
        except Exception as error:  # whatever the engine says, the run cannot begin
            raise WorkersFailed(f"node {link.name} was lost before the run: {error}") from error

    @property
    def pinning(self) -> None:
        """Each node says where its own run."""
        return

    @property
    def lead_s(self) -> float:
        """From the start command to run time 0, so that all workers know it and have connected."""
        return max(_LEAST_LEAD_S, 2 * _ROUND_TRIPS_AHEAD * self._bound_s)

    def begin(self, anchor: Anchor) -> None:
        """Let all begin at the same instant, each by its own clock."""
        self._anchor = anchor
        self._next_clocks_s = anchor.monotonic_s + _CLOCKS_EVERY_S
        try:
            self._log = LogWriter(self._task.log_file, create=False)
        except LogRefused as problem:
            self._log_refused = problem.strerror or str(problem)
        self._news.append(
            f"the clocks of the nodes are known to {self._bound_s * 1000:.2g} ms of ours"
        )
        for link in self._links:
            own_s = anchor.monotonic_s + link.began_with.offset_s
            link.tell("begin", Anchor(anchor.wall_s, own_s))
        threading.Thread(target=self._keep_asking, name="asks nodes", daemon=True).start()

    def _keep_asking(self) -> None:
        """Renew the leases, also while the thread that drives the run does something else."""
        while not self._closed.wait(_LOOK_EVERY_S):
            for link, pull in self._pulls.items():
                if not pull.over:
                    link.ask_if_due(_HURRY_S if self._hurry else ASK_NODE_EVERY_S)

    # --- during the run ---

    def tell(self, *message: object) -> None:
        """Send a command to all workers that run."""
        if message[0] == "step":
            self._step, self._hurry = getattr(message[1], "index", 0), False
        self._hurry |= message[0] in _LAST_COMMANDS
        self._cut_off |= message[0] == "abort"
        for link in self._links:
            link.tell(*message)

    @property
    def running(self) -> bool:
        """Whether a worker runs, or records are still to come; who cuts off waits for none."""
        return any(
            link.running or not (self._cut_off or pull.over or link.silent or link.gone)
            for link, pull in self._pulls.items()
        )

    @property
    def dead(self) -> int:
        """How many have ended too early."""
        return sum(worker.exit_code != 0 for link in self._links for worker in link.ended)

    def counts(self) -> LiveCounts:
        """What all of them together have counted, as far as is known."""
        return self.group_counts()[0]

    def group_counts(self) -> tuple[LiveCounts, tuple[LiveCounts, ...]]:
        """The same, and what they have counted for each camera group."""
        return self._counts.groups()

    def efforts(self) -> tuple[Effort, ...]:
        """What each of them has last said about its CPU time."""
        return tuple(effort for link in self._links for effort in link.efforts)

    def wait_for(self, timeout_s: float, stop: StopSignals) -> list[EndedWorker]:
        """Wait until something comes from a node, a signal comes or the time is over.

        Returns ended workers, those of lost nodes included.
        """
        until_s = time.monotonic() + timeout_s
        while True:
            now_s = time.monotonic()
            if now_s >= self._look_s:
                self._look_s = now_s + _LOOK_EVERY_S
                self._look_at_all()
            ended = [worker for link in self._links_heard() for worker in link.take_ended()]
            idle, self._idle_heard = self._idle_heard, False
            if ended or idle or now_s >= until_s:
                return ended
            patience_s = max(0.0, min(until_s, self._look_s) - now_s)
            for ready in wait([self._heard, stop.fileno()], timeout=patience_s):
                if ready is not self._heard:
                    stop.clear()
                    until_s = 0.0  # take in what has come, and return
                else:
                    self._drain()

    def _look_at_all(self) -> None:
        """Doubt the nodes that are silent, and go on with the records."""
        self._came.extend(link for link, pull in self._pulls.items() if not pull.over)
        self._note_clocks()

    def _links_heard(self) -> list[NodeLink]:
        """The nodes from which something may have come, after that was taken in."""
        heard = list(dict.fromkeys(self._came.popleft() for _ in range(len(self._came))))
        for link in heard:
            idle_before = link.idle_since_step
            self._news += link.hear()
            self._idle_heard |= link.idle_since_step != idle_before
            self._counts.take(link.name, link.counts)
            self._pull(link, self._pulls[link])
        return heard

    def _wake(self, link: NodeLink) -> None:
        """Something has come from a node; the thread that drives the run is told."""
        self._came.append(link)
        with contextlib.suppress(OSError):  # it has been told already, or is gone
            self._teller.send(b"\0")

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._heard.recv(4096)

    def _pull(self, link: NodeLink, pull: _Pull) -> None:
        """Bring the records of one node here, as the rules say, until the node has nothing left."""
        if pull.over or link.gone or link.silent:
            return
        if pull.log.hopeless:
            self._end(link, pull, keep_log=True)
        elif self._rules.records == "leave" and not self._is_search:
            if not link.running:
                self._end(link, pull, keep_log=True)
        elif link.running:
            if self._is_search or self._rules.records == "stream":
                pull.log.go_on(link.log_bytes)
        elif pull.log.has(link.log_bytes):
            self._end(link, pull, keep_log=False)
        else:
            pull.log.go_on(link.log_bytes)

    def _end(self, link: NodeLink, pull: _Pull, *, keep_log: bool) -> None:
        """The node has nothing left to do; where it keeps its log is told."""
        if pull.closing is None:
            pull.closing = link.close(keep_log=keep_log)
            pull.closing.add_done_callback(lambda _: self._wake(link))
        elif pull.closing.done():
            pull.over = True
            if pull.closing.exception() is None and (path := pull.closing.result()):
                self._news.append(f"node {link.name} keeps its records in {path}")

    def _write(self, lines: bytes) -> None:
        if self._log is None or self._log_refused is not None:
            return
        try:
            self._log.write(lines)
        except LogRefused as problem:
            self._log_refused = problem.strerror or str(problem)

    def _note_clocks(self) -> None:
        """Write down how the clocks lie now to how they lay when the run began."""
        if self._anchor is None or time.monotonic() < self._next_clocks_s:
            return
        self._next_clocks_s = time.monotonic() + _CLOCKS_EVERY_S
        clock = WallClock(self._anchor)
        for link in self._links:
            now = link.clock_now()
            if now is not None and not (link.silent or link.gone):
                at_s = now.at_s - self._anchor.monotonic_s
                offset_s = now.offset_s - link.began_with.offset_s
                record = NodeClock(
                    clock.ts(at_s), round(at_s, 6), link.name, round(offset_s, 9), now.bound_s
                )
                self._write(encode([record]))

    def models_told(self) -> list[ModelRecord]:
        """What the workers have told of the models that answer, since the last call."""
        return [model for link in self._links for model in link.take_models()]

    def idle_since(self, step: int) -> bool:
        """In a search: whether no worker has anything left to do for this trial.

        Its records are in the log then.
        """
        return all(
            not link.running
            or link.lost
            or (link.idle_since_step >= step and pull.log.has(link.log_bytes))
            for link, pull in self._pulls.items()
        )

    def news(self) -> list[str]:
        """What has happened to nodes since the last call, in words."""
        if self._cut_off and not self.running:
            self._name_logs()
        told, self._news = self._news, []
        return told

    def _name_logs(self) -> None:
        """Of a run that was cut off: where the records lie that did not come."""
        for link, pull in self._pulls.items():
            if not pull.over and link not in self._named and (path := self._log_paths.get(link)):
                self._named.add(link)
                self._news.append(f"node {link.name} keeps its records in {path}")

    @property
    def trouble(self) -> str:
        """Why the run cannot go on, whatever the nodes say; empty: it can."""
        return self._engine.trouble

    @property
    def log_refused(self) -> str | None:
        """Why the records that came cannot be written to the log any more; None while they can."""
        return self._log_refused

    # --- the end ---

    def kill(self) -> None:
        """Kill all workers that run; in a search, those that have something left to do."""
        if self._killed:
            return
        self._killed = not self._is_search
        for link in self._links:
            if link.running and not (self._is_search and link.idle_since_step >= self._step):
                link.tell("kill")

    def close(self) -> None:
        """Leave no worker behind. A log that is not here stays on its node."""
        self._closed.set()
        closing = [
            link.close(keep_log=self._anchor is not None)
            for link, pull in self._pulls.items()
            if not pull.over and not link.gone
        ]
        futures.wait(closing, _CLOSED_WITHIN_S)
        if self._log is not None:
            self._log.close()
        self._heard.close()
        self._teller.close()
