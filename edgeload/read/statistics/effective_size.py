"""How many independent values a series of neighbours that are alike is worth. Pure.

In a queue, requests that come one after the other wait for the same backlog. A thousand of them may
tell as little about a percentile as ten independent ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import special

from edgeload.read.statistics.windows import Floats

LEAST_INDEPENDENT = 59
"""Fewer independent values bound no percentile: what they are worth is then itself unknown."""

SAME = 1.05
"""Times up to 5 % above another are the same where only a queue's memory is asked about: an idle
box's times wander by a fraction of a millisecond, and that tells nothing of its queue."""

_BATCHES = (10, 20)
_CONFIDENCE = 0.95


def share_at_levels(values: Floats, levels: Iterable[float]) -> float:
    """The least `independent_share` of a series, cut at each level into values up to it and above.

    Name a level just above the median beside the one that you ask about: in a calm step hardly any
    value exceeds a high level, and the median still shows for how long a queue remembers.
    """
    return min(independent_share(values <= level) for level in levels)


def independent_share(hits: npt.NDArray[np.bool_]) -> float:
    """Effective sample size of a series of hits and misses in order of time, as a share of n.

    If neighbours are alike, the share of hits varies between batches by more than a binomial would,
    and the effective size is smaller by that ratio (variance inflation of batch means, Law 1983).
    Batches must be longer than the series remembers, yet few batches show the variance badly. So
    the larger ratio of 10 and of 20 batches counts. Each is multiplied by (t / z)^2, the squared
    quantile of Student's t over that of the normal distribution, because it is itself uncertain
    (Schmeiser 1982, who recommends 10 to 30 batches).
    """
    n = len(hits)
    total = int(np.count_nonzero(hits))
    if n < min(_BATCHES) or total in (0, n):
        return 1.0
    share = total / n
    inflation = 1.0
    for batches in _BATCHES:
        if batches <= n:
            edges = np.arange(batches + 1) * n // batches
            counts = [np.count_nonzero(hits[a:b]) for a, b in pairwise(edges.tolist())]
            shares = np.array(counts) / np.diff(edges)
            ratio = float(np.var(shares, ddof=1)) * n / batches / (share * (1 - share))
            inflation = max(inflation, ratio * _widening(batches))
    return max(1.0 / inflation, 1.0 / n)


def _widening(batches: int) -> float:
    """(t / z)^2 of a two-sided interval whose variance comes from so many batches."""
    upper = (1.0 + _CONFIDENCE) / 2
    return float((special.stdtrit(batches - 1, upper) / special.ndtri(upper)) ** 2)
