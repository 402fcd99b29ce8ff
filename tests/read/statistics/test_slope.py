"""The growth per unit: against scipy, and how often its interval holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import linregress, t

from edgeload.read.statistics.slope import Slope, slope_of

COUNTS = tuple(range(6))


def covered(errors: np.ndarray) -> float:
    """The share of samples, one per row, whose interval holds the true slope, 2."""
    values = 5.0 + 2.0 * np.arange(6) + errors
    slopes = [slope_of(COUNTS, row) for row in values.tolist()]
    held = [
        s.low <= 2.0 <= s.high for s in slopes if s and s.low is not None and s.high is not None
    ]
    assert len(held) == len(values)
    return sum(held) / len(held)


def test_the_line_is_least_squares() -> None:
    """Its growth and its value at 0 are scipy's."""
    values = np.random.default_rng(1).normal(size=6)
    theirs, ours = linregress(COUNTS, values), slope_of(COUNTS, values.tolist())
    assert ours is not None
    assert (ours.value, ours.at_0) == pytest.approx((theirs.slope, theirs.intercept))
    assert ours.at(3.0) == pytest.approx(theirs.intercept + 3.0 * theirs.slope)


def test_the_interval_holds_the_truth_when_values_are_off() -> None:
    """In 95 % of the samples or more: its own formula would do."""
    assert covered(np.random.default_rng(2).normal(size=(1500, 6))) >= 0.94


def test_the_interval_holds_the_truth_when_units_differ() -> None:
    """Errors that stay: in 95 % as well, where least squares alone is too sure."""
    errors = np.cumsum(np.random.default_rng(3).normal(size=(1500, 6)), axis=1)
    errors -= errors[:, :1]
    assert covered(errors) >= 0.94
    alone = [linregress(COUNTS, 2.0 * np.arange(6) + row) for row in errors[:300]]
    assert np.mean([abs(fit.slope - 2.0) <= 2.776 * fit.stderr for fit in alone]) < 0.9


def test_without_errors_there_is_no_doubt_and_with_few_points_no_interval() -> None:
    """Three points on a line; two points; one."""
    exact = slope_of((0, 1, 2), (1.0, 3.0, 5.0))
    assert exact is not None
    assert (exact.value, exact.low, exact.high) == pytest.approx((2.0, 2.0, 2.0))
    assert exact.is_certain
    assert slope_of((0, 1), (1.0, 3.0)) == Slope(2, 2.0, 1.0, None, None)
    assert slope_of((0,), (1.0,)) is None


def test_three_points_on_a_line_by_chance_are_not_taken_at_their_word() -> None:
    """The error of a value, if others tell it, is that of the slope as well: s / sqrt(Sxx)."""
    scatter = (0.0, 0.3, -0.2, 0.1, -0.2)
    found = slope_of((0, 1, 2), (1.0, 3.0, 5.0), scatter)
    assert found is not None and found.high is not None
    expected = t.ppf(0.975, 4) * np.std(scatter, ddof=1) / np.sqrt(2.0)
    assert found.high - found.value == pytest.approx(expected)
