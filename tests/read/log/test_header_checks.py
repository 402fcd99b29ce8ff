"""What a header may say: the edges of what runs write."""

from __future__ import annotations

from edgeload.plan import RampStep, one_group_plan
from edgeload.read.log.header_checks import plan_problem


def test_the_first_trial_of_a_search_may_begin_just_before_the_run() -> None:
    """It begins a moment after workers are told of it, and the run a moment after its log."""
    first, second = RampStep(0, 5, -0.05, 3.0), RampStep(1, 10, 4.0, 7.0)
    assert plan_problem(one_group_plan((first, second), 2.0)) is None
    early = RampStep(0, 5, -2.0, 3.0)
    assert "start_s" in (plan_problem(one_group_plan((early, second), 2.0)) or "")
    overlapping = RampStep(1, 10, 2.0, 7.0)
    problem = plan_problem(one_group_plan((first, overlapping), 2.0)) or ""
    assert "before the end of the step before" in problem
