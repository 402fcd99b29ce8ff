"""How far pairs differ: a shift with the interval of Wilcoxon's signed ranks. Pure.

If each pair's order was drawn by chance, the test holds whatever the distribution, and however
alike neighbouring pairs are: without a difference, each sign is a coin toss.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy import special

from edgeload.read.statistics.two_samples import Shift
from edgeload.read.statistics.windows import Floats

_EXACT = 50
"""Of more pairs the normal approximation is as good."""


def signed_rank_shift(differences: Floats, confidence: float = 0.95) -> Shift:
    """The median of all means of two differences, with the interval and p-value of Wilcoxon.

    The limits are order statistics of these n (n + 1) / 2 Walsh averages (Hodges & Lehmann 1963;
    Hollander & Wolfe 1999, 3.1 to 3.3), infinite if there are too few pairs for the confidence. An
    average of 0 counts half for each sign, rounded towards "no difference".
    """
    n = len(differences)
    ordered = np.sort(differences)
    count = n * (n + 1) // 2
    lowest = _lowest_rank(n, (1.0 - confidence) / 2)
    negative = _averages_up_to(ordered, 0.0, "left")
    below = negative + (_averages_up_to(ordered, 0.0, "right") - negative) / 2
    rank_sum = math.ceil(min(below, count - below))
    return Shift(
        value=(_average(ordered, (count + 1) // 2) + _average(ordered, count // 2 + 1)) / 2,
        low=_average(ordered, lowest) if lowest else -math.inf,
        high=_average(ordered, count + 1 - lowest) if lowest else math.inf,
        p=min(1.0, 2.0 * _at_most(n, rank_sum)),
    )


def _average(ordered: Floats, rank: int) -> float:
    """The Walsh average of this rank, from 1: by bisection, because there are too many to sort."""
    low, high = float(ordered[0]), float(ordered[-1])
    while low < (middle := low + (high - low) / 2) < high:
        if _averages_up_to(ordered, middle, "right") >= rank:
            high = middle
        else:
            low = middle
    return low if _averages_up_to(ordered, low, "right") >= rank else high


def _averages_up_to(ordered: Floats, bound: float, side: Literal["left", "right"]) -> int:
    """How many Walsh averages are below a bound (left), or at most that (right)."""
    reach = np.searchsorted(ordered, 2.0 * bound - ordered, side=side)
    return int(np.maximum(reach - np.arange(len(ordered)), 0).sum())


def _lowest_rank(n: int, error: float) -> int:
    """How many values of the rank sum have P(sum <= value) <= error; 0: none."""
    if n <= _EXACT:
        return int(np.searchsorted(_cumulated(n), error, side="right"))
    mean, deviation = _moments(n)
    return max(0, math.floor(mean + 0.5 + float(special.ndtri(error)) * deviation))


def _at_most(n: int, rank_sum: int) -> float:
    """P(sum of the ranks of the positive differences <= rank_sum), if they do not differ."""
    if n <= _EXACT:
        return float(_cumulated(n)[rank_sum])
    mean, deviation = _moments(n)
    return float(special.ndtr((rank_sum + 0.5 - mean) / deviation))


def _moments(n: int) -> tuple[float, float]:
    return n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)


def _cumulated(n: int) -> Floats:
    """P(sum <= w) for w = 0 … n (n + 1) / 2: each rank is in the sum with probability 1/2."""
    chances = np.ones(1)
    for rank in range(1, n + 1):
        without = np.concatenate((chances, np.zeros(rank)))
        without[rank:] += chances
        chances = without / 2
    cumulated: Floats = np.cumsum(chances)
    return cumulated
