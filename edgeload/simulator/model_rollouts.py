"""Which model answers a query, while new ones are rolled out at given times. Pure.

At a roll-out a pod with a new model appears, and its detector has a new key from then on. For a
while the old pod answers beside it. When that one goes, queries may fail for some time, as they did
on a real box until its change #374; and the new pod may be cold and slow at first.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

from edgeload.simulator.query import new_id


@dataclass(frozen=True)
class PlannedRollout:
    """A new model for a detector, `at_s` seconds after the start; for all if none is named.

    Both pods answer for `both_s`. After that, the share `fail` of the queries gets an error
    `status` for `fail_s`. The new pod takes `slower` times as long for its first `cold_s`.
    """

    at_s: float
    detector: str | None = None
    """Its name or its id."""
    both_s: float = 0.0
    fail: float = 0.0
    fail_s: float = 1.0
    status: int = HTTPStatus.SERVICE_UNAVAILABLE.value
    cold_s: float = 0.0
    slower: float = 3.0


class ModelKeys(NamedTuple):
    """What an answer says about the model that gave it."""

    mlb_key: str
    oodd_mlb_key: str


class ServingPod(NamedTuple):
    """What serves a query: the keys of its model; or why it fails, and how slow it is."""

    keys: ModelKeys
    status: int | None = None
    slower: float = 1.0


class ModelPods:
    """The pods of all detectors over time."""

    def __init__(
        self, planned: Iterable[PlannedRollout] = (), *, start_s: float = 0.0, seed: int = 1
    ) -> None:
        """`start_s` is the instant from which the times of the roll-outs count."""
        self._planned = sorted(planned, key=lambda one: one.at_s)
        self._start_s = start_s
        self._seed = seed
        self._chance = random.Random(f"{seed} pods")
        self._keys: dict[tuple[str, int], ModelKeys] = {}

    def serving(self, detector_id: str, name: str, at_s: float) -> ServingPod:
        """The pod that a query meets which arrives at that instant."""
        since_s = at_s - self._start_s
        own = self._of(detector_id, name, since_s)
        if not own:
            return ServingPod(self.keys(detector_id, 0))
        last, over_s = own[-1], own[-1].at_s + own[-1].both_s
        if since_s < over_s and self._chance.random() < 0.5:
            return ServingPod(self.keys(detector_id, len(own) - 1))
        keys = self.keys(detector_id, len(own))
        fails = over_s <= since_s < over_s + last.fail_s
        if fails and last.fail and self._chance.random() < last.fail:
            return ServingPod(keys, last.status)
        cold = since_s < last.at_s + last.cold_s
        return ServingPod(keys, slower=last.slower if cold else 1.0)

    def deployed_s(self, detector_id: str, name: str, now_s: float) -> float | None:
        """When the present model of a detector was rolled out; None: it is the first one."""
        own = self._of(detector_id, name, now_s - self._start_s)
        return self._start_s + own[-1].at_s if own else None

    def keys(self, detector_id: str, rollouts: int) -> ModelKeys:
        """The keys of a detector's model after so many roll-outs: the same for the same seed."""
        which = detector_id.lower(), rollouts
        if which not in self._keys:
            chance = random.Random(f"{self._seed} model {which[0]} {rollouts}")
            self._keys[which] = ModelKeys(new_id("mlb_", chance), new_id("mlb_", chance))
        return self._keys[which]

    def _of(self, detector_id: str, name: str, since_s: float) -> list[PlannedRollout]:
        """The roll-outs of a detector that have begun."""
        names = (None, name, detector_id)
        return [one for one in self._planned if one.at_s <= since_s and one.detector in names]
