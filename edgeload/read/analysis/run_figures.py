"""What is compared between runs of one measurement: one run's figures, without its log. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from edgeload.kept_runs import log_label
from edgeload.read.analysis.differences import OWN_CHANCE, facts_of
from edgeload.read.analysis.objective_results import Status
from edgeload.read.analysis.objectives_by_load import status_of_all
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.percentiles import Distribution
from edgeload.records import SearchOver
from edgeload.search_axis import PARTS_OF_RATE

WhyLeftOut = Literal["stopped", "invalid"]
_STOPPED_BY = "stopped by SIG"
_PERCENTILES = ("p50", "p95", "p99")


@dataclass(frozen=True)
class RunFigure:
    """A figure of one run, with the limits of its interval within that run.

    `value` is infinite for "never answered" and None for no data; limits are None for no interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class RunBracket:
    """The capacity as one run shows it, in loads as `LoadUnit` says.

    Of a ramp, `count` and `low` are the largest load that was carried, 0 if none was, and `high` is
    the largest that may have been: one less than the least that was not. Of a search they are its
    answer and its interval. `high` is None if no load failed; then `count` is `low`. `per_s` are
    the answers per second at the load that shows it best.
    """

    count: int
    low: int
    high: int | None
    per_s: float | None


@dataclass(frozen=True)
class LoadUnit:
    """What loads are counted in: clients, copies of the mix, cameras of one group, or hundredths of
    the rate of so many `clients`. `searched` if the run was a search for the capacity.
    """

    over: SearchOver = "clients"
    group: str | None = None
    clients: int = 0
    searched: bool = False

    def share_of_rate(self, count: int) -> float:
        """The share of the clients' rate that a load is, if loads are that."""
        return count / PARTS_OF_RATE


@dataclass(frozen=True)
class StepFigures:
    """The figures of a step by name, or of the part of it that a camera group is.

    `load` is counted as `LoadUnit` says.
    Throughput per second, times in seconds, and shares from 0 to 1 of what failed or was missed.
    """

    step: int
    clients: int
    load: int
    group: str
    length_s: float
    figures: Mapping[str, RunFigure]


@dataclass(frozen=True)
class RunFigures:
    """One run: whether it counts, its capacity, and the figures of its complete steps.

    `left_out` says why it does not count: somebody stopped it, or it is INVALID, for the reasons
    with the codes in `invalid`. `load_kind` is equal in runs whose clients are the same load, and
    `ramp` in runs with the same steps.
    """

    log: str
    run_id: str | None = None
    seed: int | None = None
    left_out: WhyLeftOut | None = None
    invalid: tuple[str, ...] = ()
    load_kind: Any = None
    ramp: tuple[Any, ...] = ()
    of_mix: bool = False
    unit: LoadUnit = LoadUnit()
    requests_per_second: float | None = None
    bracket: RunBracket | None = None
    ceiling: RunFigure | None = None
    """Answers per second at the endpoint's limit; None if it was not measured."""
    objectives: Status | None = None
    """All objectives together; None without any."""
    steps: tuple[StepFigures, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    """Settings, machine and versions, as texts."""


def figures_of_run(summary: RunSummary) -> RunFigures:
    """The figures of a run; only its name and the reason for one that does not count."""
    log, plan = summary.log, summary.log.plan
    name, run_id = log_label(log.path), log.header.run_id if log.header else None
    if _stopped(summary):
        return stopped_run(name, run_id)
    if not summary.valid:
        codes = tuple(dict.fromkeys(doubt.code for doubt in summary.doubts))
        return RunFigures(name, run_id, left_out="invalid", invalid=codes)
    own = {n: text for n, text in facts_of(summary).items() if not n.startswith(OWN_CHANCE)}
    return RunFigures(
        log=name,
        run_id=run_id,
        seed=plan.seed if plan else None,
        load_kind=(plan.groups, plan.ramp_group) if plan else log.requests_per_second,
        ramp=tuple((step.clients, step.cameras) for step in log.steps),
        of_mix=bool(summary.groups),
        unit=_unit(summary),
        requests_per_second=log.requests_per_second,
        bracket=capacity_of_run(summary),
        ceiling=_ceiling(summary),
        objectives=status_of_all(summary.objectives),
        steps=tuple(_steps(summary)),
        facts=own,
    )


def stopped_run(log: str, run_id: str | None = None) -> RunFigures:
    """A run that somebody stopped, of which nothing counts; `log` is the name of its log."""
    return RunFigures(log, run_id, left_out="stopped")


def capacity_of_run(summary: RunSummary) -> RunBracket | None:
    """The capacity with its interval within the run; None if the run says nothing about it."""
    carried, overload = summary.capacity, summary.first_overload
    per_s = carried.requests_per_s if carried else None
    if summary.search is not None:
        first = summary.search.tiers[0]
        found = first.boundary
        if first.answer == "unknown":
            return None
        best = found.low if found.high is None else found.best or 0
        return RunBracket(best, found.low, found.high, per_s)
    copies = {step.index: step.copies for step in summary.steps}
    if carried is None and overload is None:
        return None
    low = copies[carried.step] if carried else 0
    return RunBracket(low, low, copies[overload.step] - 1 if overload else None, per_s)


def _unit(summary: RunSummary) -> LoadUnit:
    if summary.search is not None:
        axis = summary.search.axis
        return LoadUnit(axis.over, axis.group, axis.clients, searched=True)
    if not summary.groups:
        return LoadUnit()
    return LoadUnit("copies", summary.log.plan.ramp_group if summary.log.plan else None)


def _stopped(summary: RunSummary) -> bool:
    """Whether a signal ended the run, or its log has no end; a condition of ABORT_ON may."""
    end = summary.log.end
    if end is None:
        return summary.log.header is not None
    return end.interrupted and end.reason.startswith(_STOPPED_BY)


def _ceiling(summary: RunSummary) -> RunFigure | None:
    found = summary.bracket.ceiling
    if found is None or found.of_the_clients:
        return None
    return RunFigure(found.per_s, found.low, found.high)


def _steps(summary: RunSummary) -> Iterator[StepFigures]:
    """Each complete step; of a mix, then each of its groups. Some trials do not count."""
    trials = {trial.step: trial for trial in summary.search.trials} if summary.search else {}
    for step in summary.steps:
        trial = trials.get(step.index)
        if step.complete and (trial is None or trial.counts):
            load = trial.load if trial else step.copies
            yield _step(step, load)
            yield from (_step(part, load) for part in step.groups if not part.left_out)


def _step(step: StepSummary, load: int) -> StepFigures:
    within = step.within
    figures = {
        "throughput": RunFigure(step.rates.throughput_per_s),
        "errors": RunFigure((within.sent - within.ok) / within.sent if within.sent else None),
        "missed": RunFigure(
            within.missed / within.due if within.missed is not None and within.due else None
        ),
    }
    if not step.groups:  # times of groups that ask different detectors say nothing together
        kind = "response" if step.times.response else "service"
        for name in _PERCENTILES:
            figures[f"{kind} {name}"] = _percentile(step, step.times.felt, name)
    return StepFigures(
        step=step.index,
        clients=step.clients,
        load=load,
        group=step.group,
        length_s=step.window.length_s,
        figures=figures,
    )


def _percentile(step: StepSummary, times: Distribution, name: str) -> RunFigure:
    """A percentile; without limits where a queue grows, whose times tell how long the step was."""
    if times.is_never(name):
        return RunFigure(float("inf"))
    found = times.quantile(name)
    if found is None:
        return RunFigure(None)
    limits = (None, None) if step.overloaded else (found.low, found.high)
    return RunFigure(found.value, *limits)
