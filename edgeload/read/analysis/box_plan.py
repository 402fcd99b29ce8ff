"""From the capacity of one box to the boxes that so many cameras need. Pure.

Cameras are divided evenly: with B boxes, each has ceil(cameras / B) of a group at most. The answer
is the least B for which that fits on a box, as the capacity, or its limits, say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeload.wanted_cameras import WantedCameras

Basis = Literal["measured", "carries_over", "estimate"]
"""How far a number of boxes can be believed. "measured": the capacity was measured at that rate, or
of that mix. "carries_over": at another rate, but answers per second were the limit. "estimate": it
rests on more than that, as its doubts say."""
BoxDoubt = Literal["at_least", "objective", "clients", "other_limit", "more_cameras", "frontier"]
"""What an estimate rests on. "at_least": no load failed, so boxes may carry more. "objective": an
objective was the limit, which may be met at other loads of another rate. "clients": the clients
themselves were. "other_limit": failures, outages or the like were. "more_cameras": a box would have
more cameras than any trial. "frontier": the groups' headrooms were joined by a straight line."""

PLANNED_RATES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Frames per second for which a plan is made, beside the one that was asked for."""
_MOST_BOXES = 1 << 24
_ROUNDING = 1e-9

Fits = Callable[[Sequence[int]], bool]
"""Whether one box carries so many cameras of each group."""


@dataclass(frozen=True)
class BoxCount:
    """So many boxes, and the cameras of each group that the fullest of them has.

    None: no number of boxes is enough, or is known.
    """

    boxes: int | None
    cameras: tuple[int, ...] | None


@dataclass(frozen=True)
class CamerasPerBox:
    """Cameras of one kind that a box carries, with the limits of that; `high` None: no limit."""

    likely: int
    low: int
    high: int | None


@dataclass(frozen=True)
class BoxNeed:
    """Boxes for some cameras: by the capacity itself, by both of its limits, and with the reserve.

    `fewest` follows from the upper limit of the capacity, and has no number if that has no limit.
    `most` follows from its lower limit. `each` is None for a mix. `too_fast`: one camera cannot
    send at that rate, because it waits for each answer.
    """

    wanted: tuple[WantedCameras, ...]
    likely: BoxCount
    fewest: BoxCount
    most: BoxCount
    with_reserve: BoxCount
    basis: Basis
    doubts: tuple[BoxDoubt, ...]
    each: CamerasPerBox | None = None
    too_fast: bool = False


@dataclass(frozen=True)
class BoxPlan:
    """How many boxes like the one that was measured are needed.

    `need` is None if the capacity is unknown. `rates` are the same cameras at other rates; empty
    for a mix. `answer_s` is how long an answer takes on a box with little load, None if unknown.
    `tier` is the tier of objectives whose capacity counts, empty if none are named; `binding` the
    objective that is its limit, if one is.
    """

    wanted: tuple[WantedCameras, ...]
    reserve: float
    """Share of a box that is kept free."""
    need: BoxNeed | None
    rates: tuple[BoxNeed, ...]
    measured_rate: float | None
    answer_s: float | None
    tier: str
    binding: str | None


@dataclass(frozen=True)
class RateCapacity:
    """What one box carries of cameras of one kind.

    `cameras` are carried at `rate`, perhaps only `low` of them, and `beyond` are surely too many;
    None: no load failed. After a search over the rate these may be fractions. `most_tried` is the
    largest number of cameras in any trial, `answer_s` how long an answer takes under little load.
    """

    rate: float
    cameras: float
    low: float
    beyond: float | None
    doubts: tuple[BoxDoubt, ...]
    most_tried: int
    answer_s: float | None

    def need(self, cameras: int, rate: float, reserve: float) -> BoxNeed:
        """Boxes for cameras of one kind at a rate."""
        wanted = (WantedCameras("", cameras, rate),)
        if self.answer_s is not None and rate * self.answer_s >= 1.0:
            none = BoxCount(None, None)
            return BoxNeed(wanted, none, none, none, none, "estimate", (), too_fast=True)
        likely, low, reserved = (
            _whole(count * self.rate / rate)
            for count in (self.cameras, self.low, self.low * (1.0 - reserve))
        )
        measured = likely <= self.cameras and rate <= self.rate * (1 + _ROUNDING)
        doubts = self._doubts(measured, likely)
        basis: Basis = "estimate" if doubts else "measured" if measured else "carries_over"
        likely_boxes, most, with_reserve = (
            boxes_for((cameras,), _up_to(count)) for count in (likely, low, reserved)
        )
        fewest, high = _UNKNOWN, None
        if self.beyond is not None:
            high = math.ceil(self.beyond * self.rate / rate - _ROUNDING) - 1
            fewest = boxes_for((cameras,), _up_to(high))
        each = CamerasPerBox(likely, low, high)
        return BoxNeed(wanted, likely_boxes, fewest, most, with_reserve, basis, doubts, each)

    def _doubts(self, measured: bool, cameras: int) -> tuple[BoxDoubt, ...]:
        """Fewer requests of as many cameras are carried for certain."""
        found = tuple(each for each in self.doubts if each == "at_least" or not measured)
        beyond = not measured and cameras > self.most_tried
        return (*found, "more_cameras") if beyond else found


_UNKNOWN = BoxCount(None, None)


def _whole(cameras: float) -> int:
    return math.floor(cameras + _ROUNDING)


def _up_to(most: float) -> Fits:
    return lambda cameras: cameras[0] <= most


def boxes_for(cameras: Sequence[int], fits: Fits) -> BoxCount:
    """The least number of boxes of which each carries its even part of the cameras."""

    def each(boxes: int) -> tuple[int, ...]:
        return tuple(-(-count // boxes) for count in cameras)

    high = 1
    while not fits(each(high)):
        if max(each(high)) <= 1 or high > _MOST_BOXES:
            return _UNKNOWN
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(each(middle)) else (middle, high)
    return BoxCount(high, each(high))


def copies_fit(mix: Sequence[int], copies: float, share: float = 1.0) -> Fits:
    """A box carries so many copies of the mix, or what is no more of any group."""
    most = [_whole(count * copies * share) for count in mix]
    return lambda cameras: all(c <= m for c, m in zip(cameras, most, strict=True))


def headroom_fits(base: Sequence[int], more: Sequence[int | None], share: float = 1.0) -> Fits:
    """A box carries the base load, and shares of each group's headroom that add up to no more than
    one: what lies below the straight lines through the loads that were measured.

    No group ever gets more cameras than were measured of it. None is no limit: at least the base.
    """

    def fits(cameras: Sequence[int]) -> bool:
        used = 0.0
        for count, at_base, extra in zip(cameras, base, more, strict=True):
            above = count / share - at_base
            if above > _ROUNDING and extra is not None:
                used += above / extra if extra > 0 else math.inf
        return used <= 1.0 + _ROUNDING

    return fits
