"""Does the backlog of a step grow? Then its load is not carried. Pure (method 17).

The backlog is what fell due and has not ended. Below the capacity it fluctuates about a level;
above it, it grows by arrival rate minus capacity, whatever the service times are. So its growth,
with an interval, tells whether a load is carried, and in overload it measures the capacity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from edgeload.read.statistics.windows import Floats, Window

NEGLIGIBLE = 0.005
ALLOWED = 0.01
"""Shares of what is due. Growth up to ALLOWED passes only if no growth at all is possible too."""
_LEAST_UNITS = 12
_FEWEST, _MOST = 10, 20
_ALIKE = 0.8
_CLEAR = 0.5
_LONGEST_FACTOR = 4.0

GrowthVerdict = Literal["carried", "not_carried", "too_short"]


@dataclass(frozen=True)
class BacklogGrowth:
    """How fast the backlog grew, as a share of what fell due, and whether that load is carried.

    `value` with `low` and `high` is the mean growth from window to window and its 95 % interval;
    `at_most` is the upper limit, at 95 %, of the straight line through the windows, which is
    sharper if there is no growth. All are None for a step too short to say anything.
    `step_s` is about how long a step of this load must be, warm-up included, to tell; None if this
    one did.
    """

    verdict: GrowthVerdict
    value: float | None = None
    low: float | None = None
    high: float | None = None
    at_most: float | None = None
    step_s: float | None = None

    @property
    def clear(self) -> bool:
        """Whether the growth is so far from 0 that it measures the capacity without bias.

        A growth that is barely significant is too large on average: it was chosen for being large.
        """
        if self.verdict != "not_carried" or self.value is None or self.low is None:
            return False
        return self.low >= _CLEAR * self.value


def backlog_growth(
    due_s: Floats, done_s: Floats, span: Window, cut_s: float, period_s: float
) -> BacklogGrowth:
    """The growth of the backlog in a step `span`, without its first `cut_s` seconds.

    `due_s` are the instants at which the step's requests fell due, those that were never sent
    included; `done_s` those at which its requests ended, also after the step. `period_s` is a
    client's period: windows are whole, half or quarter periods long, so that the clients' fixed
    phases leave no ripple in their means.

    The load is carried if the growth is below 0.5 % of what is due, or below 1 % if no growth is
    possible too; not carried if there is growth. The upper limit comes from a straight line through
    the windows' mean backlogs. Its error is widened for their correlation r, by
    ((1 + r) / (1 - r))^0.75 and by 1.25 + 8.5 / k for k windows: factors calibrated so that it errs
    in 5 % or fewer of series from independent to a random walk. The lower limit comes from the
    steps between windows, because the backlog of a full load is a random walk; the means of windows
    of a random walk have steps of 2/3 of its variance, which are correlated, so 1.5 / (k - 1) times
    their variance is that of their mean. `benchmarks/carried.py` measures the errors.
    """
    begin_s = span.start_s + cut_s
    windows = _windows(begin_s, span.end_s, period_s)
    inside = int(np.count_nonzero((due_s >= begin_s) & (due_s < span.end_s)))
    if windows is None or not inside:
        return BacklogGrowth("too_short", step_s=cut_s + _LEAST_UNITS * period_s / 4)
    k, width_s = windows
    edges_s: Floats = span.end_s - width_s * np.arange(k, -1, -1, dtype=np.float64)
    due_per_s = inside / (span.end_s - begin_s)
    area = np.diff(_area(due_s, edges_s) - _area(done_s, edges_s))
    backlog = area / width_s / (width_s * due_per_s)  # mean of each window, in windows' worth
    slope, error = _line(backlog)
    steps = np.diff(backlog)
    value = float(steps.mean())
    below = float(
        special.stdtrit(k - 2, 0.975) * math.sqrt(1.5 / (k - 1)) * float(steps.std(ddof=1))
    )
    above = float(special.stdtrit(k - 2, 0.95)) * error
    low, at_most = value - below, slope + above
    verdict = _verdict(low, at_most)
    factor = _longer(slope, above, value, below)
    return BacklogGrowth(
        verdict,
        value=value,
        low=low,
        high=value + below,
        at_most=at_most,
        step_s=cut_s + factor * (span.end_s - begin_s) if verdict == "too_short" else None,
    )


def _windows(begin_s: float, end_s: float, period_s: float) -> tuple[int, float] | None:
    """How many windows, 10 to 20, and how long: as much of the span as whole units cover."""
    length_s = end_s - begin_s
    for unit_s in (period_s, period_s / 2, period_s / 4):
        units = math.floor(length_s / unit_s + 1e-9) if length_s > 0 else 0
        if units >= _LEAST_UNITS:
            k = max(range(_FEWEST, _MOST + 1), key=lambda k: (k * (units // k), k))
            return k, (units // k) * unit_s
    return None


def _area(at_s: Floats, edges_s: Floats) -> Floats:
    """The integral, up to each edge, of the number of instants that have passed."""
    ordered = np.sort(at_s)
    passed = np.searchsorted(ordered, edges_s)
    ordered -= edges_s[0]
    sums = np.cumsum(ordered, out=ordered)
    before = np.where(passed > 0, sums[passed - 1], 0.0) if len(sums) else np.zeros(len(passed))
    area: Floats = passed * (edges_s - edges_s[0]) - before
    return area


def _line(values: Floats) -> tuple[float, float]:
    """Least squares over the windows: the slope and its standard error, widened (see above)."""
    k = len(values)
    x = np.arange(k) - (k - 1) / 2
    spread = float(x @ x)
    slope = float(x @ values) / spread
    left = values - values.mean() - slope * x
    squares = float(left @ left)
    if squares <= 1e-24 * max(1.0, float(values @ values)):
        return slope, 0.0
    alike = (k * float(left[1:] @ left[:-1]) / squares + 2) / (k - 4)  # its bias taken back
    alike = min(max(alike, 0.0), _ALIKE)
    error = math.sqrt(squares / (k - 2) / spread)
    return slope, error * (1.25 + 8.5 / k) * ((1 + alike) / (1 - alike)) ** 0.75


def _verdict(low: float, at_most: float) -> GrowthVerdict:
    if at_most < NEGLIGIBLE or (at_most < ALLOWED and low <= 0):
        return "carried"
    return "not_carried" if low > 0 else "too_short"


def _longer(slope: float, above: float, value: float, below: float) -> float:
    """How many times as long a step would tell, about: limits shrink in proportion to length."""
    enough = [
        above / (ALLOWED - max(slope, 0.0)) if slope < ALLOWED else math.inf,
        below / value if value > NEGLIGIBLE else math.inf,
    ]
    factor = min(enough)
    return max(1.1, factor if math.isfinite(factor) else _LONGEST_FACTOR)
