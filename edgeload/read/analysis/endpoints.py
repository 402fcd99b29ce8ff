"""A run whose nodes loaded several endpoints -> each endpoint's part, and what all say. Pure.

The clients of a node are some of those of the plan, so their due times are known; all else follows
as for a run with these clients alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from edgeload.box_records import ModelChange, ModelGone
from edgeload.objectives import Objective
from edgeload.read.analysis.capacity import find_capacity
from edgeload.read.analysis.endpoint_part import EndpointPart
from edgeload.read.analysis.finding import Evidence, Finding, of_mix
from edgeload.read.analysis.outages import find_outages
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.shortfalls import find_shortfalls
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.steps import Prepared, dues_in, prepare, summarise_step
from edgeload.read.log.columns import Requests, RunLog
from edgeload.read.statistics.windows import Floats
from edgeload.records import NodeRecord

_CLEARLY = 1.1
"""By so much a time must differ from another to be named, beside intervals that do not meet."""


def nodes_by_endpoint(log: RunLog) -> dict[str, list[NodeRecord]]:
    """The nodes that loaded each URL, in the order of the nodes; empty for a single endpoint."""
    found: dict[str, list[NodeRecord]] = {}
    if log.header is not None and log.header.cluster is not None:
        for node in log.header.cluster.nodes:
            found.setdefault(node.endpoint, []).append(node)
    return found if len(found) > 1 else {}


def watched_endpoint(log: RunLog) -> RunLog:
    """The log of the endpoint whose box was watched, the first one; the same log if it is alone."""
    nodes = nodes_by_endpoint(log)
    if not nodes or log.header is None:
        return log
    own = nodes.get(str(log.header.endpoint.get("url")), [])
    return _log_of(log, _workers(own), log.header.workers)


def _workers(nodes: Sequence[NodeRecord]) -> set[int]:
    return {worker for node in nodes for worker in node.workers}


def with_endpoints(summary: RunSummary, asked: Sequence[Objective]) -> RunSummary:
    """The summary with each endpoint's part, if there are several.

    A load is carried if each endpoint carries its part. What all of them answer at most is no
    ceiling of any, nor does a law of scaling hold for them.
    """
    nodes = nodes_by_endpoint(summary.log)
    if not nodes or summary.log.plan is None:
        return summary
    parts = tuple(_part(summary, url, own, asked) for url, own in nodes.items())
    steps = [_with_short(step, parts, place) for place, step in enumerate(summary.steps)]
    return replace(
        summary,
        steps=tuple(steps),
        bracket=replace(find_capacity(steps), ceiling=None),
        scaling_law=None,
        endpoints=parts,
    )


def _with_short(step: StepSummary, parts: Sequence[EndpointPart], place: int) -> StepSummary:
    """The step; it falls short, too, if one of the endpoints did not carry its part of the load."""
    short = [each for each in parts if each.judged and each.steps[place].fell_short]
    if not short or step.fell_short:
        return step
    named = tuple(each.url for each in short)
    clients = sum(each.steps[place].clients for each in short)
    found = Finding(
        "endpoint_short", "warning", (step.index,), {"endpoints": named, "clients": clients}
    )
    return replace(step, shortfalls=(*step.shortfalls, found))


def _part(
    whole: RunSummary, url: str, nodes: Sequence[NodeRecord], asked: Sequence[Objective]
) -> EndpointPart:
    log = whole.log
    assert log.plan is not None and log.header is not None
    workers = _workers(nodes)
    clients = range(log.plan.max_clients)
    only = frozenset(c for c in clients if c % log.header.workers in workers)
    shown = [log.steps[step.index] for step in whole.steps]
    prepared = prepare(_log_of(log, workers, log.header.workers), shown, only)
    mix = bool(whole.groups)
    own = [one for one in asked if one.group is None and one.quantity != "throughput"]
    steps = [_step(prepared, each, () if mix else own, has_groups=mix) for each in whole.steps]
    judged = not mix and all(group.late == "queue" for group in log.plan.groups)
    if judged:
        steps = _with_shortfalls(prepared, steps)
    return EndpointPart(url, tuple(node.name for node in nodes), tuple(steps), judged)


def _log_of(log: RunLog, workers: set[int], of_all: int) -> RunLog:
    """What the log says about these workers of `of_all`."""
    numbers = sorted(workers)

    def own(requests: Requests) -> Requests:
        return requests.rows(np.asarray(np.isin(requests.client % of_all, numbers), dtype=np.bool_))

    return replace(
        log,
        requests=own(log.requests),
        parts=None if log.parts is None else own(log.parts),
        missed={},
        workers=tuple(sample for sample in log.workers if sample.worker in workers),
        box=tuple(
            record
            for record in log.box
            if not isinstance(record, ModelChange | ModelGone) or record.worker in workers
        ),
        end=msgspec.structs.replace(log.end, counted={}) if log.end else None,
    )


def _step(
    prepared: Prepared, whole: StepSummary, asked: Sequence[Objective], *, has_groups: bool
) -> StepSummary:
    """One endpoint's part of a step: as doubtful as the step, or late by itself."""
    step = prepared.log.steps[whole.index]
    part, _ = summarise_step(prepared, step, asked, whole.copies, has_groups=has_groups)
    known = {doubt.code for doubt in whole.doubts}
    late = [doubt for doubt in part.doubts if doubt.code not in known]
    return replace(part, doubts=(*whole.doubts, *late))


def _with_shortfalls(prepared: Prepared, steps: Sequence[StepSummary]) -> list[StepSummary]:
    log = prepared.log

    def dues() -> Floats:
        found = [dues_in(log, log.steps[s.index], prepared.until_s, prepared.only) for s in steps]
        return np.concatenate([np.zeros(0), *(due for due in found if due is not None)])

    ours = [step.index for step in steps if not step.valid]
    outages = find_outages(log, log.steps, prepared.failures, dues, ours)
    return [replace(step, shortfalls=find_shortfalls(step, outages)) for step in steps]


def about_endpoints(summary: RunSummary) -> Iterator[Finding]:
    """That the endpoints are clearly unlike each other, in the largest step in which they are."""
    for place in reversed(range(len(summary.steps))):
        found = _difference(summary.endpoints, place)
        if found is not None:
            yield from of_mix([found]) if summary.groups else [found]
            return


def _difference(parts: Sequence[EndpointPart], place: int) -> Finding | None:
    """What a VALID step says: one carried its part and another did not; or the slowest against the
    fastest, whose 95 % intervals must not meet.
    """
    carried, short = (
        tuple(each.url for each in parts if each.state(each.steps[place]) == state)
        for state in ("carried", "not carried")
    )
    if carried and short:
        numbers: dict[str, Evidence] = {"carried": carried, "short": short}
        return Finding("endpoints_differ", "note", (parts[0].steps[place].index,), numbers)
    known = []
    for part in parts:
        step = part.steps[place]
        median = step.times.felt.quantile("p50")
        if step.valid and median is not None and not median.never:
            known.append((median, part))
    if len(known) < 2:
        return None
    fast, fast_part = min(known, key=lambda each: each[0].value)
    slow, slow_part = max(known, key=lambda each: each[0].value)
    if fast.high is None or slow.low is None or slow.low <= fast.high:
        return None
    if slow.value < _CLEARLY * fast.value:
        return None
    return Finding(
        "endpoints_differ",
        "note",
        (slow_part.steps[place].index,),
        {
            "slow": slow_part.url,
            "slow_s": slow.value,
            "fast": fast_part.url,
            "fast_s": fast.value,
        },
    )
