"""The log's plan is the plan: read back, every due time is the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from synthetic_log import Played, group_record, write

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, mix_plan, one_group_plan, ramp_steps
from edgeload.read.log.open import read_log
from edgeload.run.plan_record import plan_record

THREE = (
    CameraGroup("door", 4, 2.5, "poisson", "skip"),
    CameraGroup("gate", 1, 1.0, "constant", "latest", requests_per_frame=4),
    CameraGroup("batch", 2, None),
)
PLANS = {
    "one group": one_group_plan(ramp_steps([1, 3], 2.0), 2.5, "poisson", "skip", seed=7),
    "mix": mix_plan(THREE, [1, 3], 2.0, seed=5),
    "one group ramped": mix_plan(THREE, [1, 3], 2.0, seed=5, ramp_group="gate"),
    "some cameras": replace(
        mix_plan(THREE, [2], 2.0),
        steps=(replace(mix_plan(THREE, [2], 2.0).steps[0], cameras=(3, 0, 2)),),
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_read_back_from_the_log(tmp_path: Path, name: str) -> None:
    """The same plan: steps, groups, seed, and which group is ramped."""
    plan: Plan = PLANS[name]
    assert read_log(write(tmp_path / "run.log", Played(plan))).plan == plan


def test_a_plan_of_one_group_says_its_load_where_it_always_stood() -> None:
    """Readers of older versions look there; for a mix there is nothing to say."""
    plan = PLANS["one group"]
    one = plan_record(plan, [group_record(plan.groups[0])])
    assert (one.requests_per_second, one.arrivals, one.late) == (2.5, "poisson", "skip")
    mix = plan_record(PLANS["mix"], [group_record(group) for group in THREE])
    assert (mix.requests_per_second, mix.arrivals, mix.late) == (None, None, None)
