"""Laws of waiting for training: what counts as trained, how long one waits, what is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.prepare.cloud import CloudError, Pipeline
from edgeload.prepare.training import NotTrained, Training, await_training, training_of

CLOUDS_OWN = Pipeline(is_edge=False, is_active=True, is_trained=True, labels=30)
pipelines = st.builds(
    Pipeline, st.booleans(), st.booleans(), st.booleans(), st.none() | st.integers(0, 60)
)


def edge(labels: int | None, *, trained: bool = True) -> Pipeline:
    return Pipeline(is_edge=True, is_active=False, is_trained=trained, labels=labels)


@pytest.mark.parametrize(
    ("own", "training"),
    [
        (edge(None, trained=False), Training(False, None)),
        (edge(22), Training(False, 22)),  # three quarters of 30 are 22.5
        (edge(23), Training(True, 23)),
        (edge(None), Training(True, None)),  # nobody says with how many
        (edge(30), Training(True, 30)),
    ],
)
def test_the_pipeline_of_the_edge_counts(own: Pipeline, training: Training) -> None:
    """The cloud's own, which is trained first, says nothing about the box."""
    assert training_of([CLOUDS_OWN, own], 30) == training
    assert training_of([own, CLOUDS_OWN], 30) == training


def test_without_one_of_the_edge_the_active_one_counts() -> None:
    """As of a detector whose edge has no model of its own."""
    assert training_of([CLOUDS_OWN], 30).is_done
    assert not training_of([], 30).is_done


@given(st.lists(pipelines), st.integers(0, 60), st.integers(0, 10))
def test_more_labels_never_undo_a_training(found: Sequence[Pipeline], sent: int, more: int) -> None:
    """Nor do fewer labels that were sent."""
    grown = [
        Pipeline(
            p.is_edge, p.is_active, p.is_trained, None if p.labels is None else p.labels + more
        )
        for p in found
    ]
    if training_of(found, sent).is_done:
        assert training_of(grown, sent).is_done
        assert training_of(found, max(0, sent - more)).is_done


class Clock:
    """Time goes on only by pauses."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def pause(self, seconds: float) -> None:
        self.now_s += seconds


def waited(
    how_far: Callable[[str, float], Sequence[Pipeline]], timeout_s: float, *names: str
) -> tuple[list[str], float]:
    """What was said, and how long it took. `how_far` gets a name and the seconds so far."""
    clock = Clock()
    said: list[str] = []
    await_training(
        dict.fromkeys(names, 4),
        lambda name: how_far(name, clock.now_s - 100.0),
        timeout_s,
        say=said.append,
        clock=clock,
        pause=clock.pause,
    )
    return said, clock.now_s - 100.0


def test_it_waits_for_the_slowest() -> None:
    """A line for each that is done, with its time, and one every half minute."""
    done_s = {"door": 10.0, "cars": 95.0}
    said, took_s = waited(lambda name, at_s: [edge(4, trained=at_s >= done_s[name])], 600, *done_s)
    assert took_s == 95.0
    assert said == [
        "door is trained after 10 s.",
        "30 s: waiting for cars (no model yet).",
        "60 s: waiting for cars (no model yet).",
        "90 s: waiting for cars (no model yet).",
        "cars is trained after 95 s.",
    ]


def test_after_its_time_one_line_says_how_far_each_was() -> None:
    """Neither earlier than told nor later."""
    clock = Clock()
    states = {"door": [edge(2)], "cars": [edge(None, trained=False)]}
    states["hall"] = states["cars"]
    with pytest.raises(NotTrained) as caught:
        await_training(
            dict.fromkeys(states, 4), states.__getitem__, 12.0,
            say=str, clock=clock, pause=clock.pause,
        )  # fmt: skip
    assert clock.now_s == 112.0
    assert str(caught.value) == (
        "not trained within 12 s: door (its model has 2 of 4 labels), cars and hall (no model yet)"
    )


def test_what_passes_is_waited_for() -> None:
    """The network or the cloud was away for a while."""

    def away(_: str, at_s: float) -> Sequence[Pipeline]:
        if at_s < 40:
            raise CloudError("the cloud is away", 503 if at_s < 20 else None)
        return [edge(4)]

    said, took_s = waited(away, 600, "door")
    assert took_s == 40.0
    assert said[0] == "30 s: waiting for door (the cloud is away)."


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_does_not_pass_ends_it(status: int) -> None:
    """The token is refused, or somebody has deleted the detector."""

    def refused(_: str, __: float) -> Sequence[Pipeline]:
        raise CloudError("no", status)

    with pytest.raises(CloudError):
        waited(refused, 600, "door")


def test_nothing_to_wait_for() -> None:
    """Then nobody is asked."""
    assert waited(lambda *_: [], 600) == ([], 0.0)
