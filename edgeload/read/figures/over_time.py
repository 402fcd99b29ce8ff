"""Charts over the time of the run: throughput, and percentiles of the times. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from edgeload.palette import PALETTE
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import end_of, rates, times
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.figures.chart import Axis, Chart, Line, Shade, Span
from edgeload.read.figures.scales import (
    MOST_ACROSS,
    linear_axis,
    log_axis,
    places_of_never,
    plain,
    rate_axis,
    values_of,
)
from edgeload.read.figures.signs import cross_keys, doubt_shade, shade_keys
from edgeload.read.statistics.windows import Floats
from edgeload.read.words.legend_words import TIME_OF_STEPS
from edgeload.read.words.loads import Loads
from edgeload.read.words.titles import throughput_title, times_title
from edgeload.time_words import duration, time_unit

DUE_DASH = (6, 5)
"""What was due is drawn above what was answered, which is seen through it if both are alike."""
_MOST_POINTS_MARKED = 40
_PERCENTILES = {"p50": ("blue", ()), "p95": ("orange", (8, 4)), "p99": ("vermilion", (2, 3))}


def throughput_chart(summary: RunSummary) -> Chart:
    """Answers, failures and missed requests per second, against what was due."""
    found = rates(summary)
    size = point_size(found.middle_s)

    def line(name: str, colour: str, rate: Floats, dash: tuple[int, ...] = ()) -> Line:
        return Line(name, PALETTE[colour], values_of(rate), dash=dash, point_size=size)

    # By the totals: whole windows alone are drawn, and the last one may hold all there was.
    lines = [line("answered", "blue", found.ok)]
    if summary.totals.failed:
        lines.append(line("failed", "vermilion", found.failed, (8, 4)))
    if found.missed is not None and summary.totals.missed:
        lines.append(line("missed", "purple", found.missed, (2, 3)))
    spans = spans_of(summary, doubt_shade)
    x = values_of(found.middle_s)
    due = tuple(_due(spans, at_s) for at_s in x)
    if any(span.due is not None for span in spans):
        lines.append(Line("due", PALETTE["black"], due, kind="planned", dash=DUE_DASH, width=1.5))
    return Chart(
        name="throughput",
        title=throughput_title(summary),
        group="time",
        unit="/s",
        x=x,
        x_axis=time_axis(summary),
        y_axis=rate_axis(
            f"requests per second (means of {duration(found.width_s)})",
            lines,
            max((span.due or 0.0 for span in spans), default=0.0),
        ),
        lines=tuple(lines),
        spans=spans,
        loads=Loads(summary).over_what,
        keys=shade_keys(spans),
    )


def times_charts(summary: RunSummary) -> tuple[Chart, ...]:
    """Percentiles of response and of service time, on one scale; none without a good answer."""
    found = times(summary)
    kinds = {"service": found.service}
    if found.response is not None:
        kinds = {"response": found.response, **kinds}
    lines = {
        kind: tuple(_percentile_lines(percentiles, point_size(found.middle_s)))
        for kind, percentiles in kinds.items()
    }
    shown = [v for each in lines.values() for line in each for v in line.values]
    if all(value is None for value in shown):
        return ()
    crossed = max(lines.values(), key=lambda each: sum(bool(line.crosses) for line in each))
    spans = spans_of(summary, doubt_shade)
    return tuple(
        Chart(
            name=kind,
            title=times_title(summary, kind),
            group="time",
            unit="ms",
            x=values_of(found.middle_s),
            x_axis=time_axis(summary),
            y_axis=log_axis(time_label(kind), shown, crossed),
            lines=lines[kind],
            spans=spans,
            loads=Loads(summary).over_what,
            keys=(*cross_keys(lines[kind]), *shade_keys(spans)),
        )
        for kind in kinds
    )


def time_axis(summary: RunSummary, last_s: float = 0.0, since: str = TIME_OF_STEPS) -> Axis:
    """The axis of run time, to the end of the last step or to `last_s` if that is later."""
    end_s = max(end_of(summary), last_s, 1e-3)
    unit = time_unit(end_s)
    label = f"{since}, {unit.name}"
    return linear_axis(label, 0.0, end_s, most=MOST_ACROSS, unit=unit.seconds)


def time_label(kind: str, *, short: bool = False) -> str:
    """The label of an axis of response or service times; in small multiples a short one."""
    if short:
        return f"{kind} time, ms"
    return f"{kind} time ({'due' if kind == 'response' else 'sent'} to answered), ms"


def spans_of(
    summary: RunSummary, shade: Callable[[StepSummary], Shade | None] = lambda step: None
) -> tuple[Span, ...]:
    """The steps on the axis of time."""
    loads = Loads(summary)
    return tuple(
        Span(
            plain(step.span.start_s) or 0.0,
            plain(step.window.end_s) or 0.0,
            loads.over(step),
            plain(step.rates.arrival_per_s),
            shade(step),
        )
        for step in summary.steps
    )


def point_size(x: Floats) -> float:
    """Points are marked where they are few."""
    return 5.0 if len(x) <= _MOST_POINTS_MARKED else 0.0


def _due(spans: tuple[Span, ...], at_s: float | None) -> float | None:
    """What the plan asked for per second at an instant."""
    begun = [span.due for span in spans if at_s is not None and span.start <= at_s]
    return begun[-1] if begun else None


def _percentile_lines(percentiles: Mapping[str, Floats], size: float) -> Iterator[Line]:
    """A line for each percentile that has a sample in some window."""
    for name, times_s in percentiles.items():
        if np.isnan(times_s).all():
            continue
        colour, dash = _PERCENTILES[name]
        never = places_of_never(times_s)
        yield Line(
            name,
            PALETTE[colour],
            values_of(times_s * 1000),
            dash=dash,
            point_size=size,
            never=never,
            crosses=never,
        )
