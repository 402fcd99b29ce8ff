"""The box beside the load: load, times, CPU and GPU on one axis of time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edgeload.palette import PALETTE
from edgeload.read.analysis.host_series import (
    CONTROLLER,
    CORE,
    CPU,
    GPU,
    GPU_MEMORY,
    MEMORY,
    HostSeries,
)
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.chart import Chart, Line, Mark
from edgeload.read.figures.over_time import (
    point_size,
    spans_of,
    throughput_chart,
    time_axis,
    times_charts,
)
from edgeload.read.figures.scales import linear_axis, values_of
from edgeload.read.figures.signs import doubt_shade, mark_keys
from edgeload.read.words.loads import Loads
from edgeload.read.words.soak_words import throttling_label
from edgeload.read.words.titles import box_title

_STYLES = {
    CPU: ("blue", ()),
    CORE: ("sky", (2, 3)),
    GPU: ("vermilion", ()),
    CONTROLLER: ("purple", (8, 4)),
    GPU_MEMORY: ("orange", (6, 5)),
    MEMORY: ("grey", (6, 5)),
}


def box_charts(summary: RunSummary) -> tuple[Chart, ...]:
    """Load, times and the box's use, one above the other; none if the box was not watched."""
    series = summary.host_series
    if series is None:
        return ()
    load = throughput_chart(summary)
    times = times_charts(summary)[:1]
    return (
        *(
            replace(chart, name=f"box_{chart.name}", part=title, title=title)
            for chart, title in ((load, "Load"), *((each, "Times") for each in times))
        ),
        _use_chart(summary, series),
    )


def _use_chart(summary: RunSummary, series: HostSeries) -> Chart:
    marks = tuple(_marks(summary))
    return Chart(
        name="box_use",
        title=box_title(summary),
        group="time",
        unit="%",
        x=values_of(series.at_s),
        x_axis=time_axis(summary),
        y_axis=linear_axis("busy, %", 0.0, 104.0),
        lines=tuple(_lines(series)),
        spans=spans_of(summary, doubt_shade),
        loads=Loads(summary).over_what,
        marks=marks,
        keys=mark_keys(marks),
        part="Box",
    )


def _marks(summary: RunSummary) -> Iterator[Mark]:
    """Where a GPU began to throttle in a long step."""
    for soak in summary.soaks:
        if soak.throttling is not None:
            label = throttling_label(soak.throttling)
            yield Mark(label, PALETTE["orange"], x=soak.throttling.at_s)


def _lines(series: HostSeries) -> Iterator[Line]:
    for name, (colour, dash) in _STYLES.items():
        if name in series.lines:
            yield Line(
                name,
                PALETTE[colour],
                values_of(series.lines[name]),
                dash=dash,
                joined=not series.every_sample,
                point_size=point_size(series.at_s) / 2,
            )
