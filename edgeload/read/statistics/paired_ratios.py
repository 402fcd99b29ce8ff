"""Ratios of pairs that were measured soon after each other: mean, interval and p-value. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from edgeload.read.statistics.windows import Floats

LEAST_PAIRS = 3
"""With fewer there is no interval that is worth its name."""
_NEARLY_SURE = 3.0


@dataclass(frozen=True)
class PairedRatio:
    """The mean ratio of pairs, second to first, with the limits of its 95 % interval.

    The mean and the limits are those of the logarithms, by Student's t: a pair counts once, so that
    what slowly changes both of its members does not matter. The limits are None for fewer than
    three pairs. If a second member is infinite, `value` is the median of the ratios and `high` is
    infinite; `low` is a limit all the same, as infinity counts for a finite value.
    """

    pairs: int
    value: float
    low: float | None
    high: float | None
    log_mean: float
    log_error: float | None
    """Standard error of `log_mean`; None for fewer than three pairs."""

    @property
    def inverse(self) -> PairedRatio:
        """The ratio of first to second, for finite members."""
        return PairedRatio(
            self.pairs,
            1.0 / self.value,
            None if self.high is None else 1.0 / self.high,
            None if self.low is None else 1.0 / self.low,
            -self.log_mean,
            self.log_error,
        )

    def p_at_most(self, bound: float) -> float:
        """The p-value of the hypothesis that the ratio is at most `bound`: small if it is not."""
        return self._p(self.log_mean - math.log(bound))

    def p_at_least(self, bound: float) -> float:
        """The p-value of the hypothesis that the ratio is at least `bound`."""
        return self._p(math.log(bound) - self.log_mean)

    def _p(self, distance: float) -> float:
        if self.log_error is None:
            return 1.0
        if self.log_error == 0.0:
            return 0.0 if distance > 0 else 1.0
        return float(special.stdtr(self.pairs - 1, -distance / self.log_error))

    def pairs_to_tell(self, bound: float) -> int | None:
        """About how many pairs would show on which side of a bound the ratio is.

        As many as make its distance from the bound three standard errors. None if it is there, or
        if there are too few pairs to say.
        """
        distance = abs(self.log_mean - math.log(bound))
        if self.log_error is None or distance == 0.0:
            return None
        pairs = self.pairs * (_NEARLY_SURE * self.log_error / distance) ** 2
        return math.ceil(pairs) if math.isfinite(pairs) else None


def paired_ratio(first: Floats, second: Floats, infinity: float) -> PairedRatio | None:
    """The mean ratio of pairs, place by place; None without any.

    All members are above 0, and the first ones finite. An infinite second member counts for
    `infinity`: the largest finite one is what it is known to exceed.
    """
    pairs = len(first)
    if not pairs:
        return None
    logs = np.log(np.minimum(second, infinity)) - np.log(first)
    mean = float(logs.mean())
    never = bool(np.isinf(second).any())
    value = float(np.median(second / first)) if never else math.exp(mean)
    if pairs < LEAST_PAIRS:
        return PairedRatio(pairs, value, None, None, mean, None)
    error = float(logs.std(ddof=1)) / math.sqrt(pairs)
    half = float(special.stdtrit(pairs - 1, 0.975)) * error
    low, high = math.exp(mean - half), math.exp(mean + half)
    return PairedRatio(pairs, value, min(low, value), math.inf if never else high, mean, error)
