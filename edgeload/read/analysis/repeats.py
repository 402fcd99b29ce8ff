"""Several runs of one measurement -> each figure over the runs, and where the runs disagree. Pure.

Runs that were stopped or are INVALID are left out. Every run counts once, however many requests it
sent (method 13).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median, median_low
from typing import Literal

from edgeload.read.analysis.run_figures import RunBracket, RunFigure, RunFigures, StepFigures
from edgeload.read.log.log_error import LogError
from edgeload.read.statistics.over_runs import (
    MeanOverRuns,
    RunScatter,
    mean_over_runs,
    run_scatter,
)
from edgeload.read.statistics.two_samples import holm

Agreement = Literal["agree", "disagree", "unknown"]

DISAGREE_ERROR = 0.01
"""How often runs that differ by chance alone are said to disagree in a figure, of all figures."""
_SHARES = ("errors", "missed")


@dataclass(frozen=True)
class RepeatedLoad:
    """A load that the runs have: a step of their common ramp, or the load alone.

    `step` is None if the runs have different steps. `group` is the camera group of a mix whose part
    of the load it is; empty for all of it.
    """

    step: int | None
    clients: int
    load: int
    group: str


@dataclass(frozen=True)
class RepeatedFigure:
    """A figure over the runs that count; `load` is None if it is of the runs as such.

    `runs` has one entry per run, in their order. `within` are the limits of a usual run: the median
    of the lower and that of the upper limits. `scatter` is None if fewer than two runs have an
    interval of their own: then nobody can tell whether they disagree.
    """

    name: str
    load: RepeatedLoad | None
    runs: tuple[RunFigure, ...]
    over: MeanOverRuns | None
    within: tuple[float, float] | None
    scatter: RunScatter | None
    disagrees: bool = False


@dataclass(frozen=True)
class RepeatedCapacity:
    """The capacity over the runs that count, in loads as `LoadUnit` says.

    `brackets` has one entry per run, None for a run that says nothing. `count` is the median of the
    runs' answers, of an even number of runs the lower one; if `limited` is False, some run only
    reached the end of its ramp, and `count` is the least that a run carried. `over` is the
    interval over runs, in whole clients outwards, and `within` that of a usual run, whose upper end
    is None if no larger load was refused. `per_s` are answers per second at each run's capacity.
    """

    brackets: tuple[RunBracket | None, ...]
    count: int
    limited: bool
    over: tuple[int, int] | None
    within: tuple[int, int | None]
    per_s: RepeatedFigure
    disagrees: bool


@dataclass(frozen=True)
class Repeats:
    """All runs, those that count, and what these say together."""

    runs: tuple[RunFigures, ...]
    counted: tuple[int, ...]
    """Indices of the runs that count."""
    capacity: RepeatedCapacity | None
    ceiling: RepeatedFigure | None
    figures: tuple[RepeatedFigure, ...]
    """Of each load, the figures in a fixed order; in the order of the ramp, or by load."""

    @property
    def tested(self) -> int:
        """Figures of which the runs' own intervals say by how much runs may differ."""
        return sum(figure.scatter is not None for figure in self.all_figures)

    @property
    def agreement(self) -> Agreement:
        """Whether the runs scatter no more than the interval within each of them allows."""
        capacity = self.capacity
        if any(f.disagrees for f in self.all_figures) or (capacity and capacity.disagrees):
            return "disagree"
        bounded = [b for b in capacity.brackets if b and b.high is not None] if capacity else []
        return "agree" if self.tested or len(bounded) > 1 else "unknown"

    @property
    def all_figures(self) -> tuple[RepeatedFigure, ...]:
        """Those of the loads, and before them the ceiling if it is known."""
        return (*([self.ceiling] if self.ceiling else []), *self.figures)


def repeats_of(runs: Sequence[RunFigures]) -> Repeats:
    """What runs of one measurement say together, in their order.

    Raises LogError if their loads are not the same, or one run is there twice.
    """
    _check_once(runs)
    counted = tuple(index for index, run in enumerate(runs) if run.left_out is None)
    counting = [runs[index] for index in counted]
    _check_same_load(counting)
    ceilings = [run.ceiling or RunFigure(None) for run in counting]
    ceiling = _figure("ceiling", None, ceilings) if any(f.value for f in ceilings) else None
    figures = list(_figures(counting))
    found = _tested([*([ceiling] if ceiling else []), *figures])
    if ceiling:
        ceiling, *found = found
    return Repeats(
        runs=tuple(runs),
        counted=counted,
        capacity=_capacity(counting),
        ceiling=ceiling,
        figures=tuple(found),
    )


def _check_once(runs: Sequence[RunFigures]) -> None:
    ids: dict[str, str] = {}
    for run in runs:
        if run.run_id is not None and run.run_id in ids:
            raise LogError(
                f"{run.log}: the same run as {ids[run.run_id]}; must be the log of another run"
            )
        ids[run.run_id or ""] = run.log


def _check_same_load(runs: Sequence[RunFigures]) -> None:
    for run in runs[1:]:
        if run.load_kind != runs[0].load_kind:
            raise LogError(
                f"{run.log}: its cameras do not send as those in {runs[0].log}; must be runs of "
                "one measurement, and with --baseline other runs are compared"
            )


# --- the figures ----------------------------------------------------------------------------------


def _figures(runs: Sequence[RunFigures]) -> Iterator[RepeatedFigure]:
    """Each figure of each load that a run has."""
    by_step = len({run.ramp for run in runs}) == 1
    found = [{_load(step, by_step): step for step in _longest_last(run)} for run in runs]
    for load in sorted({load for steps in found for load in steps}, key=_order):
        steps = [steps.get(load) for steps in found]
        names = dict.fromkeys(name for step in steps if step for name in step.figures)
        for name in names:
            values = [
                step.figures.get(name, RunFigure(None)) if step else RunFigure(None)
                for step in steps
            ]
            yield _figure(name, load, values)


def _longest_last(run: RunFigures) -> list[StepFigures]:
    """Of several steps of one load the longest counts, of equal ones the last."""
    return sorted(run.steps, key=lambda step: (step.length_s, step.step))


def _load(step: StepFigures, by_step: bool) -> RepeatedLoad:
    return RepeatedLoad(step.step if by_step else None, step.clients, step.load, step.group)


def _order(load: RepeatedLoad) -> tuple[int, int, bool, str]:
    return (load.step or 0, load.load, bool(load.group), load.group)


def _figure(name: str, load: RepeatedLoad | None, runs: Sequence[RunFigure]) -> RepeatedFigure:
    values = [run.value for run in runs if run.value is not None]
    intervals = [
        (run.value, run.low, run.high)
        for run in runs
        if run.value is not None
        and run.low is not None
        and run.high is not None
        and math.isfinite(run.high)
        and math.isfinite(run.value)
    ]
    return RepeatedFigure(
        name=name,
        load=load,
        runs=tuple(runs),
        over=mean_over_runs(values, most=1.0 if name in _SHARES else math.inf),
        within=(median(i[1] for i in intervals), median(i[2] for i in intervals))
        if intervals
        else None,
        scatter=run_scatter(intervals),
    )


def _tested(figures: Sequence[RepeatedFigure]) -> list[RepeatedFigure]:
    """With so many figures, one in a hundred would disagree by chance: they are judged together."""
    p_values = [figure.scatter.p for figure in figures if figure.scatter]
    significant = iter(holm(p_values, DISAGREE_ERROR))
    return [replace(f, disagrees=next(significant)) if f.scatter else f for f in figures]


# --- the capacity ---------------------------------------------------------------------------------


def _capacity(runs: Sequence[RunFigures]) -> RepeatedCapacity | None:
    """The capacities of all runs; a run that carried no load at all has a capacity of 0."""
    brackets = [run.bracket for run in runs]
    known = [bracket for bracket in brackets if bracket]
    if not known:
        return None
    counts = [bracket.count for bracket in known]
    lows = [bracket.low for bracket in known]
    highs = [bracket.high for bracket in known if bracket.high is not None]
    limited = len(highs) == len(known)
    mean = mean_over_runs(counts)
    over = None
    if limited and mean and mean.low is not None and mean.high is not None:
        over = math.floor(mean.low + 1e-9), math.ceil(mean.high - 1e-9)
    rates = [RunFigure(bracket.per_s if bracket else None) for bracket in brackets]
    return RepeatedCapacity(
        brackets=tuple(brackets),
        count=median_low(counts) if limited else min(lows),
        limited=limited,
        over=over,
        within=(median_low(lows), median_low(highs) if limited else None),
        per_s=_figure("answers at capacity", None, rates),
        disagrees=bool(highs) and max(lows) > min(highs) + 1,
    )
