"""One run whose steps somebody else decides as it goes: begins trials, ends them, lets them drain.

Workers and connections stay as they are between trials. Who decides calls `begin`, `pause` until it
knows enough, and `end`; the journal writes down every trial.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType

from edgeload.plan import RampStep
from edgeload.records import SearchRecord
from edgeload.run.abort_conditions import breached
from edgeload.run.counters import LiveCounts
from edgeload.run.journal import Journal, PreparedRun
from edgeload.run.phases import CUT_OFF_WITHIN_S, STOP_LEAD_S, Ending, RunOutcome
from edgeload.run.tasks import longest_frame_s
from edgeload.run.worker_processes import EndedWorker
from edgeload.settings import Settings
from edgeload.signals import StopSignals

TRIAL_LEAD_S = 0.7
"""From the decision about a trial to its start: clients connect half a second before."""
_TICK_S = 0.25
_GRACE_S = 3.0
_CUT_OFF = (Ending.CUT_OFF, Ending.LOG_REFUSED)


@dataclass(frozen=True)
class TrialProgress:
    """A search at one moment, for whoever shows it."""

    now_s: float
    """Run time in seconds."""
    step: RampStep
    """The trial that is under way."""
    counts: LiveCounts
    """Of this trial, over all workers."""
    draining: bool
    message: str | None = None
    """Something that has just happened, in words."""


class Halted(Exception):
    """The search cannot go on: `outcome` says why."""

    def __init__(self, outcome: RunOutcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Trials:
    """The workers and the log of a search. Use it as a context manager.

    Entering raises WorkersFailed or Unreachable if a worker cannot begin, Stopped if a signal comes
    before all can, and SettingError if the log cannot be written from the start. Leaving leaves no
    worker behind, and ends the log.
    """

    def __init__(
        self,
        prepared: PreparedRun,
        settings: Settings,
        search: SearchRecord,
        stop: StopSignals,
        show: Callable[[TrialProgress], None],
    ) -> None:
        self._prepared = prepared
        self._settings = settings
        self._search = search
        self._stop = stop
        self._show = show
        self._signals_before = stop.count
        self._abort_on = settings.abort_conditions()
        self._answer_s = longest_frame_s(prepared.task) + _GRACE_S
        self._workers = prepared.workers()
        self._journal: Journal
        self._step: RampStep | None = None
        self._before: LiveCounts
        self.outcome = RunOutcome(Ending.FINISHED, "the search came to its end")
        self.dead_workers = 0
        self._node_lost = ""

    def __enter__(self) -> Trials:
        with contextlib.ExitStack() as stack:
            stack.callback(self._workers.close)
            with self._stop.raised():
                self._workers.start(self._prepared.task, "trials")
                self._workers.await_ready()
            lead_s = self._workers.lead_s
            self._journal = Journal(
                self._prepared, self._settings, lead_s, self._search, self._workers.pinning
            )
            stack.callback(self._journal.close)
            self._workers.begin(self._journal.anchor)
            self._prepared.watch_box(self._journal.anchor, self._settings)
            self._on_leaving = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        with self._on_leaving:
            if isinstance(problem, Halted):
                self.outcome = problem.outcome
            cut_off = self.outcome.ending in _CUT_OFF or (problem and kind is not Halted)
            stopped_s = self.now_s()
            self._workers.tell("abort" if cut_off else "finish")
            grace_s = CUT_OFF_WITHIN_S if cut_off else _GRACE_S
            self._await(lambda: not self._workers.running, stopped_s + grace_s)
            self._prepared.end_of_load(finished=self.outcome.ending is Ending.FINISHED)
            wrong = self._journal.ends(
                self.now_s(),
                self._workers.counts(),
                stopped_s=stopped_s,
                interrupted=self.outcome.ending is not Ending.FINISHED,
                reason=self.outcome.reason,
            )
            if reason := self._journal.log_refused:
                reason = f"{reason}; {wrong}" if wrong else reason
                self.outcome = RunOutcome(Ending.LOG_REFUSED, reason)
            elif wrong and self._step is not None:
                self.say(wrong)
        return isinstance(problem, Halted)

    def now_s(self) -> float:
        """Run time in seconds."""
        return self._journal.now_s()

    def begin(self, step: RampStep) -> None:
        """Begin a trial, which starts at `step.start_s`, TRIAL_LEAD_S from now or later."""
        self._step = step
        self._before = self._workers.counts()
        self._journal.step_begins(step, self.now_s(), is_trial=True)
        self._workers.tell("step", step)

    def pause(self, until_s: float) -> None:
        """Wait until run time `until_s`.

        Raises Halted if a signal came, a condition of ABORT_ON is fulfilled or a node was lost.
        """
        if not self._signals:
            self._await(lambda: False, until_s)
        self._halt_without_log()
        if trouble := self._workers.trouble:
            raise Halted(RunOutcome(Ending.NODE_LOST, trouble))
        if self._node_lost and self._settings.on_node_loss == "abort":
            raise Halted(RunOutcome(Ending.NODE_LOST, self._node_lost))
        if self._signals:
            raise Halted(RunOutcome(Ending.SIGNAL, f"stopped by {self._stop.last}"))
        if self._step and (reason := breached(self._abort_on, self._counts())):
            raise Halted(RunOutcome(Ending.ABORT_CONDITION, reason))

    def end(self) -> RampStep:
        """End the trial now, wait for its answers, and return its step as long as it lasted.

        A trial that was stopped before it began lasts no time. Raises Halted if a further signal
        cuts the run off meanwhile.
        """
        assert self._step is not None
        step = self._step
        end_s = max(step.start_s, self.now_s() + STOP_LEAD_S)
        if end_s < step.end_s:
            step = replace(step, end_s=end_s)
            self._workers.tell("end_step", end_s)
        self._step = step
        idle_by_s = step.end_s + self._answer_s
        while not self._workers.idle_since(step.index) and self.now_s() < idle_by_s:
            if self._signals > 1:
                raise Halted(RunOutcome(Ending.CUT_OFF, f"cut off by a second {self._stop.last}"))
            self._halt_without_log()
            self._await(lambda: self._workers.idle_since(step.index), idle_by_s)
        if not self._workers.idle_since(step.index):
            self._workers.kill()
        return step

    def note(self, step: RampStep, verdict: str) -> None:
        """Write down that a trial is over, and what the search made of it."""
        self._journal.trial_ended(step, self.now_s(), verdict)
        self._step = None

    def say(self, message: str) -> None:
        """Show something that has just happened."""
        assert self._step is not None
        self._show(TrialProgress(self.now_s(), self._step, self._counts(), False, message))

    def _halt_without_log(self) -> None:
        if reason := self._journal.log_refused:
            raise Halted(RunOutcome(Ending.LOG_REFUSED, reason))

    @property
    def _signals(self) -> int:
        """Signals that have come since the search began: the second one cuts it off."""
        return self._stop.count - self._signals_before

    def _counts(self) -> LiveCounts:
        return self._workers.counts().since(self._before)

    def _await(self, over: Callable[[], bool], until_s: float) -> None:
        """Wait until something is over or an instant has come, a signal comes or a worker ends."""
        signals = self._stop.count
        while not over() and self._stop.count == signals and not self._journal.log_refused:
            now_s = self.now_s()
            for said in (self._journal.look(), *self._workers.news()):
                if said and self._step is not None:
                    self.say(said)
            if why := self._workers.log_refused:
                self._journal.refuse(why)
            if now_s >= until_s:
                return
            if self._step is not None:
                draining = now_s >= self._step.end_s
                self._show(TrialProgress(now_s, self._step, self._counts(), draining))
            for worker in self._workers.wait_for(min(_TICK_S, until_s - now_s), self._stop):
                self._note_end(worker)

    def _note_end(self, worker: EndedWorker) -> None:
        if worker.exit_code == 0:
            return
        self.dead_workers += 1
        self._journal.torn_line()
        if worker.log_refused is not None:
            self._journal.refuse(worker.log_refused)
            return
        if self.outcome.ending is Ending.CUT_OFF:
            return
        now_s = self.now_s()
        # Which clients a worker hosts depends on the trial: a plan without steps has none.
        clients = self._step.clients if self._step else 0
        hosted = range(worker.index, clients, self._prepared.task.workers)
        worker = replace(worker, clients=len(hosted))
        self._journal.worker_died(worker, now_s)
        if worker.lost:  # the workers' news say it of the whole node
            self._node_lost = f"node {worker.node} was lost: {worker.lost}"
        elif self._step is not None:
            self.say(worker.death_notice(now_s))
