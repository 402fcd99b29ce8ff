"""The figures of a search for the capacity: the ladder, against load, and over its trials. Pure.

A chart over the time of trials with pauses between is that of a ramp, with the loads of the trials
above it. What needs steps that follow on each other is left out: the heat map, and ages over time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from edgeload.palette import PALE, PALETTE
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import TierCapacity
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.figures.by_load import (
    LoadScale,
    level_marks,
    throughput_against,
    times_against,
)
from edgeload.read.figures.chart import Chart, Key, Line, Mark, Shade
from edgeload.read.figures.failures import failures_chart
from edgeload.read.figures.group_panels import (
    curve_panels,
    failure_panels,
    panels,
    throughput_panels,
    times_panels,
)
from edgeload.read.figures.ladder import ladder_charts
from edgeload.read.figures.over_time import throughput_chart, times_charts
from edgeload.read.figures.percentile_curves import percentile_curve_charts
from edgeload.read.figures.scales import MOST_ACROSS, linear_axis, with_shared_y
from edgeload.read.figures.search_axes import SearchScale, search_scale
from edgeload.read.figures.signs import INVALID_SHADE
from edgeload.read.figures.trial_gaps import broken_between_trials, means_of_trials
from edgeload.read.words.search_titles import (
    CAPACITY_AT_LEAST,
    CAPACITY_MARK,
    CURVES,
    HOLLOW_TRIAL,
    INTERVAL_MARK,
    INVALID_TRIAL,
    SERVICE_CURVES,
    THROUGHPUT_BY_LOAD,
    THROUGHPUT_OVER_TRIALS,
    TIMES_BY_LOAD,
    TIMES_OVER_TRIALS,
    answer_title,
    by_load_title,
    mark_words,
)

_OVER_TRIALS = {"throughput": THROUGHPUT_OVER_TRIALS, "response": TIMES_OVER_TRIALS}
_TIER_COLOURS = (
    (PALETTE["green"], PALE["green"]),
    (PALETTE["purple"], PALE["purple"]),
    (PALETTE["orange"], PALE["orange"]),
    (PALETTE["sky"], PALE["sky"]),
)
"""Of the capacity of each tier, and of its interval."""


def search_figures(summary: RunSummary) -> Mapping[str, tuple[Chart, ...]]:
    """The charts of a search by the file that shows them; of a mix, with a panel for each group."""
    scale = search_scale(summary)
    if scale is None:
        return {}
    failures = failures_chart(summary)
    times = times_panels(summary) if summary.groups else times_charts(summary)
    failed = failure_panels(summary) if summary.groups else (failures,) if failures else ()
    throughput = (throughput_chart(summary), *throughput_panels(summary))
    return {
        "search.png": ladder_charts(summary),
        "capacity.png": tuple(_against_load(summary, scale)),
        "throughput.png": _over_trials(summary, scale, throughput),
        "times.png": _over_trials(summary, scale, times),
        "failures.png": _over_trials(summary, scale, failed),
        "spectrum.png": tuple(_curves(summary, scale)),
    }


# --- over time ------------------------------------------------------------------------------------


def _over_trials(
    summary: RunSummary, scale: SearchScale, charts: Iterable[Chart]
) -> tuple[Chart, ...]:
    """Charts over time with the loads of the trials, and titles of what they show at the answer."""
    return tuple(_of_trials(summary, scale, chart) for chart in charts)


def _of_trials(summary: RunSummary, scale: SearchScale, chart: Chart) -> Chart:
    spans = tuple(
        replace(span, load=scale.value(trial.load), shade=_shade(span.shade))
        for span, trial in zip(chart.spans, scale.search.trials, strict=True)
    )
    what = _OVER_TRIALS.get(chart.name.partition("_")[0])
    if what == THROUGHPUT_OVER_TRIALS:
        chart = means_of_trials(chart)
    elif chart.name.partition("_")[0] in ("response", "service"):
        chart = broken_between_trials(chart)
    title = chart.title
    if what is not None:
        title = answer_title(what, scale.search, scale.loads, _steps_of(summary, chart.part))
    keys = tuple(
        replace(key, label=INVALID_TRIAL) if key.label == INVALID_SHADE.label else key
        for key in chart.keys
    )
    return replace(chart, spans=spans, loads=scale.loads.head, title=title, keys=keys)


def _shade(shade: Shade | None) -> Shade | None:
    return replace(shade, label=INVALID_TRIAL) if shade == INVALID_SHADE else shade


def _steps_of(summary: RunSummary, group: str) -> tuple[StepSummary, ...]:
    """The steps of a run, or of a camera group by its name."""
    return next((each.steps for each in summary.groups if each.group == group), summary.steps)


# --- against load ---------------------------------------------------------------------------------


def _against_load(summary: RunSummary, scale: SearchScale) -> Iterator[Chart]:
    """Throughput and times against load; of a mix, those of each group as well.

    Times of all groups together are shown only if an objective bounds them.
    """
    search, loads = scale.search, scale.loads
    steps, axis = _by_load(summary.steps, scale), _load_scale(summary.steps, scale)
    yield throughput_against(axis, steps, by_load_title(search, loads))
    yield from panels(summary, _group_rows(summary, scale), half=True)
    limits = _limits(scale, "")
    if limits or not summary.groups:
        title = answer_title(TIMES_BY_LOAD, search, loads, steps)
        yield times_against(axis, steps, title, limits)


def _group_rows(summary: RunSummary, scale: SearchScale) -> list[list[Chart]]:
    """Throughput and times of each group; the times on one scale."""
    throughput, times = [], []
    for group in summary.groups:
        steps, axis = _by_load(group.steps, scale), _load_scale(group.steps, scale)
        titles = [
            answer_title(what, scale.search, scale.loads, steps)
            for what in (THROUGHPUT_BY_LOAD, TIMES_BY_LOAD)
        ]
        throughput.append(throughput_against(axis, steps, titles[0]))
        times.append(times_against(axis, steps, titles[1], _limits(scale, group.group)))
    return [list(pair) for pair in zip(throughput, with_shared_y(times), strict=True)]


def _by_load(steps: Sequence[StepSummary], scale: SearchScale) -> list[StepSummary]:
    trials = scale.of_steps()
    return sorted(steps, key=lambda step: (trials[step.index].load, step.index))


def _load_scale(steps: Sequence[StepSummary], scale: SearchScale) -> LoadScale:
    trials = scale.of_steps()
    loads = [trials[step.index].load for step in _by_load(steps, scale)]
    return LoadScale(
        group="load",
        x=tuple(scale.value(load) for load in loads),
        axis=linear_axis(
            scale.label,
            0.0,
            scale.value(max(loads)) * 1.05,
            most=MOST_ACROSS,
            whole=scale.whole,
        ),
        marks=tuple(
            mark for n, tier in enumerate(scale.search.tiers) for mark in _marks(scale, tier, n)
        ),
        keys=_hollow_keys,
    )


def _hollow_keys(lines: Iterable[Line]) -> tuple[Key, ...]:
    """One entry for all hollow points: why each of them is one, the page says under the pointer."""
    hollow = any(line.hollow for line in lines)
    return (Key("hollow", PALETTE["grey"], HOLLOW_TRIAL),) if hollow else ()


def _marks(scale: SearchScale, tier: TierCapacity, number: int) -> Iterator[Mark]:
    """The capacity of a tier, on the ground of its interval."""
    known = tier.boundary
    colour, ground = _TIER_COLOURS[number % len(_TIER_COLOURS)]
    if known.best is None or tier.answer in ("none", "unknown"):
        return
    if known.high is not None and known.high > known.low:
        low, high = scale.value(known.low), scale.value(known.high)
        yield Mark(mark_words(tier, INTERVAL_MARK), ground, x=low, until=high)
    at_least = tier.answer == "at_least"
    name = mark_words(tier, CAPACITY_AT_LEAST if at_least else CAPACITY_MARK)
    yield Mark(name, colour, x=scale.value(known.best), open=at_least)


def _limits(scale: SearchScale, group: str) -> tuple[Mark, ...]:
    """The bounds on times that the tiers set for a group, or for all requests together."""
    asked = {
        objective: None
        for tier in scale.search.tiers
        for objective in tier.tier.objectives
        if objective.is_time and (objective.group or "") == group
    }
    return level_marks(
        (each.bound, f"{each.tier}: {each.condition}" if each.tier else each.condition)
        for each in asked
    )


# --- how times spread -----------------------------------------------------------------------------


def _curves(summary: RunSummary, scale: SearchScale) -> Iterator[Chart]:
    """Only of the trials at the answers and beyond them: others are short, or say the same."""
    ends = [step for tier in scale.search.tiers for step in (tier.at, tier.beyond)]
    told = {step.index for step in ends if step is not None}
    near = replace(
        summary,
        steps=_among(summary.steps, told),
        groups=tuple(replace(g, steps=_among(g.steps, told)) for g in summary.groups),
    )
    names = {index: scale.loads.words(t.load) for index, t in scale.of_steps().items()}
    charts = curve_panels(near, names) if near.groups else percentile_curve_charts(near, names)
    for chart in charts:
        if chart.part and not chart.name.startswith("response"):
            yield chart
            continue
        said = CURVES if chart.name.startswith("response") else SERVICE_CURVES
        said = f"{chart.part}: {said[0].lower()}{said[1:]}" if chart.part else said
        yield replace(chart, title=said)


def _among(steps: Sequence[StepSummary], indices: set[int]) -> tuple[StepSummary, ...]:
    return tuple(step for step in steps if step.index in indices)
