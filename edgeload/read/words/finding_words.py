"""A run's summary -> what should make a reader doubt it or act on it, most damaging first. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeload.read.analysis.capacity import saturated
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.steps import StepSummary
from edgeload.read.statistics.format import milliseconds, number, plural, share, short

Severity = Literal["invalid", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("invalid", "warning", "note")
IN_FLIGHT_LIMIT = 119
_CLIENTS_NEAR_LIMIT = 100
_SHOWN_CHARS = 160


@dataclass(frozen=True)
class Finding:
    """Something about a run that its numbers alone do not say.

    Severity: "invalid", the numbers are not the endpoint's; "warning", the answer is poorer or the
    endpoint did wrong; "note", how the numbers are to be read.
    """

    code: str
    severity: Severity
    message: str
    advice: str


def find(summary: RunSummary) -> tuple[Finding, ...]:
    """All findings about a run, most damaging first."""
    found = [
        *_invalid(summary),
        *_damaged(summary),
        *_interrupted(summary),
        *_nothing_answered(summary),
        *_failures(summary),
        *_resets(summary),
        *_missed(summary),
        *_clocks(summary),
        *_unsteady(summary),
        *_warm_up(summary),
        *_drift(summary),
        *_little(summary),
        *_too_few(summary),
        *_older(summary),
        *_same_image(summary),
        *_lower_bound(summary),
        *_scaling(summary),
        *_demand(summary),
    ]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def step_list(indices: Sequence[int]) -> str:
    """`step 3`, or `steps 1-4, 7`: steps are counted from 1 where people read."""
    runs: list[list[int]] = []
    for index in sorted(indices):
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    parts = [f"{r[0] + 1}" if len(r) == 1 else f"{r[0] + 1}-{r[-1] + 1}" for r in runs]
    return f"step{'s' if len(indices) > 1 else ''} {', '.join(parts)}"


def _of(steps: Iterable[StepSummary]) -> str:
    return step_list([step.index for step in steps])


def _invalid(summary: RunSummary) -> list[Finding]:
    return [
        Finding(
            reason.doubt.code,
            "invalid",
            f"{step_list(reason.steps)}: {reason.doubt.message}"
            if reason.steps
            else reason.doubt.message,
            reason.doubt.advice,
        )
        for reason in summary.reasons
    ]


def _damaged(summary: RunSummary) -> list[Finding]:
    damage = summary.log.damage
    if damage.first is None:
        return []
    first = damage.first
    return [
        Finding(
            "log_damaged",
            "warning",
            f"{plural(damage.lines, 'line')} of the log could not be read; the first is line "
            f"{first.number}: {short(first.text, 60)!r} ({short(first.problem, 80)})",
            "a cut last line is usual after a kill; requests on such lines "
            + ("are left out" if summary.log.plan is None else "count as missed"),
        )
    ]


def _interrupted(summary: RunSummary) -> list[Finding]:
    end = summary.log.end
    if end is None or not end.interrupted:
        return []
    return [
        Finding(
            "interrupted",
            "warning",
            f"the run was stopped at {end.stopped_s:.1f} s of "
            f"{summary.log.steps[-1].end_s:.1f} s ({short(end.reason, 80)})",
            "what was due until then is counted; a step cut short cannot be the capacity",
        )
    ]


def _nothing_answered(summary: RunSummary) -> list[Finding]:
    if summary.totals.ok or not summary.totals.sent:
        return []
    return [
        Finding(
            "nothing_answered",
            "warning",
            f"not one of {plural(summary.totals.sent, 'request')} was answered well",
            "check the URL, the token and the detector before looking at any figure",
        )
    ]


def _failures(summary: RunSummary) -> list[Finding]:
    classes = sorted({c for step in summary.steps for c in step.failures})
    return [_failure(summary, outcome) for outcome in classes]


def _failure(summary: RunSummary, outcome: str) -> Finding:
    count = sum(step.failures.get(outcome, 0) for step in summary.steps)
    texts = [text for text in summary.failure_texts if text.outcome == outcome]
    message = (
        f"{plural(count, 'request')} ({share(count / max(1, summary.totals.sent))}) ended as "
        f"{outcome} in {_of(s for s in summary.steps if outcome in s.failures)}"
    )
    if texts:
        first_s, last_s = min(t.first_s for t in texts), max(t.last_s for t in texts)
        message += f", from {first_s:.1f} s to {last_s:.1f} s"
        if texts[0].text:
            message += f": {short(texts[0].text, _SHOWN_CHARS)}"
    return Finding(f"failed_{outcome}", "warning", message, _ADVICE.get(outcome, _HTTP_ADVICE))


_HTTP_ADVICE = "see the endpoint's own log at that time"
_ADVICE = {
    "refused": "nothing listens there: check host and port, and that the endpoint has started",
    "reset": "the endpoint or its proxy dropped connections: it ran out of them, or restarted",
    "timeout": "the endpoint did not answer in time: it is overloaded or hangs (--timeout)",
    "tls": "an Edge Endpoint signs its own certificate: --insecure, or --cacert with that one",
    "dns": "the host name does not resolve on this machine",
    "bad_answer": "the answer is no image query: is this an Edge Endpoint?",
    "wrong_detector": "another detector answered: check the detector's id",
    "escalated": "the cloud answered: set the detector to always return the edge prediction and "
    "disable cloud escalation; such answers say nothing about the edge",
    "generator": "this machine ran out of files or ports: ulimit -n, net.ipv4.ip_local_port_range",
    "aborted": "in flight when the run was stopped at once: no fault of the endpoint",
}


def _resets(summary: RunSummary) -> list[Finding]:
    steps = [s for s in summary.steps if s.clients > _CLIENTS_NEAR_LIMIT and "reset" in s.failures]
    if not steps:
        return []
    return [
        Finding(
            "connection_limit",
            "warning",
            f"connections were reset in {_of(steps)}, with more than {_CLIENTS_NEAR_LIMIT} clients",
            f"an Edge Endpoint's proxy takes {IN_FLIGHT_LIMIT} connections at once and resets the "
            "rest: this limit, not inference, may be what was measured",
        )
    ]


def _missed(summary: RunSummary) -> list[Finding]:
    totals = summary.totals
    if not totals.missed or not totals.planned:
        return []
    reasons: dict[str, int] = {}
    for step in summary.steps:
        for reason, count in step.missed_reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    unknown = totals.missed - sum(reasons.values())
    if unknown > 0:
        reasons["not recorded"] = unknown
    split = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
    steps = _of(step for step in summary.steps if step.missed)
    return [
        Finding(
            "missed",
            "warning",
            f"{plural(totals.missed, 'request')} of {totals.planned:,} planned were never sent in "
            f"{steps} ({split})",
            "clients waited for answers while these fell due: they count as never answered",
        )
    ]


def _unsteady(summary: RunSummary) -> list[Finding]:
    steps = [s for s in summary.steps if s.steadiness.steady is False]
    if not steps:
        return []
    ratio = max(max(s.steadiness.rate_ratio or 0, s.steadiness.time_ratio or 0) for s in steps)
    much = f", up to {number(ratio)}-fold between thirds" if ratio else ""
    return [
        Finding(
            "not_steady",
            "warning",
            f"rate or response time still moved within {_of(steps)}{much}",
            "such a step is no capacity; where the load was small, use longer steps "
            "(--time-between-ramp) or a longer warm-up (--warmup)",
        )
    ]


def _clocks(summary: RunSummary) -> list[Finding]:
    if not summary.out_of_order:
        return []
    return [
        Finding(
            "clocks_unaligned",
            "warning",
            f"{plural(summary.out_of_order, 'request')} were sent before they were due or answered "
            "before they were sent: the clocks behind these lines disagree",
            "times of these lines are wrong; do not join logs of machines whose clocks differ",
        )
    ]


def _warm_up(summary: RunSummary) -> list[Finding]:
    slow = [s for s in summary.steps if s.settled_s is not None and not saturated(s)]
    if not slow:
        return []
    cut_s = max((s.window.start_s - s.span.start_s) + (s.settled_s or 0.0) for s in slow)
    return [
        Finding(
            "warm_up_longer",
            "warning",
            f"{_of(slow)}: answers were still slower after the warm-up that is cut off, until "
            f"{cut_s:.1f} s into the step (MSER-5)",
            f"--warmup {math.ceil(cut_s)}, or a short run before this one to warm up the endpoint",
        )
    ]


def _drift(summary: RunSummary) -> list[Finding]:
    found = []
    for step in summary.steps:
        if step.drift is None:
            continue
        change = step.drift.last_s / step.drift.first_s - 1.0
        slower = change > 0
        found.append(
            Finding(
                "drift",
                "warning",
                f"step {step.index + 1}: service time p50 went from "
                f"{milliseconds(step.drift.first_s)} ms in the first minute to "
                f"{milliseconds(step.drift.last_s)} ms in the last "
                f"({'+' if slower else '-'}{share(abs(change))})",
                "a box that slows down under load may be throttling for heat: look at clocks and "
                "temperature on it (monitor_cpu_gpu_usage.py)"
                if slower
                else "it was not warm yet: use a longer warm-up (--warmup)",
            )
        )
    return found


def _little(summary: RunSummary) -> list[Finding]:
    broken = [s for s in summary.steps if s.little.holds is False]
    if not broken:
        return []
    law = broken[0].little
    return [
        Finding(
            "littles_law",
            "warning",
            f"in {_of(broken)} the mean in flight ({number(law.in_flight)}) is not throughput "
            f"times service time ({number(law.product)})",
            "records are missing, a clock is wrong, or the load was still changing",
        )
    ]


def _too_few(summary: RunSummary) -> list[Finding]:
    steps = [s for s in summary.steps if s.ok and s.service.quantile("p99") is None]
    if not steps:
        return []
    return [
        Finding(
            "too_few_samples",
            "note",
            f"{_of(steps)}: too few answers for a p99 (299 are needed, p95 takes 59)",
            "use longer steps (--time-between-ramp) to know the tail at small loads",
        )
    ]


def _older(summary: RunSummary) -> list[Finding]:
    if summary.log.plan is not None:
        return []
    return [
        Finding(
            "older_form",
            "warning",
            "this log does not say when requests were due: response time, missed requests and the "
            "generator's own lag are unknown, and nothing shows that the generator kept up",
            "service times alone look better than what a camera feels; run again to know",
        )
    ]


def _same_image(summary: RunSummary) -> list[Finding]:
    if summary.log.settings.get("same_image") is not True:
        return []
    return [
        Finding(
            "same_image",
            "warning",
            "every request sent the same picture: a cache on the edge may have answered",
            "leave out --same-image to measure the model",
        )
    ]


def _lower_bound(summary: RunSummary) -> list[Finding]:
    capacity = summary.capacity
    if capacity is None or capacity.limited:
        return []
    best = next(s for s in summary.steps if s.index == capacity.step)
    p95 = best.response.quantile("p95") if best.response else None
    at = f", response p95 {milliseconds(p95.value)} ms" if p95 else ""
    load = plural(capacity.clients, "client")
    return [
        Finding(
            "not_saturated",
            "note",
            f"no larger step brought the endpoint to its limit: {load}{at} is a lower bound of its "
            "capacity",
            "go on to more clients (--max-clients or --custom-ramp) to find the limit",
        )
    ]


def _scaling(summary: RunSummary) -> list[Finding]:
    law = summary.scaling_law
    if law is None or not law.fits:
        return []
    contention, coherency = law.contention, law.coherency
    peak = law.peak_clients
    spans = f"{share(contention.low)} to {share(contention.high)}"
    top = (
        f"; it is largest at about {peak:.0f} clients ({number(law.throughput_per_s(peak))}/s)"
        if peak
        else ""
    )
    return [
        Finding(
            "scaling_law",
            "note",
            f"throughput over {law.loads} loads follows the Universal Scalability Law within "
            f"{share(law.misfit)}: contention {share(contention.value)} ({spans}), "
            f"coherency {number(coherency.value)} "
            f"({number(coherency.low)} to {number(coherency.high)}){top}",
            "contention is work that is done one at a time, such as a lock or a single GPU; "
            "coherency is work that grows with every pair of clients",
        )
    ]


def _demand(summary: RunSummary) -> list[Finding]:
    """What limits the box, by the utilisation law."""
    if summary.demands is None:
        return []
    if not summary.demands:
        return [
            Finding(
                "no_demand",
                "note",
                "the host's samples do not show which resource the load uses up",
                "that takes samples in six valid steps of different loads, a resource that gets "
                "busier with them, and clocks on both machines that agree",
            )
        ]
    first, *others = summary.demands
    rest = "; ".join(
        f"{demand.resource} at {number(demand.full_at_per_s)}/s" for demand in others[:3]
    )
    span = f"{milliseconds(first.demand_s.low)} to {milliseconds(first.demand_s.high)}"
    return [
        Finding(
            "largest_demand",
            "note",
            f"{first.resource}: {milliseconds(first.demand_s.value)} ms ({span}) of it per answer, "
            f"so it is full at {number(first.full_at_per_s)} answers/s"
            + (f"; then {rest}" if rest else ""),
            "the resource that is full first limits the box, unless something else does before "
            "(utilisation law; a GPU's figure is the share of time in which some kernel ran)",
        )
    ]
