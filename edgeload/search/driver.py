"""Carries out a search for the capacity: trial after trial, until the strategy is content.

What is tried next is decided in `strategy`, how long it takes in `looks`, and what it showed in
`judging`; this module acts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from edgeload.objectives import Tier
from edgeload.plan import LEAST_CUT_S, Plan, RampStep, least_step_s
from edgeload.read.analysis.trials import trial_of, trial_verdict
from edgeload.read.statistics.boundary import Trial
from edgeload.records import BROKE_FOR_GOOD, BROKEN_TRIAL, REPEATED_TRIAL, SearchRecord
from edgeload.run.phases import Ending, RunOutcome
from edgeload.run.trials import TRIAL_LEAD_S, Halted, Trials
from edgeload.search.judging import Judged, judge_trial, look, looks_of
from edgeload.search.live_log import LiveLog
from edgeload.search.looks import Look, decided, look_times
from edgeload.search.strategy import Decision, NextTrial, SearchOptions, next_trial
from edgeload.search_axis import SearchAxis

_SETTLE_S = 0.15
"""After this, all that ended by an instant is in the log: workers write every 50 ms."""


@dataclass(frozen=True)
class SearchSetup:
    """What a search is about."""

    plan: Plan
    """Without steps."""
    axis: SearchAxis
    record: SearchRecord
    tiers: tuple[Tier, ...]
    warm_up_s: float | None
    """The setting; None: 2 s."""


@dataclass(frozen=True)
class SearchState:
    """A search between two trials or within one, for whoever shows it."""

    trials: tuple[Trial, ...]
    """Those of the tier that is looked for."""
    asked: NextTrial
    tier: str
    step: RampStep


def least_trial_s(plan: Plan, warm_up_s: float | None, speed: float = 1.0) -> float:
    """How long a trial must be at least to show anything; `warm_up_s` is the setting."""
    slowest_s = max(group.times_as_fast(speed).period_s for group in plan.groups)
    return least_step_s(LEAST_CUT_S if warm_up_s is None else warm_up_s, slowest_s)


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
        self._done: list[list[Trial]] = [[] for _ in setup.tiers]
        self._index = 0
        self._broke_at: set[int] = set()
        self._invalid_at: set[int] = set()
        record = setup.record
        self._options = SearchOptions(
            least_s=self._least_s(1.0),
            start=record.start,
            resolution=record.resolution,
            most=record.most,
        )

    def run(self) -> None:
        """Search until the capacity of every tier is known, or no more can be told.

        Raises Halted if the run was stopped, or if the endpoint broke for good.
        """
        while True:
            found = self._next()
            if found is None:
                return
            self._try(*found)

    def _least_s(self, speed: float) -> float:
        return least_trial_s(self._setup.plan, self._setup.warm_up_s, speed)

    def _next(self) -> tuple[int, NextTrial] | None:
        """The next trial and the tier that it is for; None: all tiers are decided."""
        budget_s = self._setup.record.budget_s
        left_s = math.inf if budget_s is None else budget_s - self._trials.now_s()
        for tier, done in enumerate(self._done):
            found = next_trial(done, self._options, left_s)
            if isinstance(found, Decision) and found.ending == "invalid":
                return None
            if isinstance(found, NextTrial):
                return tier, found
        return None

    def _try(self, tier: int, asked: NextTrial) -> None:
        """One trial: begin it, look until it is decided, end it, and let it drain."""
        step = self._begin(tier, asked)
        halted: Halted | None = None
        try:
            self._look_until_decided(tier, asked, step)
        except Halted as stopped:
            halted = stopped
        step = self._trials.end()
        found = self._judged(step)
        if halted is not None:
            self._count(step, asked.load, found)
            raise halted
        if found.broken and not self._recovered(step, asked.load, found):
            raise Halted(RunOutcome(Ending.FINISHED, BROKE_FOR_GOOD))
        if found.broken:
            return
        if self._may_repeat(asked.load, found):
            self._trials.say("our own machine was the limit; trying this load once more")
            self._trials.note(step, REPEATED_TRIAL)
        else:
            self._count(step, asked.load, found)

    def _may_repeat(self, load: int, found: Judged) -> bool:
        """An INVALID trial may be the fault of a moment: each load has a second chance."""
        invalid = trial_verdict(found.steps[0]) == "invalid" and not self._trials.dead_workers
        again = load in self._invalid_at
        if invalid:
            self._invalid_at.add(load)
        return invalid and not again

    def _begin(self, tier: int, asked: NextTrial) -> RampStep:
        setup = self._setup
        start_s = self._trials.now_s() + TRIAL_LEAD_S
        draft = setup.axis.step(setup.plan, asked.load, self._index, start_s, start_s)
        longest_s = max(asked.longest_s, self._least_s(draft.speed))
        step = setup.axis.step(setup.plan, asked.load, self._index, start_s, start_s + longest_s)
        self._index += 1
        self._live.new_trial()
        self._trials.begin(step)
        self._show(SearchState(tuple(self._done[tier]), asked, setup.tiers[tier].name, step))
        return step

    def _look_until_decided(self, tier: int, asked: NextTrial, step: RampStep) -> None:
        looks: list[Look] = []
        longest_s = step.duration_s
        for at_s in look_times(self._least_s(step.speed), longest_s):
            self._trials.pause(step.start_s + at_s + _SETTLE_S)
            seen_s = step.start_s + at_s
            found = look(self._live.at(step, seen_s), step, seen_s, self._setup.tiers)
            looks.append(looks_of(found, at_s)[tier])
            verdict = decided(looks, last=at_s >= longest_s)
            if verdict is not None and (at_s >= asked.shortest_s or found.broken):
                return

    def _judged(self, step: RampStep) -> Judged:
        return judge_trial(self._live.at(step, self._trials.now_s()), step, self._setup.tiers)

    def _count(self, step: RampStep, load: int, found: Judged) -> None:
        """Take a trial that is over into account, for every tier."""
        seconds = self._trials.now_s() - step.start_s + TRIAL_LEAD_S
        for done, each in zip(self._done, found.steps, strict=True):
            done.append(trial_of(each, load, seconds, trial_verdict(each)))
        self._trials.note(step, trial_verdict(found.steps[0]))

    def _recovered(self, step: RampStep, load: int, found: Judged) -> bool:
        """The endpoint broke: give it time. A load at which it breaks twice has failed."""
        again = load in self._broke_at
        self._broke_at.add(load)
        self._trials.say("the endpoint broke; waiting until it is ready again")
        recovered = self._recovers()
        if again or not recovered:
            self._count(step, load, found)
        else:
            self._trials.note(step, BROKEN_TRIAL)
        return recovered
