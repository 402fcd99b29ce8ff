"""Carries out a search for the capacity: trial after trial, until the strategy is content.

What is tried next is decided in `strategy`, how long it takes in `looks`, and what it showed in
`judging`; this module acts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeload.objectives import Tier
from edgeload.plan import LEAST_CUT_S, Plan, RampStep, least_step_s
from edgeload.read.analysis.trials import trial_of, trial_verdict
from edgeload.read.log.live_log import LiveLog
from edgeload.read.statistics.boundary import Trial, TrialVerdict
from edgeload.records import BROKE_FOR_GOOD, BROKEN_TRIAL, REPEATED_TRIAL, SearchRecord
from edgeload.run.phases import Ending, RunOutcome
from edgeload.run.trials import TRIAL_LEAD_S, Halted, Trials
from edgeload.search.judging import Judged, judge_trial, look, looks_of
from edgeload.search.looks import Look, decided, look_times
from edgeload.search.strategy import NextTrial, SearchOptions
from edgeload.search.turns import AxisTrials, SearchTurn, next_turn
from edgeload.search_axis import SearchAxis, axes_of

_SETTLE_S = 0.15
"""After this, all that ended by an instant is in the log: workers write every 50 ms."""


@dataclass(frozen=True)
class SearchSetup:
    """What a search is about.

    `plan` has no steps. A search for headroom has an axis for each group, one after the other.
    """

    plan: Plan
    axis: SearchAxis
    record: SearchRecord
    tiers: tuple[Tier, ...]
    warm_up_s: float | None
    """The setting; None: 2 s."""

    @property
    def axes(self) -> tuple[SearchAxis, ...]:
        """What is searched, one after the other."""
        return axes_of(self.record, self.plan)

    def base_of(self, axis: SearchAxis) -> int | None:
        """The load of an axis at the base load of a search for headroom; None in other searches."""
        return axis.base_load(self.plan) if self.record.over == "headroom" else None


@dataclass(frozen=True)
class SearchState:
    """A search between two trials or within one, for whoever shows it."""

    trials: tuple[Trial, ...]
    """Those of the axis and the tier that are looked for."""
    asked: NextTrial
    tier: str
    step: RampStep
    axis: SearchAxis | None = None
    """None: the only one of the search."""
    before: TrialVerdict | None = None
    """The verdict of the trial before, for the tier that it was for; None: it did not count."""


def least_trial_s(plan: Plan, warm_up_s: float | None, speed: float = 1.0) -> float:
    """How long a trial must be at least to show anything; `warm_up_s` is the setting."""
    slowest_s = max(group.times_as_fast(speed).period_s for group in plan.groups)
    return least_step_s(LEAST_CUT_S if warm_up_s is None else warm_up_s, slowest_s)


def _shortest_s(asked: NextTrial, verdict: TrialVerdict) -> float:
    """How long a trial lasts at least, if that is its verdict."""
    return asked.shortest_s if verdict == "fail" else max(asked.shortest_s, asked.proof_s)


class Search:
    """One search for the capacity."""

    def __init__(
        self,
        trials: Trials,
        live: LiveLog,
        setup: SearchSetup,
        recovers: Callable[[], bool],
        show: Callable[[SearchState], None],
    ) -> None:
        """`recovers` waits until an endpoint that broke is ready again; False: it is not.

        `show` is called when a trial begins.
        """
        self._trials = trials
        self._live = live
        self._setup = setup
        self._recovers = recovers
        self._show = show
        self._lines = [
            AxisTrials(axis, tuple([] for _ in setup.tiers), setup.base_of(axis))
            for axis in setup.axes
        ]
        self._index = 0
        self._before: TrialVerdict | None = None
        self._broke_at: set[tuple[str | None, int]] = set()
        self._invalid_at: set[tuple[str | None, int]] = set()
        record = setup.record
        self._options = SearchOptions(
            least_s=self._least_s(1.0),
            start=record.start,
            resolution=record.resolution,
            most=record.most,
        )

    @property
    def last_verdict(self) -> TrialVerdict | None:
        """That of the last trial, for the tier that it was for; None: it did not count."""
        return self._before

    def run(self) -> None:
        """Search until the boundary of every tier is known on every axis, or no more can be told.

        Raises Halted if the run was stopped, or if the endpoint broke for good.
        """
        budget_s = self._setup.record.budget_s
        while turn := next_turn(self._lines, self._options, budget_s, self._trials.now_s()):
            self._try(turn)

    def _least_s(self, speed: float) -> float:
        return least_trial_s(self._setup.plan, self._setup.warm_up_s, speed)

    def _try(self, turn: SearchTurn) -> None:
        """One trial: begin it, look until it is decided, end it, and let it drain."""
        step = self._begin(turn)
        halted: Halted | None = None
        try:
            self._look_until_decided(turn, step)
        except Halted as stopped:
            halted = stopped
        step = self._trials.end()
        if halted is not None and not step.duration_s:
            self._trials.note(step, "undecided")  # it had not begun: there is nothing to judge
            raise halted
        found = self._judged(step)
        if halted is not None:
            self._count(turn, step, found)
            raise halted
        if found.broken and not self._recovered(turn, step, found):
            raise Halted(RunOutcome(Ending.FINISHED, BROKE_FOR_GOOD))
        if found.broken:
            return
        if self._may_repeat(turn, found):
            self._trials.say("our own machine was the limit; trying this load once more")
            self._trials.note(step, REPEATED_TRIAL)
        else:
            self._count(turn, step, found)

    def _may_repeat(self, turn: SearchTurn, found: Judged) -> bool:
        """An INVALID trial may be the fault of a moment: each load has a second chance."""
        load = turn.line.axis.group, turn.asked.load
        invalid = trial_verdict(found.steps[0]) == "invalid" and not self._trials.dead_workers
        again = load in self._invalid_at
        if invalid:
            self._invalid_at.add(load)
        return invalid and not again

    def _begin(self, turn: SearchTurn) -> RampStep:
        setup, asked, axis = self._setup, turn.asked, turn.line.axis
        start_s = self._trials.now_s() + TRIAL_LEAD_S
        draft = axis.step(setup.plan, asked.load, self._index, start_s, start_s)
        longest_s = max(asked.longest_s, self._least_s(draft.speed))
        step = axis.step(setup.plan, asked.load, self._index, start_s, start_s + longest_s)
        self._index += 1
        self._live.new_trial()
        self._trials.begin(step)
        known, tier = tuple(turn.line.done[turn.tier]), setup.tiers[turn.tier].name
        self._show(SearchState(known, asked, tier, step, axis, self._before))
        self._before = None
        return step

    def _look_until_decided(self, turn: SearchTurn, step: RampStep) -> None:
        looks: list[Look] = []
        longest_s = step.duration_s
        for at_s in look_times(self._least_s(step.speed), longest_s):
            self._trials.pause(step.start_s + at_s + _SETTLE_S)
            seen_s = step.start_s + at_s
            found = look(self._live.at(step, seen_s), step, seen_s, self._setup.tiers)
            looks.append(looks_of(found, at_s)[turn.tier])
            verdict = decided(looks, last=at_s >= longest_s)
            if verdict is not None and (at_s >= _shortest_s(turn.asked, verdict) or found.broken):
                return

    def _judged(self, step: RampStep) -> Judged:
        return judge_trial(self._live.at(step, self._trials.now_s()), step, self._setup.tiers)

    def _count(self, turn: SearchTurn, step: RampStep, found: Judged) -> None:
        """Take a trial that is over into account, for every tier and every axis that it is on."""
        plan = self._setup.plan
        seconds = self._trials.now_s() - step.start_s + TRIAL_LEAD_S
        for line in self._lines:
            if line.axis.has(plan, step):
                load = line.axis.load_of(plan, step)
                for done, each in zip(line.done, found.steps, strict=True):
                    done.append(trial_of(each, load, seconds, trial_verdict(each)))
        self._before = trial_verdict(found.steps[turn.tier])
        self._trials.note(step, trial_verdict(found.steps[0]))

    def _recovered(self, turn: SearchTurn, step: RampStep, found: Judged) -> bool:
        """The endpoint broke: give it time. A load at which it breaks twice has failed."""
        load = turn.line.axis.group, turn.asked.load
        again = load in self._broke_at
        self._broke_at.add(load)
        self._trials.say("the endpoint broke; waiting until it is ready again")
        recovered = self._recovers()
        if again or not recovered:
            self._count(turn, step, found)
        else:
            self._trials.note(step, BROKEN_TRIAL)
        return recovered
