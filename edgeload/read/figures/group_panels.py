"""Small multiples: a panel for each camera group of a mix, all alike and on one x axis. Pure.

Times are on one scale, because groups are compared by them. Rates are not: a group of few requests
would be a line along the bottom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.by_load import by_load_charts
from edgeload.read.figures.chart import Chart
from edgeload.read.figures.failures import class_fills, failures_chart
from edgeload.read.figures.over_time import throughput_chart, time_label, times_charts
from edgeload.read.figures.percentile_curves import percentile_curve_charts
from edgeload.read.figures.scales import with_shared_y
from edgeload.read.words.group_words import group_answers
from edgeload.read.words.titles import (
    group_load_title,
    group_objective_title,
    group_throughput_title,
)

_MOST_OPEN = 6
"""Of more groups than this, the page unfolds the charts of those alone that fell short."""


def load_panels(summary: RunSummary) -> tuple[Chart, ...]:
    """Two charts for each group: its throughput against load, and its times."""
    throughput, times = [], []
    for group, answer in zip(summary.groups, group_answers(summary), strict=True):
        answered, timed = by_load_charts(group)
        throughput.append(replace(answered, title=group_load_title(group, answer)))
        times.append(replace(timed, title=group_objective_title(group)))
    pairs = zip(throughput, with_shared_y(times), strict=True)
    return panels(summary, [list(pair) for pair in pairs], half=True)


def throughput_panels(summary: RunSummary) -> tuple[Chart, ...]:
    """A chart for each group: its throughput over time."""
    charts = (
        replace(throughput_chart(group), title=group_throughput_title(group))
        for group in summary.groups
    )
    return panels(summary, [[chart] for chart in charts], half=False)


def times_panels(summary: RunSummary) -> tuple[Chart, ...]:
    """Two charts for each group: its response and its service times over time."""
    return panels(summary, _pairs(summary, times_charts), half=True)


def curve_panels(
    summary: RunSummary, names: Mapping[int, str] = MappingProxyType({})
) -> tuple[Chart, ...]:
    """Two charts for each group: how its response and service times spread.

    A group with too few answers has none. `names` are those of the loads, by step, if not as in a
    ramp.
    """
    rows = _pairs(summary, lambda group: percentile_curve_charts(group, names))
    return panels(summary, rows, half=True)


def failure_panels(summary: RunSummary) -> tuple[Chart, ...]:
    """A chart for each group with failures; a class looks alike in all of them."""
    fills = class_fills(summary)
    charts = [failures_chart(group, fills) for group in summary.groups]
    return panels(summary, [[chart] if chart else [] for chart in charts], half=False)


def _pairs(
    summary: RunSummary, charts_of: Callable[[RunSummary], Sequence[Chart]]
) -> list[list[Chart]]:
    """Response and service of each group, on one scale; nothing for a group without charts.

    An older log knows service time alone, but none of a mix is.
    """
    rows = [_labelled(charts_of(group)) for group in summary.groups]
    shared = iter(with_shared_y(chart for row in rows for chart in row))
    return [[next(shared) for _ in row] for row in rows]


def _labelled(charts: Sequence[Chart]) -> list[Chart]:
    labels = [time_label(kind, short=True) for kind in ("response", "service")]
    return [
        replace(chart, y_axis=replace(chart.y_axis, label=label))
        for chart, label in zip(charts, labels, strict=False)
    ]


def panels(
    summary: RunSummary, rows: Iterable[Sequence[Chart]], *, half: bool
) -> tuple[Chart, ...]:
    """The charts of each group, in the plan's order, as small multiples."""
    return tuple(_numbered(summary, rows, half))


def _tells(group: RunSummary) -> bool:
    """Whether a group is one to look at first."""
    return any(step.fell_short for step in group.steps)


def _numbered(summary: RunSummary, rows: Iterable[Sequence[Chart]], half: bool) -> Iterator[Chart]:
    """A group's number makes the names of its charts unique."""
    for number, (group, charts) in enumerate(zip(summary.groups, rows, strict=True), 1):
        folded = len(summary.groups) > _MOST_OPEN and not _tells(group)
        for chart in charts:
            name = f"{chart.name}_{number}"
            yield replace(chart, name=name, part=group.group, half=half, folded=folded)
