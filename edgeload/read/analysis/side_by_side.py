"""What is found in each of several steps, two at a time: numpy leaves room for that. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from edgeload.plan import RampStep

T = TypeVar("T")

_THREADS = 2
"""Each needs room that is as large as its step, and a few bytes for each row of the log."""


def side_by_side(look: Callable[[RampStep], T], steps: Sequence[RampStep]) -> list[T]:
    """What a look at each step finds, in their order.

    One step alone stays in this thread, whose memory is used again.
    """
    if len(steps) < 2:
        return [look(step) for step in steps]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(look, steps))
