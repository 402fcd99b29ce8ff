"""A box on a clock that tests turn: the embedded endpoint's own figures, without its processes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from edgeload.box_memory.measuring import AnswerCounts, MemoryMeasurement
from edgeload.box_records import BoxResources
from edgeload.edge.box_resources import NoResources, resources_of
from edgeload.simulator.resident_memory import MemoryLaw, ResidentLog
from edgeload.simulator.status import MemoryNow, resources, zeros

EVERY_S = 15.0
IDS = [f"det_{letter * 27}" for letter in "ABCDEFGH"]


@dataclass
class Clock:
    """Seconds; a pause lets them pass."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def pause(self, seconds: float) -> None:
        """Time passes."""
        self.now_s += seconds


@dataclass
class Counts:
    """How a load went, of each detector."""

    good: list[int]
    asked: list[int]


@dataclass
class SimulatedMemory:
    """See MeasuredBox. `lag_s`: figures of RAM are of so long before their renewal."""

    clock: Clock
    law: MemoryLaw = field(default_factory=MemoryLaw)
    load_s: float = 40.0
    lag_s: float = 0.0
    silent: frozenset[int] = frozenset()
    """Places of ours that never answer."""
    answer_after_s: float = 0.0
    """How long it takes until the others do."""
    hangs: bool = False
    """Whoever is asked once is never asked again."""
    renews: bool = True
    kind: str = "cluster"
    others: tuple[str, ...] = ("det_" + "x" * 27,)
    log: ResidentLog = field(init=False)
    configured: list[int] = field(default_factory=list)
    asked_now: int = 0
    at_first: int = 0
    """How many of our detectors the box has already."""
    remove_s: float = 0.0
    """How long what is configured no more stays in memory."""
    _counts: Counts = field(default_factory=lambda: Counts([], []))
    _asked_since_s: float = 0.0
    _removed: tuple[float, list[str]] = (float("inf"), [])

    def __post_init__(self) -> None:
        self.log = ResidentLog([*self.others, *IDS[: self.at_first]], 0.0, 1e9)

    def figures(self) -> BoxResources | NoResources:
        """As the endpoint answers, and as we read it."""
        self._ask()
        if self.kind == "none":
            return NoResources("the box says: Not running in a Kubernetes cluster", for_good=True)
        if self.clock() >= self._removed[0]:
            self.log.configured(self._removed[1], self._removed[0], 0.0)
            self._removed = (float("inf"), [])
        renewal = int(self.clock() // EVERY_S) if self.renews else 0
        then_s = renewal * EVERY_S - self.lag_s if self.renews else 1000.0
        memory = MemoryNow(self.log.at(then_s), self.log.at(self.clock()), renewal)
        if self.kind == "zeros":
            return resources_of(zeros(memory, self.law))
        busy = {IDS[n]: 0.1 for n in range(self.asked_now)} if self.renews else {}
        return resources_of(resources(memory, self.law, busy, busy, cpu_full=30.0, gpu_full=50.0))

    def configure(self, detectors: int, poll: Callable[[], None]) -> bool:
        """It takes time until they are ready."""
        before = self.configured[-1] if self.configured else self.at_first
        self.configured.append(detectors)
        if detectors == before:
            return False
        if detectors < before:
            wanted = [*self.others, *IDS[:detectors]]
            self._removed = (self.clock() + self.remove_s, wanted)
            return True
        self.log.configured([*self.others, *IDS[:detectors]], self.clock(), self.load_s)
        until_s = self.clock() + self.load_s
        while self.clock() < until_s:
            poll()
            self.clock.pause(0.25)
        return True

    @contextlib.contextmanager
    def asked(self, detectors: int) -> Iterator[AnswerCounts]:
        """Each is asked whenever somebody looks at the box's figures."""
        self.asked_now = detectors
        self._counts = Counts([0] * detectors, [0] * detectors)
        self._asked_since_s = self.clock()
        self._ask()
        try:
            yield self._counts
        finally:
            self.asked_now = 0

    def _ask(self) -> None:
        answers = self.clock() - self._asked_since_s >= self.answer_after_s
        for place in range(self.asked_now):
            if self.hangs and self._counts.asked[place]:
                continue
            self._counts.asked[place] += 1
            if answers and place not in self.silent:
                self._counts.good[place] += 1
                if self._counts.good[place] == 1:
                    self.log.used(IDS[place], self.clock())


def measurement_of(box: SimulatedMemory) -> MemoryMeasurement:
    """All that measures it, on its clock."""
    return MemoryMeasurement(box, IDS, EVERY_S, box.clock, box.clock.pause, lambda _: None)
