"""Does a long step end as it began? Its first quarter against its last, and since when. Pure.

A series has one value for each of equal parts of the step, in order of time; NaN for no data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from edgeload.read.statistics.windows import Floats

PARTS = 20
"""Parts of a step: five in each quarter."""
SOAK_FALSE_ALARMS = 0.00003
"""The level of one series: so strict because times wander for minutes where requests queue.
Throughput and two percentiles of a flat box together raise an alarm in at most one of a hundred
runs, also at random arrivals and 90 % of the capacity (tests/read/statistics/test_plateau.py)."""
_QUARTER = PARTS // 4
_LEAST_KNOWN = 16
_MOST_ALIKE = 0.9
_LEAST_SIDE = 3
_GRADUAL = 0.1
"""A change that begins in the first tenth and goes on to the end has no moment of its own."""
_LOCATION_95 = 7.35
"""2 log of the likelihood ratio that the true place of a change exceeds in 5 % (Hansen 2000)."""

Flags = npt.NDArray[np.bool_]
Shape = Literal["step", "bend"]


def p_of_change(parts: Floats) -> float | None:
    """How likely a flat series shows such a difference between its first and its last quarter.

    Student's t for the difference of two means. The scatter is that about the straight line, step
    or bend that fits the whole series best, so that a change is no scatter; it is widened for the
    correlation r of neighbours, by (1 + r) / (1 - r). None with fewer than 16 of 20 values.
    """
    known = np.isfinite(parts)
    first, last = parts[:_QUARTER][known[:_QUARTER]], parts[-_QUARTER:][known[-_QUARTER:]]
    if np.count_nonzero(known) < _LEAST_KNOWN or min(len(first), len(last)) < _LEAST_SIDE:
        return None
    left = _about_the_best(parts[known])
    n, squares = len(left), float(left @ left)
    difference = abs(float(last.mean() - first.mean()))
    least = 1e-18 * float(parts[known] @ parts[known])
    if squares <= least:
        return float(difference**2 <= least)
    alike = (n * float(left[1:] @ left[:-1]) / squares + 2.5) / (n - 5)  # its bias taken back
    alike = min(max(alike, 0.0), _MOST_ALIKE)
    error = math.sqrt(squares / (n - 4) * (1 / len(first) + 1 / len(last)))
    return 2.0 * float(special.stdtr(n - 4, -difference / error * (1 - alike) / (1 + alike)))


def _about_the_best(values: Floats) -> Floats:
    """What is left about the nearest of a straight line, a step and a bend.

    The part in which a step falls has some of both levels, and is left out.
    """
    n = len(values)
    found = [_about(values, np.arange(float(n)))]
    for at in range(_LEAST_SIDE, n - _LEAST_SIDE):
        sides = values[:at], values[at + 1 :]
        found.append(np.concatenate([side - side.mean() for side in sides]))
        found.append(_about(values, np.maximum(0.0, np.arange(n) - at)))
    return min(found, key=lambda left: float(left @ left) / len(left))


def _about(values: Floats, shape: Floats) -> Floats:
    """What is left of the values about a level and a multiple of a shape."""
    centred, x = values - values.mean(), shape - shape.mean()
    left: Floats = centred - float(x @ centred) / float(x @ x) * x
    return left


def _squares_of_steps(values: Floats) -> Floats:
    """Squares about two levels, for each place where the second may begin."""
    n = len(values)
    before = np.arange(_LEAST_SIDE, n - _LEAST_SIDE + 1)
    centred = values - values.mean()
    sums = np.cumsum(centred)[before - 1]
    squares: Floats = float(centred @ centred) - sums**2 * n / (before * (n - before))
    return np.maximum(squares, 0.0)


def _squares_of_bends(values: Floats) -> Floats:
    """Squares about a level that becomes a straight slope, for each place of the bend."""
    n = len(values)
    places = np.arange(_LEAST_SIDE, n - _LEAST_SIDE + 1)
    slopes = np.maximum(0.0, np.arange(n)[None, :] - places[:, None] + 0.5)
    slopes -= slopes.mean(axis=1, keepdims=True)
    centred = values - values.mean()
    fitted = (slopes @ centred) ** 2 / np.sum(slopes**2, axis=1)
    squares: Floats = np.maximum(float(centred @ centred) - fitted, 0.0)
    return squares


@dataclass(frozen=True)
class Onset:
    """Where a series changed, counted in its parts from 0, with 95 % limits.

    "step": from one level to another; "bend": from a level into a slope.
    """

    at: int
    low: int
    high: int
    shape: Shape


def onset(parts: Floats) -> Onset | None:
    """Where a series that has changed did so; None if it was no moment.

    By least squares the likeliest place of a step, or of a bend if that fits better. The limits are
    all places whose likelihood is not clearly less (Hansen 2000), widened if neighbours are alike.
    """
    known = np.flatnonzero(np.isfinite(parts))
    values = parts[known]
    if len(values) < PARTS:
        return None
    steps, bends = _squares_of_steps(values), _squares_of_bends(values)
    shape: Shape = "step" if steps.min() <= bends.min() else "bend"
    squares = steps if shape == "step" else bends
    best = int(np.argmin(squares))
    if shape == "bend" and best + _LEAST_SIDE <= _GRADUAL * len(values):
        return None
    floor = 1e-12 * float(values @ values) + 1e-300
    ratio = len(values) * np.log((squares + floor) / (squares[best] + floor))
    likely = np.flatnonzero(ratio <= _LOCATION_95 * _widening(values, best + _LEAST_SIDE, shape))
    place = [int(known[i + _LEAST_SIDE]) for i in (best, likely[0], likely[-1])]
    return Onset(place[0], place[1], place[2], shape)


def _widening(values: Floats, at: int, shape: Shape) -> float:
    if shape == "bend":
        return 1.0
    left = np.concatenate([values[:at] - values[:at].mean(), values[at:] - values[at:].mean()])
    squares = float(left @ left)
    alike = float(left[1:] @ left[:-1]) / squares if squares > 0 else 0.0
    alike = min(max(alike, 0.0), _MOST_ALIKE)
    return (1 + alike) / (1 - alike)


@dataclass(frozen=True)
class Switch:
    """From member `at` on flags are mostly set; the shares of them set before and from then on."""

    at: int
    before: float
    after: float


def switch_on(flags: Flags) -> Switch | None:
    """The place that parts a series of flags best into unset and set ones; None if none is set."""
    if not flags.any():
        return None
    set_before = np.concatenate([[0], np.cumsum(flags)])
    unset_after = np.count_nonzero(~flags) - np.concatenate([[0], np.cumsum(~flags)])
    at = int(np.argmin(set_before + unset_after))
    if at == len(flags):
        return None
    before = float(flags[:at].mean()) if at else 0.0
    return Switch(at, before, float(flags[at:].mean()))


_GROWTH_ALARMS = 0.001
_GOES_ON = 0.5


def growth_per_part(parts: Floats) -> float | None:
    """By how much a series grows steadily from part to part; None if it does not.

    The growth must be clear even if the series is a random walk, whose steps between the means of
    parts have 2/3 of its variance and are correlated (see `backlog`). One that ends, as that of a
    cache that fills up, is none: the second half must grow half as fast as the first, or faster.
    """
    known = np.flatnonzero(np.isfinite(parts))
    if len(known) < _LEAST_KNOWN:
        return None
    values: Floats = np.interp(np.arange(len(parts)), known, parts[known])
    steps = np.diff(values)
    k = len(values)
    mean = float(steps.mean())
    error = math.sqrt(1.5 / (k - 1)) * float(steps.std(ddof=1))
    if mean <= -float(special.stdtrit(k - 2, _GROWTH_ALARMS)) * error:
        return None
    half = len(steps) // 2
    early, late = float(steps[:half].mean()), float(steps[-half:].mean())
    return mean if early > 0 and late >= _GOES_ON * early else None
