"""Laws of the runs of a series."""

from __future__ import annotations

import shlex

import pytest

from edgeload.arguments import parse
from edgeload.settings import resolve
from edgeload.settings.run_series import series_s, settings_of_run


@pytest.mark.parametrize("config", [{}, {"REPEAT": 4, "SEED": 0, "COOLDOWN": 5}])
def test_each_run_of_a_series_is_one_run_that_can_be_repeated_alone(
    config: dict[str, object],
) -> None:
    """It has a seed, a log and a folder of its own, and its command makes it again, and only it."""
    typed = {"repeat": "3", "cooldown": "1", "log_file": "a.b/run.log", "output_dir": "out"}
    series = resolve(config, typed, {})
    runs = [settings_of_run(series, number) for number in (1, 2, 3)]
    assert [str(run.log_file) for run in runs] == ["a.b/run.log", "a.b/run-2.log", "a.b/run-3.log"]
    assert [run.output_dir.name for run in runs] == ["run-1", "run-2", "run-3"]
    assert [run.seed - series.seed for run in runs] == [0, 1, 2]
    for run in runs:
        again = resolve(config, parse(shlex.split(run.command())[2:], config)[0], {})
        assert again.public() == run.public()
        assert again.repeat == 1
    assert settings_of_run(series, 2).plan() != series.plan()
    assert "--repeat 3" in series.command()


def test_a_series_lasts_as_long_as_its_runs_and_the_pauses_between_them() -> None:
    """Three runs have two pauses; one run has none."""
    options = {"custom_ramp": "1,2", "time_between_ramp": "10", "cooldown": "7"}
    assert series_s(resolve({}, {**options, "repeat": "3"}, {})) == 3 * 20 + 2 * 7
    assert series_s(resolve({}, options, {})) == 20


def test_a_series_of_searches_takes_at_most_their_budgets() -> None:
    """Without a budget, nobody knows how long it takes."""
    options = {"find_capacity": True, "repeat": "3", "cooldown": "30"}
    assert series_s(resolve({}, {**options, "budget": ""}, {})) is None
    assert series_s(resolve({}, {**options, "budget": "5m"}, {})) == 3 * 300 + 2 * 30
