"""Which detectors were taken down or are being loaded, as each process of the box sees it. Pure.

A real box asks an inference server whether it is ready, and each of its processes repeats the
answer for some seconds, so that for a while some say yes and others no.
"""

from __future__ import annotations

import random
from collections.abc import Collection

PROCESSES = 8
"""Which answer requests in a real box; a request meets any of them."""


class Pods:
    """What became of the detectors since the start, when all of them were there."""

    def __init__(
        self, chance: random.Random, *, load_s: float = 0.0, cached_s: float = 5.0
    ) -> None:
        """A detector that is added needs `load_s` seconds; an answer is repeated for `cached_s`."""
        self._chance = chance
        self._load_s = load_s
        self._cached_s = cached_s
        self._down: set[str] = set()
        self._ready_from_s: dict[str, float] = {}
        self._cached: dict[tuple[str, int], tuple[float, bool]] = {}

    def configured(self, before: Collection[str], after: Collection[str], now_s: float) -> None:
        """The configuration lists other detectors than before."""
        old, new = {each.lower() for each in before}, {each.lower() for each in after}
        self._down = (self._down | (old - new)) - new
        self._ready_from_s |= dict.fromkeys(new - old, now_s + self._load_s)

    def any_process(self) -> int:
        """The process that a request meets."""
        return self._chance.randrange(PROCESSES)

    def is_down(self, detector_id: str) -> bool:
        """Whether the detector was taken down: it is configured no more."""
        return bool(self._down) and detector_id.lower() in self._down

    def ready(self, detector_id: str, now_s: float, process: int | None = None) -> bool:
        """Whether a process, any one if none is named, believes that the detector is ready."""
        key = detector_id.lower()
        ready_from_s = self._ready_from_s.get(key)
        if ready_from_s is None or now_s >= ready_from_s + self._cached_s:
            return True  # by now every process has asked again
        known = (key, self.any_process() if process is None else process)
        asked_s, ready = self._cached.get(known, (None, False))
        if asked_s is None or now_s >= asked_s + self._cached_s:
            ready = now_s >= ready_from_s
            self._cached[known] = (now_s, ready)
        return ready
