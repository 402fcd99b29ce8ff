"""Whether a long step ends as it began: rare false alarms, and changes that are found in time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from edgeload.read.statistics.plateau import (
    PARTS,
    SOAK_FALSE_ALARMS,
    growth_per_part,
    onset,
    p_of_change,
    switch_on,
)
from edgeload.read.statistics.windows import Floats

LEAST_CHANGE = 0.10


def alarms(series: list[Floats], level: float = SOAK_FALSE_ALARMS) -> float:
    """Share of the series that are said to have changed."""
    ps = [p_of_change(parts) for parts in series]
    return sum(p is not None and p < level for p in ps) / len(ps)


def quantiles_of_a_queue(
    chance: np.random.Generator, runs: int, *, served_per_s: float, busy: float
) -> tuple[list[Floats], list[Floats]]:
    """Logs of median and p95 of the response times of M/M/1 queues, in 20 parts of ten minutes.

    By Lindley's recursion (1952), from the stationary state.
    """
    arrivals_per_s, length_s = served_per_s * busy, 600.0
    n = int(1.1 * length_s * arrivals_per_s)
    gaps = chance.exponential(1 / arrivals_per_s, (runs, n))
    services = chance.exponential(1 / served_per_s, (runs, n))
    waits = chance.exponential(1 / (served_per_s - arrivals_per_s), runs)
    waits = waits * (chance.random(runs) < busy)
    times = np.empty((runs, n))
    for i in range(n):
        times[:, i] = waits + services[:, i]
        waits = np.maximum(0.0, times[:, i] - gaps[:, i])
    part = np.minimum(np.cumsum(gaps, axis=1) // (length_s / PARTS), PARTS).astype(int)
    medians, tails = [], []
    for row, of in zip(times, part, strict=True):
        cut = [row[of == p] for p in range(PARTS)]
        medians.append(np.log([np.quantile(values, 0.5) for values in cut]))
        tails.append(np.log([np.quantile(values, 0.95) for values in cut]))
    return medians, tails


def test_a_flat_series_is_as_rarely_changed_as_the_level_says() -> None:
    """Independent values: at 5 %, no more than 5 % of the series, within what chance allows."""
    chance = np.random.default_rng(1)
    series = list(chance.normal(1.0, 0.1, (2000, PARTS)))
    most = stats.binom.ppf(0.999, 2000, 0.05) / 2000
    assert 0.002 < alarms(series, 0.05) <= most
    assert alarms(series) == 0.0


def test_neighbours_that_are_alike_hardly_raise_more_alarms() -> None:
    """Parts with a correlation of 0.5: at 5 %, in one of ten series, not in one of four."""
    chance, runs = np.random.default_rng(9), 1000
    noise = chance.normal(0.0, 1.0, (runs, PARTS + 20))
    for i in range(1, PARTS + 20):
        noise[:, i] += 0.5 * noise[:, i - 1]
    assert alarms(list(10.0 + 0.1 * noise[:, 20:]), 0.05) < 0.12


@pytest.mark.slow
@pytest.mark.parametrize(("served_per_s", "busy"), [(10.0, 0.7), (10.0, 0.9), (4.0, 0.9)])
def test_a_queue_that_wanders_raises_an_alarm_in_at_most_one_of_a_hundred_runs(
    served_per_s: float, busy: float
) -> None:
    """Its times are alike for minutes; both percentiles together, and changes above 10 % only."""
    chance, runs = np.random.default_rng(2), 600
    both = quantiles_of_a_queue(chance, runs, served_per_s=served_per_s, busy=busy)
    said = 0
    for pair in zip(*both, strict=True):
        moved = [
            abs(parts[-5:].mean() - parts[:5].mean()) > np.log(1 + LEAST_CHANGE) for parts in pair
        ]
        ps = [p_of_change(parts) for parts in pair]
        said += any(
            m and p is not None and p < SOAK_FALSE_ALARMS for m, p in zip(moved, ps, strict=True)
        )
    assert said <= stats.binom.ppf(0.999, runs, 0.01)


@pytest.mark.parametrize("at", [5, 8, 11, 15])
def test_a_step_is_no_chance_and_found_where_it_is(at: int) -> None:
    """A loss of 12 % beside a scatter of 1 %: seen by twenty parts, and placed by sixty."""
    chance, seen = np.random.default_rng(3), 0
    for _ in range(50):
        fine = chance.normal(1.0, 0.01, 60)
        fine[3 * at :] -= 0.12
        p = p_of_change(fine.reshape(PARTS, 3).mean(axis=1))
        seen += p is not None and p < SOAK_FALSE_ALARMS
        found = onset(fine)
        assert found is not None
        assert found.shape == "step"
        assert abs(found.at - 3 * at) <= 1
        assert found.low <= found.at <= found.high
    assert seen >= 47


def test_the_limits_of_a_place_hold_the_true_one() -> None:
    """In 95 % of the runs or more, also beside much scatter."""
    chance, held = np.random.default_rng(4), 0
    for _ in range(400):
        fine = chance.normal(1.0, 0.08, 60)
        fine[32:] += 0.12
        found = onset(fine)
        held += found is not None and found.low <= 32 <= found.high
    assert held >= stats.binom.ppf(0.001, 400, 0.95)


def test_a_queue_that_begins_to_grow_is_placed_at_its_bend() -> None:
    """Flat up to there, a straight line from then on."""
    chance = np.random.default_rng(5)
    fine = chance.normal(1.0, 0.03, 60) + np.maximum(0.0, np.arange(60) - 31.5) * 0.02
    found = onset(fine)
    assert found is not None
    assert found.shape == "bend"
    assert abs(found.at - 32) <= 2


def test_what_changes_all_the_time_has_no_moment() -> None:
    """A straight line from end to end is a change, and no onset of one."""
    line = np.linspace(1.0, 1.3, 60) + np.random.default_rng(6).normal(0.0, 0.005, 60)
    p = p_of_change(line.reshape(PARTS, 3).mean(axis=1))
    assert p is not None
    assert p < SOAK_FALSE_ALARMS
    assert onset(line) is None


def test_too_few_values_say_nothing() -> None:
    """Neither of a change nor of growth; and a series without scatter says it for sure."""
    gaps = np.arange(float(PARTS))
    gaps[5:10] = np.nan
    assert p_of_change(gaps) is None
    assert growth_per_part(gaps) is None
    assert onset(gaps) is None
    assert p_of_change(np.full(PARTS, 3.0)) == 1.0
    assert growth_per_part(np.arange(float(PARTS))) == pytest.approx(1.0)


def test_flags_are_parted_where_they_are_set() -> None:
    """Single ones before, and gaps after, move nothing."""
    flags = np.array([0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1], dtype=bool)
    found = switch_on(flags)
    assert found is not None
    assert found.at == 7
    assert found.before == pytest.approx(1 / 7)
    assert found.after == pytest.approx(6 / 7)
    assert switch_on(np.zeros(5, dtype=bool)) is None


def test_a_random_walk_is_no_leak() -> None:
    """Memory that wanders grows steadily in one of a thousand runs, as the level says."""
    chance, runs = np.random.default_rng(7), 3000
    walks = np.cumsum(chance.normal(0.0, 1.0, (runs, 30 * PARTS)), axis=1)
    means = walks.reshape(runs, PARTS, 30).mean(axis=2)
    said = sum(growth_per_part(parts) is not None for parts in means)
    assert said <= stats.binom.ppf(0.999, runs, 0.001)


def test_a_leak_is_found_with_its_rate_and_a_cache_that_fills_is_none() -> None:
    """Growth beside scatter; growth that ends within the first half."""
    chance = np.random.default_rng(8)
    leak = np.arange(PARTS) * 3.0 + chance.normal(0.0, 1.0, PARTS)
    assert growth_per_part(leak) == pytest.approx(3.0, rel=0.1)
    cache = np.minimum(np.arange(PARTS), 7) * 3.0 + chance.normal(0.0, 0.1, PARTS)
    slowly = 60.0 * (1.0 - np.exp(-np.arange(PARTS) / 8)) + chance.normal(0.0, 0.3, PARTS)
    assert growth_per_part(cache) is growth_per_part(slowly) is None
    assert growth_per_part(-leak) is None
