"""Laws of the plan of a cache audit: its order, its pictures, its load."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from edgeload.audit_plan import (
    AUDIT_S,
    LONGEST_S,
    MOST_PER_S,
    NEW_BEFORE,
    audit_load,
    comes_again,
    order_before,
    pair_of,
    picture_order,
)

NUMBERS = range(1, 2001)


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_each_pair_has_one_picture_of_each_kind(seed: int) -> None:
    """Of two requests in a row, from an odd number on, exactly one sends a picture again."""
    for first in NUMBERS[::2]:
        assert pair_of(first) == pair_of(first + 1) == (first - 1) // 2
        assert comes_again(seed, first) != comes_again(seed, first + 1)


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_the_order_is_a_coin_toss(seed: int) -> None:
    """Neither the first place nor a repetition of the order has a share beyond chance.

    Of n fair tosses, the share lies within 4 standard deviations of 1/2; what happens at regular
    intervals then meets both kinds.
    """
    first = [comes_again(seed, number) for number in NUMBERS[::2]]
    same = [one == other for one, other in pairwise(first)]
    for tosses in (first, same):
        assert abs(sum(tosses) / len(tosses) - 0.5) < 4 * 0.5 / math.sqrt(len(tosses))
    other = [comes_again(seed + 1, number) for number in NUMBERS[::2]]
    assert first != other


@pytest.mark.parametrize("repeated", [1, 5, 64])
def test_a_new_picture_is_sent_once_and_never_before_the_run(repeated: int) -> None:
    """All others come again equally often, in the run as in the queries before it."""
    pairs = 10 * repeated
    order = picture_order(1, repeated, pairs)
    assert len(order) == 2 * pairs + 1
    assert [order[n] < repeated for n in range(1, len(order))] == [
        comes_again(1, n) for n in range(1, len(order))
    ]
    again = [index for index in order[1:] if index < repeated]
    new = [index for index in order[1:] if index >= repeated]
    assert sorted(again) == sorted(list(range(repeated)) * 10)
    assert len(set(new)) == len(new) == pairs
    before = order_before(repeated)
    assert [index < repeated for index in before] == [True, False] * NEW_BEFORE
    assert not set(before) & set(new)


@pytest.mark.parametrize("query_s", [1e-6, 0.002, 0.05, 0.5, 3.0, 10.0])
def test_one_request_at_a_time_and_a_minute_in_all(query_s: float) -> None:
    """The endpoint's one client is busy less than the whole time, whatever the endpoint; and the
    queries before the run, at most 10 s, and the run together leave 10 s for the rest.
    """
    spent_s = min(10.0, 16 * query_s)
    load = audit_load(query_s, math.inf, spent_s)
    assert load.requests_per_second * query_s <= 0.61
    assert load.requests_per_second <= MOST_PER_S
    assert spent_s + load.seconds <= LONGEST_S
    assert AUDIT_S - LONGEST_S == 10.0


def test_a_run_ends_with_its_new_pictures() -> None:
    """No picture may be new twice, so few pictures make a short run, and so for a set rate."""
    load = audit_load(0.05, 100, 0.0)
    assert load.requests_per_second * load.seconds <= 200
    assert load.seconds == 16.0  # at 12 requests/s
    assert audit_load(0.05, 100, 0.0, requests_per_second=20, seconds=300.0).seconds == 10.0


def test_what_is_set_is_kept() -> None:
    """A rate and a length that a user typed, even if that takes longer than a minute."""
    load = audit_load(0.05, math.inf, 30.0, requests_per_second=3.5, seconds=222.5)
    assert (load.requests_per_second, load.seconds) == (3.5, 222.5)
    assert load.pairs >= 3.5 * 222.5 / 2
