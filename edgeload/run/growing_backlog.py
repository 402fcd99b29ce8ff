"""Does the backlog of the present step grow already? Then the step will saturate. Pure.

The backlog is what fell due and has not ended. Below the capacity it fluctuates about a level. At
the capacity it is a random walk without drift, and above it grows. So the alarm asks for a drift
that such a walk hardly ever shows, as the report does for the whole step (method 17), but the
figures of a run that goes on are looked at again and again:

The means of k windows of a random walk have steps of 2/3 of its variance, which are correlated, so
1.5 / (k - 1) times their variance is that of their mean. Divided by its root, the mean is about
Student's t. Chance alone must exceed it with a probability below P_ALARM, for the fewest windows;
if several backlogs are watched, with that divided by their number. The windows change at most
eleven times while a step doubles its length, so by Boole's inequality a load at the very capacity
raises a false alarm in about 1 % of such doublings, and a smaller load much more rarely.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from operator import mul

LEAST_GROWTH = 0.01
"""Share of what falls due: a backlog that grows by less may still be carried, as in the report."""
P_ALARM = 0.001
_FREEDOM = 8
"""Degrees of freedom of Student's t: two less than the fewest windows."""
_FEWEST, _MOST = 10, 20
_LEAST_UNIT_S = 0.25
_MOST_MOMENTS = 512

Moment = tuple[float, float]
"""A run time in seconds, and the backlog at it in frames."""


def thinned(moments: list[Moment]) -> list[Moment]:
    """The same; every second one of too many, so a long step costs no more than a short one."""
    return moments if len(moments) <= _MOST_MOMENTS else [*moments[:-1:2], moments[-1]]


def growth_per_s(
    moments: Sequence[Moment],
    begin_s: float,
    period_s: float,
    due_per_s: float,
    watched: int = 1,
) -> float | None:
    """Frames per second by which a backlog grows, if it grows significantly; else None.

    It is judged from `begin_s` on, after the step's warm-up. Windows are whole quarters of
    `period_s`, a client's period. `watched` is how many backlogs are watched, this one included.
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
    areas = _areas(seen, [now_s - width_s * left for left in range(k, -1, -1)])
    means = [(after - before) / width_s for before, after in pairwise(areas)]
    steps = [after - before for before, after in pairwise(means)]
    step = statistics.fmean(steps)
    if step < LEAST_GROWTH * due_per_s * width_s:
        return None
    error = math.sqrt(1.5 / (k - 1)) * statistics.stdev(steps)
    return step / width_s if chance_above(step, error) * watched < P_ALARM else None


def chance_above(value: float, error: float) -> float:
    """The probability that Student's t exceeds value / error, which is not negative, by chance."""
    sine = value / math.sqrt(value**2 + _FREEDOM * error**2) if value else 0.0
    cosine2 = 1.0 - sine**2
    factors = ((2 * n - 1) / (2 * n) * cosine2 for n in range(1, _FREEDOM // 2))
    terms = accumulate(factors, mul, initial=1.0)
    return (1.0 - sine * sum(terms)) / 2


def _areas(moments: Sequence[Moment], instants: Sequence[float]) -> list[float]:
    """The integral of the backlog up to instants; between two moments it is a straight line."""
    times = [at_s for at_s, _ in moments]
    pieces = ((a + b) / 2 * (b_s - a_s) for (a_s, a), (b_s, b) in pairwise(moments))
    wholes = list(accumulate(pieces, initial=0.0))
    found = []
    for until_s in instants:
        place = min(max(bisect_right(times, until_s) - 1, 0), len(moments) - 2)
        (a_s, a), (b_s, b) = moments[place : place + 2]
        beyond_s = min(max(until_s - a_s, 0.0), b_s - a_s)
        share = beyond_s / (b_s - a_s) if beyond_s else 0.0
        found.append(wholes[place] + (a + (b - a) * share / 2) * beyond_s)
    return found
