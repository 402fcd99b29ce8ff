"""Laws of what the workers are told: together they host every client once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edgeload.camera_group import CameraGroup
from edgeload.edge.location import Target
from edgeload.edge.trust import TlsTrust
from edgeload.plan import mix_plan
from edgeload.run.picture_file import PictureFile
from edgeload.run.tasks import ChainTask, DetectorTask, GroupTask, WorkerTask, longest_frame_s

PICTURES = PictureFile(Path("pictures"), (10,))


def task_of(groups: tuple[CameraGroup, ...], copies: list[int], workers: int) -> WorkerTask:
    return WorkerTask(
        0, workers, mix_plan(groups, copies, 2.0), "run", Target("http", "h", 1, 2, "a"),
        "token", TlsTrust(False, None),
        tuple(GroupTask(group.name, DetectorTask("det"), PICTURES, 10.0) for group in groups),
        Path("log"),
    )  # fmt: skip


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=4),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.integers(1, 7),
)
def test_dividing_over_workers_gives_every_frame_exactly_once(
    cameras: list[int], copies: list[int], workers: int
) -> None:
    """The frames of all workers are those of the plan, each group's as many as it has."""
    groups = tuple(
        CameraGroup(f"g{index}", count, 1.5 + index) for index, count in enumerate(cameras)
    )
    task = task_of(groups, copies, workers)
    plan = task.plan
    hosted = [
        client
        for index in range(workers)
        for client in dataclasses.replace(task, index=index).clients()
    ]
    assert sorted(hosted) == list(range(plan.max_clients))
    walked = [0] * len(groups)
    for client in hosted:
        walked[plan.member(client).group] += sum(1 for _ in plan.client_dues(client))
    assert walked == [
        sum(plan.step_frames(step, group=group) for step in plan.steps)
        for group in range(len(groups))
    ]


def test_followers_stand_in_the_order_of_then() -> None:
    """So many of each detector, one after the other: these are the parts 1, 2, …"""
    then = (ChainTask(DetectorTask("b"), 2), ChainTask(DetectorTask("c", 0.7), 1))
    group = GroupTask("gate", DetectorTask("a"), PICTURES, 10.0, then)
    assert [each.detector_id for each in group.followers()] == ["b", "b", "c"]
    assert dataclasses.replace(group, then=()).followers() == ()


def test_a_run_that_is_stopped_waits_for_the_longest_frame() -> None:
    """A timeout; two of them, one after the other, for a frame with further requests."""
    task = task_of((CameraGroup("a"), CameraGroup("b")), [1], 1)
    then = (ChainTask(DetectorTask("c"), 5),)
    a, b = task.groups
    slow = dataclasses.replace(a, timeout_s=12.0)
    assert longest_frame_s(dataclasses.replace(task, groups=(slow, b))) == 12.0
    chained = dataclasses.replace(b, then=then)
    assert longest_frame_s(dataclasses.replace(task, groups=(slow, chained))) == 20.0
