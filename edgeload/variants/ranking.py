"""Measured rounds -> capacities, their ratios, and the order of the variants. Pure.

Ratios are paired by round, so that what changes slowly on the box does not matter. An interval has
two parts: Student's t over the rounds, and what each measurement says of itself, which repeats do
not make smaller: a capacity that is counted in whole clients is the same in every round.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgeload.read.statistics.paired_ratios import LEAST_PAIRS, PairedRatio, paired_ratio
from edgeload.variants.measurement import MeasuredRounds, Measurement


@dataclass(frozen=True)
class CapacityRatio:
    """The capacity of one variant as a multiple of another's, with a 95 % interval.

    `low` and `high` are None for fewer than three rounds with both. `high` may be infinite.
    """

    rounds: int
    value: float
    low: float | None
    high: float | None

    @property
    def smaller(self) -> bool:
        """Whether the first variant is told to have the smaller capacity."""
        return self.high is not None and self.high < 1.0


@dataclass(frozen=True)
class CapacityEstimate:
    """A variant's capacity over all of its rounds, with its interval; `high` may be infinite.

    For fewer than three rounds the interval is the one that the measurements state themselves.
    """

    rounds: int
    per_s: float
    low: float
    high: float


def capacity_estimate(rounds: MeasuredRounds, name: str) -> CapacityEstimate | None:
    """The mean capacity of a variant; None if it has none."""
    found = [measured[name] for measured in rounds if name in measured and measured[name].counts]
    if not found:
        return None
    values = np.array([_value(each) for each in found])
    over_rounds = paired_ratio(np.ones(len(values)), values, math.inf)
    assert over_rounds is not None
    own_low, own_high = _mean([_low(m) for m in found]), _mean([_high(m) for m in found])
    low, high = _widened(over_rounds, own_low, own_high)
    value = over_rounds.value
    return CapacityEstimate(
        len(found), value, own_low if low is None else low, own_high if high is None else high
    )


def capacity_ratio(rounds: MeasuredRounds, name: str, other: str) -> CapacityRatio | None:
    """The ratio of `name` to `other` over the rounds in which both have a capacity."""
    pairs = [
        (measured[name], measured[other])
        for measured in rounds
        if all(each in measured and measured[each].counts for each in (name, other))
    ]
    if not pairs:
        return None
    first = np.array([_value(below) for _, below in pairs])
    second = np.array([_value(above) for above, _ in pairs])
    over_rounds = paired_ratio(first, second, math.inf)
    assert over_rounds is not None
    low, high = _widened(
        over_rounds,
        _mean([_divided(_low(above), _high(below)) for above, below in pairs]),
        _mean([_divided(_high(above), _low(below)) for above, below in pairs]),
    )
    return CapacityRatio(len(pairs), over_rounds.value, low, high)


def _widened(
    over_rounds: PairedRatio, own_low: float, own_high: float
) -> tuple[float | None, float | None]:
    """Both parts of the interval together; None for too few rounds."""
    if over_rounds.low is None or over_rounds.high is None:
        return None, None
    return min(over_rounds.low, own_low), max(over_rounds.high, own_high)


def scores(rounds: MeasuredRounds) -> dict[str, float]:
    """The logarithm of each variant's capacity, with the differences between rounds taken out.

    Least squares of log capacity = variant + round: a variant that left early is judged by those
    that were measured beside it. Variants without a capacity are not in it.
    """
    cells = [
        (name, number, math.log(_value(measurement)))
        for number, measured in enumerate(rounds)
        for name, measurement in measured.items()
        if measurement.counts
    ]
    names = list(dict.fromkeys(name for name, _, _ in cells))
    design = np.zeros((len(cells), len(names) + len(rounds)))
    for row, (name, number, _) in enumerate(cells):
        design[row, names.index(name)] = design[row, len(names) + number] = 1.0
    effects = np.linalg.lstsq(design, np.array([value for _, _, value in cells]), rcond=None)[0]
    return dict(zip(names, effects[: len(names)].tolist(), strict=True))


def best_first(rounds: MeasuredRounds, names: Iterable[str]) -> list[str]:
    """Those of these variants that have a capacity, the largest first."""
    found = scores(rounds)
    return sorted((name for name in names if name in found), key=lambda name: -found[name])


def is_told(rounds: MeasuredRounds, ranked: Sequence[str]) -> bool:
    """Whether the first of these variants is told from each of the others."""
    ratios = (capacity_ratio(rounds, other, ranked[0]) for other in ranked[1:])
    return all(ratio is not None and ratio.smaller for ratio in ratios)


def told_after(rounds: MeasuredRounds, ranked: Sequence[str]) -> int | None:
    """The number of rounds from which on the first is told from the others without a break."""
    told = None
    for count in range(len(rounds), LEAST_PAIRS - 1, -1):
        if not is_told(rounds[:count], ranked):
            break
        told = count
    return told


def _mean(values: Sequence[float]) -> float:
    """The geometric mean; 0 or infinite if a member is."""
    with np.errstate(divide="ignore"):
        return float(np.exp(np.log(np.array(values)).mean()))


def _divided(above: float, below: float) -> float:
    return math.inf if below == 0 else above / below


def _value(measurement: Measurement) -> float:
    assert measurement.capacity_per_s is not None
    return measurement.capacity_per_s


def _low(measurement: Measurement) -> float:
    assert measurement.low is not None
    return measurement.low


def _high(measurement: Measurement) -> float:
    assert measurement.high is not None
    return measurement.high
