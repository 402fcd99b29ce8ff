"""The counts of all nodes together: their sum costs as much as what is new in them."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from edgeload.run.counters import LiveCounts, read_group_counts


class SummedCounts:
    """Each node sends all of its counts; of each only the newest ones are added."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}
        self._slots: dict[str, npt.NDArray[np.int64]] = {}
        self._sum: npt.NDArray[np.int64] | None = None
        self._read: tuple[LiveCounts, tuple[LiveCounts, ...]] | None = None

    def take(self, node: str, packed: bytes) -> None:
        """The newest counts of a node: a block of slots, packed by zlib; no bytes: none yet."""
        if not packed or self._packed.get(node) is packed:
            return
        slots = np.frombuffer(zlib.decompress(packed), dtype=np.int64)
        before = self._slots.get(node)
        if self._sum is None:
            self._sum = np.zeros_like(slots)
        self._sum += slots if before is None else slots - before
        self._packed[node], self._slots[node], self._read = packed, slots, None

    def groups(self) -> tuple[LiveCounts, tuple[LiveCounts, ...]]:
        """Their sum: of all camera groups, and of each."""
        if self._read is None:
            self._read = read_group_counts([] if self._sum is None else [self._sum])
        return self._read
