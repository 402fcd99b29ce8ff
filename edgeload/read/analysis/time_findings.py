"""Findings about the times: clocks, warm-ups, drift, and steps that did not settle. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from edgeload.plan import LEAST_CUT_S
from edgeload.read.analysis.cold_answers import find_cold_answers
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary, indices_of

ANSWERS_FOR_P99 = 299


def find_time_findings(summary: RunSummary) -> Iterator[Finding]:
    """All of them, in the order in which they are to be read.

    A step whose times are our own machine's says nothing about how the endpoint's changed.
    """
    steps = tuple(step for step in summary.steps if not step.spoiled_by_us)
    yield from _clocks(summary)
    yield from _not_steady(summary, steps)
    yield from _warm_up(steps)
    yield from _cold_answers(summary, steps)
    yield from _drift(steps)
    yield from _littles_law(summary)


def _clocks(summary: RunSummary) -> Iterator[Finding]:
    if summary.out_of_order:
        numbers = {"requests": summary.out_of_order}
        yield Finding("clocks_unaligned", "warning", numbers=numbers)


def _not_steady(summary: RunSummary, steps: Sequence[StepSummary]) -> Iterator[Finding]:
    """A step that was overloaded or down cannot be steady, and is named for that."""
    named = {s.index for s in steps if s.overloaded}
    named |= {index for outage in summary.outages for index in outage.steps if outage.failures}
    steps = [s for s in steps if s.stability.steadiness.steady is False and s.index not in named]
    if steps:
        ratios = [
            ratio or 0.0
            for step in steps
            for ratio in (
                step.stability.steadiness.rate_ratio,
                step.stability.steadiness.time_ratio,
            )
        ]
        yield Finding(
            "not_steady",
            "warning",
            indices_of(steps),
            {"largest_ratio": max(ratios) or None},
        )


def _warm_up(steps: Sequence[StepSummary]) -> Iterator[Finding]:
    ends = {
        step.index: step.window.start_s - step.span.start_s + step.stability.settled_s
        for step in steps
        if step.stability.settled_s is not None and not step.overloaded
    }
    if ends:
        until_s = max(ends.values())
        numbers = {"until_s": until_s, "suggested_warmup_s": math.ceil(until_s)}
        yield Finding("warm_up_longer", "warning", tuple(sorted(ends)), numbers)


def _cold_answers(summary: RunSummary, steps: Sequence[StepSummary]) -> Iterator[Finding]:
    for cold in find_cold_answers(summary.log, steps):
        until_s = cold.until_s
        touched = (s for s in steps if until_s is not None and s.span.start_s <= until_s)
        yield Finding(
            "cold_answers",
            "warning",
            indices_of(touched),
            {
                "slow": cold.slow,
                "answers": cold.answers,
                "fastest_s": cold.fastest_s,
                "slowest_s": cold.slowest_s,
                "warm_p95_s": cold.warm_p95_s,
                "until_s": until_s,
            },
            about="start" if until_s is not None else "clients",
        )


def _drift(steps: Sequence[StepSummary]) -> Iterator[Finding]:
    for step in steps:
        drift = step.stability.drift
        if drift is not None:
            numbers = {
                "first_s": drift.first_s,
                "last_s": drift.last_s,
                "change": drift.last_s / drift.first_s - 1.0,
            }
            yield Finding("drift", "warning", (step.index,), numbers)


def _littles_law(summary: RunSummary) -> Iterator[Finding]:
    broken = [step for step in summary.steps if step.stability.littles_law.holds is False]
    if broken:
        law = broken[0].stability.littles_law
        numbers = {"in_flight": law.in_flight, "throughput_times_service": law.product}
        yield Finding("littles_law", "warning", indices_of(broken), numbers)


def find_too_few_samples(summary: RunSummary) -> Iterator[Finding]:
    """Steps with too few answers for a p99; in a mix, those of the group that needs the most."""
    few = [
        (step, part.log.requests_per_second)
        for part in summary.groups or (summary,)
        for step in part.steps
        if step.counts.ok and step.times.service.quantile("p99") is None
    ]
    if few:
        needed_s = [_step_s_for_p99(step, rate) for step, rate in few]
        longest_s = max((seconds for seconds in needed_s if seconds), default=None)
        groups = dict.fromkeys(step.group for step, _ in few)
        numbers = {
            "step_s_for_p99": math.ceil(longest_s) if longest_s else None,
            "p95_too": any(s.times.service.quantile("p95") is None for s, _ in few),
        }
        steps = tuple(sorted({step.index for step, _ in few}))
        yield Finding("too_few_samples", "note", steps, numbers, group=", ".join(groups))


def _step_s_for_p99(step: StepSummary, requests_per_second: float | None) -> float | None:
    """Seconds that a step must last, warm-up included, for the answers that a p99 needs.

    A short step's own rate is a rough estimate, so the planned one is used if that is smaller. The
    window may cut one request of each client.
    """
    rates = [step.rates.throughput_per_s or 0.0]
    if requests_per_second is not None:
        rates.append(step.clients * requests_per_second)
    if not min(rates):
        return None
    warm_up_s = step.window.start_s - step.span.start_s
    if warm_up_s == step.span.length_s / 2:  # a longer step has a whole warm-up
        warm_up_s = max(warm_up_s, LEAST_CUT_S)
    return warm_up_s + (ANSWERS_FOR_P99 + step.clients) / min(rates)
