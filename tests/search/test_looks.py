"""When a trial is looked at, and when its verdict counts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.search.looks import LOOKS_RATIO, Look, decided, look_times


@given(st.floats(1, 50), st.floats(1, 2000))
def test_looks_grow_by_a_ratio_and_end_at_the_longest(least_s: float, longest_s: float) -> None:
    """The first as soon as anything can be told, each 1.25 times as late, the last at the end."""
    times = look_times(least_s, longest_s)
    assert times[-1] == longest_s
    assert all(b > a for a, b in pairwise(times))
    if len(times) > 1:
        assert times[0] == least_s
        ratios = [b / a for a, b in pairwise(times)]
        assert ratios[:-1] == pytest.approx([LOOKS_RATIO] * (len(ratios) - 1))
        assert LOOKS_RATIO**0.5 <= ratios[-1] <= LOOKS_RATIO**1.5 + 1e-9


def test_two_looks_running_decide() -> None:
    """Pass, pass; not pass, undecided, pass."""
    passed, open_ = Look(4.0, "pass"), Look(5.0, "undecided")
    assert decided([passed], last=False) is None
    assert decided([passed, passed], last=False) == "pass"
    assert decided([passed, open_, passed], last=False) is None
    assert decided([passed, open_, passed, passed], last=False) == "pass"
    assert decided([passed, Look(6.0, "fail")], last=False) is None


def test_what_is_beyond_doubt_ends_a_trial_at_once() -> None:
    """A clear failure at the first look; and our own machine's limit at any."""
    assert decided([Look(4.0, "fail", clear=True)], last=False) == "fail"
    assert decided([Look(4.0, "pass"), Look(5.0, "invalid")], last=False) == "invalid"


def test_when_time_is_over_what_is_not_agreed_is_undecided() -> None:
    """One look alone never decides, however it turned out, unless it is clear."""
    assert decided([Look(4.0, "fail")], last=True) == "undecided"
    assert decided([Look(4.0, "fail"), Look(5.0, "pass")], last=True) == "undecided"
    assert decided([], last=True) == "undecided"
    assert decided([], last=False) is None
