"""Warm-ups and drifts of known shape, and series that have none."""

from __future__ import annotations

import numpy as np
import pytest

from edgeload.read.statistics.drift import Drift, drift, mser_5, settled_s
from edgeload.read.statistics.windows import Floats, Window

WINDOW = Window(2.0, 182.0)


def due(rate: float = 20.0) -> Floats:
    return np.arange(WINDOW.start_s, WINDOW.end_s, 1 / rate)


def test_mser_5_is_its_definition() -> None:
    """Against White's formula, evaluated cut by cut."""
    chance = np.random.default_rng(1)
    for _ in range(20):
        values = chance.exponential(size=200) + 5 * np.exp(-np.arange(200) / 20)
        means = values.reshape(40, 5).mean(axis=1)
        errors = [np.var(means[d:]) / (40 - d) for d in range(21)]
        assert mser_5(values) == 5 * int(np.argmin(errors))


def test_a_longer_warm_up_is_found_where_it_ends() -> None:
    """Twice as slow for the first 20 s of the window."""
    at_s, chance = due(), np.random.default_rng(2)
    times = 0.05 * chance.lognormal(0, 0.2, len(at_s))
    times[at_s < WINDOW.start_s + 20] *= 2
    assert settled_s(at_s, times, WINDOW) == pytest.approx(20, abs=1.0)


@pytest.mark.parametrize("seed", range(20))
def test_no_warm_up_is_seen_where_there_is_none(seed: int) -> None:
    """Heavy tails, one stall anywhere, a head that was faster: none of them is a warm-up."""
    at_s, chance = due(), np.random.default_rng(seed)
    times = 0.05 * chance.lognormal(0, 0.8, len(at_s))
    assert settled_s(at_s, times, WINDOW) is None
    begin_s = chance.uniform(60, 170)
    stalled = np.where((at_s > begin_s) & (at_s < begin_s + 2), 2.0, times)
    assert settled_s(at_s, stalled, WINDOW) is None
    assert settled_s(at_s, np.where(at_s < 12, 0.5, 1.0) * times, WINDOW) is None


def test_a_box_that_slows_down_is_seen_and_one_that_does_not_is_not() -> None:
    """20 % over three minutes is drift; 5 % is within what a run may differ; noise is nothing."""
    at_s, chance = due(), np.random.default_rng(3)
    times = 0.05 * chance.lognormal(0, 0.2, len(at_s))
    share = (at_s - WINDOW.start_s) / WINDOW.length_s
    found = drift(at_s, times * (1 + 0.3 * share), WINDOW)
    assert isinstance(found, Drift)
    assert found.last_s / found.first_s == pytest.approx(1.2, abs=0.05)
    assert drift(at_s, times * (1 + 0.05 * share), WINDOW) is None
    assert drift(at_s, times, WINDOW) is None
    short = Window(2.0, 120.0)
    assert drift(at_s, times * (1 + 3 * share), short) is None
