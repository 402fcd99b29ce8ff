"""How the monotonic clocks of two machines lie to each other, from questions and answers. Pure.

The other clock is read when a question arrives and when its answer leaves (RFC 5905, section 8).
Both moments lie between our sending and our receiving, so the offset that follows is wrong by at
most half of the time that the two ways took together. How that time is shared between the ways,
nobody can see from here; so the bound is what is reported, and the quickest look is the best.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ClockLook:
    """The other clock less ours in seconds, at most `bound_s` off, when ours said `at_s`."""

    at_s: float
    offset_s: float
    bound_s: float


def look_of(sent_ns: int, received_ns: int, answered_ns: int, back_ns: int) -> ClockLook:
    """One look: `sent_ns` and `back_ns` on our clock, the two between them on the other one."""
    offset_ns = ((received_ns - sent_ns) + (answered_ns - back_ns)) / 2
    on_the_way_ns = (back_ns - sent_ns) - (answered_ns - received_ns)
    return ClockLook(
        at_s=(sent_ns + back_ns) / 2e9, offset_s=offset_ns / 1e9, bound_s=on_the_way_ns / 2e9
    )


def best(looks: Iterable[ClockLook]) -> ClockLook:
    """The look with the smallest bound; there is at least one."""
    return min(looks, key=lambda each: each.bound_s)
