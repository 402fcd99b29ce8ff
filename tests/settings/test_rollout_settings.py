"""The settings of a run that waits for roll-outs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.settings import SettingError, resolve
from edgeload.settings.rollout_settings import LONGEST_WAIT_S


def test_the_ramp_of_config_py_becomes_one_long_step() -> None:
    """All clients from the start on; what is typed stands."""
    config = {"MAX_CLIENTS": 20, "STEP_SIZE": 5, "TIME_BETWEEN_RAMP": 30}
    plan = resolve(config, {"until_rollouts": "2"}, {}).plan()
    assert [(step.clients, step.duration_s) for step in plan.steps] == [(20, LONGEST_WAIT_S)]
    typed = {"until_rollouts": "2", "custom_ramp": "7", "time_between_ramp": "5m"}
    plan = resolve({**config, "CUSTOM_RAMP": [1, 5]}, typed, {}).plan()
    assert [(step.clients, step.duration_s) for step in plan.steps] == [(7, 300.0)]
    plan = resolve({"CUSTOM_RAMP": [1, 5]}, {"until_rollouts": 1, "max_clients": "3"}, {}).plan()
    assert [step.clients for step in plan.steps] == [3]
    assert len(resolve({}, {"until_rollouts": "1"}, {}).plan().steps) == 1


def test_a_mix_is_held_once_unless_more_copies_are_typed() -> None:
    """MAX_CLIENTS in config.py is meant for ramps, and counts copies of a mix."""
    mix = {"mix": str(Path(__file__).parents[2] / "examples" / "mix.yaml"), "until_rollouts": "1"}
    for typed, copies in (({}, 1), ({"max_clients": "3"}, 3)):
        plan = resolve({"MAX_CLIENTS": 20}, {**mix, **typed}, {}).plan()
        assert [plan.copies(step) for step in plan.steps] == [copies]


def test_the_command_that_repeats_it_has_the_same_plan() -> None:
    """Without any config.py."""
    settings = resolve({"MAX_CLIENTS": 20}, {"until_rollouts": "2"}, {})
    assert "--until-rollouts 2" in settings.command()
    assert "--step-size 20" in settings.command()
    assert "--time-between-ramp 1800" in settings.command()


def test_without_it_the_ramp_is_as_it_was() -> None:
    """An empty value waits for nothing."""
    assert len(resolve({"MAX_CLIENTS": 4}, {"until_rollouts": ""}, {}).plan().steps) == 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"custom_ramp": "1,5"}, "needs a steady load, and this ramp has 2 steps; must be one, "),
        ({"max_clients": 10, "step_size": "5"}, "for example --custom-ramp 10"),
        ({"find_capacity": True}, "must be empty with FIND_CAPACITY, for example"),
        ({"repeat": "3"}, "must be empty with REPEAT"),
        ({"variants": "boxes.yaml"}, "must be empty with VARIANTS"),
        ({"audit_cache": True}, "must be empty with AUDIT_CACHE"),
        ({"until_rollouts": "0"}, "UNTIL_ROLLOUTS = '0'"),
        ({"until_rollouts": "many"}, "must be a whole number"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(options: dict[str, object], says: str) -> None:
    """Before anything is sent."""
    with pytest.raises(SettingError) as refused:
        resolve({}, {"until_rollouts": "2", **options}, {})
    assert says in str(refused.value)
    assert str(refused.value).startswith("UNTIL_ROLLOUTS = ")
    assert "\n" not in str(refused.value)
