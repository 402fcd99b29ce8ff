"""Laws of the simulated box's detectors: added, taken down, and seen by eight processes."""

from __future__ import annotations

import random

from edgeload.simulator.pods import PROCESSES, Pods

A, B = "det_A", "det_B"


def test_without_a_change_all_are_there() -> None:
    """A detector that nobody has added or taken down is ready at once."""
    pods = Pods(random.Random(1), load_s=60.0)
    assert pods.ready(A, 0.0)
    assert not pods.is_down(A)
    pods.configured([A], [A], 0.0)
    assert pods.ready(A, 0.0)


def test_each_process_repeats_what_it_found_out() -> None:
    """One that asked just before the model was there says no for 5 s more, others yes."""
    pods = Pods(random.Random(1), load_s=10.0, cached_s=5.0)
    pods.configured([A], [A, B], 100.0)
    assert not pods.ready(B, 109.9, process=0)
    assert pods.ready(B, 110.0, process=1)
    assert not pods.ready(B, 114.8, process=0)
    assert pods.ready(B, 114.95, process=0)
    assert all(pods.ready(B, 115.0, process) for process in range(PROCESSES))


def test_what_is_not_listed_is_taken_down_until_it_is_listed_again() -> None:
    """In upper or lower case; then it has to be loaded once more."""
    pods = Pods(random.Random(1), load_s=10.0, cached_s=0.0)
    pods.configured([A, B], [A], 0.0)
    assert pods.is_down(B.lower())
    assert not pods.is_down(A)
    pods.configured([A], [A, B], 20.0)
    assert not pods.is_down(B)
    assert not pods.ready(B, 29.0)
    assert pods.ready(B, 30.0)
