"""The roll-outs of models that all workers together have seen so far, while the run goes on. Pure.

`read/analysis/rollouts.py` finds the same in the log afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from edgeload.box_records import ModelChange, ModelRecord
from edgeload.time_words import moment

SETTLE_S = 10.0
"""A roll-out is over for so long before the run ends, so that what comes back to normal shows."""
_TOGETHER_S = 2.0
"""Models that were met within this time of each other had both answered before the run."""


@dataclass
class _Detector:
    """The models that answer for one detector: by whom each is still answered."""

    first_s: float
    workers: dict[str, set[int]] = field(default_factory=dict)
    last: str = ""

    @property
    def answering(self) -> int:
        """How many models answer."""
        return sum(bool(workers) for workers in self.workers.values())


class RolloutsSeen:
    """Takes in what the workers tell, in the order in which it comes."""

    def __init__(self) -> None:
        self._detectors: dict[str, _Detector] = {}
        self._last_s = 0.0
        self.count = 0
        """Roll-outs that have begun since the run did."""

    def take(self, told: Iterable[ModelRecord]) -> list[str]:
        """What it means, in a line for each roll-out that has begun."""
        return [line for record in told for line in self._take(record)]

    def forget(self, worker: int) -> None:
        """A worker has died: nobody knows which models it would still hear of."""
        for detector in self._detectors.values():
            for workers in detector.workers.values():
                workers.discard(worker)

    def enough(self, wanted: int, now_s: float) -> bool:
        """Whether so many were seen, and all of them have been over for some seconds."""
        over = all(detector.answering < 2 for detector in self._detectors.values())
        return self.count >= wanted and over and now_s >= self._last_s + SETTLE_S

    def _take(self, record: ModelRecord) -> Iterator[str]:
        model, at_s = record.model, record.at_s
        own = self._detectors.setdefault(record.detector_id, _Detector(at_s))
        workers = own.workers.setdefault(model, set())
        if not isinstance(record, ModelChange):
            workers.discard(record.worker)
            self._last_s = max(self._last_s, at_s)
            return
        begins = not workers and own.last and at_s - own.first_s >= _TOGETHER_S
        workers.add(record.worker)
        if not begins:
            own.last = own.last or model
            return
        self.count += 1
        self._last_s = max(self._last_s, at_s)
        yield (
            f"the model of {record.detector_id} changed {moment(at_s)} into the run: "
            f"{own.last}, then {model}"
        )
        own.last = model
