"""Two clocks, compared by questions and answers: the bound holds, whatever the network does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeload.cluster.clock_look import ClockLook, best, look_of

times_ns = st.integers(0, 10**12)


@given(st.integers(-(10**18), 10**18), times_ns, times_ns, times_ns, times_ns)
def test_the_true_offset_lies_within_the_bound(
    ahead_ns: int, sent_ns: int, there_ns: int, thinking_ns: int, back_ns: int
) -> None:
    """However unequal the two ways are, and however long the other side thinks (RFC 5905)."""
    received_ns = sent_ns + there_ns
    answered_ns = received_ns + thinking_ns
    seen = look_of(sent_ns, received_ns + ahead_ns, answered_ns + ahead_ns, answered_ns + back_ns)
    slack_s = 1e-9 + abs(ahead_ns) * 1e-25
    assert abs(seen.offset_s - ahead_ns / 1e9) <= seen.bound_s + slack_s
    assert abs(seen.bound_s - (there_ns + back_ns) / 2e9) < 1e-9


@given(st.integers(-(10**12), 10**12), times_ns, times_ns, times_ns)
def test_equal_ways_show_the_offset_exactly(
    ahead_ns: int, sent_ns: int, way_ns: int, thinking_ns: int
) -> None:
    """Then the midpoints of both sides are the same instant."""
    received_ns = sent_ns + way_ns
    answered_ns = received_ns + thinking_ns
    seen = look_of(sent_ns, received_ns + ahead_ns, answered_ns + ahead_ns, answered_ns + way_ns)
    assert abs(seen.offset_s - ahead_ns / 1e9) < 1e-6


def test_the_quickest_look_is_the_best() -> None:
    """It has the smallest bound."""
    looks = [ClockLook(1.0, 5.0, 0.3), ClockLook(2.0, 6.0, 0.1), ClockLook(3.0, 7.0, 0.2)]
    assert best(looks).offset_s == 6.0
