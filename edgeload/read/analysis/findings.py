"""A run's summary -> all findings about it: what to doubt, what went wrong, how to read it. Pure.

One function per finding, grouped by what the findings are about. Each yields codes and numbers;
`words.finding_words` says them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from edgeload.failure_classes import GENERATOR
from edgeload.read.analysis.answer_findings import (
    changed_answers,
    same_answers,
    uncompared_answers,
    unstable_answers,
)
from edgeload.read.analysis.box_findings import (
    audited,
    below_own_threshold,
    box_changed,
    no_cloud_set,
    other_detectors,
)
from edgeload.read.analysis.cluster_nodes import about_nodes
from edgeload.read.analysis.connection_limit import find_connection_limit
from edgeload.read.analysis.endpoints import about_endpoints
from edgeload.read.analysis.failure_findings import (
    answered_by_the_cloud,
    failures,
    repeated_answers,
)
from edgeload.read.analysis.finding import (
    Finding,
    merged_by_subject,
    most_damaging_first,
    of_group,
    of_mix,
    of_search,
)
from edgeload.read.analysis.generator_findings import about_generator
from edgeload.read.analysis.host_findings import find_host_findings
from edgeload.read.analysis.rollout_findings import missing_rollouts, model_changes, unclear_models
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.soak_findings import find_soak_findings
from edgeload.read.analysis.step_summary import indices_of
from edgeload.read.analysis.time_findings import find_time_findings, find_too_few_samples
from edgeload.read.analysis.validity import records_left

MOST_JUMPS_NAMED = 3
OF_LONG_STEPS = ("not_steady", "warm_up_longer", "drift", "too_few_samples", "soak_unclear")
"""What the short steps of an interference run or a search cannot say, each by itself; nor can a
cache audit, whose pictures of two kinds take two times."""
OF_A_RAMP = ("not_saturated", "not_monotone", "interrupted")
"""What the answer of a search says itself."""
_ON_PURPOSE = {"late", "stopped"}
"""Why a search leaves requests unsent: it overloads the endpoint, and ends trials early."""


def find(summary: RunSummary) -> tuple[Finding, ...]:
    """All findings about a run, most damaging first; those of a mix name their camera group."""
    parts = summary.groups or (summary,)
    found = most_damaging_first(
        [
            *summary.doubts,
            *_left_out(summary),
            # the box
            *audited(summary),
            *box_changed(summary),
            *model_changes(summary),
            *missing_rollouts(summary),
            *unclear_models(summary),
            # the log and the run
            *_damaged(summary),
            *_clock_jumps(summary),
            *_incomplete(summary),
            *_empty_host_lines(summary),
            *_interrupted(summary),
            # the answers
            *_nothing_answered(summary),
            *_outages(summary),
            *(f for part in parts for f in of_group(failures(part), part.group)),
            *answered_by_the_cloud(summary),
            *repeated_answers(summary),
            *(f for part in parts for f in of_group(changed_answers(part), part.group)),
            *unstable_answers(summary),
            *uncompared_answers(summary),
            *find_connection_limit(summary.log.sent_requests),
            *_retried(summary),
            *(f for part in parts for f in of_group(_missed(part), part.group)),
            # the times
            *find_soak_findings(summary),
            *(f for part in parts for f in of_group(_not_of_a_soak(summary, part), part.group)),
            *find_too_few_samples(summary),
            # what the figures mean
            *_older_form(summary),
            *_measured_time(summary),
            *_units(summary),
            *about_generator(summary),
            *about_nodes(summary.log),
            *about_endpoints(summary),
            *_same_image(summary),
            *_not_monotone(summary),
            *below_own_threshold(summary),
            *other_detectors(summary),
            *no_cloud_set(summary),
            *same_answers(summary),
            *_not_saturated(summary),
            *_scaling_law(summary),
            *find_host_findings(summary),
        ]
    )
    if summary.groups:
        found = of_mix(found)
    if summary.interference is None and summary.audit is None and not summary.searches:
        return found
    found = tuple(finding for finding in found if finding.code not in OF_LONG_STEPS)
    return of_search(f for f in found if _is_news(f)) if summary.searches else found


def _not_of_a_soak(summary: RunSummary, part: RunSummary) -> Iterator[Finding]:
    """Findings about the times, without a drift that the finding about a long step says better."""
    said = {soak.step for soak in summary.soaks if soak.changes}
    return (f for f in find_time_findings(part) if f.code != "drift" or not said & set(f.steps))


def _is_news(finding: Finding) -> bool:
    """Whether a finding says of a search what neither its answer nor its trials say."""
    if finding.code == "missed":
        reasons = finding.numbers["reasons"]
        return not isinstance(reasons, Mapping) or not set(reasons) <= _ON_PURPOSE
    return finding.code not in OF_A_RAMP


def _left_out(summary: RunSummary) -> Iterator[Finding]:
    """Why steps of an interference run are INVALID, if the others give the answer."""
    if summary.interference is None or not summary.interference.measured:
        return
    said = {doubt.code for doubt in summary.doubts}
    for doubt in merged_by_subject(d for step in summary.steps for d in step.doubts):
        if doubt.code not in said:
            yield replace(doubt, severity="warning")


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


def _empty_host_lines(summary: RunSummary) -> Iterator[Finding]:
    repairs = summary.log.repairs
    if repairs.empty_host_lines:
        numbers = {"empty": repairs.empty_host_lines, "lines": repairs.host_lines}
        yield Finding("host_zeros", "warning", numbers=numbers)


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
    ours = sum(step.counts.failures.get(GENERATOR, 0) for step in summary.steps)
    if summary.totals.sent > ours and not summary.totals.ok:
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
            group=outage.group,
        )


def _retried(summary: RunSummary) -> Iterator[Finding]:
    """Requests sent again on a new connection: each worker's last sample has its count."""
    counts: dict[int, int] = {}
    for sample in summary.log.workers:
        counts[sample.worker] = max(counts.get(sample.worker, 0), sample.stale_retries)
    retried = sum(counts.values())
    sent = len(summary.log.sent_requests) if summary.groups else summary.totals.sent
    if retried:
        numbers = {"retried": retried, "sent": sent, "share": retried / max(1, sent)}
        steps = indices_of(step for step in summary.steps if summary.log.retried.get(step.index))
        yield Finding("retried", "warning", steps, numbers)


def _missed(summary: RunSummary) -> Iterator[Finding]:
    totals = summary.totals
    if not totals.missed or not totals.planned or records_left(summary.log):
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
        indices_of(step for step in summary.steps if step.counts.missed),
        {
            "missed": totals.missed,
            "planned": sum(s.counts.planned or 0 for s in summary.steps if s.counts.missed),
            "reasons": dict(reasons),
            "worker_died": any(not death.lost for death in summary.log.deaths),
            "node_lost": any(death.lost for death in summary.log.deaths),
            **_late_policy(summary),
            "worker_stood_still": any(d.code == "worker_stood_still" for d in summary.doubts),
            "our_fault": all(step.doubts for step in summary.steps if step.counts.missed),
        },
    )


def _late_policy(summary: RunSummary) -> dict[str, str]:
    """The policy by which frames were dropped, if it is not the one that is named skip."""
    plan = summary.log.plan
    return {"late_policy": "latest"} if plan and plan.groups[0].late == "latest" else {}


# --- what the figures mean ------------------------------------------------------------------------


def _older_form(summary: RunSummary) -> Iterator[Finding]:
    if not summary.log.knows_due:
        yield Finding("older_form", "warning")


def _measured_time(summary: RunSummary) -> Iterator[Finding]:
    """Which time a run of upstream's application benchmark measured."""
    cameras = summary.log.cameras
    if cameras is not None and not cameras.window_known:
        yield Finding("window_unknown", "warning")
    elif cameras is not None and any(cameras.left_out):
        before, after = cameras.left_out
        yield Finding("warm_up_left_out", "note", numbers={"before": before, "after": after})


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
            indices_of(s for s in summary.steps if s.clients in loads and s.state == "carried"),
            {
                "clients": bracket.contradicting,
                "not_carried": bracket.overload.clients,
                **_copies(summary, *bracket.contradicting),
                **(
                    {"not_carried_copies": _copies(summary, bracket.overload.clients)["copies"][0]}
                    if summary.groups
                    else {}
                ),
            },
        )


def _not_saturated(summary: RunSummary) -> Iterator[Finding]:
    capacity = summary.capacity
    if capacity is None or capacity.limited or summary.bracket.undecided:
        return
    if summary.log.is_soak or summary.rollouts_wanted is not None:  # they ask for no capacity
        return
    best = next(step for step in summary.steps if step.index == capacity.step)
    p95 = best.times.response.quantile("p95") if best.times.response else None
    if best.closed:
        return
    yield Finding(
        "not_saturated",
        "note",
        (best.index,),
        {
            "clients": capacity.clients,
            **_copies(summary, capacity.clients),
            "response_p95_s": p95.value if p95 else None,
        },
    )


def _copies(summary: RunSummary, *loads: int) -> dict[str, tuple[int, ...]]:
    """Loads, given in clients, as copies of the mix; nothing for a run without a mix."""
    by_clients = {step.clients: step.copies for step in summary.steps}
    return {"copies": tuple(by_clients[load] for load in loads)} if summary.groups else {}


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
