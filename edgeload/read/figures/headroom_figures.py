"""The figures of a search for headroom: a ladder for each group, and its trials over time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.chart import Chart
from edgeload.read.figures.group_panels import (
    curve_panels,
    failure_panels,
    throughput_panels,
    times_panels,
)
from edgeload.read.figures.ladder import ladder_charts
from edgeload.read.figures.over_time import throughput_chart


def headroom_figures(summary: RunSummary) -> Mapping[str, tuple[Chart, ...]]:
    """The charts by the file that shows them; nothing against load, which is not one number."""
    return {
        "search.png": tuple(_ladders(summary)),
        "throughput.png": (throughput_chart(summary), *throughput_panels(summary)),
        "times.png": times_panels(summary),
        "failures.png": failure_panels(summary),
        "spectrum.png": curve_panels(summary),
    }


def _ladders(summary: RunSummary) -> Iterator[Chart]:
    """That of each group, in cameras of it; the trials of the base load are in all of them."""
    for number, search in enumerate(summary.searches, 1):
        name = search.axis.group or ""
        for chart in ladder_charts(replace(summary, search=search, headroom=None)):
            tier = f"{chart.part}: " if chart.part else ""
            yield replace(
                chart,
                name=f"{chart.name}_of_group_{number}",
                title=f"{name}: {tier}{chart.title[:1].lower()}{chart.title[1:]}",
                part=name,
            )
