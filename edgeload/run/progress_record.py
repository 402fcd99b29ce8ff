"""The JSON lines of `--progress json`, one typed record each, and how a state becomes one. Pure.

Keys stay as they are from version to version; new ones may be added (docs/progress.md).
"""

from __future__ import annotations

import math

import msgspec

from edgeload.run.box_watch import BoxFigures
from edgeload.run.live_state import Figures, LiveState, LiveStep, StepState
from edgeload.run.live_words import load_noun
from edgeload.run.objectives_so_far import SoFar, SoFarState


class GroupProgress(msgspec.Struct, frozen=True):
    """What is counted of one camera group of a mix, since the start of the run.

    Rates are those of the last second, and times those of the present step.
    """

    name: str
    due_per_s: float | None
    """Null for a closed loop."""
    done_per_s: float
    answered: int
    failed: int
    missed: int
    response_p50_ms: float | None
    response_p95_ms: float | None
    backlog: int | None
    """Null for a closed loop."""
    backlog_growth_per_s: float | None
    """Null: it does not grow significantly."""


class ObjectiveProgress(msgspec.Struct, frozen=True):
    """An objective in the present step, so far. `value` is in milliseconds, or a share."""

    objective: str
    state: SoFarState
    value: float | None
    """Null if nothing can be told, or if the percentile falls among requests without answer."""


class GeneratorProgress(msgspec.Struct, frozen=True):
    """How the machine that sends the load is doing in the present step."""

    lag_p99_below_ms: float | None
    late: int
    cpu_cores: float | None
    """Of the busiest worker process."""
    core_wait_ms: float | None
    """Until a worker process that has something to do is given a core, on average."""
    workers: int
    dead_workers: int


class RunProgressLine(msgspec.Struct, frozen=True, tag_field="event", tag="progress"):
    """A ramp, about once a second."""

    at_s: float
    left_s: float
    step: int
    """From 1."""
    steps: int
    load: int
    unit: str
    """What `load` counts: "clients" or "copies"."""
    step_at_s: float
    step_s: float
    state: StepState
    due_per_s: float | None
    done_per_s: float
    answered: int
    failed: int
    missed: int
    backlog: int | None
    backlog_growth_per_s: float | None
    """Of all groups together; null: not significantly. `state` tells about each group as well."""
    response_p50_ms: float | None
    response_p95_ms: float | None
    failures: dict[str, int]
    """Failed requests of the run, by class."""
    objectives: list[ObjectiveProgress]
    generator: GeneratorProgress
    box: BoxFigures | None
    """How busy the box is, in percent; null: not known."""
    groups: list[GroupProgress]
    stopping: bool


class StepEndLine(msgspec.Struct, frozen=True, tag_field="event", tag="step_end"):
    """A ramp step is over. `state` is a first impression; the report judges."""

    step: int
    steps: int
    load: int
    unit: str
    due_per_s: float | None
    done_per_s: float | None
    failed: int
    missed: int
    response_p50_ms: float | None
    response_p95_ms: float | None
    state: StepState


class TrialProgressLine(msgspec.Struct, frozen=True, tag_field="event", tag="trial"):
    """A search for the capacity, about once a second."""

    at_s: float
    trial: int
    """From 1."""
    load: int
    purpose: str
    trial_at_s: float
    draining: bool
    answered: int
    failed: int
    failures: dict[str, int]
    response_p95_ms: float | None
    tier: str
    group: str | None
    """The camera group whose load is searched, if it is one group's."""
    low: float | None
    """The interval of the capacity so far; null if it is not known."""
    high: float | None


class TrialEndLine(msgspec.Struct, frozen=True, tag_field="event", tag="trial_end"):
    """A trial of a search is over. `verdict` is null if it did not count."""

    trial: int
    load: int
    verdict: str | None


class MessageLine(msgspec.Struct, frozen=True, tag_field="event", tag="message"):
    """A sentence for people: what is tested, a warning, an error."""

    text: str


ProgressLine = RunProgressLine | StepEndLine | TrialProgressLine | TrialEndLine | MessageLine
"""Any line of `--progress json`."""


def run_line(state: LiveState) -> RunProgressLine:
    """The line of one moment of a ramp."""
    row, total, machine = state.present, state.total, state.generator
    return RunProgressLine(
        at_s=_rounded(state.now_s),
        left_s=_rounded(state.left_s),
        step=row.step.index + 1,
        steps=len(state.plan.steps),
        load=row.load,
        unit=load_noun(state.plan),
        step_at_s=_rounded(state.now_s - row.step.start_s),
        step_s=row.step.duration_s,
        state=row.state,
        due_per_s=row.due_per_s,
        done_per_s=_rounded(total.done_per_s),
        answered=total.answered,
        failed=total.failed,
        missed=total.missed,
        backlog=total.backlog,
        backlog_growth_per_s=_or_none(total.growth_per_s),
        response_p50_ms=ms_or_none(total.p50_s),
        response_p95_ms=ms_or_none(total.p95_s),
        failures=state.failures,
        objectives=[_objective(each) for each in state.objectives],
        generator=GeneratorProgress(
            ms_or_none(machine.lag_below_s),
            machine.late,
            _or_none(machine.cpu_cores),
            ms_or_none(machine.core_wait_s),
            machine.workers,
            machine.dead,
        ),
        box=state.box,
        groups=[_group(each) for each in state.groups],
        stopping=state.stopping,
    )


def step_end_line(row: LiveStep, state: LiveState) -> StepEndLine:
    """The line of a step that is over."""
    return StepEndLine(
        step=row.step.index + 1,
        steps=len(state.plan.steps),
        load=row.load,
        unit=load_noun(state.plan),
        due_per_s=row.due_per_s,
        done_per_s=_or_none(row.done_per_s),
        failed=row.failed,
        missed=row.missed,
        response_p50_ms=ms_or_none(row.p50_s),
        response_p95_ms=ms_or_none(row.p95_s),
        state=row.state,
    )


def _group(figures: Figures) -> GroupProgress:
    return GroupProgress(
        figures.name,
        figures.due_per_s,
        _rounded(figures.done_per_s),
        figures.answered,
        figures.failed,
        figures.missed,
        ms_or_none(figures.p50_s),
        ms_or_none(figures.p95_s),
        figures.backlog,
        _or_none(figures.growth_per_s),
    )


def _objective(found: SoFar) -> ObjectiveProgress:
    value = found.value
    if value is not None and math.isinf(value):
        value = None
    if value is not None and found.objective.is_time:
        value = ms_or_none(value)
    return ObjectiveProgress(found.objective.text, found.state, value)


def ms_or_none(seconds: float | None) -> float | None:
    """Milliseconds with three decimals."""
    return None if seconds is None else round(seconds * 1000, 3)


def _or_none(value: float | None) -> float | None:
    return None if value is None else _rounded(value)


def _rounded(value: float) -> float:
    return round(value, 3)
