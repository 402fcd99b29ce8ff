"""A run -> the interactive figures of report.html as plain values for its script. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeload.png_style import PALETTE
from edgeload.read.analysis.capacity import saturated
from edgeload.read.analysis.percentile_curves import FASTEST, Curve, PercentileCurves
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import FailureRates, HeatMap, Rates, end_of
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.figures.shown import DOUBTFUL, HATCHED, Drawn
from edgeload.read.statistics.percentiles import Distribution
from edgeload.read.statistics.windows import Floats
from edgeload.read.words.titles import (
    capacity_title,
    failures_title,
    heat_map_title,
    percentile_curves_title,
    throughput_title,
    times_title,
)

_PERCENTILES = {"p50": ("blue", ()), "p95": ("orange", (8, 4)), "p99": ("vermilion", (2, 3))}
_CURVES = ("#440154", "#414487", "#2A788E", "#22A884", "#5DB52F", "#B08D00")
_CLASSES = ("vermilion", "blue", "orange", "green", "purple", "sky", "black", "grey")

Values = list[float | None]


@dataclass(frozen=True)
class Line:
    """One series: a value for each x of its figure, None for no data.

    `never` are the places where the value is that nothing was ever answered; `hollow` those of
    steps that were not steady and valid. A `planned` line is drawn from the spans' `due`.
    """

    label: str
    colour: str
    values: Values
    dash: Sequence[int] = ()
    stepped: bool = False
    planned: bool = False
    point_size: int = 0
    wide: bool = False
    never: list[int] = field(default_factory=list)
    hollow: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Figure:
    """What the page's script draws: series over one x, and marks.

    Figures of one `group` ("time", "clients", "share") have one x axis, zoomed together, from
    `x_min` to `x_max`. `unit` stands behind every value that is shown. `heat` is a heat map's
    bands, and shares in thousandths by band and window. What is below `y_low` may leave the
    picture.
    """

    name: str
    title: str
    group: str
    x_label: str
    y_label: str
    unit: str
    log: bool
    x: Values
    x_min: float
    x_max: float
    lines: list[Line]
    spans: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)
    y_low: float | None = None
    heat: dict[str, Any] | None = None


def figures(summary: RunSummary, drawn: Drawn) -> list[Figure]:
    """All figures that this run has something for, in the order of the page."""
    found = [*_by_clients(summary), _throughput(summary, drawn.rates), *_times(summary, drawn)]
    if drawn.failures:
        found.append(_failures(summary, drawn.failures))
    if drawn.heat_map:
        found.append(_heat(summary, drawn.heat_map))
    if drawn.percentile_curves:
        found += _spectra(summary, drawn.percentile_curves)
    return found


def _by_clients(summary: RunSummary) -> list[Figure]:
    """Throughput and times of the steps against their clients."""
    steps = sorted(summary.steps, key=lambda step: (step.clients, step.index))
    hollow = [i for i, step in enumerate(steps) if step.state in DOUBTFUL]
    capacity = summary.capacity
    marks = (
        [{"x": capacity.clients, "label": "capacity", "colour": PALETTE["green"]}]
        if capacity
        else []
    )

    limits = [
        {"y": limit.bound * 1000, "label": limit.text, "colour": PALETTE["black"]}
        for limit in summary.time_objectives
    ]

    def line(label: str, colour: str, values: Iterable[float | None], **looks: Any) -> Line:
        return Line(
            label,
            PALETTE[colour],
            list(values),
            # Where both are alike, service time shows around and between response time.
            point_size=11 if label.startswith("service") else 7,
            hollow=hollow,
            **looks,
        )

    def figure(name: str, title: str, y_label: str, lines: list[Line], *, ms: bool) -> Figure:
        return Figure(
            name=name,
            title=title,
            group="clients",
            x_label="clients",
            y_label=y_label,
            unit="ms" if ms else "/s",
            log=ms,
            x=[float(step.clients) for step in steps],
            x_min=0.0,
            x_max=max((step.clients for step in steps), default=1) * 1.05,
            lines=lines,
            marks=marks + (limits if ms else []),
        )

    due = [_plain(step.rates.arrival_per_s) for step in steps]
    rates = [line("answered", "blue", [_plain(step.rates.throughput_per_s) for step in steps])]
    if any(rate is not None for rate in due):
        rates.insert(0, line("due", "grey", due, wide=True))
    wanted = (
        ("service p95", "blue", ()),
        ("service p50", "sky", ()),
        ("response p95", "vermilion", (8, 6)),
        ("response p50", "orange", (8, 6)),
    )
    times = []
    for label, colour, dash in wanted:
        values, never = _of_steps(steps, *label.split())
        if any(value is not None for value in values) or never:
            times.append(line(label, colour, values, dash=dash, never=never))
    found = [
        figure("load", capacity_title(summary), "requests per second", rates, ms=False),
    ]
    if times:
        title = "Times against load: " + (
            "service, from sent to answered"
            if not summary.log.knows_due
            else "response from due, service from sent, to answered"
        )
        found.append(figure("times-by-load", title, "time, ms", times, ms=True))
    return found


def _of_steps(steps: Sequence[StepSummary], kind: str, name: str) -> tuple[Values, list[int]]:
    samples: list[Distribution | None] = [
        step.times.response if kind == "response" else step.times.service for step in steps
    ]
    known = [sample.quantile(name) if sample else None for sample in samples]
    never = [i for i, q in enumerate(known) if q and q.never]
    return [None if q is None or q.never else _plain(q.value * 1000) for q in known], never


def _throughput(summary: RunSummary, rates: Rates) -> Figure:
    lines = [
        Line("answered", PALETTE["blue"], _list(rates.ok)),
        Line("failed", PALETTE["vermilion"], _list(rates.failed), dash=(8, 4)),
    ]
    due = _due(summary.steps, rates.middle_s)
    if any(value is not None for value in due):
        lines.insert(0, Line("due", PALETTE["black"], due, planned=True))
    if rates.missed is not None:
        lines.append(Line("missed", PALETTE["purple"], _list(rates.missed), dash=(2, 3)))
    return _over_time(
        summary,
        name="throughput",
        title=throughput_title(summary),
        y_label=f"requests per second (means of {rates.width_s:g} s)",
        unit="/s",
        x=_list(rates.middle_s),
        lines=lines,
        shade="saturated",
    )


def _due(steps: Sequence[StepSummary], at_s: Floats) -> Values:
    """What the plan asked for per second at each instant."""
    starts = np.array([step.span.start_s for step in steps])
    places = np.searchsorted(starts, at_s, side="right") - 1
    return [_plain(steps[max(0, place)].rates.arrival_per_s) for place in places.tolist()]


def _times(summary: RunSummary, drawn: Drawn) -> list[Figure]:
    kinds = [("service", "sent", drawn.times.service)]
    if drawn.times.response is not None:
        kinds.insert(0, ("response", "due", drawn.times.response))
    found = []
    for place, (kind, start, percentiles) in enumerate(kinds):
        if not any(np.isfinite(values).any() for values in percentiles.values()):
            continue
        lines = [
            Line(
                name,
                PALETTE[_PERCENTILES[name][0]],
                _list(values * 1000),
                dash=_PERCENTILES[name][1],
                never=np.flatnonzero(np.isinf(values)).tolist(),
            )
            for name, values in percentiles.items()
        ]
        title = times_title(summary) if place == 0 else "Service time: network, queue and model"
        found.append(
            _over_time(
                summary,
                name=kind,
                title=title,
                y_label=f"{kind} time ({start} to answered), ms",
                unit="ms",
                log=True,
                x=_list(drawn.times.middle_s),
                lines=lines,
                shade="doubtful",
            )
        )
    return found


def _failures(summary: RunSummary, failures: FailureRates) -> Figure:
    names = zip(failures.classes.items(), _CLASSES, strict=False)
    lines = [
        Line(name, PALETTE[colour], [*_list(values), 0.0], stepped=True)
        for (name, values), colour in names
    ]
    return _over_time(
        summary,
        name="failures",
        title=failures_title(summary),
        y_label=f"failures per second (means of {failures.width_s:g} s)",
        unit="/s",
        x=_list(failures.edges_s),
        lines=lines,
        shade="none",
    )


def _heat(summary: RunSummary, heat: HeatMap) -> Figure:
    start = "due" if heat.kind == "response" else "sent"
    never = [100.0 * share for share in heat.never.tolist()]
    return _over_time(
        summary,
        name="heat-map",
        title=heat_map_title(summary, heat),
        y_label=f"{heat.kind} time ({start} to answered), ms",
        unit="%",
        log=True,
        x=_list((heat.edges_s[:-1] + heat.edges_s[1:]) / 2),
        lines=[
            Line("share of what was due, in the band under the pointer", "#00224E", []),
            Line("missed or timed out", PALETTE["vermilion"], [_plain(share) for share in never]),
        ],
        shade="none",
        heat={
            "edges": _list(heat.edges_s),
            "bands": _list(heat.bands_s * 1000),
            "permille": np.ceil(heat.share * 1000).astype(int).tolist(),
        },
    )


def _over_time(summary: RunSummary, *, shade: str, log: bool = False, **figure: Any) -> Figure:
    spans = [
        {
            "start": _plain(step.span.start_s),
            "end": _plain(step.window.end_s),
            "clients": step.clients,
            "due": _plain(step.rates.arrival_per_s),
            "shade": shade
            if (shade == "saturated" and saturated(step))
            or (shade == "doubtful" and step.state in HATCHED)
            else None,
        }
        for step in summary.steps
    ]
    last_x = figure["x"][-1] if figure["x"] else 0.0
    return Figure(
        group="time",
        x_label="time since the first step began, s",
        log=log,
        x_min=0.0,
        x_max=max(end_of(summary), last_x or 0.0, 1e-3),
        spans=spans,
        **figure,
    )


def _spectra(summary: RunSummary, drawn: PercentileCurves) -> list[Figure]:
    kinds = [("service", "sent", drawn.service)]
    if drawn.response is not None:
        kinds.insert(0, ("response", "due", drawn.response))
    states = {step.index: step.state for step in summary.steps}
    x = -np.log10(1.0 - drawn.shares)
    return [
        Figure(
            name=f"{kind}-spectrum",
            title=percentile_curves_title(summary, drawn)
            if place == 0
            else "Service time by share, step by step",
            group="share",
            x_label="share of the requests that took at most this long",
            y_label=f"{kind} time ({start} to answered), ms",
            unit="ms",
            log=True,
            x=_list(x),
            x_min=0.0,
            x_max=float(x[-1]) * 1.02,
            y_low=_slower_than_the_fastest(curves),
            lines=[
                _curve(curve, len(x), colour, doubtful=states[curve.step] in DOUBTFUL)
                for curve, colour in zip(curves, _CURVES, strict=False)
            ],
        )
        for place, (kind, start, curves) in enumerate(kinds)
    ]


def _slower_than_the_fastest(curves: Sequence[Curve]) -> float | None:
    """The least time in milliseconds that is not of the few fastest, which would take half."""
    least = min(float(curve.times_s[curve.shares >= FASTEST].min()) for curve in curves)
    return _plain(least * 1000)


def _curve(curve: Curve, length: int, colour: str, *, doubtful: bool) -> Line:
    values = _list(curve.times_s * 1000)
    return Line(
        f"{curve.clients:,} clients{', not steady or INVALID' if doubtful else ''}",
        colour,
        values + [None] * (length - len(values)),
        dash=(8, 4) if doubtful else (),
        never=np.flatnonzero(np.isinf(curve.times_s)).tolist(),
    )


def _list(values: Floats) -> Values:
    return [_plain(value) for value in values.tolist()]


def _plain(value: float | None) -> float | None:
    """For JSON: six significant digits are more than a screen shows; None for no number."""
    return None if value is None or not np.isfinite(value) else float(f"{value:.6g}")
