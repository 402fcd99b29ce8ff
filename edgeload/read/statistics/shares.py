"""Comparing two shares whose hits come in windows of time, because neighbours are alike. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from edgeload.read.statistics.two_samples import Shift
from edgeload.read.statistics.windows import Floats


@dataclass(frozen=True)
class WindowedShare:
    """A share, window by window: `hits[i]` of the `of[i]` members of window i."""

    hits: Floats
    of: Floats

    @property
    def value(self) -> float | None:
        """The share over all windows; None if they have no members."""
        return float(self.hits.sum() / self.of.sum()) if self.of.sum() > 0 else None

    @property
    def by_window(self) -> Floats:
        """The share in each window; 0 in one without members."""
        shares: Floats = self.hits / np.maximum(self.of, 1.0)
        return shares

    @classmethod
    def merged(cls, parts: Sequence[WindowedShare]) -> WindowedShare:
        """The windows of several runs as those of one."""
        return cls(
            np.concatenate([part.hits for part in parts]),
            np.concatenate([part.of for part in parts]),
        )


def difference_of_shares(
    old: WindowedShare, new: WindowedShare, factor: float = 1.0, confidence: float = 0.95
) -> Shift:
    """new - old, a difference of proportions, with its interval and p-value.

    Failures come in bursts, so the members of a window are alike. Their number is divided by the
    design effect, by which the hits of windows scatter more than a binomial's (Pearson's chi-square
    over its degrees of freedom, Rao & Scott 1992), and by factor^2, if windows are alike too: the
    `factor` of `two_samples.inflation`. The interval for these numbers is Newcombe's (1998, method
    10), from Wilson's limits of each share, which hold at 0 and 100 % as well. Student's t stands
    for the normal quantile because few windows say how much they scatter. The p-value is that of
    the score test of equal shares. Both sides must have members.
    """
    effect, freedom = _design_effect((old, new))
    effect *= factor**2
    sizes = [float(side.of.sum()) / effect for side in (old, new)]
    shares = [float(side.hits.sum() / side.of.sum()) for side in (old, new)]
    freedom = freedom or len(old.of) + len(new.of) - 2
    t = float(special.stdtrit(freedom, (1.0 + confidence) / 2))
    limits = [_wilson(share, size, t) for share, size in zip(shares, sizes, strict=True)]
    (old_low, old_high), (new_low, new_high) = limits
    value = shares[1] - shares[0]
    pooled = (shares[0] * sizes[0] + shares[1] * sizes[1]) / sum(sizes)
    error = math.sqrt(pooled * (1.0 - pooled) * (1.0 / sizes[0] + 1.0 / sizes[1]))
    return Shift(
        value=value,
        low=value - math.hypot(shares[1] - new_low, old_high - shares[0]),
        high=value + math.hypot(new_high - shares[1], shares[0] - old_low),
        p=2.0 * float(special.stdtr(freedom, -abs(value) / error)) if error else 1.0,
    )


def _design_effect(sides: Sequence[WindowedShare]) -> tuple[float, int]:
    """How many times more the hits scatter over windows than a binomial's, and how many degrees of
    freedom know it; at least 1.

    A share of 0 or 1 does not scatter, and says nothing.
    """
    chi_square, freedom = 0.0, 0
    for side in sides:
        share = float(side.hits.sum() / side.of.sum())
        filled = side.of > 0
        if 0.0 < share < 1.0:
            spread = (side.hits - share * side.of)[filled] ** 2 / side.of[filled]
            chi_square += float(np.sum(spread)) / (share * (1.0 - share))
            freedom += int(np.count_nonzero(filled)) - 1
    return (max(1.0, chi_square / freedom) if freedom else 1.0), freedom


def _wilson(share: float, size: float, z: float) -> tuple[float, float]:
    """Limits of a share seen in `size` members (Wilson 1927)."""
    middle = share + z**2 / (2 * size)
    half = z * math.sqrt(share * (1.0 - share) / size + (z / (2 * size)) ** 2)
    scale = 1.0 + z**2 / size
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
