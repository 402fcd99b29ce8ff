"""When a backlog counts as growing, against random walks whose drift is known."""

from __future__ import annotations

import random

import pytest
from scipy import special

from edgeload.run.growing_backlog import Moment, chance_above, growth_per_s, thinned

TICK_S, DUE_PER_S, WARM_S = 0.25, 80.0, 2.0


def walk(drift_per_s: float, seconds: float, chance: random.Random) -> list[Moment]:
    """A backlog with Poisson arrivals and answers, and this drift."""
    backlog, found = 40.0, []
    for tick in range(round(seconds / TICK_S)):
        backlog += chance.gauss(drift_per_s * TICK_S, (2 * DUE_PER_S * TICK_S) ** 0.5)
        backlog = max(0.0, backlog)
        found.append((tick * TICK_S, backlog))
    return found


def alarm_s(moments: list[Moment]) -> float | None:
    """When somebody who looks at each moment first sees an alarm."""
    for count in range(1, len(moments) + 1):
        if growth_per_s(moments[:count], WARM_S, 0.5, DUE_PER_S) is not None:
            return moments[count - 1][0]
    return None


def test_a_load_at_the_capacity_raises_hardly_any_alarm() -> None:
    """A random walk without drift, looked at four times a second for 20 s: in 1 of 50 at most."""
    chance = random.Random(1)
    alarms = sum(alarm_s(walk(0.0, 20.0, chance)) is not None for _ in range(100))
    assert alarms <= 2


def test_a_load_of_twice_the_capacity_is_seen_within_seconds() -> None:
    """A drift of half of what is due, in nearly every walk, six seconds after the warm-up."""
    chance = random.Random(2)
    seen = [alarm_s(walk(40.0, WARM_S + 6.0, chance)) for _ in range(20)]
    assert sum(at_s is not None for at_s in seen) >= 19


def test_the_growth_is_arrival_rate_minus_capacity() -> None:
    """Exactly, if nothing is left to chance."""
    moments = [(tick * TICK_S, 5.0 + 20.0 * tick * TICK_S) for tick in range(40)]
    assert growth_per_s(moments, WARM_S, 0.5, 100.0) == pytest.approx(20.0)


@pytest.mark.parametrize("period_s", [0.5, 4.0])
def test_a_saw_is_no_growth(period_s: float) -> None:
    """A backlog that comes and goes with the client's period stays at its level."""
    moments = [(tick * TICK_S, float(tick % 4)) for tick in range(160)]
    assert growth_per_s(moments, WARM_S, period_s, 4.0) is None


def test_less_than_one_percent_of_what_is_due_is_no_alarm() -> None:
    """However significant: the report may still call such a load carried."""
    moments = [(tick * TICK_S, 5.0 + 0.5 * tick * TICK_S) for tick in range(160)]
    assert growth_per_s(moments, WARM_S, 0.5, 100.0) is None
    assert growth_per_s(moments, WARM_S, 0.5, 10.0) == pytest.approx(0.5)


def test_too_few_windows_say_nothing() -> None:
    """Ten windows of a quarter of the period are needed, and of a tick at least."""
    moments = [(tick * TICK_S, 20.0 * tick) for tick in range(40)]
    assert growth_per_s(moments[:18], WARM_S, 0.5, 100.0) is None
    assert growth_per_s(moments[:19], WARM_S, 0.5, 100.0) is not None
    assert growth_per_s(moments, WARM_S, 4.0, 100.0) is None


def test_a_long_step_is_thinned_and_its_growth_stays() -> None:
    """At most about 500 moments, of the whole step, with the newest."""
    kept: list[Moment] = []
    for tick in range(5000):
        kept = thinned([*kept, (tick * TICK_S, 2.0 * tick * TICK_S)])
    assert len(kept) <= 512
    assert kept[-1][0] == 4999 * TICK_S
    assert growth_per_s(kept, WARM_S, 0.5, 100.0) == pytest.approx(2.0)


@pytest.mark.parametrize("t", [0.0, 0.5, 4.5, 30.0])
def test_chance_is_that_of_students_t(t: float) -> None:
    """Of eight degrees of freedom; without any scatter, a growth is no chance at all."""
    assert chance_above(3.0 * t, 3.0) == pytest.approx(special.stdtr(8, -t), rel=1e-6)
    assert chance_above(t, 0.0) == (0.0 if t else 0.5)


def test_one_backlog_of_many_needs_stronger_evidence() -> None:
    """What convinces if it alone is watched may be chance if it is one of a billion."""
    moments = walk(40.0, 10.0, random.Random(3))
    assert growth_per_s(moments, WARM_S, 0.5, DUE_PER_S) is not None
    assert growth_per_s(moments, WARM_S, 0.5, DUE_PER_S, 10**9) is None
