"""The text of --rollout: what it may say, and one line for what is not legal."""

from __future__ import annotations

import argparse

import pytest

from edgeload.simulator.model_rollouts import PlannedRollout
from edgeload.simulator.rollout_option import rollout_option


def test_all_keys() -> None:
    """Each key has its value; spaces around keys and values do not count."""
    assert rollout_option(
        "1m : both=5s, fail=0.5,fail-time=500ms,status=500,cold=3s,slower=4,detector=front door"
    ) == PlannedRollout(60.0, "front door", 5.0, 0.5, 0.5, 500, 3.0, 4.0)


def test_a_time_alone_is_a_roll_out_without_trouble() -> None:
    """Nobody sees it but for the model's key: nothing fails, nothing is slow."""
    assert rollout_option("20s") == rollout_option("20s:") == PlannedRollout(20.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must begin with a time after the start"),
        ("door:both=5s", "must begin with a time after the start"),
        ("20s:bth=5s", "'bth=5s': must be KEY=VALUE with one of the keys detector, both,"),
        ("20s:both", "'both': must be KEY=VALUE"),
        ("20s:both=1s,both=2s", "both= must be given once"),
        ("20s:both=soon", "both='soon'"),
        ("20s:fail=2", "fail='2': must be a number from 0 to 1"),
        ("20s:status=404", "status='404': must be 500 or 503"),
        ("20s:slower=0.5", "slower='0.5': must be a number from 1 to 1000"),
    ],
)
def test_what_is_not_legal_is_refused_in_one_line(text: str, says: str) -> None:
    """It says what was given and what is legal."""
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        rollout_option(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
