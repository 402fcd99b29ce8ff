"""A log -> one summary per ramp step -> one summary of the run, with its capacity. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeload.objectives import Objective, parse_objective
from edgeload.read.judge import Judged, Sample, judge, merged, unknown
from edgeload.read.judged_words import breach_words
from edgeload.read.scaling import ScalingLaw, fit_scaling_law
from edgeload.read.steps import StepSummary, prepare, summarise_step
from edgeload.read.table import NO_TEXT, ErrorText, LogError, Requests, RunLog
from edgeload.read.text import number, share
from edgeload.read.validity import Doubt, run_doubts

KEEPS_UP_SHARE = 0.95
BAD_SHARE = 0.01
_CLOCK_ERROR_S = 0.001
NOT_EDGE = ("escalated", "wrong_detector")


@dataclass(frozen=True)
class Totals:
    """Requests of the whole run: planned = ok + failed + missed, sent = ok + failed."""

    planned: int | None
    sent: int
    ok: int
    failed: int
    missed: int | None


@dataclass(frozen=True)
class Reason:
    """A doubt, and the steps it makes INVALID; none: it concerns the run as such."""

    doubt: Doubt
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Shortfall:
    """Why a step cannot be the capacity. `endpoint`: the endpoint's doing, not ours."""

    code: str
    message: str
    endpoint: bool


@dataclass(frozen=True)
class Breach:
    """The step above the capacity, and what it fell short of."""

    step: int
    clients: int
    shortfalls: tuple[Shortfall, ...]

    @property
    def by_endpoint(self) -> bool:
        """Whether the endpoint is what gave way: the generator was valid and it fell short."""
        return all(s.code != "invalid" for s in self.shortfalls) and any(
            s.endpoint for s in self.shortfalls
        )


@dataclass(frozen=True)
class Capacity:
    """The largest load that a valid, steady step carried, as measured, never as planned.

    `limited` says that a larger step broke through the endpoint's doing (`broke`); otherwise the
    capacity is only a lower bound.
    """

    step: int
    clients: int
    requests_per_s: float
    limited: bool


@dataclass(frozen=True)
class FailureText:
    """A failure's class and text: how often, and when first and last, in run time."""

    outcome: str
    text: str
    count: int
    first_s: float
    last_s: float


@dataclass(frozen=True)
class FailureClass:
    """All failures of one class, in run time; `texts` is how many different ones it has."""

    outcome: str
    count: int
    first_s: float
    last_s: float
    texts: int


@dataclass(frozen=True)
class RunSummary:
    """A run in numbers. Steps that never began are left out."""

    log: RunLog
    steps: tuple[StepSummary, ...]
    objectives: tuple[Judged, ...]
    """One for an objective of the run, one a step for those that are about steps."""
    totals: Totals
    reasons: tuple[Reason, ...]
    capacity: Capacity | None
    broke: Breach | None
    """The least step above the capacity (or of all, where there is none) that fell short."""
    failure_texts: tuple[FailureText, ...]
    out_of_order: int
    """Requests sent before they were due, or answered before they were sent: clocks disagree."""
    scaling_law: ScalingLaw | None
    """Fitted to the valid, complete steps, where they are of six loads or more."""

    @property
    def time_objectives(self) -> tuple[Objective, ...]:
        """The objectives that bound a time, each once: lines in a plot of times."""
        found = {judged.objective: None for judged in self.objectives}
        return tuple(objective for objective in found if objective.is_time)

    @property
    def valid(self) -> bool:
        """VALID: no step and nothing about the run gives reason for doubt."""
        return not self.reasons

    @property
    def interrupted(self) -> bool | None:
        """Whether somebody stopped the run; None: the log does not say."""
        return self.log.end.interrupted if self.log.end else None

    @property
    def ended_s(self) -> float:
        """Run time at which the run ended, or of the last thing the log knows."""
        return self.log.end.at_s if self.log.end else self.log.last_s


def objectives_of(log: RunLog) -> tuple[Objective, ...]:
    """What the run was to meet, as its log says. Raises LogError where nobody can tell."""
    try:
        return tuple(parse_objective(str(text)) for text in log.settings.get("slo") or ())
    except ValueError as problem:
        raise LogError(f"{log.path}: its objectives (slo) cannot be read: {problem}") from None


def analyse(log: RunLog, objectives: Sequence[Objective] | None = None) -> RunSummary:
    """Everything that the results are made of; `objectives` in place of the log's own."""
    asked = objectives_of(log) if objectives is None else tuple(objectives)
    prepared = prepare(log)
    began = [step for step in log.steps if step.start_s < prepared.until_s]
    steps, samples = [], []
    for step in began:
        summary, sample = summarise_step(prepared, step, asked)
        steps.append(summary)
        samples += [sample] if asked else []  # as large as the log: kept only where it is used
    capacity, broke = find_capacity(steps)
    return RunSummary(
        log=log,
        steps=tuple(steps),
        objectives=tuple(judged_of_run(asked, steps, samples)),
        totals=_totals(steps),
        reasons=_reasons(log, steps),
        capacity=capacity,
        broke=broke,
        failure_texts=failure_texts(log.requests),
        out_of_order=_out_of_order(log.requests),
        scaling_law=_scaling_law(steps),
    )


def judged_of_run(
    objectives: Sequence[Objective], steps: Sequence[StepSummary], samples: Sequence[Sample]
) -> list[Judged]:
    """Each objective on what it is about: all steps' windows together, or its steps one by one."""
    whole = merged(samples)
    found: list[Judged] = []
    for objective in objectives:
        if objective.clients is None and not objective.each_step:
            found.append(judge(objective, whole))
            continue
        own = [j for step in steps for j in step.objectives if j.objective == objective]
        found += own or [unknown(objective)]
    return found


def find_capacity(steps: Sequence[StepSummary]) -> tuple[Capacity | None, Breach | None]:
    """The largest step that fell short of nothing, and the next larger one that did."""
    short = {step.index: shortfalls(step) for step in steps}
    fit = [s for s in steps if not short[s.index] and s.throughput_per_s is not None]
    best = max(fit, key=lambda s: (s.clients, s.throughput_per_s), default=None)
    above = [s for s in steps if short[s.index] and (best is None or s.clients > best.clients)]
    least = min(above, key=lambda s: s.clients, default=None)
    broke = Breach(least.index, least.clients, short[least.index]) if least else None
    if best is None or best.throughput_per_s is None:
        return None, broke
    limited = broke is not None and broke.by_endpoint
    return Capacity(best.index, best.clients, best.throughput_per_s, limited), broke


def shortfalls(step: StepSummary) -> tuple[Shortfall, ...]:
    """What keeps a step from being the capacity; nothing: it carried its load.

    Where no objective says otherwise: throughput of 95 % of the arrival rate, at most 1 % failed or
    missed, every answer from the edge. An objective takes the place of its own rule.
    """
    asked = {judged.objective.figure for judged in step.objectives}
    found = []
    if not step.valid:
        codes = ", ".join(doubt.code for doubt in step.doubts)
        found.append(Shortfall("invalid", f"INVALID ({codes})", False))
    if not step.complete:
        found.append(Shortfall("incomplete", "stopped before its end", False))
    if "throughput" not in asked:
        found += _behind(step)
    bad = step.within.bad_share
    if bad is not None and bad > BAD_SHARE and not asked & {"errors", "missed"}:
        found.append(Shortfall("failures", f"{share(bad)} failed or missed", True))
    away = sum(step.failures.get(outcome, 0) for outcome in NOT_EDGE)
    if "edge" not in asked and (away or (step.edge_purity is not None and step.edge_purity < 1)):
        found.append(Shortfall("not_edge", "answers that are not the edge's own", True))
    found += _objectives(step)
    if step.steadiness.steady is False:
        found.append(Shortfall("unsteady", "not steady", True))
    elif step.steadiness.steady is None and not found:
        found.append(Shortfall("too_few", "too few answers to tell whether it was steady", False))
    return tuple(found)


def _objectives(step: StepSummary) -> list[Shortfall]:
    """Objectives that the step did not meet, or that it has too few answers to have met."""
    return [
        Shortfall("objective", breach_words(judged), True)
        if judged.verdict == "fail"
        else Shortfall("undecided", breach_words(judged), False)
        for judged in step.objectives
        if judged.verdict != "pass"
    ]


def _behind(step: StepSummary) -> list[Shortfall]:
    """Throughput under 95 % of the arrival rate; one request may be cut by the window's edge."""
    arrival, done = step.arrival_rate_per_s, step.throughput_per_s
    if arrival is None or done is None:
        return [Shortfall("no_rate", "no arrival rate to compare the throughput with", False)]
    if _keeps_up(done, step):
        return []
    message = f"{number(done)} answers/s of {number(arrival)} due/s"
    return [Shortfall("behind", message, True)]


def _keeps_up(rate_per_s: float | None, step: StepSummary) -> bool:
    length_s = step.window.length_s
    due = KEEPS_UP_SHARE * (step.arrival_rate_per_s or 0.0) * length_s
    return (rate_per_s or 0.0) * length_s >= due - 1.0


def saturated(step: StepSummary) -> bool:
    """Whether requests ended, well or not, more slowly than they fell due: a queue was growing."""
    return step.arrival_rate_per_s is not None and not _keeps_up(step.finished_per_s, step)


def failure_texts(requests: Requests) -> tuple[FailureText, ...]:
    """Every failure's class and text with its count, the most frequent first."""
    failed = np.flatnonzero(requests.error != NO_TEXT)
    codes, done_s = requests.error[failed], requests.done_s[failed]
    counts = np.bincount(codes, minlength=len(requests.errors))
    first_s = np.full(len(requests.errors), np.inf)
    last_s = np.full(len(requests.errors), -np.inf)
    np.minimum.at(first_s, codes, done_s)
    np.maximum.at(last_s, codes, done_s)
    texts = [
        FailureText(*error, int(counts[i]), float(first_s[i]), float(last_s[i]))
        for i, error in enumerate(requests.errors)
        if counts[i]
    ]
    return tuple(sorted(texts, key=lambda t: (-t.count, ErrorText(t.outcome, t.text))))


def failure_classes(texts: Sequence[FailureText]) -> tuple[FailureClass, ...]:
    """The texts' classes, the most frequent first."""
    found = [
        FailureClass(
            outcome=outcome,
            count=sum(text.count for text in own),
            first_s=min(text.first_s for text in own),
            last_s=max(text.last_s for text in own),
            texts=len(own),
        )
        for outcome in {text.outcome for text in texts}
        if (own := [text for text in texts if text.outcome == outcome])
    ]
    return tuple(sorted(found, key=lambda c: (-c.count, c.outcome)))


def _out_of_order(requests: Requests) -> int:
    early = requests.sent_s < requests.due_s - _CLOCK_ERROR_S
    return int(np.count_nonzero(early | (requests.done_s < requests.sent_s - _CLOCK_ERROR_S)))


def _scaling_law(steps: Sequence[StepSummary]) -> ScalingLaw | None:
    points = [
        (step.clients, step.throughput_per_s)
        for step in steps
        if step.valid and step.complete and step.throughput_per_s
    ]
    return fit_scaling_law([clients for clients, _ in points], [rate for _, rate in points])


def _totals(steps: Sequence[StepSummary]) -> Totals:
    planned = [step.planned for step in steps if step.planned is not None]
    missed = [step.missed for step in steps if step.missed is not None]
    known = len(planned) == len(steps)
    ok, failed = sum(step.ok for step in steps), sum(step.failed for step in steps)
    return Totals(
        planned=sum(planned) if known else None,
        sent=ok + failed,
        ok=ok,
        failed=failed,
        missed=sum(missed) if known else None,
    )


def _reasons(log: RunLog, steps: Sequence[StepSummary]) -> tuple[Reason, ...]:
    """Every doubt once, with the steps it concerns, in the words of the first of them."""
    found: dict[tuple[str, str], tuple[Doubt, list[int]]] = {}
    for doubt in run_doubts(log):
        found[doubt.code, doubt.about] = (doubt, [])
    for step in steps:
        for doubt in step.doubts:
            found.setdefault((doubt.code, doubt.about), (doubt, []))[1].append(step.index)
    return tuple(Reason(doubt, tuple(indices)) for doubt, indices in found.values())
