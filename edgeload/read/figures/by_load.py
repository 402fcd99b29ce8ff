"""Charts against load: throughput, and percentiles of the times, of each step. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgeload.objectives import Objective
from edgeload.palette import PALETTE
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.figures.chart import Axis, Chart, Line, Mark
from edgeload.read.figures.scales import loads_axis, log_axis, plain, rate_axis
from edgeload.read.figures.signs import cross_keys, hollow_keys, hollow_points, mark_keys
from edgeload.read.words.legend_words import (
    LEAST_NOT_CARRIED,
    SERVICE_BY_LOAD_TITLE,
    TIMES_BY_LOAD_TITLE,
    TOO_FEW,
)
from edgeload.read.words.loads import Loads
from edgeload.read.words.titles import capacity_title

_PALE = "#B8B8B8"

# Where both are alike, the points of service time show around those of response time.
_TIMES = (
    ("service", "p95", "blue", (), 11.0),
    ("service", "p50", "sky", (), 11.0),
    ("response", "p95", "vermilion", (8, 6), 7.0),
    ("response", "p50", "orange", (8, 6), 7.0),
)


def by_load_charts(summary: RunSummary) -> tuple[Chart, Chart]:
    """Throughput against load, and times against load; of a run, or of a camera group of a mix."""
    steps = sorted(summary.steps, key=lambda step: (step.copies, step.index))
    return _throughput(summary, steps), _times(summary, steps)


def due_line(rates: Iterable[float | None]) -> Line:
    """What was due at each load, broad and pale behind what was measured."""
    values = tuple(map(plain, rates))
    return Line("due", _PALE, values, width=5, point_size=9, joined=True)


def _throughput(summary: RunSummary, steps: Sequence[StepSummary]) -> Chart:
    done = tuple(plain(step.rates.throughput_per_s) for step in steps)
    hollow = hollow_points(steps, done)
    lines = [Line("answered", PALETTE["blue"], done, point_size=7, hollow=hollow)]
    due = due_line(step.rates.arrival_per_s for step in steps)
    if any(value is not None for value in due.values):
        lines.insert(0, due)
    return _chart(
        summary,
        steps,
        lines,
        name="load",
        title=capacity_title(summary),
        unit="/s",
        y_axis=rate_axis("requests per second", lines),
    )


def _times(summary: RunSummary, steps: Sequence[StepSummary]) -> Chart:
    lines = [_time_line(steps, *wanted) for wanted in _TIMES]
    lines = [line for line in lines if line.never or any(v is not None for v in line.values)]
    # Objectives of a group stand in its own chart.
    asked = [o for o in summary.time_objectives if o.group in (None, summary.group)]
    limits = _limits(asked)
    shown = [value for line in lines for value in line.values if value is not None]
    return _chart(
        summary,
        steps,
        lines,
        name="times-by-load",
        title=SERVICE_BY_LOAD_TITLE if not summary.log.knows_due else TIMES_BY_LOAD_TITLE,
        unit="ms",
        y_axis=log_axis("time, ms", [*shown, *(limit.y for limit in limits)], lines),
        limits=limits,
        note="" if shown else TOO_FEW,
    )


def _limits(objectives: Iterable[Objective]) -> tuple[Mark, ...]:
    """A level mark for each bound on time; objectives of one bound share theirs."""
    texts: dict[float, list[str]] = {}
    for objective in objectives:
        texts.setdefault(objective.bound, []).append(objective.condition)
    return tuple(
        Mark(", ".join(each), PALETTE["black"], y=plain(bound * 1000))
        for bound, each in texts.items()
    )


def _chart(
    summary: RunSummary,
    steps: Sequence[StepSummary],
    lines: Sequence[Line],
    *,
    name: str,
    title: str,
    unit: str,
    y_axis: Axis,
    limits: tuple[Mark, ...] = (),
    note: str = "",
) -> Chart:
    loads, words = [step.copies for step in steps], Loads(summary)
    marks = _load_marks(summary, steps)
    return Chart(
        name=name,
        title=title,
        group="copies" if words.noun == "copy" else "clients",
        unit=unit,
        x=tuple(map(float, loads)),
        x_axis=loads_axis(loads, words.of_mix),
        y_axis=y_axis,
        lines=tuple(lines),
        marks=marks + limits,
        keys=(
            *mark_keys(marks),
            *hollow_keys(((line, dict(enumerate(loads))) for line in lines), noun=words.noun),
            *cross_keys(lines),
        ),
        note=note,
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
    return (Mark("capacity", PALETTE["green"], x=float(copies)),)


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
