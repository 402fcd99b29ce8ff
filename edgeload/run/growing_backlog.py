"""Does the backlog of the present step grow already? Then the step will saturate. Pure.

The backlog is what fell due and has not ended. Below the capacity it fluctuates about a level. At
the capacity it is a random walk without drift, and above it grows. So the alarm asks for a drift
that such a walk hardly ever shows, as the report does for the whole step (method 17), but the
figures of a run that goes on are looked at again and again:

The means of k windows of a random walk have steps of 2/3 of its variance, which are correlated, so
1.5 / (k - 1) times their variance is that of their mean. Divided by its root, the mean is about
Student's t. It has to exceed T_ALARM, the 99.9 % point for the fewest windows. The windows change
at most eleven times while a step doubles its length, so by Boole's inequality a load at the very
capacity raises a false alarm in about 1 % of such doublings, and a smaller load much more rarely.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

LEAST_GROWTH = 0.01
"""Share of what falls due: a backlog that grows by less may still be carried, as in the report."""
T_ALARM = 4.50
_FEWEST, _MOST = 10, 20
_LEAST_UNIT_S = 0.25
_MOST_MOMENTS = 512

Moment = tuple[float, float]
"""A run time in seconds, and the backlog at it in frames."""


def thinned(moments: list[Moment]) -> list[Moment]:
    """The same; every second one of too many, so a long step costs no more than a short one."""
    return moments if len(moments) <= _MOST_MOMENTS else [*moments[:-1:2], moments[-1]]


def growth_per_s(
    moments: Sequence[Moment], begin_s: float, period_s: float, due_per_s: float
) -> float | None:
    """Frames per second by which a backlog grows, if it grows significantly; else None.

    It is judged from `begin_s` on, after the step's warm-up. Windows are whole quarters of
    `period_s`, a client's period.
    """
    seen = [moment for moment in moments if moment[0] >= begin_s]
    if len(seen) < _FEWEST:
        return None
    begin_s, now_s = seen[0][0], seen[-1][0]
    unit_s = max(_LEAST_UNIT_S, period_s / 4)
    units = math.floor((now_s - begin_s) / unit_s + 1e-9)
    if units < _FEWEST:
        return None
    k = max(range(_FEWEST, _MOST + 1), key=lambda k: (k * (units // k), k))
    width_s = units // k * unit_s
    areas = [_area(seen, now_s - width_s * left) for left in range(k, -1, -1)]
    means = [(after - before) / width_s for before, after in pairwise(areas)]
    steps = [after - before for before, after in pairwise(means)]
    step = statistics.fmean(steps)
    if step < LEAST_GROWTH * due_per_s * width_s:
        return None
    error = math.sqrt(1.5 / (k - 1)) * statistics.stdev(steps)
    return step / width_s if step > T_ALARM * error else None


def _area(moments: Sequence[Moment], until_s: float) -> float:
    """The integral of the backlog up to an instant; between two moments it is a straight line."""
    total = 0.0
    for (a_s, a), (b_s, b) in pairwise(moments):
        if until_s >= b_s:
            total += (a + b) / 2 * (b_s - a_s)
            continue
        if until_s > a_s:
            share = (until_s - a_s) / (b_s - a_s)
            total += (a + (b - a) * share / 2) * (until_s - a_s)
        break
    return total
