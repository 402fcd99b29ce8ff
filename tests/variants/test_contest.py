"""Laws of a contest: its orders, who leaves when, when it is over, and that the best one wins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.variants import contest_shown
from edgeload.variants.contest import KEPT, Contest
from edgeload.variants.measurement import Measurement

NAMES = tuple(f"v{number}" for number in range(12))


def measured(per_s: float, own: float = 0.001) -> Measurement:
    return Measurement("measured", per_s, per_s * (1 - own), per_s * (1 + own))


def capacity_of(name: str) -> float:
    """Variant 11 has the most."""
    return 10.0 + int(name[1:])


def played(
    contest: Contest, measure: Callable[[str, int], Measurement], most: int = 99
) -> list[Contest]:
    """The contest before each round, and after the last."""
    states = [contest]
    while not states[-1].over and len(states) <= most:
        now = states[-1]
        states.append(
            now.after_round({name: measure(name, len(now.rounds)) for name in now.order()})
        )
    return states


def noisy(name: str, round_number: int) -> Measurement:
    """Values whose order between neighbours changes from round to round."""
    wobble = 1.0 + 0.2 * ((int(name[1:]) + round_number) % 2)
    return measured(capacity_of(name) * wobble)


def test_the_worse_half_leaves_but_four_get_three_rounds() -> None:
    """12, 6, 4, 4, then 2: after the third round an interval is possible."""
    sizes = [len(state.standing) for state in played(Contest(NAMES), noisy)]
    assert sizes[:5] == [12, 6, 4, 2, 2]
    few = [len(state.standing) for state in played(Contest(NAMES[:3]), noisy)]
    assert few[:3] == [3, 3, 3]


def test_who_leaves_has_the_smaller_capacity() -> None:
    """Those that stay are the best by what was measured; the others keep their place by time."""
    after = Contest(NAMES).after_round({name: measured(capacity_of(name)) for name in NAMES})
    assert set(after.standing) == {f"v{number}" for number in range(6, 12)}
    assert all(departure.why == "dropped" for departure in after.left.values())
    assert after.ranked == [f"v{number}" for number in range(11, -1, -1)]


@pytest.mark.parametrize("seed", range(5))
def test_each_round_has_each_variant_once_and_every_second_one_is_reversed(seed: int) -> None:
    """So two rounds together have each variant at the same mean place: a steady drift cancels."""
    first = Contest(NAMES[:KEPT], seed=seed)
    second = first.after_round({name: measured(capacity_of(name)) for name in first.order()})
    assert sorted(first.order()) == sorted(NAMES[:KEPT])
    assert second.order() == first.order()[::-1]
    third = second.after_round({name: measured(capacity_of(name)) for name in second.order()})
    assert third.order() != first.order() or seed != 1  # drawn anew


def test_the_orders_are_random_and_the_seed_fixes_them() -> None:
    """The same seed gives the same order; most seeds give different ones."""
    orders = {Contest(NAMES, seed=seed).order() for seed in range(20)}
    assert len(orders) == 20
    assert Contest(NAMES, seed=3).order() == Contest(NAMES, seed=3).order()


def test_it_is_over_once_the_best_is_told_at_two_looks() -> None:
    """Three rounds give the first interval, and the fourth confirms it."""
    states = played(Contest(NAMES[:3]), lambda name, _: measured(capacity_of(name)))
    assert len(states) - 1 == 4
    assert states[-1].told
    assert not states[-2].told


def test_without_a_difference_it_ends_after_the_most_rounds() -> None:
    """Two variants that are equal but for noise are not told apart."""

    def equal(name: str, round_number: int) -> Measurement:
        return measured(10.0 + (round_number + int(name[1:])) % 2)

    final = played(Contest(("v1", "v2"), most_rounds=5), equal)[-1]
    assert (len(final.rounds), final.told) == (5, False)


def test_a_variant_that_cannot_be_applied_leaves_at_once_and_others_go_on() -> None:
    """One without a capacity gets a second chance."""

    def measure(name: str, round_number: int) -> Measurement:
        if name == "v0":
            return Measurement("not_applied", why="exit code 1")
        if name == "v1":
            return Measurement("unknown", why="too short")
        return measured(capacity_of(name))

    first, second, *_ = played(Contest(NAMES[:4]), measure)[1:]
    assert (first.left["v0"].why, set(first.left)) == ("not_applied", {"v0"})
    assert (second.left["v1"].why, second.left["v1"].after) == ("not_measured", 2)
    assert second.ranked[0] == "v3"


def test_all_variants_without_a_capacity_end_it() -> None:
    """There is nothing to wait for."""
    final = played(Contest(NAMES[:3]), lambda *_: Measurement("not_applied"))[-1]
    assert len(final.rounds) == 1
    assert final.ranked == []
    assert not final.told


def test_variants_that_carry_every_load_end_it_after_three_rounds() -> None:
    """A lower bound is the same in every round."""
    unbounded = Measurement("measured", 10.0, 10.0, float("inf"))
    final = played(Contest(NAMES[:2]), lambda *_: unbounded)[-1]
    assert (len(final.rounds), final.told) == (3, False)


def test_a_round_that_was_broken_off_drops_nobody() -> None:
    """What was not measured yet has not lost."""
    half = {name: measured(capacity_of(name)) for name in NAMES[:6]}
    assert Contest(NAMES).after_round(half, complete=False).left == {}
    assert Contest(NAMES).after_round({}) == Contest(NAMES)


def test_nobody_is_dropped_after_the_last_round() -> None:
    """All that were measured to the end are compared."""
    final = played(Contest(NAMES[:3], most_rounds=3), noisy)[-1]
    assert (len(final.rounds), final.left) == (3, {})


@pytest.mark.parametrize("count", [2, 3, 5, 12, 40])
def test_the_measurements_that_may_be_left_are_at_most_so_many(count: int) -> None:
    """Exactly so many if nothing is told before the last round."""

    def equal(name: str, round_number: int) -> Measurement:
        return measured(10.0 + (round_number + int(name[1:])) % 2)

    contest = Contest(tuple(f"v{number}" for number in range(count)))
    states = played(contest, equal)
    taken = sum(len(measured_round) for measured_round in states[-1].rounds)
    assert taken == contest.most_turns()


def test_the_best_of_twelve_is_first_in_at_most_two_fifths_of_the_time() -> None:
    """At least 18 of 20 boxes, whose neighbours differ by 5 % and whose noise is 3 %, twice.

    `benchmarks.variants` says what is simulated, and has more of it.
    """
    for landscape in ("ladder", "plateau"):
        shown = [contest_shown(landscape, 0.03, seed) for seed in range(20)]
        assert sum(each.best_first for each in shown) >= 18
        assert all(each.time <= 0.4 for each in shown)


def test_equal_variants_are_rarely_told_apart() -> None:
    """The best two of 12 are equal: at most 5 % of 100 contests say otherwise, and chance."""
    shown = [contest_shown("two equal", 0.03, seed) for seed in range(100)]
    assert sum(each.falsely_told for each in shown) <= 5 + 2 * (100 * 0.05 * 0.95) ** 0.5
