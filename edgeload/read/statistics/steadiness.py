"""Whether a step had settled: its thirds agree in rate and in mean time. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgeload.read.statistics.windows import Floats, Window, count_in

STEADY_WINDOWS = 3
STEADY_TOLERANCE = 0.10
_SUB_WINDOWS = 5
_LEAST_ANSWERS_A_WINDOW = 5
_TIME_RESOLUTION_S = 0.001  # mean times closer than this count as equal, whatever their ratio
# The range of three normal values exceeds this many standard errors 5 times in 100 if the error is
# estimated with nine degrees of freedom: scipy.stats.studentized_range.ppf(0.95, 3, 9), to two
# decimals. It stands here because computing it takes 0.1 s, and importing it 0.3 s more.
_RANGE_OF_THREE = 3.95


@dataclass(frozen=True)
class Steadiness:
    """Whether a step had settled; `steady` is None if there are too few answers to tell.

    The ratios divide the largest by the smallest of the three windows' rates, and of their mean
    times; they are None if a window has too few answers.
    """

    steady: bool | None
    rate_ratio: float | None
    time_ratio: float | None


def steadiness(done_s: Floats, at_s: Floats, time_s: Floats, window: Window) -> Steadiness:
    """Do the three thirds of a step's window agree within 10 % in rate and mean time (method 8)?

    `done_s` are the sorted instants of the answers; `time_s` are the times of the requests that
    fell due at `at_s`. All in seconds. The thirds cover everything that is summarised, so the
    figures of a steady step hold nothing unsettled.

    Thirds also differ by chance. Therefore the 10 % are widened by the range that three equal
    windows stay within in 95 of 100 cases. It is computed from two errors:

    - of a count: the scatter of its sub-windows, but at most Poisson's, since anything burstier is
      not noise;
    - of a mean time: the scatter of batch means, because neighbouring times are alike (method 6).
      It is taken about the window's own straight line: steady growth is not chance.

    Close to saturation, times wander for longer than a short step lasts: it is not steady then.
    """
    windows = window.split(STEADY_WINDOWS)
    counts = [count_in(done_s, part) for part in windows]
    answers = [int(np.count_nonzero(part.holds(at_s))) for part in windows]
    if min(*counts, *answers) < _LEAST_ANSWERS_A_WINDOW:
        timed = any(answers)  # without any, there is nothing to tell by
        starved = timed and sum(counts) >= 3 * STEADY_WINDOWS * _LEAST_ANSWERS_A_WINDOW
        return Steadiness(False if starved else None, None, None)
    count_error = _RANGE_OF_THREE * math.sqrt(_count_variance(done_s, windows)) + 1.0
    times = [_mean_and_variance(at_s, time_s, part) for part in windows]
    means = [mean for mean, _ in times]
    variance = sum(each for _, each in times) / STEADY_WINDOWS
    mean_error = _RANGE_OF_THREE * math.sqrt(variance) + _TIME_RESOLUTION_S
    steady = _agree([float(c) for c in counts], count_error) and _agree(means, mean_error)
    return Steadiness(steady, max(counts) / min(counts), max(means) / max(min(means), 1e-9))


def _agree(values: list[float], error: float) -> bool:
    return max(values) - min(values) <= STEADY_TOLERANCE * min(values) + error


def _count_variance(done_s: Floats, windows: list[Window]) -> float:
    """Variance of one window's count: the scatter within windows, at most Poisson's."""
    parts = np.array(
        [[count_in(done_s, sub) for sub in part.split(_SUB_WINDOWS)] for part in windows],
        dtype=np.float64,
    )
    within = float(parts.var(axis=1, ddof=1).mean()) * _SUB_WINDOWS
    return min(within, float(parts.sum(axis=1).mean()))


def _mean_and_variance(at_s: Floats, time_s: Floats, window: Window) -> tuple[float, float]:
    """A window's mean time, and its variance by the scatter of batch means about a straight line.

    With fewer than four batches that hold any value there is no such line, and the values are
    treated as independent.
    """
    held = window.holds(at_s)
    at_s, time_s = at_s[held], time_s[held]
    mean = float(time_s.mean())
    inside = [part.holds(at_s) for part in window.split(_SUB_WINDOWS)]
    batches = [(i, float(time_s[held].mean())) for i, held in enumerate(inside) if held.any()]
    if len(batches) < 4:
        return mean, float(time_s.var(ddof=1)) / len(time_s)
    x, y = np.array(batches, dtype=np.float64).T
    residual = y - np.polyval(np.polyfit(x, y, 1), x)
    return mean, float(residual @ residual) / (len(y) - 2) / len(y)
