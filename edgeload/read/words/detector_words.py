"""What each detector was asked, step by step, as the texts of a table. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from edgeload.read.analysis.detector_times import DetectorTimes
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.format import milliseconds, number
from edgeload.read.statistics.percentiles import Distribution

_QUANTILES = ("p50", "p95", "p99")
DETECTOR_HEADS = ("step", "detector", "requests", "failed", "done/s", *_QUANTILES)


@dataclass(frozen=True)
class DetectorRow:
    """A detector in a step: the step's number from 1, whether it is the first row of that step, and
    the texts of all columns behind it.
    """

    step: int
    first: bool
    cells: tuple[str, ...]


def detector_rows(summary: RunSummary) -> list[DetectorRow]:
    """The rows; none if each group has a detector of its own, without a chain.

    Then the table of steps says the same. Nor in an interference run, which has many short steps.
    """
    if summary.interference or not tells_more_than_groups(summary):
        return []
    return [
        DetectorRow(step.index + 1, not place, _cells(times))
        for step in summary.steps
        for place, times in enumerate(step.detectors)
    ]


def tells_more_than_groups(summary: RunSummary) -> bool:
    """Whether frames need several detectors, or groups share one."""
    header = summary.log.header
    groups = header.plan.groups if header and summary.groups else []
    asked = [group.detector_id for group in groups]
    return any(group.then for group in groups) or len(set(asked)) < len(asked)


def _cells(times: DetectorTimes) -> tuple[str, ...]:
    return (
        times.detector_name or times.detector_id or "?",
        f"{times.requests:,}",
        f"{times.failed:,}",
        number(times.throughput_per_s),
        *(_time(times.service, quantile) for quantile in _QUANTILES),
    )


def _time(sample: Distribution, name: str) -> str:
    quantile = sample.quantile(name)
    return milliseconds(quantile.value if quantile else None, "few" if sample.n else "-")
