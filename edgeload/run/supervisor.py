"""Follows one run from its start to its end, and writes the log's header, steps and last line.

Which phase follows which event is decided in `phases`; this module acts. It is driven by values
and callbacks only, so it does not depend on a terminal.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from edgeload.plan import Plan
from edgeload.records import (
    LOG_FORMAT_VERSION,
    Anchor,
    AskedAlone,
    End,
    GroupRecord,
    Header,
    Preflight,
    RampStepStart,
    WallClock,
    WorkerDied,
)
from edgeload.run.abort_conditions import breached
from edgeload.run.answers_alone import AnswersAlone
from edgeload.run.counters import LiveCounts
from edgeload.run.environment import generator_machine, package_versions
from edgeload.run.phases import Phase, RunOutcome, RunState, sending
from edgeload.run.plan_record import plan_record
from edgeload.run.preflight_rules import PreflightQuery
from edgeload.run.tasks import WorkerTask, longest_frame_s
from edgeload.run.worker_processes import EndedWorker, WorkerProcesses
from edgeload.runlog import LogWriter, create_log
from edgeload.settings import Settings
from edgeload.signals import StopSignals

_LEAD_S = 0.75
"""From the start command to run time 0, so that all workers know it and have connected."""
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
    """Something that has just happened, in words; then show nothing else of this value."""
    by_group: tuple[LiveCounts, ...] = ()
    """The counts of each camera group of the plan."""


class Supervisor:
    """One run on this machine. `task` is that of the first worker; others differ in the index."""

    def __init__(
        self,
        task: WorkerTask,
        settings: Settings,
        endpoint: dict[str, Any],
        groups: Sequence[GroupRecord],
        stop: StopSignals,
        show: Callable[[RunProgress], None],
        preflight: Sequence[PreflightQuery] = (),
        alone: Sequence[AnswersAlone] = (),
    ) -> None:
        self._preflight = preflight
        self._alone = alone
        self._task = task
        self._plan = task.plan
        self._settings = settings
        self._endpoint = endpoint
        self._groups = list(groups)
        self._stop = stop
        self._show = show
        self._abort_on = settings.abort_conditions()
        self._workers = WorkerProcesses()
        self._state = sending(task.plan.duration_s, longest_frame_s(task))
        self._step = -1
        self._anchor: Anchor
        self._clock: WallClock
        self._log: LogWriter

    def run(self) -> RunOutcome:
        """Send the planned load. Afterwards no worker process is left, whatever happened.

        Raises Unreachable if a worker cannot begin, Stopped if a signal comes before all can, and
        OSError if the log cannot be written.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(self._workers.close)
            with self._stop.raised():
                self._workers.start(self._task, sdk=self._settings.client == "sdk")
                self._workers.await_ready()
            create_log(self._task.log_file)  # not before: until now nothing is overwritten
            self._log = LogWriter(self._task.log_file)
            stack.callback(self._log.close, sync=True)
            self._begin()
            self._follow()
            self._finish()
            return self._state.outcome

    def _begin(self) -> None:
        self._anchor = Anchor(time.time() + _LEAD_S, time.monotonic() + _LEAD_S)
        self._clock = WallClock(self._anchor)
        before = [*map(self._preflight_record, self._preflight), *map(self._asked, self._alone)]
        self._log.append([self._header(), *before])
        self._workers.tell("start", self._anchor)

    def _header(self) -> Header:
        plan = self._plan
        return Header(
            format_version=LOG_FORMAT_VERSION,
            run_id=self._task.run_id,
            asctime=self._clock.asctime(self._anchor.wall_s),
            ts=self._anchor.wall_s,
            anchor=self._anchor,
            plan=plan_record(plan, self._groups),
            settings=self._settings.public(),
            endpoint=self._endpoint,
            workers=self._task.workers,
            machine=generator_machine(),
            versions=package_versions(),
            images={} if plan.is_mix else self._groups[0].images,
            command=self._settings.command(),
        )

    def _preflight_record(self, query: PreflightQuery) -> Preflight:
        sent_s, done_s = (
            round(at_s - self._anchor.monotonic_s, 6) for at_s in (query.sent_s, query.done_s)
        )
        result = query.result
        return Preflight(
            ts=self._clock.ts(done_s),
            number=query.number,
            sent_s=sent_s,
            done_s=done_s,
            status=query.status,
            outcome=result.outcome,
            from_edge=result.from_edge,
            error=result.error,
            detector_id=query.detector_id,
        )

    def _asked(self, alone: AnswersAlone) -> AskedAlone:
        start_s, end_s = (
            round(at_s - self._anchor.monotonic_s, 6) for at_s in (alone.start_s, alone.end_s)
        )
        return AskedAlone(
            ts=self._clock.ts(end_s),
            group=alone.group,
            detector_id=alone.detector_id,
            pictures=len(alone.expected),
            unstable=alone.unstable,
            answers=alone.counts,
            models=alone.models,
            start_s=start_s,
            end_s=end_s,
        )

    def _now(self) -> float:
        return time.monotonic() - self._anchor.monotonic_s

    def _follow(self) -> None:
        """Let time, signals and conditions drive the run until every worker has ended."""
        signals = 0
        at_step_start = self._workers.counts()
        while self._workers.running:
            now_s = self._now()
            while now_s >= self._next_step_s():
                self._step += 1
                at_step_start = self._workers.counts()
                self._note_step(now_s)
            while signals < self._stop.count:
                signals += 1
                self._enter(self._state.after_signal(self._stop.last, now_s))
            if now_s > self._state.kill_after_s:
                self._workers.kill()
            counts, by_group = self._workers.group_counts()
            if reason := breached(self._abort_on, counts.since(at_step_start)):
                self._abort(reason, now_s, counts)
            self._tell_viewer(now_s, counts, by_group=by_group)
            timeout_s = min(_TICK_S, max(0.0, self._next_step_s() - self._now()))
            for worker in self._workers.wait_for(timeout_s, self._stop):
                self._note_end(worker)

    def _next_step_s(self) -> float:
        """Run time at which the next ramp step begins; infinite in the last one."""
        following = self._plan.steps[self._step + 1 :]
        return following[0].start_s if following else float("inf")

    def _enter(self, state: RunState) -> None:
        """Change to a state, and tell the workers what a new phase asks of them."""
        if state.phase is not self._state.phase:
            if state.phase is Phase.DRAINING:
                self._workers.tell("stop", state.sends_until_s)
            else:
                self._workers.tell("abort")
        self._state = state

    def _abort(self, reason: str, now_s: float, counts: LiveCounts) -> None:
        """A condition of ABORT_ON is fulfilled: if the run still sends, stop it and say why."""
        state = self._state.after_breach(reason, now_s)
        if state is not self._state:
            self._enter(state)
            self._tell_viewer(now_s, counts, reason)

    def _tell_viewer(
        self,
        now_s: float,
        counts: LiveCounts,
        message: str | None = None,
        by_group: tuple[LiveCounts, ...] = (),
    ) -> None:
        stopping, step = self._state.phase is not Phase.SENDING, max(self._step, 0)
        self._show(RunProgress(now_s, step, self._plan, counts, stopping, message, by_group))

    def _note_step(self, now_s: float) -> None:
        """Record that a ramp step has begun, unless the run is being stopped."""
        if self._state.phase is not Phase.SENDING:
            return
        ts = self._clock.ts(now_s)
        planned = self._plan.steps[self._step]
        start = RampStepStart(
            asctime=self._clock.asctime(ts),
            ts=ts,
            step=self._step,
            clients=planned.clients,
            start_s=planned.start_s,
            at_s=round(now_s, 6),
        )
        self._log.append([start])

    def _note_end(self, worker: EndedWorker) -> None:
        """Record and show the end of a worker process, if it should not have ended."""
        if worker.exit_code == 0:
            return
        self._log.end_torn_line()
        if self._state.phase is Phase.CUT_OFF:
            return
        now_s = self._now()
        ts = self._clock.ts(now_s)
        death = WorkerDied(
            asctime=self._clock.asctime(ts),
            ts=ts,
            worker=worker.index,
            pid=worker.pid,
            at_s=now_s,
            exit_code=worker.exit_code,
            signal=worker.signal,
            clients=worker.clients,
        )
        self._log.append([death])
        self._tell_viewer(now_s, self._workers.counts(), worker.death_notice(now_s))

    def _finish(self) -> None:
        now_s, state = self._now(), self._state
        ts = self._clock.ts(now_s)
        end = End(
            asctime=self._clock.asctime(ts),
            ts=ts,
            at_s=now_s,
            stopped_s=state.sends_until_s,
            interrupted=state.phase is not Phase.SENDING,
            reason=state.outcome.reason,
            counted=self._workers.counts().plain(),
        )
        self._log.append([end])
