"""Follows one run from its start to its end, and lets the journal write down what happens.

Which phase follows which event is decided in `phases`; this module acts. It is driven by values
and callbacks only, so it does not depend on a terminal.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from edgeload.plan import Plan
from edgeload.run.abort_conditions import breached
from edgeload.run.box_watch import BoxFigures
from edgeload.run.counters import Effort, LiveCounts
from edgeload.run.journal import Journal, PreparedRun
from edgeload.run.phases import Ending, Phase, RunOutcome, RunState, sending
from edgeload.run.rollouts_seen import RolloutsSeen
from edgeload.run.tasks import longest_frame_s
from edgeload.run.worker_processes import EndedWorker
from edgeload.settings import Settings
from edgeload.signals import StopSignals

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
    efforts: tuple[Effort, ...] = ()
    """What each worker has last said about its CPU time."""
    dead_workers: int = 0
    """Workers that have ended too early."""
    box: BoxFigures | None = None
    """How busy the box is, if it says so."""


class Supervisor:
    """One run on this machine."""

    def __init__(
        self,
        prepared: PreparedRun,
        settings: Settings,
        stop: StopSignals,
        show: Callable[[RunProgress], None],
    ) -> None:
        self._prepared = prepared
        self._task = prepared.task
        self._plan = prepared.task.plan
        self._settings = settings
        self._stop = stop
        self._show = show
        self._abort_on = settings.abort_conditions()
        self._rollouts = RolloutsSeen()
        self._workers = prepared.workers()
        self._state = sending(self._plan.duration_s, longest_frame_s(self._task))
        self._step = -1
        self._journal: Journal

    def run(self) -> RunOutcome:
        """Send the planned load. Afterwards no worker process is left, whatever happened.

        Raises WorkersFailed or Unreachable if a worker cannot begin, Stopped if a signal comes
        before all can, and SettingError if the log cannot be written from the start.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(self._workers.close)
            with self._stop.raised():
                self._workers.start(self._task, self._settings.client)
                self._workers.await_ready()
            # not before: until now nothing is overwritten
            self._journal = Journal(
                self._prepared,
                self._settings,
                self._workers.lead_s,
                pinning=self._workers.pinning,
            )
            stack.callback(self._journal.close)
            self._workers.begin(self._journal.anchor)
            self._prepared.watch_box(self._journal.anchor, self._settings)
            self._follow()
            self._finish()
            return self._state.outcome

    def _follow(self) -> None:
        """Let time, signals and conditions drive the run until every worker has ended."""
        signals = 0
        at_step_start = self._workers.counts()
        while self._workers.running:
            now_s = self._journal.now_s()
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
            self._follow_models(now_s, counts)
            for said in (self._journal.look(), *self._workers.news()):
                if said:
                    self._tell_viewer(now_s, counts, said)
            self._tell_viewer(now_s, counts, by_group=by_group)
            self._stop_without_log(now_s)
            if why := self._workers.trouble:
                self._stop_in_trouble(why, now_s, counts)
            timeout_s = min(_TICK_S, max(0.0, self._next_step_s() - self._journal.now_s()))
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

    def _follow_models(self, now_s: float, counts: LiveCounts) -> None:
        """Say which models have changed; a run that waits for that ends when it has seen enough."""
        for said in self._rollouts.take(self._workers.models_told()):
            self._tell_viewer(now_s, counts, said)
        wanted = self._settings.until_rollouts
        if wanted is not None and self._rollouts.enough(wanted, now_s):
            self._enter(self._state.after_rollouts(now_s))

    def _stop_without_log(self, now_s: float) -> None:
        """If the log can no longer be written, nothing more is measured."""
        if why := self._workers.log_refused:
            self._journal.refuse(why)
        if reason := self._journal.log_refused:
            self._enter(self._state.after_log_refused(reason, now_s))

    def _stop_in_trouble(self, why: str, now_s: float, counts: LiveCounts) -> None:
        """Something other than a worker keeps the run from going on: if it still sends, stop it."""
        state = self._state.after_node_lost(why, now_s)
        if state is not self._state:
            self._enter(state)
            self._tell_viewer(now_s, counts, f"the run ends early: {why}")

    def _tell_viewer(
        self,
        now_s: float,
        counts: LiveCounts,
        message: str | None = None,
        by_group: tuple[LiveCounts, ...] = (),
    ) -> None:
        stopping, step = self._state.phase is not Phase.SENDING, max(self._step, 0)
        self._show(
            RunProgress(
                now_s,
                step,
                self._plan,
                counts,
                stopping,
                message,
                by_group,
                self._workers.efforts(),
                self._workers.dead,
                None if self._prepared.box is None else self._prepared.box.look(),
            )
        )

    def _note_step(self, now_s: float) -> None:
        """Record that a ramp step has begun, unless the run is being stopped."""
        if self._state.phase is Phase.SENDING:
            self._journal.step_begins(self._plan.steps[self._step], now_s)

    def _note_end(self, worker: EndedWorker) -> None:
        """Record and show the end of a worker process, if it should not have ended."""
        if worker.exit_code == 0:
            return
        self._journal.torn_line()
        self._rollouts.forget(worker.index)
        if worker.log_refused is not None:
            self._journal.refuse(worker.log_refused)
            return
        if self._state.phase is Phase.CUT_OFF:
            return
        now_s = self._journal.now_s()
        self._journal.worker_died(worker, now_s)
        if worker.lost:  # the workers' news say it of the whole node
            reason = f"node {worker.node} was lost: {worker.lost}"
            if self._settings.on_node_loss == "abort":
                self._enter(self._state.after_node_lost(reason, now_s))
            return
        self._tell_viewer(now_s, self._workers.counts(), worker.death_notice(now_s))

    def _finish(self) -> None:
        for said in self._workers.news():
            self._tell_viewer(self._journal.now_s(), self._workers.counts(), said)
        self._stop_without_log(self._journal.now_s())
        state = self._state
        as_wanted = state.outcome.ending in (Ending.FINISHED, Ending.ROLLOUTS_SEEN)
        self._prepared.end_of_load(finished=as_wanted)
        problem = self._journal.ends(
            self._journal.now_s(),
            self._workers.counts(),
            stopped_s=state.sends_until_s,
            interrupted=state.phase is not Phase.SENDING,
            reason=state.outcome.reason,
        )
        if problem and state.outcome.ending is Ending.LOG_REFUSED:
            outcome = replace(state.outcome, reason=f"{state.outcome.reason}; {problem}")
            self._state = replace(state, outcome=outcome)
        elif problem:
            self._tell_viewer(self._journal.now_s(), self._workers.counts(), problem)
