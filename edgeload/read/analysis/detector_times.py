"""What each detector was asked in a step, by requests: counts, throughput, service time. Pure.

Several groups may share a detector, and a frame may be answered by several (`then`). So a
detector's requests are neither a group's frames nor a part of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeload.plan import RampStep
from edgeload.read.log.columns import Ints, RunLog
from edgeload.read.log.frames import group_indices
from edgeload.read.statistics.percentiles import Distribution, distribution
from edgeload.read.statistics.windows import Window
from edgeload.records import GroupRecord


@dataclass(frozen=True)
class DetectorTimes:
    """A detector in one ramp step, by requests; None: the log does not say.

    `requests` = `ok` + `failed` are all that were sent for frames of the step. `throughput_per_s`
    are the good answers that came inside the window. `service` is the service time in seconds of
    the good answers to what was due in the window.
    """

    detector_id: str | None
    detector_name: str | None
    requests: int
    ok: int
    failed: int
    throughput_per_s: float | None
    service: Distribution


@dataclass(frozen=True)
class DetectorOfRun:
    """A detector by its id and name; None: the log does not say."""

    detector_id: str | None
    name: str | None


def detector_times(log: RunLog, step: RampStep, window: Window) -> tuple[DetectorTimes, ...]:
    """All detectors of a run in one step, in the order in which its groups name them.

    A detector that was asked nothing in the step has counts of 0. `window` is the step without its
    warm-up.
    """
    detectors, of_row = rows_by_detector(log)
    requests = log.sent_requests
    ok, in_step = requests.ok, requests.step == step.index
    at_s = requests.due_s if log.knows_due else requests.sent_s
    inside = in_step & window.holds(at_s) & ok
    found = []
    for index, detector in enumerate(detectors):
        own = of_row == index
        sent = np.count_nonzero(in_step & own)
        good = np.count_nonzero(in_step & own & ok)
        timed = inside & own
        service_s = requests.done_s[timed]
        service_s -= requests.sent_s[timed]
        ended = int(np.count_nonzero(own & ok & window.holds(requests.done_s)))
        found.append(
            DetectorTimes(
                detector_id=detector.detector_id,
                detector_name=detector.name,
                requests=int(sent),
                ok=int(good),
                failed=int(sent - good),
                throughput_per_s=ended / window.length_s if window.length_s > 0 else None,
                service=distribution(service_s),
            )
        )
    return tuple(found)


def rows_by_detector(log: RunLog) -> tuple[list[DetectorOfRun], Ints]:
    """The run's detectors, and for each request the index of its own; -1: it is of no group."""
    client, part = log.sent_requests.client, log.sent_requests.part
    groups = log.header.plan.groups if log.header else []
    if log.plan is None or not groups:
        told = log.header.endpoint.get("detector_id") if log.header else None
        return [DetectorOfRun(told, None)], np.zeros(len(client), dtype=np.int32)
    asked = [_asked(group) for group in groups]
    detectors = list({d.detector_id: d for parts in asked for d in parts}.values())
    index = {detector.detector_id: i for i, detector in enumerate(detectors)}
    table = np.full((len(asked) + 1, max(map(len, asked))), -1)  # the last row: no group
    for row, parts in enumerate(asked):
        table[row, : len(parts)] = [index[detector.detector_id] for detector in parts]
    column = 0 if part is None else np.clip(part, 0, table.shape[1] - 1)
    return detectors, table[group_indices(client, log.plan), column]


def _asked(group: GroupRecord) -> list[DetectorOfRun]:
    """The detectors of a group's requests, by their part."""
    further = [
        DetectorOfRun(link.detector_id, link.detector_name)
        for link in group.then
        for _ in range(link.requests)
    ]
    return [DetectorOfRun(group.detector_id, group.detector_name), *further]
