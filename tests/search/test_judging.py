"""What is known of a trial that goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_log import constant, exponential, plan_of, play, write

from edgeload.objectives import Tier, parse_objective
from edgeload.read.analysis.trials import trial_verdict
from edgeload.read.log.columns import RunLog
from edgeload.read.log.open import read_log
from edgeload.records import End
from edgeload.search.judging import certain_until_s, judge_trial, look

SLOW = Tier("", (parse_objective("p95<300ms"),))


def log_at(log: RunLog, at_s: float) -> RunLog:
    """A log as it was at an instant: what had ended by then."""
    kept = log.requests.rows(log.requests.done_s <= at_s)
    end = End("", 0.0, at_s, at_s, True, "", {})
    return replace(log, requests=kept, missed={}, end=end, last_s=at_s)


@pytest.fixture(scope="module")
def overloaded(tmp_path_factory: pytest.TempPathFactory) -> RunLog:
    """Ten clients at 5/s on two servers that manage 40/s."""
    plan = plan_of([10], 20.0, 5.0)
    played = play(plan, servers=2, service=exponential(0.05))
    return read_log(write(tmp_path_factory.mktemp("log") / "log", played))


@settings(max_examples=40, deadline=None)
@given(at_s=st.floats(0.5, 20.0))
def test_all_that_counts_has_ended_or_is_late(overloaded: RunLog, at_s: float) -> None:
    """Up to where a look is certain, each due frame has ended, or has waited longer than any bound;
    and the next frame behind has neither.
    """
    step, bound_s = overloaded.steps[0], 0.3
    log = log_at(overloaded, at_s)
    until_s = certain_until_s(log, step, at_s, [SLOW])
    assert log.plan is not None
    ended = set(zip(log.requests.client.tolist(), log.requests.due_s.tolist(), strict=True))
    open_s = [
        due_s
        for client in range(step.clients)
        for due_s in log.plan.step_dues(client, step)
        if due_s < at_s and (client, due_s) not in ended and due_s > at_s - bound_s
    ]
    assert until_s == min([at_s, *open_s])


def test_a_frame_in_flight_is_not_held_against_the_endpoint(tmp_path: Path) -> None:
    """With answers of 250 ms and a bound of 300 ms, no look sees the objective broken, although one
    request in eight is in flight at any time.
    """
    plan = plan_of([20], 20.0, 0.5)
    log = read_log(write(tmp_path / "log", play(plan, servers=20, service=constant(0.25))))
    verdicts = {
        trial_verdict(look(log_at(log, at_s), log.steps[0], at_s, [SLOW]).steps[0])
        for at_s in (6.1, 8.37, 11.9, 14.0, 19.9)
    }
    assert "fail" not in verdicts
    assert trial_verdict(judge_trial(log, log.steps[0], [SLOW]).steps[0]) == "pass"


def test_a_look_sees_an_overload(overloaded: RunLog) -> None:
    """Long before the trial's end, and never takes it for a pass."""
    step = overloaded.steps[0]
    looks = [look(log_at(overloaded, at_s), step, at_s, [SLOW]) for at_s in (3.0, 6.0, 9.0, 15.0)]
    verdicts = [trial_verdict(each.steps[0]) for each in looks]
    assert "pass" not in verdicts
    assert verdicts[-1] == "fail"
