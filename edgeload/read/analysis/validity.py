"""What forbids to present a step's numbers as the endpoint's. Pure (method 10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from edgeload.failure_classes import GENERATOR
from edgeload.plan import RampStep
from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.analysis.generator_doubts import late_sends, stopped_from_outside, too_slow
from edgeload.read.analysis.step_summary import GeneratorWork, StepCounts
from edgeload.read.log.columns import RunLog
from edgeload.read.statistics.windows import Window
from edgeload.records import End, WorkerDied

LONGEST_GAP_S = 1.5


def step_doubts(
    log: RunLog,
    step: RampStep,
    window: Window,
    generator: GeneratorWork,
    counts: StepCounts,
) -> tuple[Finding, ...]:
    """All that makes one step INVALID: the generator's faults, and holes in the log."""
    found = [
        *stopped_from_outside(generator),  # first: it explains the others
        *_lost_nodes(log, step),
        *too_slow(generator),
        *_stood_still(log, step, window),
        *_died(log.deaths, step),
        *_lost_cameras(log),
        *_own_failures(counts.failures.get(GENERATOR, 0)),
        *(_disagrees(log, log.end) if log.end else _cut(log, step)),
        *_unaccounted(log, step, counts),
        *_idle_clients(log, step, window),
    ]
    return tuple(replace(finding, steps=(step.index,)) for finding in found)


def late_doubts(step: RampStep, generator: GeneratorWork) -> tuple[Finding, ...]:
    """What makes a step INVALID for some of its clients alone: they sent late."""
    return tuple(replace(finding, steps=(step.index,)) for finding in late_sends(generator))


def run_doubts(log: RunLog) -> tuple[Finding, ...]:
    """What makes a whole run doubtful: no end line, or one that disagrees with the lines."""
    return tuple(_disagrees(log, log.end) if log.end else _killed(log))


def _cut(log: RunLog, step: RampStep) -> Iterator[Finding]:
    """A killed log's last step; the steps that had ended before are whole."""
    return iter(()) if step.end_s < log.last_s else _killed(log)


def _killed(log: RunLog) -> Iterator[Finding]:
    if log.knows_due:
        yield Finding("no_end", "invalid", numbers={"last_s": log.last_s})


def _disagrees(log: RunLog, end: End) -> Iterator[Finding]:
    requests = log.sent_requests
    ok = int(requests.ok.sum())
    in_log = {
        "sent": len(requests),
        "ok": ok,
        "failed": len(requests) - ok,
        "missed": sum(log.missed.values()),
    }
    counted = {name: count for name, count in end.counted.items() if name in in_log}
    if any(counted[name] != in_log[name] for name in counted):
        if records_left(log):
            assert log.header is not None and log.header.cluster is not None
            where = tuple((node.name, node.log) for node in log.header.cluster.nodes)
            yield Finding("records_left", "invalid", numbers={"where": where})
            return
        if any(death.lost for death in log.deaths):  # that is why, but for the other nodes
            yield from _others_disagree(log)
            return
        if log.header and log.header.cluster and _unrecorded(log) > 0:
            missing: dict[str, Evidence] = {
                "missing": _unrecorded(log),
                "counted": counted["sent"],
                "where": tuple((node.name, node.log) for node in log.header.cluster.nodes),
            }
            yield Finding("records_missing", "invalid", numbers=missing)
            return
        numbers = {"counted": counted, "in_log": {name: in_log[name] for name in counted}}
        yield Finding("log_disagrees", "invalid", numbers=numbers)


def _others_disagree(log: RunLog) -> Iterator[Finding]:
    """Workers of nodes that were not lost say in their last samples what they sent."""
    assert log.header is not None
    lost = {death.worker for death in log.deaths if death.lost}
    counted = {each.worker: each.sent for each in log.workers if each.worker not in lost}
    worker = log.sent_requests.client % log.header.workers
    in_log = int(np.isin(worker, list(lost), invert=True).sum())
    if in_log != sum(counted.values()):
        numbers = {"counted": {"sent": sum(counted.values())}, "in_log": {"sent": in_log}}
        yield Finding("log_disagrees", "invalid", numbers=numbers)


def records_left(log: RunLog) -> bool:
    """Whether the records of a cluster run are on its nodes still, as they were to be."""
    if log.header is None or log.header.cluster is None or log.end is None:
        return False
    wanted = log.settings.get("records") == "leave"
    return wanted and len(log.sent_requests) < log.end.counted.get("sent", 0)


def _unaccounted(log: RunLog, step: RampStep, counts: StepCounts) -> Iterator[Finding]:
    """Planned requests of which the log says nothing, though nothing is known to be missing in it.

    A client writes down each request that it sends and each that it misses. So these clients were
    never served again, by us.
    """
    if log.end is None or log.end.interrupted or not counts.missed:
        return  # after a stop, each worker counts from when it heard of it
    if log.deaths or log.damage.lines or any(_disagrees(log, log.end)):
        return
    silent = counts.missed - sum(counts.missed_reasons.values())
    if silent > 0:
        yield Finding("unaccounted", "invalid", numbers={"requests": silent})


def _idle_clients(log: RunLog, step: RampStep, window: Window) -> Iterator[Finding]:
    """Clients with requests due and none in flight, for long: the generator did not serve them.

    A client that waits for the endpoint has a request in flight, which ends in the log.
    """
    if log.plan is None or log.header is None or log.end is None or records_left(log):
        return
    requests, workers = log.requests, log.header.workers
    before = requests.sent_s < window.end_s
    free_s = np.full(log.plan.max_clients, step.start_s)
    np.maximum.at(free_s, requests.client[before], requests.done_s[before])
    dead = {death.worker for death in log.deaths}
    idle = [
        client
        for client in np.flatnonzero(window.end_s - free_s[: step.clients] > LONGEST_GAP_S).tolist()
        if client % workers not in dead
        and any(
            free_s[client] < due_s < window.end_s - LONGEST_GAP_S
            for due_s in log.plan.step_dues(client, step)
        )
    ]
    if idle:
        yield Finding("clients_idle", "invalid", numbers={"clients": len(idle)})


def _stood_still(log: RunLog, step: RampStep, window: Window) -> Iterator[Finding]:
    """Worker processes that took no sample of themselves for long: they were frozen or starved."""
    if log.header is None or not log.workers:
        return
    lost = {death.worker for death in log.deaths if death.lost}
    gaps = [
        (after_s - before_s, worker, before_s)
        for worker in range(min(log.header.workers, step.clients))
        if worker not in lost
        for before_s, after_s in _gaps(log, worker, step, window.end_s)
    ]
    if gaps:
        gap_s, worker, from_s = max(gaps)
        numbers = {"worker": worker, "from_s": from_s, "gap_s": gap_s}
        yield Finding("worker_stood_still", "invalid", numbers=numbers)


def _gaps(log: RunLog, worker: int, step: RampStep, end_s: float) -> Iterator[tuple[float, float]]:
    """The spans of a step in which a worker should have taken a sample and did not.

    A worker samples itself once a second and, with its last sample, ends when none of its clients
    has anything more to send. The SDK's client, a process that waits for each answer and for each
    due time, samples itself between them. So the last span of all, and each span of the SDK's,
    only counts if a request of that worker was due in it. A frozen process dies in the end, when
    the run does not wait for it any longer.
    """
    at_s = sorted(s.at_s for s in log.workers if s.worker == worker) or [step.start_s]
    died_s = [death.at_s for death in log.deaths if death.worker == worker]
    end_s = min([end_s, *died_s])
    sdk = log.settings.get("client") == "sdk"
    longest_s = LONGEST_GAP_S + (float(log.settings.get("timeout") or 0.0) if sdk else 0.0)
    for before_s, after_s in pairwise([*at_s, max(end_s, at_s[-1])]):
        if after_s <= step.start_s or before_s >= end_s or after_s - before_s <= longest_s:
            continue
        regular = not sdk and after_s != end_s
        if regular or _was_due(log, worker, step, before_s + longest_s, after_s):
            yield before_s, after_s


def _was_due(log: RunLog, worker: int, step: RampStep, start_s: float, end_s: float) -> bool:
    """Whether a request of one of the worker's clients fell due in a part of a step."""
    if log.plan is None or log.header is None:
        return False
    clients = range(worker, step.clients, log.header.workers)
    dues = (due_s for client in clients for due_s in log.plan.step_dues(client, step))
    return any(start_s < due_s < end_s for due_s in dues)


def _lost_nodes(log: RunLog, step: RampStep) -> Iterator[Finding]:
    """A node of a cluster may have sent for a while after it was last heard of: nobody knows."""
    for node in dict.fromkeys(death.node for death in log.deaths if death.lost):
        lost = [death for death in log.deaths if death.lost and death.node == node]
        if step.end_s <= min(_evidence_until_s(log, death) for death in lost):
            continue
        if all(death.worker >= step.clients for death in lost):
            continue
        numbers: dict[str, Evidence] = {
            "node": node,
            "workers": len(lost),
            "clients": sum(death.clients for death in lost),
            "at_s": lost[0].at_s,
            "why": lost[0].lost,
            "unrecorded": _unrecorded(log),
            "log": _node_log(log, node),
        }
        yield Finding("node_lost", "invalid", numbers=numbers, about=f"node {node}")


def _evidence_until_s(log: RunLog, death: WorkerDied) -> float:
    """Until when the log has all that a lost worker did.

    It was heard until then, and with each sample of itself it wrote down what had happened before.
    """
    samples = [each.at_s for each in log.workers if each.worker == death.worker]
    known_s = death.at_s if death.known_until_s is None else death.known_until_s
    return min(known_s, max(samples, default=0.0))


def _unrecorded(log: RunLog) -> int:
    """How many requests the nodes counted that are not in the log."""
    return 0 if log.end is None else log.end.counted.get("sent", 0) - len(log.sent_requests)


def _node_log(log: RunLog, name: str) -> str:
    """Where the records of a node lie on it; empty if the log does not say."""
    nodes = log.header.cluster.nodes if log.header and log.header.cluster else ()
    return next((node.log for node in nodes if node.name == name), "")


def _died(deaths: tuple[WorkerDied, ...], step: RampStep) -> Iterator[Finding]:
    """Worker w hosts clients w, w + workers, ...: it has one in a step of more than w clients."""
    for death in deaths:
        if not death.lost and death.at_s < step.end_s and death.worker < step.clients:
            yield Finding(
                "worker_died",
                "invalid",
                numbers={
                    "worker": death.worker,
                    "pid": death.pid,
                    "clients": death.clients,
                    "at_s": death.at_s,
                    "signal": death.signal,
                    "exit_code": death.exit_code,
                },
                about=f"worker {death.worker}",
            )


def _lost_cameras(log: RunLog) -> Iterator[Finding]:
    """Cameras of upstream's application benchmark whose processes failed, or never sent."""
    lost = log.cameras
    if lost is not None and (lost.silent or lost.failed):
        names = tuple(f"{name} (exit code {code})" for name, code in lost.failed)
        yield Finding("cameras_lost", "invalid", numbers={"silent": lost.silent, "failed": names})


def _own_failures(count: int) -> Iterator[Finding]:
    if count:
        yield Finding("generator_failed", "invalid", numbers={"requests": count})
