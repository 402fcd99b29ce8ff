"""Charts against load: throughput, and percentiles of the times, of each step. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeload.palette import PALETTE
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.figures.chart import Axis, Chart, Key, Line, Mark, Values
from edgeload.read.figures.over_time import DUE_DASH
from edgeload.read.figures.scales import loads_axis, log_axis, plain, rate_axis
from edgeload.read.figures.signs import cross_keys, hollow_keys, hollow_points, mark_keys
from edgeload.read.words.legend_words import LEAST_NOT_CARRIED
from edgeload.read.words.loads import Loads
from edgeload.read.words.search_titles import CAPACITY_AT_LEAST, CAPACITY_MARK
from edgeload.read.words.titles import capacity_title, times_by_load_title

# Where both are alike, the points of service time show around those of response time.
_TIMES = (
    ("service", "p95", "blue", (), 11.0),
    ("service", "p50", "sky", (), 11.0),
    ("response", "p95", "vermilion", (8, 6), 7.0),
    ("response", "p50", "orange", (8, 6), 7.0),
)


@dataclass(frozen=True)
class LoadScale:
    """Where steps stand on an axis of loads, in their order, and what stands there beside them.

    `keys` are the entries of the legend for the hollow points of lines.
    """

    group: Literal["clients", "copies", "load"]
    x: Values
    axis: Axis
    marks: tuple[Mark, ...]
    keys: Callable[[Sequence[Line]], tuple[Key, ...]]


def by_load_charts(summary: RunSummary) -> tuple[Chart, Chart]:
    """Throughput against load, and times against load; of a run, or of a camera group of a mix."""
    steps = sorted(summary.steps, key=lambda step: (step.copies, step.index))
    scale = _ramp_scale(summary, steps)
    # Objectives of a group stand in its own chart.
    asked = [o for o in summary.time_objectives if o.group in (None, summary.group)]
    throughput = throughput_against(scale, steps, capacity_title(summary))
    return throughput, times_against(
        scale,
        steps,
        times_by_load_title(summary),
        level_marks((objective.bound, objective.condition) for objective in asked),
    )


def throughput_against(scale: LoadScale, steps: Sequence[StepSummary], title: str) -> Chart:
    """What was answered per second, against what was due."""
    done = tuple(plain(step.rates.throughput_per_s) for step in steps)
    hollow = hollow_points(steps, done)
    lines = [Line("answered", PALETTE["blue"], done, point_size=7, hollow=hollow)]
    due = due_line(step.rates.arrival_per_s for step in steps)
    if lines[0].is_seen and due.is_seen:
        lines.append(due)
    return Chart(
        name="load",
        title=title,
        group=scale.group,
        unit="/s",
        x=scale.x,
        x_axis=scale.axis,
        y_axis=rate_axis("requests per second", lines),
        lines=tuple(lines),
        marks=scale.marks,
        keys=(*mark_keys(scale.marks), *scale.keys(lines)),
    )


def times_against(
    scale: LoadScale, steps: Sequence[StepSummary], title: str, limits: tuple[Mark, ...]
) -> Chart:
    """Percentiles of the times, and `limits` on them."""
    lines = [_time_line(steps, *wanted) for wanted in _TIMES]
    lines = [line for line in lines if line.is_seen]
    shown = [value for line in lines for value in line.values if value is not None]
    lines = lines if shown else []
    return Chart(
        name="times-by-load",
        title=title,
        group=scale.group,
        unit="ms",
        x=scale.x,
        x_axis=scale.axis,
        y_axis=log_axis("time, ms", [*shown, *(limit.y for limit in limits)], lines),
        lines=tuple(lines),
        marks=scale.marks + limits,
        keys=(*mark_keys(scale.marks), *scale.keys(lines), *cross_keys(lines)),
    )


def level_marks(bounds: Iterable[tuple[float, str]]) -> tuple[Mark, ...]:
    """A level mark for each bound in seconds, with its text; texts of one bound share theirs."""
    texts: dict[float, list[str]] = {}
    for bound_s, text in bounds:
        texts.setdefault(bound_s, []).append(text)
    return tuple(
        Mark(", ".join(each), PALETTE["black"], y=plain(bound_s * 1000))
        for bound_s, each in texts.items()
    )


def _ramp_scale(summary: RunSummary, steps: Sequence[StepSummary]) -> LoadScale:
    loads, words = [step.copies for step in steps], Loads(summary)
    return LoadScale(
        group="copies" if words.noun == "copy" else "clients",
        x=tuple(map(float, loads)),
        axis=loads_axis(loads, words.of_mix),
        marks=_load_marks(summary, steps),
        keys=lambda lines: hollow_keys(
            ((line, dict(enumerate(loads))) for line in lines), noun=words.noun
        ),
    )


def due_line(rates: Iterable[float | None]) -> Line:
    """What was due at each load, dashed above what was measured."""
    values = tuple(map(plain, rates))
    return Line(
        "due", PALETTE["black"], values, dash=DUE_DASH, width=1.5, point_size=3.5, joined=True
    )


def _load_marks(summary: RunSummary, steps: Sequence[StepSummary]) -> tuple[Mark, ...]:
    """Where the capacity is; of a group, from which load on it falls short."""
    if summary.group:
        first = next((step for step in steps if step.fell_short), None)
        place = None if first is None else float(first.copies)
        return () if place is None else (Mark(LEAST_NOT_CARRIED, PALETTE["vermilion"], x=place),)
    capacity = summary.capacity
    if capacity is None:
        return ()
    copies = next(step.copies for step in steps if step.index == capacity.step)
    name = CAPACITY_MARK if capacity.limited else CAPACITY_AT_LEAST
    return (Mark(name, PALETTE["green"], x=float(copies), open=not capacity.limited),)


def _time_line(
    steps: Sequence[StepSummary],
    kind: str,
    name: str,
    colour: str,
    dash: tuple[int, ...],
    size: float,
) -> Line:
    samples = [step.times.response if kind == "response" else step.times.service for step in steps]
    known = [sample.quantile(name) if sample else None for sample in samples]
    values = tuple(None if q is None or q.never else plain(q.value * 1000) for q in known)
    never = tuple(place for place, q in enumerate(known) if q and q.never)
    return Line(
        f"{kind} {name}",
        PALETTE[colour],
        values,
        dash=dash,
        point_size=size,
        never=never,
        crosses=never,
        hollow=hollow_points(steps, values),
    )
