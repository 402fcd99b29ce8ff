"""What clients in a closed loop would have asked: against clients that do not wait."""

from __future__ import annotations

import numpy as np
import pytest

from edgeload.read.statistics.closed_loops import NO_WAITS, ClosedWaits, unasked
from edgeload.read.statistics.windows import Window

USUAL = Window(0.0, 10.0)


def waits(*rows: tuple[int, float, float]) -> ClosedWaits:
    client, from_s, wait_s = zip(*rows, strict=True)
    return ClosedWaits(np.array(client), np.array(from_s), np.array(wait_s))


def asking(client: int, every_s: float, until_s: float = 10.0) -> list[tuple[int, float, float]]:
    """A client whose answers take as long as it is from one of its requests to the next."""
    return [(client, float(at_s), every_s) for at_s in np.arange(0.0, until_s, every_s)]


def test_a_standstill_looks_as_it_does_to_a_client_that_goes_on_asking() -> None:
    """A request each second, and 100 s without an answer: those due at 11, 12, ... 109 s would have
    been answered at 110 s."""
    due_s, time_s = unasked(waits(*asking(7, 1.0), (7, 10.0, 100.0)), USUAL, 2.0)
    assert due_s == pytest.approx(np.arange(11.0, 110.0))
    assert due_s + time_s == pytest.approx(110.0)


def test_each_client_asks_as_often_as_it_did() -> None:
    """One of them ten times as often; one that is new as often as they do on average."""
    rows = [*asking(0, 1.0), *asking(1, 0.1), (0, 20.0, 22.0), (1, 50.0, 22.0), (2, 80.0, 22.0)]
    due_s, _ = unasked(waits(*rows), USUAL, 2.0)
    count = [int(np.count_nonzero((due_s >= at) & (due_s < at + 22))) for at in (20, 50, 80)]
    assert count == [21, 219, 39]


@pytest.mark.parametrize(("wait_s", "corrected"), [(1.9, False), (5.9, False), (6.1, True)])
def test_only_waits_that_are_long_are_corrected(*, wait_s: float, corrected: bool) -> None:
    """Longer than what is asked for, and twice as long as any that was over before."""
    rows = waits(*asking(0, 0.5, 6.0), (0, 6.0, 3.0), (0, 12.0, wait_s))
    assert bool(len(unasked(rows, USUAL, 2.0)[0])) == corrected


def test_a_wait_that_goes_on_is_not_what_was_usual() -> None:
    """It began before, and was not over then: it is corrected."""
    due_s, _ = unasked(waits(*asking(0, 0.5, 8.0), (0, 8.0, 20.0)), USUAL, 2.0)
    assert len(due_s) == 39


def test_without_anything_to_go_by_nothing_is_added() -> None:
    """No request at all, a single one, and only such as fell due at other times."""
    for rows in (NO_WAITS, waits((0, 1.0, 50.0)), waits((0, 20.0, 1.0), (0, 21.0, 50.0))):
        assert len(unasked(rows, USUAL, 2.0)[0]) == 0
