"""Starts the workers, follows the ramp, watches and stops. Writes the log's header, steps and end.

Which phase follows which event is decided in `phases`; this module acts. It is driven by values
and callbacks only, so it does not depend on a terminal.
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
from edgeload.plain_words import plural
from edgeload.plan import Plan
from edgeload.records import (
    LOG_FORMAT_VERSION,
    Anchor,
    End,
    Header,
    PlanRecord,
    RampStepStart,
    StepRecord,
    WallClock,
    WorkerDied,
)
from edgeload.run.abort_conditions import breached
from edgeload.run.counters import SLOTS, LiveCounts, read_counts
from edgeload.run.environment import generator_machine, package_versions
from edgeload.run.phases import Ending, Phase, RunOutcome, RunState, sending
from edgeload.run.worker import WorkerTask
from edgeload.runlog import LogWriter, create_log
from edgeload.settings import Settings
from edgeload.signals import StopSignals

_LEAD_S = 0.75
"""From the start command to run time 0, so that all workers know it and have connected."""
_READY_WITHIN_S = 60.0
_TICK_S = 0.25


@dataclass(frozen=True)
class RunProgress:
    """The run at one moment, for whoever shows it."""

    now_s: float
    """Run time in seconds; negative before the first step."""
    step: int
    """Index of the ramp step, from 0."""
    plan: Plan
    counts: LiveCounts
    """Of all workers, since the start of the run."""
    stopping: bool
    """Whether the run has been stopped before the end of its plan."""
    message: str | None = None
    """Something that has just happened, in words; then the other fields are not to be shown."""


@dataclass
class _Member:
    """A worker process, our end of its pipe, and its shared counters."""

    index: int
    process: Any
    pipe: Pipe
    counts: Any
    over: bool = False


class Supervisor:
    """One run on this machine. `task` is that of the first worker; others differ in the index."""

    def __init__(
        self,
        task: WorkerTask,
        settings: Settings,
        endpoint: dict[str, Any],
        images: dict[str, Any],
        stop: StopSignals,
        show: Callable[[RunProgress], None],
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
        self._state: RunState

    def run(self) -> RunOutcome:
        """Send the planned load. Afterwards no worker process is left, whatever happened.

        Raises Unreachable if a worker cannot begin, and OSError if the log cannot be written.
        """
        create_log(self._task.log_file)
        self._log = LogWriter(self._task.log_file)
        try:
            self._start_workers()
            self._await_ready()
            if self._stop.count:
                reason = f"stopped by {self._stop.last} before anything was sent"
                return RunOutcome(Ending.NOTHING_SENT, reason)
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
        # Besides the worker's own module, preload what load_test.py imports at its top, because
        # each worker imports that file again as its main module.
        light = [module, "edgeload.arguments", "edgeload.settings"]
        context.set_forkserver_preload([*light, *(["groundlight"] if sdk else [])])
        main = _import_entry(sdk=sdk)
        for index in range(self._task.workers):
            counts = context.RawArray("q", SLOTS)
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
                workers = plural(len(waiting), "worker process")
                raise Unreachable(f"{workers} did not become ready in {_READY_WITHIN_S:g} s")
            for pipe in ready:
                if not isinstance(pipe, Pipe):
                    continue
                member = waiting.pop(pipe)
                try:
                    word = pipe.recv()
                except EOFError:
                    word = "the process ended before the run began"
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
            format_version=LOG_FORMAT_VERSION,
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

    def _follow(self) -> RunOutcome:
        """Let time, signals and conditions drive the run until every worker has ended."""
        self._state = sending(self._plan.duration_s, self._settings.timeout)
        self._begin()
        step, signals = -1, 0
        at_step_start = self._counts()
        while any(not member.over for member in self._members):
            now_s = self._now()
            while step + 1 < len(self._plan.steps) and now_s >= self._plan.steps[step + 1].start_s:
                step += 1
                at_step_start = self._counts()
                if self._state.phase is Phase.SENDING:
                    self._note_step(step, now_s)
            while signals < self._stop.count:
                signals += 1
                self._enter(self._state.after_signal(self._stop.last, now_s))
            if now_s > self._state.kill_after_s:
                self._kill_rest()
            counts = self._counts()
            if broken := breached(self._abort_on, counts.since(at_step_start)):
                self._abort(broken, now_s, max(step, 0), counts)
            self._show(RunProgress(now_s, max(step, 0), self._plan, counts, self._stopping))
            self._wait_a_tick(step)
        self._finish()
        return self._state.outcome

    @property
    def _stopping(self) -> bool:
        return self._state.phase is not Phase.SENDING

    def _enter(self, state: RunState) -> None:
        """Tell the workers what the new phase asks of them."""
        if state.phase is not self._state.phase:
            draining = state.phase is Phase.DRAINING
            self._tell(("stop", state.sends_until_s) if draining else ("abort",))
        self._state = state

    def _abort(self, reason: str, now_s: float, step: int, counts: LiveCounts) -> None:
        """A condition of ABORT_ON is fulfilled: stop if that still matters, and say why."""
        state = self._state.after_breach(reason, now_s)
        if state is not self._state:
            self._enter(state)
            self._show(RunProgress(now_s, step, self._plan, counts, True, reason))

    def _wait_a_tick(self, step: int) -> None:
        """Wait for a step's start, a signal or a worker's end, but no longer than one tick."""
        timeout_s = _TICK_S
        if step + 1 < len(self._plan.steps):
            timeout_s = min(timeout_s, max(0.0, self._plan.steps[step + 1].start_s - self._now()))
        alive = {member.process.sentinel: member for member in self._members if not member.over}
        for ready in wait([*alive, self._stop.fileno()], timeout=timeout_s):
            if ready in alive:
                self._note_end(alive[ready])
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

    def _note_end(self, member: _Member) -> None:
        """A worker process has ended; record and show it if it should not have."""
        member.over = True
        member.process.join()
        code = member.process.exitcode
        if code == 0 or self._state.phase is Phase.CUT_OFF:
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
            f"worker {member.index} (process {pid}, {plural(clients, 'client')}) died "
            f"{now_s:.1f} s into the run: {how}; its unsent requests count as missed"
        )
        self._show(RunProgress(now_s, 0, self._plan, self._counts(), False, message))

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

    def _counts(self) -> LiveCounts:
        return read_counts([member.counts for member in self._members])

    def _finish(self) -> None:
        now_s, state = self._now(), self._state
        ts = self._clock.ts(now_s)
        self._log.append(
            [
                End(
                    asctime=self._clock.asctime(ts),
                    ts=ts,
                    at_s=now_s,
                    stopped_s=state.sends_until_s,
                    interrupted=self._stopping,
                    reason=state.outcome.reason,
                    counted=self._counts().plain(),
                )
            ]
        )


def _import_entry(*, sdk: bool) -> Callable[[Any, Any], None]:
    """The entry of a worker process; that of the SDK is imported only if it is used."""
    if sdk:
        from edgeload.run.sdk_client import sdk_worker_main  # noqa: PLC0415

        return sdk_worker_main
    from edgeload.run.worker import worker_main  # noqa: PLC0415

    return worker_main
