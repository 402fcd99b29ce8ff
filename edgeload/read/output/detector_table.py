"""The table of what each detector was asked, for the terminal: one row per step and detector."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from edgeload.read.analysis.detector_times import DetectorTimes
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.format import milliseconds, number
from edgeload.read.statistics.percentiles import Distribution
from edgeload.read.words import terminal_words

_QUANTILES = ("p50", "p95", "p99")


def detector_tables(summary: RunSummary) -> tuple[Text | Table, ...]:
    """The table with its heading; nothing if each group has a detector of its own, without a chain.

    Then the table of steps says the same. Nor in an interference run, which has many short steps.
    """
    if summary.interference or not tells_more_than_groups(summary):
        return ()
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for head in ("step", "detector", "requests", "failed", "done/s", *_QUANTILES):
        table.add_column(head, justify="left" if head == "detector" else "right", no_wrap=True)
    for step in summary.steps:
        for place, times in enumerate(step.detectors):
            table.add_row("" if place else str(step.index + 1), *_cells(times))
    return (Text(terminal_words.DETECTORS_HEAD), table)


def tells_more_than_groups(summary: RunSummary) -> bool:
    """Whether frames need several detectors, or groups share one."""
    header = summary.log.header
    groups = header.plan.groups if header and summary.groups else []
    asked = [group.detector_id for group in groups]
    return any(group.then for group in groups) or len(set(asked)) < len(asked)


def _cells(times: DetectorTimes) -> list[str]:
    name = times.detector_name or times.detector_id or "?"
    return [
        name,
        f"{times.requests:,}",
        f"{times.failed:,}",
        number(times.throughput_per_s),
        *(_time(times.service, quantile) for quantile in _QUANTILES),
    ]


def _time(sample: Distribution, name: str) -> str:
    quantile = sample.quantile(name)
    return milliseconds(quantile.value if quantile else None, "few" if sample.n else "-")
