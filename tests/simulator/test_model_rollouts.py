"""Which model answers while new ones are rolled out, in virtual time."""

from __future__ import annotations

import pytest

from edgeload.simulator.model_rollouts import ModelPods, PlannedRollout, ServingPod

DOOR, YARD = ("det_" + letter * 27 for letter in "DY")


def served(pods: ModelPods, at_s: float, times: int = 400) -> list[ServingPod]:
    return [pods.serving(DOOR, "door", at_s) for _ in range(times)]


def test_the_key_changes_at_the_time_and_for_the_detector_that_are_named() -> None:
    """By its name or its id; every other detector keeps its model, and each has its own."""
    for named in ("door", DOOR):
        pods = ModelPods([PlannedRollout(20.0, named)], start_s=100.0)
        old, new = pods.keys(DOOR, 0), pods.keys(DOOR, 1)
        assert {pod.keys for pod in served(pods, 119.9)} == {old}
        assert {pod.keys for pod in served(pods, 120.0)} == {new}
        assert pods.serving(YARD, "yard", 120.0).keys == pods.keys(YARD, 0)
        assert len({old, new, pods.keys(YARD, 0)}) == 3
        assert pods.deployed_s(DOOR, "door", 119.9) is None
        assert pods.deployed_s(DOOR, "door", 130.0) == 120.0


def test_both_pods_answer_half_of_the_queries_each_for_a_while() -> None:
    """Within 4 standard deviations of a fair coin, over 400 queries."""
    pods = ModelPods([PlannedRollout(20.0, both_s=5.0)])
    old = [pod.keys for pod in served(pods, 22.0)].count(pods.keys(DOOR, 0))
    assert old / 400 == pytest.approx(0.5, abs=0.1)
    assert {pod.keys for pod in served(pods, 25.0)} == {pods.keys(DOOR, 1)}


def test_queries_fail_when_the_old_pod_has_gone_and_at_no_other_time() -> None:
    """As many as the share says, with the status that it says, for the time that it says."""
    pods = ModelPods([PlannedRollout(20.0, both_s=5.0, fail=0.25, fail_s=2.0, status=500)])
    failed = [pod.status for pod in served(pods, 26.0)]
    assert failed.count(500) / 400 == pytest.approx(0.25, abs=0.09)
    assert set(failed) == {None, 500}
    for at_s in (19.9, 24.9, 27.0):
        assert {pod.status for pod in served(pods, at_s)} == {None}


def test_only_the_new_pod_is_cold() -> None:
    """For its first seconds, and by the factor; the old one is as quick as ever."""
    pods = ModelPods([PlannedRollout(20.0, both_s=5.0, cold_s=3.0, slower=4.0)])
    slow = {(pod.keys, pod.slower) for pod in served(pods, 22.0)}
    assert slow == {(pods.keys(DOOR, 0), 1.0), (pods.keys(DOOR, 1), 4.0)}
    assert {pod.slower for pod in served(pods, 23.0)} == {1.0}


def test_roll_outs_follow_each_other_whatever_their_order_on_the_command_line() -> None:
    """Each brings a new key, and the old pod is that of the one before; a seed fixes all keys."""
    pods = ModelPods([PlannedRollout(40.0, both_s=1.0), PlannedRollout(20.0)], seed=3)
    assert {pod.keys for pod in served(pods, 40.5)} == {pods.keys(DOOR, 1), pods.keys(DOOR, 2)}
    assert pods.keys(DOOR, 2) == ModelPods(seed=3).keys(DOOR.lower(), 2)
    assert pods.keys(DOOR, 2) != ModelPods(seed=4).keys(DOOR, 2)
