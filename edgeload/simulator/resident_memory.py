"""How much memory the made-up box uses: more for each detector that is loaded, and once used. Pure.

What was at an instant can be asked for later, because figures of RAM are those of the last renewal.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from edgeload.byte_sizes import GIBIBYTE, MEBIBYTE

EDGE_RAM_BYTES = GIBIBYTE
"""Of the endpoint's own processes."""
OTHER_RAM_BYTES = 2 * GIBIBYTE
"""Of everything else on the machine."""


@dataclass(frozen=True)
class MemoryLaw:
    """The size of the machine in bytes, and what one detector takes of it.

    The `used` bytes come on top from its first answer on, until it is taken down. The share `oodd`
    of all of a detector's memory is that of its second pod; 0: there is none. `noise_bytes` is the
    standard deviation of what everything else takes, which is another at each renewal.
    """

    ram_bytes: int = 16 * GIBIBYTE
    vram_bytes: int = 8 * GIBIBYTE
    detector_ram_bytes: int = 512 * MEBIBYTE
    detector_vram_bytes: int = 256 * MEBIBYTE
    used_ram_bytes: int = 0
    used_vram_bytes: int = 0
    oodd: float = 0.0
    noise_bytes: int = 0
    seed: int = 1

    def other_ram_bytes(self, renewal: int) -> int:
        """What everything else takes at this renewal."""
        chance = random.Random(f"{self.seed} memory {renewal}")
        return max(0, round(OTHER_RAM_BYTES + chance.gauss(0.0, 1.0) * self.noise_bytes))

    def ram_of(self, *, used: bool) -> int:
        """RAM of one detector."""
        return self.detector_ram_bytes + self.used_ram_bytes * used

    def vram_of(self, *, used: bool) -> int:
        """VRAM of one detector."""
        return self.detector_vram_bytes + self.used_vram_bytes * used


@dataclass(frozen=True)
class Residents:
    """The detectors in memory at an instant, by id: whether each was used.

    `loading` are in memory too, but not ready.
    """

    ready: Mapping[str, bool]
    loading: Collection[str] = ()


@dataclass(frozen=True)
class _Stay:
    """A detector's time in memory. It is ready and used from these instants on, if at all."""

    detector_id: str
    from_s: float
    ready_s: float
    used_s: float = float("inf")
    until_s: float = float("inf")

    @property
    def key(self) -> str:
        """Its id as ids are compared."""
        return self.detector_id.lower()


class ResidentLog:
    """When which detectors came into memory, were first used, and left."""

    def __init__(
        self, detector_ids: Collection[str] = (), ready_s: float = 0.0, kept_s: float = 60.0
    ) -> None:
        """These are there from the start. What is older than `kept_s` seconds is forgotten."""
        self._kept_s = kept_s
        self._stays = [_Stay(each, float("-inf"), ready_s) for each in detector_ids]
        self._known_used: set[str] = set()

    def configured(self, detector_ids: Collection[str], now_s: float, load_s: float) -> None:
        """From now on these are in memory, and no others; a new one needs `load_s` seconds."""
        wanted = {each.lower(): each for each in detector_ids}
        self._stays = [
            stay if stay.key in wanted or stay.until_s <= now_s else replace(stay, until_s=now_s)
            for stay in self._stays
            if stay.until_s > now_s - self._kept_s
        ]
        here = {stay.key for stay in self._stays if stay.until_s > now_s}
        self._stays += [
            _Stay(each, now_s, now_s + load_s) for key, each in wanted.items() if key not in here
        ]
        self._known_used &= here

    def used(self, detector_id: str, at_s: float) -> None:
        """It has answered a query."""
        key = detector_id.lower()
        if key in self._known_used:
            return
        self._known_used.add(key)
        self._stays = [
            replace(stay, used_s=at_s)
            if stay.key == key and stay.from_s <= at_s < min(stay.used_s, stay.until_s)
            else stay
            for stay in self._stays
        ]

    def at(self, at_s: float) -> Residents:
        """What was in memory at an instant."""
        there = [stay for stay in self._stays if stay.from_s <= at_s < stay.until_s]
        return Residents(
            {stay.detector_id: stay.used_s <= at_s for stay in there if stay.ready_s <= at_s},
            tuple(stay.detector_id for stay in there if stay.ready_s > at_s),
        )
