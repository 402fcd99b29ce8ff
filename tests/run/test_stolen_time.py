"""What the log gets to know of the time that a hypervisor took."""

from __future__ import annotations

import pytest

from edgeload.cpu_times import CpuTime
from edgeload.records import Anchor, WallClock
from edgeload.run.stolen_time import StolenTime

CLOCK = WallClock(Anchor(1000.0, 50.0))


def test_a_sample_a_second_counts_up_from_the_first_look() -> None:
    """The mean of the CPUs of the workers; what was taken before the run, or of others, is no
    part of it.
    """
    taken = {0: 100.0, 1: 200.0, 2: 300.0}
    stolen = StolenTime(
        CLOCK, {1, 2}, "n1", lambda: {cpu: CpuTime(5.0, s) for cpu, s in taken.items()}
    )
    found = []
    for now_s in (-0.5, 0.0, 0.4, 0.6, 1.5, 1.7):
        found += stolen.look(now_s)
        taken[0] += 7.0
        taken[1] += 0.2
    found += stolen.look(1.8, over=True)
    assert [(each.at_s, each.node) for each in found] == [
        (-0.5, "n1"),
        (0.6, "n1"),
        (1.7, "n1"),
        (1.8, "n1"),
    ]
    assert [each.stolen_s for each in found] == pytest.approx([0.0, 0.3, 0.5, 0.6])
    assert found[0].ts == 999.5


@pytest.mark.parametrize("later", [{}, {0: CpuTime(1.0, 1.0)}])
def test_a_system_that_says_nothing_has_no_samples(later: dict[int, CpuTime]) -> None:
    """None of them, or not for these CPUs."""
    stolen = StolenTime(CLOCK, {3}, read=lambda: later)
    assert stolen.look(0.0) == stolen.look(5.0, over=True) == []
