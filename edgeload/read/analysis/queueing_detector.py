"""Which detector of a camera group's chain is its limit: that whose requests queue. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.read.analysis.capacity import GREW, Ceiling
from edgeload.read.analysis.detector_times import DetectorTimes
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.records import GroupRecord


@dataclass(frozen=True)
class QueueingDetector:
    """A detector whose median service time, in seconds, grew by the most from a light step to the
    clearest overload of the group. `per_s` are its answers per second in that.
    """

    name: str
    per_s: float | None
    light_s: float
    full_s: float


def find_queueing_detector(
    steps: Sequence[StepSummary], ceiling: Ceiling | None, group: GroupRecord
) -> QueueingDetector | None:
    """The detector that limits one group of a mix; `steps` and `ceiling` are the group's.

    None: the group asks one detector only, no overload shows its ceiling, or none of its detectors
    became slower, for example because cameras only waited for their own answers.
    """
    if not group.then or ceiling is None:
        return None
    asked = {group.detector_id, *(link.detector_id for link in group.then)}
    light = min((s for s in steps if s.counts.ok), key=lambda s: (s.clients, s.index))
    full = next(step for step in steps if step.index == ceiling.step)
    before, after = _by_id(light), _by_id(full)
    found = []
    for detector_id in sorted(asked & before.keys() & after.keys()):
        light_s, full_s = _median(before[detector_id]), _median(after[detector_id])
        if light_s and full_s and full_s >= GREW * light_s:
            times = after[detector_id]
            name = times.detector_name or detector_id
            found.append(QueueingDetector(name, times.throughput_per_s, light_s, full_s))
    return max(found, key=lambda each: each.full_s / each.light_s, default=None)


def _by_id(step: StepSummary) -> dict[str, DetectorTimes]:
    return {times.detector_id: times for times in step.detectors if times.detector_id is not None}


def _median(times: DetectorTimes) -> float | None:
    p50 = times.service.quantile("p50")
    return p50.value if p50 else None
