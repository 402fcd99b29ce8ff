"""Whether the box's memory has settled after a change, from figures that may be copies. Pure.

Figures of VRAM are new each time. Those of RAM come from the metrics server, which renews them
every 15 s, from numbers that may be as old as that: one renewal after a change may still be of
before, and two may not. Equal figures are copies, or steadiness; only time tells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from edgeload.box_records import BoxResources
from edgeload.byte_sizes import MEBIBYTE
from edgeload.edge.box_resources import NoResources

Settled = Literal["moving", "settled", "not renewed", "not settled"]
_RENEWALS = 2
_STALE_AFTER, _GIVEN_UP_AFTER, _GONE_WITHIN = 5, 12, 40
"""Renewals' time without any change, without rest, and until what was taken out must be gone."""
_SHARE = 0.01
_FEW_BYTES = 16.0 * MEBIBYTE
_GPU_IN_A_ROW = 3


@dataclass
class Settling:
    """What was seen since a change of the box, which is complete at `done_s`.

    `before`: the figures of before, which are not new. With `visible`, the change must show in the
    figures that the metrics server renews; without, nothing was changed. As long as the box lists
    one of the detectors that must be `gone`, in lower case, the change is not done.
    """

    every_s: float
    before: BoxResources | None
    visible: bool = True
    gone: frozenset[str] = frozenset()
    done_s: float | None = None
    told_s: float | None = None
    """When we took the change for complete; the box may have gone on with it."""
    newest: BoxResources | None = None
    _renewed_s: list[float] = field(default_factory=list)
    _ram: list[float] = field(default_factory=list)
    """At each renewal since the change was done."""
    _vram: list[float | None] = field(default_factory=list)

    def is_done(self, at_s: float) -> None:
        """The change is complete: the detector is ready, or the load has begun."""
        self.done_s = self.told_s = at_s

    def add(self, at_s: float, told: BoxResources | NoResources) -> None:
        """Take in what the box has answered."""
        if isinstance(told, NoResources):
            return
        last = self.newest or self.before
        if last is not None and _was_renewed(last, told):
            self._renewed_s.append(at_s)
        self.newest = told
        if self.done_s is None:
            return
        if any(each.detector_id.lower() in self.gone for each in told.detectors):
            self.done_s = at_s
        else:
            self._ram.append(_total(told.ram_bytes))
            self._vram.append(_total(told.vram_bytes))

    def state(self, now_s: float) -> Settled:
        """Whether `newest` is what the box uses now."""
        if self.done_s is None or self.told_s is None or self.newest is None:
            return "moving"
        if now_s - self.told_s >= _GONE_WITHIN * self.every_s:
            return "not settled"
        waited_s = now_s - self.done_s
        has_ram = self.newest.ram_bytes is not None
        if has_ram and self.visible and not self._renewed_s:
            return "not renewed" if waited_s >= _STALE_AFTER * self.every_s else "moving"
        if self._is_fresh(waited_s) and self._rests():
            return "settled"
        return "not settled" if waited_s >= _GIVEN_UP_AFTER * self.every_s else "moving"

    def _is_fresh(self, waited_s: float) -> bool:
        """Whether RAM figures are certainly of after the change."""
        assert self.done_s is not None
        seen = sum(at_s > self.done_s for at_s in self._renewed_s)
        return seen >= _RENEWALS or waited_s >= _RENEWALS * self.every_s

    def _rests(self) -> bool:
        """Whether nothing is being loaded, and the last figures agree."""
        assert self.newest is not None
        loading = [
            usage.loading_detectors or 0.0
            for usage in (self.newest.ram_bytes, self.newest.vram_bytes)
            if usage is not None
        ]
        if any(loading):
            return False
        return _agree(self._distinct_ram()) and _agree(self._vram[-_GPU_IN_A_ROW:])

    def _distinct_ram(self) -> list[float]:
        """The last two figures of RAM that differ; one of them if all are the same."""
        found = list(dict.fromkeys(reversed(self._ram)))
        return found[:2]


def _was_renewed(before: BoxResources, after: BoxResources) -> bool:
    """Whether the metrics server says something new of the machine, or of one detector.

    The list of the detectors does not come from it, nor do sums over that.
    """
    if (_total(before.cpu_percent), _total(before.ram_bytes)) != (
        _total(after.cpu_percent),
        _total(after.ram_bytes),
    ):
        return True
    known = {each.detector_id: (each.cpu_percent, each.ram_bytes) for each in before.detectors}
    return any(
        known.get(each.detector_id, now) != now
        for each in after.detectors
        for now in [(each.cpu_percent, each.ram_bytes)]
    )


def _total(usage: Any) -> float:
    return 0.0 if usage is None or usage.total is None else float(usage.total)


def _agree(values: list[Any]) -> bool:
    known = [value for value in values if value is not None]
    if not known:
        return True
    return bool(max(known) - min(known) <= max(_FEW_BYTES, _SHARE * max(known)))
