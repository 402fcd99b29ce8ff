"""Laws of the log of one camera group: it is the group's part of the run, and a log of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.interference_plan import interference_plan
from edgeload.plan import Plan, mix_plan
from edgeload.read.log.columns import RunLog
from edgeload.read.log.group_log import group_log
from edgeload.read.log.open import read_log

GROUPS = (
    CameraGroup("door", 3, 4.0),
    CameraGroup("yard", 2, 3.0, "poisson"),
    CameraGroup("gate", 1, 2.0, late="latest", requests_per_frame=3),
)
PLANS = {
    "mix": mix_plan(GROUPS, [1, 3, 2], 4.0, seed=7),
    "one group ramped": mix_plan(GROUPS, [1, 3, 2], 4.0, seed=7, ramp_group="yard"),
    "interference": interference_plan(GROUPS, 1, 2, 4.0, 7),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_due_times_of_a_groups_own_plan_are_those_of_the_mix(plan: Plan) -> None:
    """Camera by camera and step by step, to the last digit."""
    log = _log_of(plan)
    for index, group in enumerate(plan.groups):
        own = group_log(log, index).plan
        assert own is not None
        for step, own_step in zip(plan.steps, own.steps, strict=True):
            clients = plan.clients_of(index, step)
            assert own_step.clients == len(clients) == plan.cameras_of(index, step)
            for camera, client in enumerate(clients):
                dues = list(plan.step_dues(client, step))
                assert list(own.step_dues(camera, own_step)) == dues, group.name


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_groups_logs_are_the_log(plan: Plan) -> None:
    """Every frame, every request and every missed frame is in exactly one of them."""
    log = _log_of(plan)
    parts = [group_log(log, index) for index in range(len(plan.groups))]
    for part, group in zip(parts, plan.groups, strict=True):
        assert part.requests_per_second == group.requests_per_second
        cameras = {int(client) for client in part.requests.client}
        assert cameras <= set(range(max(step.clients for step in part.steps)))
    assert sum(len(part.requests) for part in parts) == len(log.requests)
    assert sum(len(part.sent_requests) for part in parts) == len(log.sent_requests)
    assert sum(sum(part.missed.values()) for part in parts) == sum(log.missed.values())
    dues = sorted(due_s for part in parts for due_s in part.requests.due_s.tolist())
    assert dues == sorted(log.requests.due_s.tolist())


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _log_of(plan: Plan) -> RunLog:
    pools = {group.name: sl.Pool(1, sl.exponential(0.15)) for group in plan.groups}
    return read_log(sl.write(Path("log"), sl.play_mix(plan, pools)))
