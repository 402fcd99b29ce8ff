"""Starts the workers, follows the ramp, watches, stops. Writes the log's header, steps and end.

Driven through values and callbacks only, so that something other than a terminal may drive it.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from typing import Any

from edgeload.edge.location import Unreachable
from edgeload.plan import Plan
from edgeload.records import (
    FORMAT_VERSION,
    Anchor,
    End,
    Header,
    PlanRecord,
    RampStepStart,
    StepRecord,
    WallClock,
    WorkerDied,
)
from edgeload.run import counters
from edgeload.run.abort_conditions import breached
from edgeload.run.environment import generator_machine, package_versions
from edgeload.run.worker import WorkerTask
from edgeload.runlog import LogWriter, create_log
from edgeload.settings import Settings
from edgeload.signals import StopSignals

_LEAD_S = 0.75
"""From "start" to run time 0: every worker has heard, and the first connections are open."""
_READY_WITHIN_S = 60.0
_STOP_LEAD_S = 0.1
"""A stop takes effect this much later, at the same instant in every worker."""
_TICK_S = 0.25
_GRACE_S = 3.0
_ABORT_WITHIN_S = 1.0


@dataclass(frozen=True)
class Progress:
    """The run at one moment, for whoever shows it."""

    now_s: float
    step: int
    plan: Plan
    slots: list[int]
    """The workers' counters, added up (see `counters`)."""
    stopping: bool
    message: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How the run ended; what it measured is in the log."""

    interrupted: bool
    """By a signal: somebody stopped it."""
    aborted: bool
    """By a condition of the setting ABORT_ON."""
    cut_off: bool
    """Stopped at once, or before anything was sent: there is nothing ready to be shown."""
    reason: str


@dataclass
class _Member:
    """A worker process and what ties us to it."""

    index: int
    process: Any
    pipe: Pipe
    counts: Any
    over: bool = False


class Supervisor:
    """One run on this machine. `task` is the first worker's; the others differ by their index."""

    def __init__(
        self,
        task: WorkerTask,
        settings: Settings,
        endpoint: dict[str, Any],
        images: dict[str, Any],
        stop: StopSignals,
        show: Callable[[Progress], None],
    ) -> None:
        self._task = task
        self._plan = task.plan
        self._settings = settings
        self._endpoint = endpoint
        self._images = images
        self._stop = stop
        self._show = show
        self._abort_on = settings.abort_conditions()
        self._members: list[_Member] = []
        self._anchor: Anchor
        self._clock: WallClock
        self._log: LogWriter

    def run(self) -> Outcome:
        """Send the planned load. Raises Unreachable where no worker can begin, OSError from disk.

        Whatever happens, no worker is left behind.
        """
        create_log(self._task.log_file)
        self._log = LogWriter(self._task.log_file)
        try:
            self._start_workers()
            self._await_ready()
            if self._stop.count:
                return Outcome(True, False, True, f"{self._stop.last} before anything was sent")
            return self._follow()
        finally:
            for member in self._members:
                if member.process.is_alive():
                    member.process.kill()
                member.process.join()
            self._log.close(sync=True)

    # --- before the run ---

    def _start_workers(self) -> None:
        context = multiprocessing.get_context("forkserver")
        sdk = self._settings.client == "sdk"
        module = "edgeload.run.sdk_client" if sdk else "edgeload.run.worker"
        # Besides the worker's own module, what load_test.py imports at its top: each worker
        # imports that file once more as its main module, and finds it all there.
        light = [module, "edgeload.arguments", "edgeload.settings"]
        context.set_forkserver_preload([*light, *(["groundlight"] if sdk else [])])
        main = _import_entry(sdk=sdk)
        for index in range(self._task.workers):
            counts = context.RawArray("q", counters.SLOTS)
            ours, theirs = context.Pipe()
            process = context.Process(target=main, args=(theirs, counts), daemon=True)
            process.start()
            theirs.close()
            self._members.append(_Member(index, process, ours, counts))
            ours.send(dataclasses.replace(self._task, index=index))

    def _await_ready(self) -> None:
        waiting = {member.pipe: member for member in self._members}
        until_s = time.monotonic() + _READY_WITHIN_S
        while waiting and not self._stop.count:
            ready = wait(
                [*waiting, self._stop.fileno()], timeout=max(0.0, until_s - time.monotonic())
            )
            if not ready:
                raise Unreachable(f"{len(waiting)} workers were not ready in {_READY_WITHIN_S:g} s")
            for pipe in ready:
                if not isinstance(pipe, Pipe):
                    continue
                member = waiting.pop(pipe)
                try:
                    word = pipe.recv()
                except EOFError:
                    word = "it ended before the run began"
                if word != "ready":
                    raise Unreachable(f"worker {member.index}: {word}")

    def _begin(self) -> None:
        self._anchor = Anchor(time.time() + _LEAD_S, time.monotonic() + _LEAD_S)
        self._clock = WallClock(self._anchor)
        self._log.append([self._header()])
        for member in self._members:
            member.pipe.send(("start", self._anchor))

    def _header(self) -> Header:
        plan = self._plan
        steps = [StepRecord(step.clients, step.start_s, step.end_s) for step in plan.steps]
        return Header(
            format_version=FORMAT_VERSION,
            run_id=self._task.run_id,
            asctime=self._clock.asctime(self._anchor.wall_s),
            ts=self._anchor.wall_s,
            anchor=self._anchor,
            plan=PlanRecord(steps, plan.requests_per_second, plan.arrivals, plan.late, plan.seed),
            settings=self._settings.public(),
            endpoint=self._endpoint,
            workers=self._task.workers,
            machine=generator_machine(),
            versions=package_versions(),
            images=self._images,
            command=self._settings.command(),
        )

    # --- during the run ---

    def _now(self) -> float:
        return time.monotonic() - self._anchor.monotonic_s

    def _follow(self) -> Outcome:
        self._begin()
        step, signals, stopped_s = -1, 0, self._plan.duration_s
        step_slots, aborted = self._slots(), False
        reason = "the plan was carried out"
        last_s = self._plan.duration_s + self._settings.timeout + _GRACE_S
        while any(not member.over for member in self._members):
            now_s = self._now()
            while step + 1 < len(self._plan.steps) and now_s >= self._plan.steps[step + 1].start_s:
                step += 1
                step_slots = self._slots()
                if not signals and not aborted:
                    self._note_step(step, now_s)
            if self._stop.count > signals:
                signals = self._stop.count
                if signals + aborted == 1:
                    reason = f"stopped by {self._stop.last}"
                    stopped_s, last_s = self._stop_sending(now_s)
                else:
                    reason = f"cut off by a second {self._stop.last}"
                    self._tell(("abort",))
                    last_s = now_s + _ABORT_WITHIN_S
            if now_s > last_s:
                self._kill_rest()
            slots = self._slots()
            broken = breached(self._abort_on, counters.since(slots, step_slots))
            if broken and not signals and not aborted and now_s < stopped_s:
                aborted, reason = True, broken
                stopped_s, last_s = self._stop_sending(now_s)
                self._show(Progress(now_s, max(step, 0), self._plan, slots, True, broken))
            self._show(Progress(now_s, max(step, 0), self._plan, slots, signals > 0 or aborted))
            self._wait_a_tick(step, aborted=signals + aborted > 1)
        self._finish(stopped_s, signals > 0 or aborted, reason)
        return Outcome(signals > 0, aborted, signals + aborted > 1, reason)

    def _stop_sending(self, now_s: float) -> tuple[float, float]:
        """Nothing is sent from a moment on; run time of that, and of the end of all patience."""
        stopped_s = min(self._plan.duration_s, max(0.0, now_s) + _STOP_LEAD_S)
        self._tell(("stop", stopped_s))
        longest_s = self._plan.duration_s + self._settings.timeout + _GRACE_S
        return stopped_s, min(longest_s, stopped_s + self._settings.timeout + _GRACE_S)

    def _wait_a_tick(self, step: int, *, aborted: bool) -> None:
        """Until the next look, at most: a step's start, a signal, or a worker's end come first."""
        timeout_s = _TICK_S
        if step + 1 < len(self._plan.steps):
            timeout_s = min(timeout_s, max(0.0, self._plan.steps[step + 1].start_s - self._now()))
        alive = {member.process.sentinel: member for member in self._members if not member.over}
        for ready in wait([*alive, self._stop.fileno()], timeout=timeout_s):
            if ready in alive:
                self._note_end(alive[ready], aborted=aborted)
            else:
                self._stop.clear()

    def _note_step(self, step: int, now_s: float) -> None:
        ts = self._clock.ts(now_s)
        planned = self._plan.steps[step]
        self._log.append(
            [
                RampStepStart(
                    self._clock.asctime(ts),
                    ts,
                    step,
                    planned.clients,
                    planned.start_s,
                    round(now_s, 6),
                )
            ]
        )

    def _note_end(self, member: _Member, *, aborted: bool) -> None:
        """A worker process has ended: as it should, or not."""
        member.over = True
        member.process.join()
        code = member.process.exitcode
        if code == 0 or aborted:
            return
        now_s = self._now()
        ts = self._clock.ts(now_s)
        name = signal.Signals(-code).name if code < 0 else None
        clients = len(dataclasses.replace(self._task, index=member.index).clients())
        pid = member.process.pid
        self._log.append(
            [WorkerDied(self._clock.asctime(ts), ts, member.index, pid, now_s, code, name, clients)]
        )
        how = f"killed by {name}" if name else f"exit code {code}"
        message = (
            f"worker {member.index} (process {pid}, {clients} clients) died {now_s:.1f} s into "
            f"the run: {how}; what it had not sent counts as missed"
        )
        self._show(Progress(now_s, 0, self._plan, self._slots(), False, message))

    def _tell(self, message: tuple[Any, ...]) -> None:
        for member in self._members:
            if not member.over:
                try:
                    member.pipe.send(message)
                except OSError:  # it has just ended
                    continue

    def _kill_rest(self) -> None:
        for member in self._members:
            if not member.over:
                member.process.kill()

    def _slots(self) -> list[int]:
        return counters.total([member.counts for member in self._members])

    def _finish(self, stopped_s: float, stopped: bool, reason: str) -> None:
        now_s = self._now()
        ts = self._clock.ts(now_s)
        counted = counters.named(self._slots())
        asctime = self._clock.asctime(ts)
        self._log.append([End(asctime, ts, now_s, stopped_s, stopped, reason, counted)])


def _import_entry(*, sdk: bool) -> Callable[[Any, Any], None]:
    """The worker's entry; that of the SDK is imported only where it is wanted."""
    if sdk:
        from edgeload.run.sdk_client import sdk_worker_main  # noqa: PLC0415

        return sdk_worker_main
    from edgeload.run.worker import worker_main  # noqa: PLC0415

    return worker_main
