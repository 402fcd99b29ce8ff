"""All that plots and page show of a run beside its summary, computed once for both. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from edgeload.read.analysis.percentile_curves import PercentileCurves, percentile_curves
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import (
    FailureRates,
    HeatMap,
    Rates,
    Times,
    failure_rates,
    heat_map,
    rates,
    times,
)

DOUBTFUL = frozenset({"invalid", "unsteady", "cut", "few", "failing"})
"""States of a step whose points are drawn hollow, and its curves dashed."""

HATCHED = frozenset({"invalid", "unsteady"})
"""States of a step whose span over time is hatched."""


@dataclass(frozen=True)
class Drawn:
    """A run over time and by share; None: the run has nothing of that kind to show."""

    rates: Rates
    times: Times
    percentile_curves: PercentileCurves | None
    failures: FailureRates | None
    heat_map: HeatMap | None


def draw(summary: RunSummary) -> Drawn:
    """The series of a run: a few thousand points, whatever its length."""
    return Drawn(
        rates=rates(summary),
        times=times(summary),
        percentile_curves=percentile_curves(summary),
        failures=failure_rates(summary),
        heat_map=heat_map(summary),
    )
