"""A run's summary -> all findings about it: what to doubt, what went wrong, how to read it. Pure.

One function per finding, grouped by what the findings are about. Each yields codes and numbers;
`words.finding_words` says them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator

from edgeload.read.analysis.box_findings import audited, below_own_threshold
from edgeload.read.analysis.cold_answers import find_cold_answers
from edgeload.read.analysis.connection_limit import find_connection_limit
from edgeload.read.analysis.finding import Finding, most_damaging_first
from edgeload.read.analysis.host_findings import find_host_findings
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary

ANSWERS_FOR_P99 = 299
MOST_JUMPS_NAMED = 3


def find(summary: RunSummary) -> tuple[Finding, ...]:
    """All findings about a run, most damaging first."""
    return most_damaging_first(
        [
            *summary.doubts,
            # the box
            *audited(summary),
            # the log and the run
            *_damaged(summary),
            *_clock_jumps(summary),
            *_incomplete(summary),
            *_interrupted(summary),
            # the answers
            *_nothing_answered(summary),
            *_outages(summary),
            *_failures(summary),
            *find_connection_limit(summary.log.requests),
            *_retried(summary),
            *_missed(summary),
            # the times
            *_clocks(summary),
            *_not_steady(summary),
            *_warm_up(summary),
            *_cold_answers(summary),
            *_drift(summary),
            *_littles_law(summary),
            *_too_few_samples(summary),
            # what the figures mean
            *_older_form(summary),
            *_units(summary),
            *_same_image(summary),
            *_not_monotone(summary),
            *below_own_threshold(summary),
            *_not_saturated(summary),
            *_scaling_law(summary),
            *find_host_findings(summary),
        ]
    )


def _of(steps: Iterable[StepSummary]) -> tuple[int, ...]:
    return tuple(sorted(step.index for step in steps))


# --- the log and the run --------------------------------------------------------------------------


def _damaged(summary: RunSummary) -> Iterator[Finding]:
    damage = summary.log.damage
    if damage.first is not None:
        yield Finding(
            "log_damaged",
            "warning",
            numbers={
                "lines": damage.lines,
                "first_line": damage.first.number,
                "text": damage.first.text,
                "problem": damage.first.problem,
                "count_as_missed": summary.log.knows_due,
            },
        )


def _clock_jumps(summary: RunSummary) -> Iterator[Finding]:
    jumps = summary.log.repairs.jumps
    if jumps:
        yield Finding(
            "clock_jumped",
            "warning",
            numbers={
                "jumps": len(jumps),
                "lines": tuple(jump.line for jump in jumps[:MOST_JUMPS_NAMED]),
                "seconds": tuple(jump.seconds for jump in jumps[:MOST_JUMPS_NAMED]),
            },
        )


def _incomplete(summary: RunSummary) -> Iterator[Finding]:
    repairs = summary.log.repairs
    if repairs.without_instant or repairs.without_latency:
        numbers = {
            "without_instant": repairs.without_instant,
            "without_latency": repairs.without_latency,
        }
        yield Finding("incomplete_requests", "warning", numbers=numbers)


def _interrupted(summary: RunSummary) -> Iterator[Finding]:
    end = summary.log.end
    if end is not None and end.interrupted:
        yield Finding(
            "interrupted",
            "warning",
            numbers={
                "stopped_s": end.stopped_s,
                "planned_s": summary.log.steps[-1].end_s,
                "reason": end.reason,
            },
        )


# --- the answers ----------------------------------------------------------------------------------


def _nothing_answered(summary: RunSummary) -> Iterator[Finding]:
    if summary.totals.sent and not summary.totals.ok:
        yield Finding("nothing_answered", "warning", numbers={"sent": summary.totals.sent})


def _outages(summary: RunSummary) -> Iterator[Finding]:
    for number, outage in enumerate(summary.outages):
        yield Finding(
            "outage",
            "warning",
            outage.steps,
            {
                "start_s": outage.start_s,
                "recovered_s": outage.recovered_s,
                "caught_up_s": outage.caught_up_s,
                "frames_lost": outage.frames_lost,
                "failures": outage.failures,
                "outcome": outage.outcome,
            },
            about=str(number),
        )


def _failures(summary: RunSummary) -> Iterator[Finding]:
    counts: Counter[str] = Counter()
    for step in summary.steps:
        counts.update(step.counts.failures)
    for outcome in sorted(counts):
        texts = [text for text in summary.failure_texts if text.outcome == outcome]
        yield Finding(
            f"failed_{outcome}",
            "warning",
            _of(step for step in summary.steps if outcome in step.counts.failures),
            {
                "outcome": outcome,
                "requests": counts[outcome],
                "sent": summary.totals.sent,
                "share": counts[outcome] / max(1, summary.totals.sent),
                "first_s": min((text.first_s for text in texts), default=None),
                "last_s": max((text.last_s for text in texts), default=None),
                "text": texts[0].text if texts else "",
            },
        )


def _retried(summary: RunSummary) -> Iterator[Finding]:
    """Requests sent again on a new connection: each worker's last sample has its count."""
    counts: dict[int, int] = {}
    for sample in summary.log.workers:
        counts[sample.worker] = max(counts.get(sample.worker, 0), sample.stale_retries)
    retried, sent = sum(counts.values()), summary.totals.sent
    if retried:
        numbers = {"retried": retried, "sent": sent, "share": retried / max(1, sent)}
        yield Finding("retried", "warning", numbers=numbers)


def _missed(summary: RunSummary) -> Iterator[Finding]:
    totals = summary.totals
    if not totals.missed or not totals.planned:
        return
    reasons: Counter[str] = Counter()
    for step in summary.steps:
        reasons.update(step.counts.missed_reasons)
    unknown = totals.missed - sum(reasons.values())
    if unknown > 0:
        reasons["not recorded"] = unknown
    yield Finding(
        "missed",
        "warning",
        _of(step for step in summary.steps if step.counts.missed),
        {
            "missed": totals.missed,
            "planned": sum(s.counts.planned or 0 for s in summary.steps if s.counts.missed),
            "reasons": dict(reasons),
            "worker_died": bool(summary.log.deaths),
        },
    )


# --- the times ------------------------------------------------------------------------------------


def _clocks(summary: RunSummary) -> Iterator[Finding]:
    if summary.out_of_order:
        numbers = {"requests": summary.out_of_order}
        yield Finding("clocks_unaligned", "warning", numbers=numbers)


def _not_steady(summary: RunSummary) -> Iterator[Finding]:
    """An overloaded step cannot be steady, and is named for that."""
    steps = [
        s for s in summary.steps if s.stability.steadiness.steady is False and not s.overloaded
    ]
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
            _of(steps),
            {"largest_ratio": max(ratios) or None},
        )


def _warm_up(summary: RunSummary) -> Iterator[Finding]:
    ends = {
        step.index: step.window.start_s - step.span.start_s + step.stability.settled_s
        for step in summary.steps
        if step.stability.settled_s is not None and not step.overloaded
    }
    if ends:
        until_s = max(ends.values())
        numbers = {"until_s": until_s, "suggested_warmup_s": math.ceil(until_s)}
        yield Finding("warm_up_longer", "warning", tuple(sorted(ends)), numbers)


def _cold_answers(summary: RunSummary) -> Iterator[Finding]:
    for cold in find_cold_answers(summary.log, summary.steps):
        until_s = cold.until_s
        touched = (s for s in summary.steps if until_s is not None and s.span.start_s <= until_s)
        yield Finding(
            "cold_answers",
            "warning",
            _of(touched),
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


def _drift(summary: RunSummary) -> Iterator[Finding]:
    for step in summary.steps:
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
        yield Finding("littles_law", "warning", _of(broken), numbers)


def _too_few_samples(summary: RunSummary) -> Iterator[Finding]:
    steps = [s for s in summary.steps if s.counts.ok and s.times.service.quantile("p99") is None]
    if steps:
        needed_s = [_step_s_for_p99(step, summary.log.requests_per_second) for step in steps]
        longest_s = max((seconds for seconds in needed_s if seconds), default=None)
        numbers = {"step_s_for_p99": math.ceil(longest_s) if longest_s else None}
        yield Finding("too_few_samples", "note", _of(steps), numbers)


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
    return warm_up_s + (ANSWERS_FOR_P99 + step.clients) / min(rates)


# --- what the figures mean ------------------------------------------------------------------------


def _older_form(summary: RunSummary) -> Iterator[Finding]:
    if not summary.log.knows_due:
        yield Finding("older_form", "warning")


def _units(summary: RunSummary) -> Iterator[Finding]:
    repairs = summary.log.repairs
    if repairs.instants_unit or repairs.latencies_unit:
        numbers = {"instants": repairs.instants_unit, "latencies": repairs.latencies_unit}
        yield Finding("other_units", "warning", numbers=numbers)


def _same_image(summary: RunSummary) -> Iterator[Finding]:
    if summary.log.settings.get("same_image") is True:
        yield Finding("same_image", "warning")


def _not_monotone(summary: RunSummary) -> Iterator[Finding]:
    """Loads that were carried although a smaller one was not."""
    bracket = summary.bracket
    if bracket.contradicting and bracket.overload:
        loads = set(bracket.contradicting)
        yield Finding(
            "not_monotone",
            "warning",
            _of(s for s in summary.steps if s.clients in loads and s.state == "carried"),
            {"clients": bracket.contradicting, "not_carried": bracket.overload.clients},
        )


def _not_saturated(summary: RunSummary) -> Iterator[Finding]:
    capacity = summary.capacity
    if capacity is None or capacity.limited or summary.bracket.undecided:
        return
    best = next(step for step in summary.steps if step.index == capacity.step)
    p95 = best.times.response.quantile("p95") if best.times.response else None
    yield Finding(
        "not_saturated",
        "note",
        (best.index,),
        {"clients": capacity.clients, "response_p95_s": p95.value if p95 else None},
    )


def _scaling_law(summary: RunSummary) -> Iterator[Finding]:
    law = summary.scaling_law
    if law is None or not law.fits:
        return
    peak = law.peak_clients
    yield Finding(
        "scaling_law",
        "note",
        numbers={
            "loads": law.loads,
            "misfit": law.misfit,
            "contention": law.contention.value,
            "contention_limits": (law.contention.low, law.contention.high),
            "coherency": law.coherency.value,
            "coherency_limits": (law.coherency.low, law.coherency.high),
            "peak_clients": peak,
        },
    )
