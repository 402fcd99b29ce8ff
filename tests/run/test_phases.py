"""Laws of how a run ends, without a process, a clock or a signal."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from edgeload.records import ROLLOUTS_SEEN
from edgeload.run.phases import Ending, Phase, RunState, sending

DURATION_S, TIMEOUT_S = 60.0, 10.0
EVENTS = ("SIGINT", "SIGTERM", "breach", "rollouts")


def begin() -> RunState:
    return sending(DURATION_S, TIMEOUT_S)


def after(state: RunState, event: str, now_s: float) -> RunState:
    if event == "breach":
        return state.after_breach("--abort-on errors>50%: …", now_s)
    if event == "rollouts":
        return state.after_rollouts(now_s)
    return state.after_signal(event, now_s)


def test_a_run_that_is_left_alone_is_finished() -> None:
    """It sends until the plan's end, and then waits for answers as long as one may take."""
    state = begin()
    assert (state.phase, state.outcome.ending) == (Phase.SENDING, Ending.FINISHED)
    assert state.sends_until_s == DURATION_S
    assert DURATION_S + TIMEOUT_S < state.kill_after_s < DURATION_S + TIMEOUT_S + 5


def test_the_first_signal_drains_and_the_second_cuts_off() -> None:
    """Nothing is sent after the first; after the second nobody waits for answers."""
    draining = begin().after_signal("SIGINT", 20.0)
    assert draining.phase is Phase.DRAINING
    assert (draining.outcome.ending, draining.outcome.reason) == (
        Ending.SIGNAL,
        "stopped by SIGINT",
    )
    assert 20.0 < draining.sends_until_s < 20.5
    assert draining.kill_after_s > draining.sends_until_s + TIMEOUT_S
    cut_off = draining.after_signal("SIGTERM", 21.0)
    assert cut_off.phase is Phase.CUT_OFF
    assert cut_off.outcome.ending is Ending.CUT_OFF
    assert cut_off.outcome.reason == "cut off by a second SIGTERM"
    assert cut_off.sends_until_s == draining.sends_until_s
    assert 21.0 < cut_off.kill_after_s <= 22.0
    assert cut_off.after_signal("SIGINT", 21.9) is cut_off


def test_roll_outs_that_were_seen_drain_a_run_that_still_sends() -> None:
    """It ends as it was asked to; what has ended otherwise stays as it is."""
    draining = begin().after_rollouts(20.0)
    assert (draining.phase, draining.outcome.ending) == (Phase.DRAINING, Ending.ROLLOUTS_SEEN)
    assert draining.outcome.reason == ROLLOUTS_SEEN
    assert begin().after_rollouts(DURATION_S).phase is Phase.SENDING
    stopped = begin().after_signal("SIGINT", 20.0)
    assert stopped.after_rollouts(21.0) is stopped


def test_a_condition_drains_and_a_signal_then_cuts_off() -> None:
    """It was the first signal, so its reason does not call it the second."""
    draining = begin().after_breach("too slow", 20.0)
    assert draining.phase is Phase.DRAINING
    assert draining.outcome.ending is Ending.ABORT_CONDITION
    assert draining.outcome.reason == "too slow"
    cut_off = draining.after_signal("SIGINT", 21.0)
    assert (cut_off.phase, cut_off.outcome.reason) == (Phase.CUT_OFF, "cut off by SIGINT")


def test_a_condition_counts_only_while_the_run_sends() -> None:
    """After a stop, and after the plan's end, it would change nothing."""
    draining = begin().after_signal("SIGINT", 20.0)
    assert draining.after_breach("too slow", 20.1) is draining
    state = begin()
    assert state.after_breach("too slow", DURATION_S) is state


def test_a_signal_after_the_plan_still_marks_the_run_as_stopped() -> None:
    """Somebody did not want to wait for the last answers; what was due stays as it was."""
    state = begin().after_signal("SIGINT", DURATION_S + 3.0)
    assert state.outcome.ending is Ending.SIGNAL
    assert state.sends_until_s == DURATION_S


def test_a_signal_before_the_first_step_stops_at_once() -> None:
    """Run time is negative then, and the stop is not before the run's start."""
    state = begin().after_signal("SIGINT", -0.5)
    assert 0.0 <= state.sends_until_s <= 0.2


@given(
    st.lists(st.tuples(st.sampled_from(EVENTS), st.floats(-1.0, 80.0)), max_size=6).map(
        lambda events: sorted(events, key=lambda event: event[1])
    )
)
def test_a_run_only_goes_forward(events: list[tuple[str, float]]) -> None:
    """No event makes a run send longer, wait longer than the plan allows, or go back a phase."""
    states = [begin()]
    for event, now_s in events:
        states.append(after(states[-1], event, now_s))
    order = list(Phase)
    for earlier, later in itertools.pairwise(states):
        assert order.index(later.phase) >= order.index(earlier.phase)
        assert later.sends_until_s <= earlier.sends_until_s
    assert all(state.sends_until_s <= DURATION_S for state in states)
    assert (states[-1].outcome.ending is Ending.FINISHED) == (states[-1].phase is Phase.SENDING)
