"""The worker processes of one run: starts them, talks to them and notices when they end."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import signal
import sys
import time
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from typing import Any, Literal

import psutil

from edgeload.box_records import ModelRecord
from edgeload.child_processes import start_fork_server
from edgeload.core_plan import SWITCHED_OFF, CorePlan, NotPinned
from edgeload.edge.location import Unreachable
from edgeload.plain_words import plural
from edgeload.records import Anchor
from edgeload.run.counters import SLOTS, Effort, LiveCounts, read_efforts, read_group_counts
from edgeload.run.pinning import Pinning
from edgeload.run.tasks import MODELS, WorkerTask
from edgeload.run.worker_start import CouldNotStart, begin
from edgeload.runlog import LOG_REFUSED_CODE
from edgeload.signals import StopSignals

_READY_WITHIN_S = 30.0
"""Time that workers have to become ready, since the last other one did."""
_LOOK_EVERY_S = 1.0
_LEAD_S = 0.75
_LEAST_LEAD_S = 0.2
_CONNECTED_IN_S = 0.002
"""A connection is opened in this time, TLS included, if the network is short."""

WorkerKind = Literal["http", "sdk", "trials"]
_ENTRIES: dict[WorkerKind, tuple[str, str]] = {
    "http": ("edgeload.run.worker", "worker_main"),
    "sdk": ("edgeload.run.sdk_client", "sdk_worker_main"),
    "trials": ("edgeload.run.trial_worker", "trial_worker_main"),
}
"""Module and function of each kind of worker; only that of the kind in use is imported."""


class WorkersFailed(Exception):
    """A worker cannot begin because of this machine. The text is one line with its number."""


@dataclass
class Member:
    """A worker process, our end of its pipe, and its shared counters."""

    index: int
    clients: int
    process: Any
    pipe: Pipe
    counts: Any
    over: bool = False
    killed: bool = False
    """Whether we killed it."""
    silent: bool = False
    """Whether its pipe has ended."""
    idle_since_step: int = -1
    """In a search: the index of the last trial of which it has nothing left to do."""


@dataclass(frozen=True)
class EndedWorker:
    """A worker process that has ended."""

    index: int
    pid: int
    clients: int
    """How many clients it hosted."""
    exit_code: int | None
    """None: nobody knows, because its node was lost."""
    was_frozen: bool = False
    """Whether it did not end when it should have, and we killed it."""
    node: str = ""
    """The node of the cluster on which it ran; empty: this machine."""
    lost: str = ""
    """Why its node counts as lost; empty: it does not."""
    heard_s: float | None = None
    """When a lost node was last heard, by our monotonic clock."""

    @property
    def signal(self) -> str | None:
        """Name of the signal that killed it, for example SIGKILL; None if none did."""
        killed = self.exit_code is not None and self.exit_code < 0
        return signal.Signals(-(self.exit_code or 0)).name if killed else None

    @property
    def log_refused(self) -> str | None:
        """Why it could not write the log any more, and so ended; None if that was not it."""
        if self.exit_code is None or self.exit_code < LOG_REFUSED_CODE:
            return None
        why = os.strerror(self.exit_code - LOG_REFUSED_CODE)
        return f"{why} on node {self.node}" if self.node else why

    def death_notice(self, now_s: float) -> str:
        """What to tell people about a worker that ended too early, at run time `now_s`."""
        where = f" on {self.node}" if self.node else ""
        who = f"worker {self.index}{where} (process {self.pid}, {plural(self.clients, 'client')})"
        if self.was_frozen:
            return (
                f"{who} did not end: it stood still and was killed {now_s:.1f} s into the run; "
                "what it had not written down is lost, and counts as missed"
            )
        how = _how_ended(self.exit_code)
        return f"{who} died {now_s:.1f} s into the run: {how}; its unsent requests count as missed"


def lead_for_s(clients: int) -> float:
    """How long before run time 0 the start command is sent to workers with so many clients each."""
    return min(_LEAD_S, _LEAST_LEAD_S + clients * _CONNECTED_IN_S)


class WorkerProcesses:
    """All worker processes of a run on this machine. Call `close` whatever happens."""

    def __init__(
        self, members: Sequence[Member] = (), cores: CorePlan | NotPinned = SWITCHED_OFF
    ) -> None:
        """`cores` says where each of them is to run, and what else is ours."""
        self._members = list(members)
        self._models: list[ModelRecord] = []
        self._pinning = Pinning(cores)
        self._lead_s = _LEAD_S

    @property
    def lead_s(self) -> float:
        """From the start command to run time 0, so that all workers know it and have connected.

        Each worker opens the connections of its clients one after the other.
        """
        return self._lead_s

    @property
    def pinning(self) -> Pinning:
        """Where they run, once they are started."""
        return self._pinning

    @property
    def log_refused(self) -> None:
        """Each worker writes the log itself."""
        return

    @property
    def trouble(self) -> str:
        """There is nothing beside the workers."""
        return ""

    def news(self) -> list[str]:
        """Nothing but what `wait_for` tells."""
        return []

    def start(self, task: WorkerTask, kind: WorkerKind, indices: Sequence[int] = ()) -> None:
        """Start the workers with these indices, or all `task.workers`.

        `task` is the first one's; the others differ in index. Raises WorkersFailed if the system
        does not let it.
        """
        context = multiprocessing.get_context("forkserver")
        entry = _ENTRIES[kind]
        try:
            start_fork_server([entry[0], *(["groundlight"] if kind == "sdk" else [])])
            for index in indices or range(task.workers):
                own_task = dataclasses.replace(task, index=index)
                counts = context.RawArray("q", SLOTS * len(task.groups))
                ours, theirs = context.Pipe()
                process = context.Process(target=begin, args=(*entry, theirs, counts), daemon=True)
                with _without_main_module():
                    process.start()
                assert process.pid is not None
                self._pinning.pin(process.pid)
                theirs.close()
                self._members.append(Member(index, len(own_task.clients()), process, ours, counts))
                with contextlib.suppress(OSError):  # it has ended already, as `await_ready` sees
                    ours.send(own_task)
            if kind == "http":
                self._lead_s = lead_for_s(max(member.clients for member in self._members))
            self._pinning.confine_rest()
        except (OSError, EOFError) as error:
            raise WorkersFailed(
                f"worker {len(self._members)} of {task.workers} could not be started: "
                f"{str(error) or 'the process that starts the workers has ended'}"
            ) from error

    def await_ready(self) -> None:
        """Return when all are ready.

        Raises WorkersFailed if one is not, and Unreachable if one says that the endpoint is the
        cause.
        """
        waiting = {member.pipe: member for member in self._members}
        stood_still: set[int] = set()
        until_s = time.monotonic() + _READY_WITHIN_S
        while waiting:
            for pipe in wait(list(waiting), timeout=_LOOK_EVERY_S):
                assert isinstance(pipe, Pipe)
                _check_ready(waiting.pop(pipe))
                until_s = time.monotonic() + _READY_WITHIN_S  # the others may just be slow
            stopped = {member.index for member in waiting.values() if _is_stopped(member)}
            if twice := [m for m in waiting.values() if m.index in stopped & stood_still]:
                raise WorkersFailed(f"{_named(twice)} did not start: a signal has stopped it")
            stood_still = stopped
            if time.monotonic() > until_s:
                raise WorkersFailed(
                    f"{_named(list(waiting.values()))} did not become ready in {_READY_WITHIN_S:g} "
                    "s, for an unknown cause"
                )

    def begin(self, anchor: Anchor) -> None:
        """Let all begin: they send from the anchor's instant on."""
        self.tell("start", anchor)

    @property
    def running(self) -> bool:
        """Whether any of them has not ended yet, as far as `wait_for` has noticed."""
        return any(not member.over for member in self._members)

    def tell(self, *message: object) -> None:
        """Send a command to all that run; `worker` describes the commands."""
        for member in self._members:
            if not member.over:
                try:
                    member.pipe.send(message)
                except OSError:  # it has just ended
                    continue

    def counts(self) -> LiveCounts:
        """What all of them together have counted until now."""
        return self.group_counts()[0]

    def blocks(self) -> list[Any]:
        """The memory in which each of them counts."""
        return [member.counts for member in self._members]

    def group_counts(self) -> tuple[LiveCounts, tuple[LiveCounts, ...]]:
        """The same, and what they have counted for each camera group."""
        return read_group_counts(self.blocks())

    def efforts(self) -> tuple[Effort, ...]:
        """What each of them has last said about its CPU time."""
        return read_efforts(self.blocks())

    @property
    def dead(self) -> int:
        """How many have ended too early, as far as `wait_for` has noticed."""
        return sum(member.over and member.process.exitcode != 0 for member in self._members)

    def wait_for(self, timeout_s: float, stop: StopSignals | None = None) -> list[EndedWorker]:
        """Wait until a worker ends, a signal comes or the time is over; returns ended workers."""
        alive = {member.process.sentinel: member for member in self._members if not member.over}
        telling = {m.pipe: m for m in self._members if not (m.over or m.silent)}
        ended = []
        signals = [] if stop is None else [stop.fileno()]
        for ready in wait([*alive, *telling, *signals], timeout=timeout_s):
            if isinstance(ready, Pipe):
                self._hear(telling[ready])
            elif ready in alive:
                member = alive[ready]
                member.over = True
                member.process.join()
                process = member.process
                ended.append(
                    EndedWorker(
                        member.index, process.pid, member.clients, process.exitcode, member.killed
                    )
                )
            elif stop is not None:
                stop.clear()
        return ended

    def _hear(self, member: Member) -> None:
        """A worker says which models answer, or in a search that it is idle.

        A pipe also ends with its process.
        """
        try:
            word, said = member.pipe.recv()
        except (EOFError, ConnectionResetError):
            member.silent = True
            return
        if word == MODELS:
            self._models += said
        else:
            member.idle_since_step = said

    def models_told(self) -> list[ModelRecord]:
        """What the workers have told of the models that answer, since the last call."""
        told, self._models = self._models, []
        return told

    def idle_since(self, step: int) -> bool:
        """In a search: whether no worker has anything left to do for this trial."""
        return all(member.over or member.idle_since_step >= step for member in self._members)

    def kill(self) -> None:
        """Kill all that run."""
        for member in self._members:
            if not member.over:
                member.killed = True
                member.process.kill()

    def close(self) -> None:
        """End all workers, and let the rest of this program run on every core again."""
        for member in self._members:
            if member.process.is_alive():
                member.process.kill()
            member.process.join()
        self._pinning.restore()


def _check_ready(member: Member) -> None:
    """Read what a worker says first. Raises as `await_ready`."""
    try:
        word = member.pipe.recv()
    except (EOFError, ConnectionResetError):
        member.process.join(_LOOK_EVERY_S)
        word = CouldNotStart(_how_ended(member.process.exitcode))
    if isinstance(word, CouldNotStart):
        raise WorkersFailed(f"{_named([member])} could not start: {word.why}")
    if word != "ready":
        raise Unreachable(f"worker {member.index}: {word}")


def _how_ended(exit_code: int | None) -> str:
    """`killed by SIGKILL`, or with an exit code."""
    if exit_code is None:
        return "the process ended before the run began"
    if exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"


def _named(members: Sequence[Member]) -> str:
    """`worker 1 (process 4711)`, the first of several that have the same trouble."""
    first, more = members[0], len(members) - 1
    others = f" and {plural(more, 'other worker')}" if more else ""
    return f"worker {first.index} (process {first.process.pid}){others}"


def _is_stopped(member: Member) -> bool:
    """Whether a signal, for example SIGSTOP, keeps a process from running."""
    try:
        return bool(psutil.Process(member.process.pid).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


@contextlib.contextmanager
def _without_main_module() -> Iterator[None]:
    """While entered, a new process does not import the main module of this program once more.

    Our workers need nothing of it. It may be anybody's script that calls a load test at its top
    level, and each worker would then start another one. It also takes time.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
