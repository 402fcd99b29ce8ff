"""A quantity that grows with a count: how much per unit, with an interval. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from edgeload.read.statistics.percentiles import CONFIDENCE

_FEWEST = 3


@dataclass(frozen=True)
class Slope:
    """The growth per unit, and the value at 0, by least squares over `points` points.

    `low` and `high` are the limits of the growth at 95 % confidence; None: too few points.
    """

    points: int
    value: float
    at_0: float
    low: float | None
    high: float | None

    @property
    def is_certain(self) -> bool:
        """Whether the quantity certainly grows."""
        return self.low is not None and self.low > 0

    def at(self, count: float) -> float:
        """The value on the line."""
        return self.at_0 + self.value * count


def slope_of(
    counts: Sequence[float], values: Sequence[float], scatter: Sequence[float] = ()
) -> Slope | None:
    """The line through values at counts that rise; None with fewer than two.

    Two things can go wrong, and each has its interval, of which the wider holds. Every value may be
    off by an error of its own: then least squares' own interval is right (Student's t with n - 2).
    Or the units differ, so that every step up has an error which stays from there on: then the mean
    of the steps has that of a mean (Student's t as well); least squares alone would be too sure.
    Three values may be on a line by chance. `scatter`, values that differ only by the errors of the
    first kind, then knows better; with them, no interval is narrower than these errors make it.
    """
    n = len(counts)
    if n < 2:
        return None
    x, y = np.asarray(counts, dtype=float), np.asarray(values, dtype=float)
    away = x - x.mean()
    square = float(away @ away)
    value = float(away @ (y - y.mean())) / square
    at_0 = float(y.mean() - value * x.mean())
    if n < _FEWEST:
        return Slope(n, value, at_0, None, None)
    t = float(special.stdtrit(n - 2, (1.0 + CONFIDENCE) / 2))
    left = y - (at_0 + value * x)
    of_line = math.sqrt(float(left @ left) / (n - 2) / square)
    rises, widths = np.diff(y), np.diff(x)
    off = rises - value * widths
    spread = math.sqrt(float((off**2 / widths).sum()) / (n - 2))
    of_steps = spread / math.sqrt(float(widths.sum()))
    known = known_half(scatter) / math.sqrt(square)
    half = max(t * max(of_line, of_steps), known)
    return Slope(n, value, at_0, value - half, value + half)


def known_half(scatter: Sequence[float]) -> float:
    """Half of the interval of one value, if its error is like the scatter of these; 0: unknown."""
    if len(scatter) < 2:
        return 0.0
    t = float(special.stdtrit(len(scatter) - 1, (1.0 + CONFIDENCE) / 2))
    return t * float(np.std(scatter, ddof=1))
