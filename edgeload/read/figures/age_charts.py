"""How old the newest answers of cameras are over time: for those that keep only their newest frame.

Pure.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeload.palette import PALETTE
from edgeload.read.analysis.camera_age import age_spans_in
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import end_of, window_width
from edgeload.read.figures.chart import Chart, Key, Line
from edgeload.read.figures.over_time import point_size, spans_of, time_axis
from edgeload.read.figures.scales import log_axis, places_of_never, values_of, with_shared_y
from edgeload.read.figures.signs import doubt_shade, shade_keys
from edgeload.read.statistics.windows import Window
from edgeload.read.words.legend_words import AGE_LABEL, CROSS_OF_AN_AGE
from edgeload.read.words.loads import Loads
from edgeload.read.words.titles import age_title

_LINES = {"p50": ("blue", ()), "p95": ("orange", (8, 4)), "max": ("vermilion", (2, 3))}
_NO_ANSWER_YET = Key("cross", PALETTE["grey"], CROSS_OF_AN_AGE)


def age_charts(summary: RunSummary) -> tuple[Chart, ...]:
    """A chart for each camera group with the late policy `latest`, all on one scale."""
    parts = summary.groups or (summary,)
    charts = [(number, part, age_chart(part)) for number, part in enumerate(parts, 1)]
    found = [
        replace(chart, name=f"{chart.name}_{number}", part=part.group) if part.group else chart
        for number, part, chart in charts
        if chart is not None
    ]
    return tuple(with_shared_y(found))


def age_chart(summary: RunSummary) -> Chart | None:
    """p50, p95 and largest age over the time of all cameras, by windows of time.

    None: its cameras send every frame, so response times tell more; or nothing was due.
    """
    plan = summary.log.plan
    if plan is None or all(group.late != "latest" for group in plan.groups):
        return None
    end_s = end_of(summary)
    spans = age_spans_in(summary.log, range(plan.max_clients), Window(0.0, end_s))
    if spans is None or spans.age is None:
        return None
    width_s = window_width(end_s)
    edges_s = np.append(np.arange(0.0, end_s - width_s / 2, width_s), end_s)
    found = spans.over_time(edges_s)
    ages = {"p50": found.p50_s, "p95": found.p95_s, "max": found.max_s}
    size = point_size(found.middle_s)
    lines = []
    for name, age_s in ages.items():
        colour, dash = _LINES[name]
        never = places_of_never(age_s)
        lines.append(
            Line(
                name,
                PALETTE[colour],
                values_of(age_s * 1000),
                dash=dash,
                point_size=size,
                never=never,
                crosses=never,
            )
        )
    crossed = [line for line in lines if line.crosses]
    shown = [value for line in lines for value in line.values if value is not None]
    steps = spans_of(summary, doubt_shade)
    return Chart(
        name="age",
        title=age_title(summary),
        group="time",
        unit="ms",
        x=values_of(found.middle_s),
        x_axis=time_axis(summary),
        y_axis=log_axis(AGE_LABEL, shown, lines),
        lines=tuple(lines),
        spans=steps,
        loads=Loads(summary).over_what,
        keys=(*(_NO_ANSWER_YET for _ in crossed[:1]), *shade_keys(steps)),
    )
