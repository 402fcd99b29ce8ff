"""Does a step change as it goes: a warm-up longer than the cut, or a box that slows down? Pure.

Neither changes what is summarised, because a cut chosen from the data would also remove a stall in
the first half of a step, and with it the tail of the times. Both become findings instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgeload.read.statistics.grouped import GroupNumbers, in_half_the_room
from edgeload.read.statistics.percentiles import distribution
from edgeload.read.statistics.windows import Floats, Window

_BATCH = 5
_BATCHES_AT_ONCE = 1 << 16
_LEAST_BATCHES = 20
_CLEARLY = 0.10
_ERRORS = 4.0
_SPAN_S = 60.0


@dataclass(frozen=True)
class Drift:
    """Median service time in the first and in the last minute of a step's window, in seconds."""

    first_s: float
    last_s: float


def drift(at_s: Floats, service_s: Floats, window: Window) -> Drift | None:
    """The change of the median service time from the first to the last minute of a window.

    None unless it exceeds 10 % and the two 95 % intervals do not overlap, and None if the window is
    shorter than two minutes. A median without an interval, as in a minute with a trend, lies
    between the least and the largest value. A box that throttles because it is hot shows here.
    """
    if window.length_s < 2 * _SPAN_S:
        return None
    spans = (
        Window(window.start_s, window.start_s + _SPAN_S),
        Window(window.end_s - _SPAN_S, window.end_s),
    )
    first, last = (_median(service_s[span.holds(at_s)]) for span in spans)
    if first is None or last is None or abs(last[1] / first[1] - 1.0) <= _CLEARLY:
        return None
    apart = last[0] > first[2] or last[2] < first[0]
    return Drift(first[1], last[1]) if apart else None


def _median(values: Floats) -> tuple[float, float, float] | None:
    quantile = distribution(values).quantile("p50")
    if quantile is None:
        return None
    if quantile.low is None or quantile.high is None:
        return float(values.min()), quantile.value, float(values.max())
    return quantile.low, quantile.value, quantile.high


def mser_5(values: Floats) -> int:
    """How many values to cut from the start of a series by MSER-5; a multiple of 5.

    It is the cut that minimises the standard error of the remaining means of five values, and at
    most half of the series (White 1997; Spratt 1998).
    """
    return _cut(_means(values, np.arange(len(values))))


def _means(values: Floats, order: GroupNumbers) -> Floats:
    """The means of five values each, in this order of them; those left over are in none."""
    batches = order[: len(order) // _BATCH * _BATCH].reshape(-1, _BATCH)
    parts = range(0, len(batches), _BATCHES_AT_ONCE)
    means = [values[batches[at : at + _BATCHES_AT_ONCE]].mean(axis=1) for at in parts]
    return np.concatenate([np.zeros(0), *means])


def _cut(means: Floats) -> int:
    n = len(means)
    if n < 2:
        return 0
    left = np.arange(n, 0, -1, dtype=np.float64)
    sums = np.cumsum(means[::-1])[::-1]
    squares = np.cumsum((means**2)[::-1])[::-1]
    error = (squares - sums**2 / left) / left**2
    return int(np.argmin(error[: n // 2 + 1])) * _BATCH


def settled_s(at_s: Floats, times_s: Floats, window: Window) -> float | None:
    """When a slow start ends, in seconds after the start of the window. None: no slow start.

    The start is the part that MSER-5 would cut. It counts as slow if its median is more than 10 %
    above that of the rest, and its mean more than four standard errors of batch means above.
    """
    order = in_half_the_room(np.argsort(at_s, kind="stable"))
    means = _means(times_s, order)
    cut = _cut(means)
    if cut == 0 or len(means) < _LEAST_BATCHES:
        return None
    head, rest = means[: cut // _BATCH], means[cut // _BATCH :]
    error = float(rest.std(ddof=1)) * math.sqrt(1 / len(head) + 1 / len(rest))
    above, usual = float(head.mean() - rest.mean()), float(np.median(rest))
    # A stall raises only the mean of everything before its end; a warm-up raises the median too.
    if above <= _ERRORS * error or float(np.median(head)) <= (1 + _CLEARLY) * usual:
        return None
    return float(at_s[order[cut]]) - window.start_s
