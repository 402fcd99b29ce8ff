"""A figure over several runs: its mean with an interval, and whether the runs disagree. Pure.

The unit is the run (method 13): requests of one run share its hour, its temperature and its phases,
so the requests of three runs are three values and not thousands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from edgeload.read.statistics.percentiles import CONFIDENCE

NEGLIGIBLE_WIDTH = 0.01
"""Limits nearer to the value than this share of it count as that far away: below 1 %, runs differ
by what nobody can do anything about."""


@dataclass(frozen=True)
class MeanOverRuns:
    """The mean of a figure over `n` runs, with the limits of its interval.

    `low` and `high` are None for one run, and if the mean is infinite: a run's figure was "never".
    """

    n: int
    mean: float
    low: float | None
    high: float | None


def mean_over_runs(
    values: Sequence[float], least: float = 0.0, most: float = math.inf
) -> MeanOverRuns | None:
    """The mean of one value per run, with the 95 % interval of Student's t; None without a value.

    It holds the mean of all runs that could be made, if values scatter about like a normal
    distribution. Two runs give limits of 9.0 standard deviations on each side, three 2.5, five 1.2.
    The limits are kept within what is possible, from `least` to `most`.
    """
    if not values:
        return None
    n, mean = len(values), math.fsum(values) / len(values)
    if n < 2 or math.isinf(mean):
        return MeanOverRuns(n, mean, None, None)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(special.stdtrit(n - 1, (1.0 + CONFIDENCE) / 2)) * spread / math.sqrt(n)
    return MeanOverRuns(n, mean, max(least, mean - half), min(most, mean + half))


@dataclass(frozen=True)
class RunScatter:
    """How much a figure scatters between runs, beside what its intervals within runs allow.

    `ratio` of the standard deviation between runs to the standard error within one: about 1 if the
    intervals tell the truth. `p` is the probability of so much scatter if they do.
    """

    ratio: float
    p: float


def run_scatter(intervals: Sequence[tuple[float, float, float]]) -> RunScatter | None:
    """Whether runs differ by more than each run's own (value, low, high) at 95 % allows.

    Cochran's Q (1954) with the mean of the squared standard errors instead of each run's own:
    runs of one length measure equally well, and a run whose interval is narrow by chance would
    weigh too much. Q has a chi-square distribution if nothing differs from run to run. A standard
    error is half the width over 1.96. None for less than two runs, or if a number is not finite.
    """
    table = np.array(intervals, dtype=np.float64).reshape(-1, 3)
    if len(table) < 2 or not np.isfinite(table).all():
        return None
    value, low, high = table.T
    half = np.maximum((high - low) / 2, NEGLIGIBLE_WIDTH * np.abs(value))
    squared_error = float(np.mean((half / special.ndtri((1.0 + CONFIDENCE) / 2)) ** 2))
    freedom = len(value) - 1
    squares = float(np.sum((value - value.mean()) ** 2))
    if squared_error == 0.0:  # all values are 0
        return RunScatter(0.0, 1.0)
    q = squares / squared_error
    return RunScatter(math.sqrt(q / freedom), float(special.chdtrc(freedom, q)))
