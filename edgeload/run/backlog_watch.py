"""Watches the backlogs of a step: that of all camera groups together, and of each. Pure.

A sum hides what happens to a small group: the noise of the others is larger than its growth. But
each look at a further backlog is one more chance of a false alarm, so that chance is divided among
all that are watched (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.plan import Plan, RampStep
from edgeload.run.growing_backlog import Moment, growth_per_s, thinned


@dataclass(frozen=True)
class Growths:
    """By how many frames per second backlogs grow; None: not significantly, or there is none."""

    total: float | None
    by_group: tuple[float | None, ...]

    @property
    def any(self) -> bool:
        """Whether the step will saturate, if only for one group."""
        return any(growth is not None for growth in (self.total, *self.by_group))


class BacklogWatch:
    """Takes the backlogs of a step from moment to moment, and says which of them grow."""

    def __init__(self, plan: Plan, step: RampStep, warm_s: float) -> None:
        """`warm_s` is the run time at which the step's warm-up ends."""
        self._groups = len(plan.groups)
        rates = [plan.arrival_rate(step, index) or 0.0 for index in range(self._groups)]
        open_ones = [index for index, rate in enumerate(rates) if rate > 0]
        alone = [[index] for index in open_ones]
        sets = alone if len(alone) <= 1 else [open_ones, *alone]  # one alone is the sum as well
        self._watched = [_Backlog(plan, step, warm_s, each, rates) for each in sets]

    def take(self, now_s: float, backlogs: Sequence[int | None]) -> None:
        """One more moment: frames of each group that fell due and have not ended."""
        for each in self._watched:
            each.take(now_s, backlogs)

    def growths(self) -> Growths:
        """What grows, by all moments so far."""
        by_group: list[float | None] = [None] * self._groups
        found = [each.growth_per_s(len(self._watched)) for each in self._watched]
        for each, growth in zip(self._watched, found, strict=True):
            if len(each.groups) == 1:
                by_group[each.groups[0]] = growth
        return Growths(found[0] if found else None, tuple(by_group))


class _Backlog:
    """The backlog of some groups of a plan."""

    def __init__(
        self,
        plan: Plan,
        step: RampStep,
        warm_s: float,
        groups: Sequence[int],
        rates: Sequence[float],
    ) -> None:
        self.groups = groups
        self._due_per_s = sum(rates[index] for index in groups)
        self._period_s = max(plan.groups_in(step)[index].period_s for index in groups)
        self._begin_s = max(warm_s, step.start_s + self._period_s)
        self._moments: list[Moment] = []

    def take(self, now_s: float, backlogs: Sequence[int | None]) -> None:
        waiting = float(max(0, sum(backlogs[index] or 0 for index in self.groups)))
        self._moments = thinned([*self._moments, (now_s, waiting)])

    def growth_per_s(self, watched: int) -> float | None:
        period_s, due_per_s = self._period_s, self._due_per_s
        return growth_per_s(self._moments, self._begin_s, period_s, due_per_s, watched)
