"""Laws of ratios paired by round, of their intervals, and of the order of variants."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from edgeload.variants.measurement import Measurement
from edgeload.variants.ranking import best_first, capacity_estimate, capacity_ratio, scores


def exact(per_s: float) -> Measurement:
    return Measurement("measured", per_s, per_s, per_s)


def clients(count: int, rate: float = 2.0) -> Measurement:
    """So many clients were carried, and one more was not."""
    return Measurement("measured", count * rate, count * rate, (count + 1) * rate)


def test_what_is_common_to_a_round_does_not_matter() -> None:
    """A box that is slower in some rounds gives the same ratio, without scatter."""
    rounds = [{"a": exact(40 * f), "b": exact(80 * f)} for f in (1.0, 0.7, 1.3, 0.2)]
    ratio = capacity_ratio(rounds, "a", "b")
    assert ratio is not None
    assert ratio.rounds == 4
    assert [ratio.value, ratio.low, ratio.high] == pytest.approx([0.5, 0.5, 0.5])


def test_the_interval_is_students_t_over_the_logarithms() -> None:
    """As scipy computes it for the differences, where measurements claim to be exact."""
    chance = np.random.default_rng(1)
    a, b = np.exp(chance.normal(3, 0.1, 6)), np.exp(chance.normal(3, 0.1, 6))
    rounds = [{"a": exact(x), "b": exact(y)} for x, y in zip(a, b, strict=True)]
    ratio = capacity_ratio(rounds, "a", "b")
    expected = stats.ttest_1samp(np.log(a / b), 0.0).confidence_interval(0.95)
    assert ratio is not None
    assert ratio.low == pytest.approx(math.exp(expected.low))
    assert ratio.high == pytest.approx(math.exp(expected.high))


def test_repeats_do_not_make_whole_clients_finer() -> None:
    """14 against 28 clients in every round: the truth may be anything from 14/29 to 15/28."""
    rounds = [{"a": clients(14), "b": clients(28)}] * 6
    ratio = capacity_ratio(rounds, "a", "b")
    assert ratio is not None
    assert [ratio.low, ratio.high] == pytest.approx([14 / 29, 15 / 28])
    estimate = capacity_estimate(rounds, "a")
    assert estimate is not None
    assert [estimate.low, estimate.high] == pytest.approx([28, 30])


@pytest.mark.parametrize("true_ratio", [0.5, 0.93, 1.0])
def test_the_interval_holds_the_true_ratio(true_ratio: float) -> None:
    """In at least 95 % of 2,000 contests of three to six rounds, with noise and whole clients."""
    chance, held, total = np.random.default_rng(7), 0, 2000
    for _ in range(total):
        rounds = []
        for _ in range(int(chance.integers(3, 7))):
            both = 83.0 * np.array([true_ratio, 1.0]) * np.exp(chance.normal(0, 0.03, 2))
            a, b = (clients(math.floor(value / 2.0)) for value in both)
            rounds.append({"a": a, "b": b})
        ratio = capacity_ratio(rounds, "a", "b")
        assert ratio is not None and ratio.low is not None and ratio.high is not None
        held += ratio.low <= true_ratio <= ratio.high
    assert held / total >= 0.95


def test_only_common_rounds_count_and_two_of_them_have_no_interval() -> None:
    """A round in which one has no capacity says nothing about their ratio."""
    failed = Measurement("unknown")
    rounds = [
        {"a": exact(1), "b": exact(2)},
        {"a": exact(1), "b": failed},
        {"a": exact(1)},
        {"a": exact(1), "b": exact(2)},
    ]
    ratio = capacity_ratio(rounds, "a", "b")
    assert ratio is not None
    assert (ratio.rounds, ratio.value, ratio.low, ratio.smaller) == (2, 0.5, None, False)
    assert capacity_ratio(rounds[1:3], "a", "b") is None


def test_a_lower_bound_bounds_the_ratio_on_one_side() -> None:
    """b carried every load: a is at most so much of it, and may be any less."""
    rounds = [{"a": exact(40), "b": Measurement("measured", 80.0, 80.0, math.inf)}] * 3
    ratio = capacity_ratio(rounds, "a", "b")
    assert ratio is not None
    assert [ratio.low, ratio.high] == pytest.approx([0.0, 0.5])
    assert ratio.smaller


def test_who_left_early_is_judged_by_those_beside_it() -> None:
    """The second round was half as fast; c was only in the first one, and is the worst."""
    rounds = [
        {"a": exact(100), "b": exact(90), "c": exact(60)},
        {"a": exact(50), "b": exact(45)},
    ]
    assert best_first(rounds, ["c", "b", "a"]) == ["a", "b", "c"]
    found = scores(rounds)
    assert found["a"] - found["c"] == pytest.approx(math.log(100 / 60))


def test_a_variant_without_a_capacity_has_no_place() -> None:
    """And no figures."""
    rounds = [{"a": exact(1), "b": Measurement("not_applied")}]
    assert best_first(rounds, ["a", "b"]) == ["a"]
    assert capacity_estimate(rounds, "b") is None
    assert best_first([], ["a", "b"]) == []
