"""What a run knows of roll-outs while it goes on, from what its workers tell."""

from __future__ import annotations

from edgeload.box_records import ModelChange, ModelGone, ModelRecord
from edgeload.run.rollouts_seen import SETTLE_S, RolloutsSeen


def change(at_s: float, model: str, before: str | None = None, worker: int = 0) -> ModelChange:
    return ModelChange(0.0, at_s, worker, "det_d", model, before)


def gone(at_s: float, model: str, worker: int = 0) -> ModelGone:
    return ModelGone(0.0, at_s, worker, "det_d", model)


def seen(*told: ModelRecord) -> RolloutsSeen:
    rollouts = RolloutsSeen()
    rollouts.take(told)
    return rollouts


def test_one_roll_out_that_all_workers_see_is_one() -> None:
    """It is over when no worker is answered by the old model, and some seconds have gone by."""
    rollouts = seen(
        change(0.1, "a"),
        change(0.2, "a", worker=1),
        change(30.0, "b", "a"),
        change(31.0, "b", "a", worker=1),
        gone(35.0, "a"),
    )
    assert rollouts.count == 1
    assert not rollouts.enough(1, 100.0)
    rollouts.take([gone(36.0, "a", worker=1)])
    assert not rollouts.enough(1, 36.0 + SETTLE_S - 0.1)
    assert rollouts.enough(1, 36.0 + SETTLE_S)
    assert not rollouts.enough(2, 100.0)


def test_a_line_says_what_changed_and_when() -> None:
    """Once, whichever worker sees it first."""
    rollouts = RolloutsSeen()
    assert rollouts.take([change(0.1, "a"), change(0.2, "a", worker=1)]) == []
    assert rollouts.take([change(30.0, "b", "a", 1), change(30.1, "b", "a")]) == [
        "the model of det_d changed 30.0 s into the run: a, then b"
    ]


def test_each_further_model_is_a_further_roll_out_and_so_is_a_roll_back() -> None:
    """Also one that comes before all workers have heard of the one before."""
    rollouts = seen(change(0.1, "a"), change(10.0, "b", "a"), gone(10.0, "a"))
    rollouts.take(
        [change(20.0, "c", "b"), gone(21.0, "b"), change(50.0, "b", "c"), gone(51.0, "c")]
    )
    assert rollouts.count == 3
    assert rollouts.enough(3, 70.0)


def test_what_was_going_on_when_the_run_began_does_not_count() -> None:
    """Two workers may meet one of both models first each."""
    rollouts = seen(change(0.1, "a"), change(0.3, "b", worker=1), change(0.4, "b", "a"))
    assert rollouts.count == 0
    assert not rollouts.enough(1, 100.0)


def test_a_worker_that_died_holds_up_nothing() -> None:
    """It was still answered by the old model when it died."""
    rollouts = seen(
        change(0.1, "a"), change(0.1, "a", worker=1), change(30.0, "b", "a"), gone(32.0, "a")
    )
    assert not rollouts.enough(1, 100.0)
    rollouts.forget(1)
    assert rollouts.enough(1, 100.0)


def test_a_new_model_that_was_withdrawn_is_over() -> None:
    """The old one answers alone again."""
    rollouts = seen(change(0.1, "a"), change(30.0, "b", "a"), gone(40.0, "b"))
    assert rollouts.enough(1, 60.0)


def test_every_detector_has_to_be_done() -> None:
    """Two detectors whose models change at once are two roll-outs; both have to be over."""
    other = ModelChange(0.0, 0.1, 0, "det_e", "x")
    rollouts = seen(change(0.1, "a"), other, change(30.0, "b", "a"), gone(31.0, "a"))
    rollouts.take([ModelChange(0.0, 32.0, 0, "det_e", "y", "x")])
    assert rollouts.count == 2
    assert not rollouts.enough(2, 100.0)
    rollouts.take([ModelGone(0.0, 33.0, 0, "det_e", "x")])
    assert rollouts.enough(2, 100.0)
