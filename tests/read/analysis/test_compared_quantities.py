"""A change is named only if its whole interval is clear of none."""

from __future__ import annotations

import pytest

from edgeload.read.analysis.compared_quantities import _Pair, verdict_of
from edgeload.read.statistics.two_samples import Shift


@pytest.mark.parametrize(
    ("low", "value", "high", "verdict"),
    [
        (-0.04, 0.0, 0.04, "same"),
        (0.01, 0.03, 0.045, "same"),
        (0.023, 0.052, 0.08, "undecided"),  # as runs of an unchanged endpoint differ
        (0.03, 0.045, 0.06, "undecided"),
        (0.03, 0.08, 0.13, "better"),
        (-0.02, 0.2, 0.5, "undecided"),
        (0.051, 0.08, 0.12, "better"),
        (-0.3, -0.2, -0.06, "worse"),
    ],
)
def test_a_verdict_needs_the_whole_interval(
    low: float, value: float, high: float, verdict: str
) -> None:
    """Within the margin: same. A change: beyond it, and all of the interval beyond half of it."""
    assert verdict_of(Shift(value, low, high, 0.01), 0.05, more_is_better=True) == verdict


@pytest.mark.parametrize("quantity", ["throughput", "response p95"])
def test_a_change_does_not_pass_minus_100_percent(quantity: str) -> None:
    """Nothing that is measured becomes less than nothing, however wide the interval is."""
    pair = _Pair(None, 0.05, same_runs=False)  # type: ignore[arg-type]
    row = pair._judged(quantity, 10.0, 1.0, Shift(-0.9, -1.4, -0.4, 0.01))
    assert (row.shift, row.low, row.high) == (-0.9, -1.0, -0.4)
