"""repeats.json has what the summary over runs has."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from repeated_runs import made_run, series_of

from edgeload.read.analysis.repeats import repeats_of
from edgeload.read.analysis.run_figures import RunFigure, StepFigures, stopped_run
from edgeload.read.output.repeats_json import repeats_json


def test_the_figures_are_those_over_the_runs(tmp_path: Path) -> None:
    """Mean, limits over runs and within, each run's value; by load in the ramp's order."""
    repeats = series_of(tmp_path, [1.0, 1.15, 0.85])
    found = json.loads(repeats_json(repeats))
    assert (found["schema_version"], found["counted"], found["agreement"]) == (1, 3, "disagree")
    assert [load["clients"] for load in found["loads"]] == [10, 30, 60]
    assert [finding["code"] for finding in found["findings"]] == ["runs_disagree"]
    assert [run["seed"] for run in found["runs"]] == [1, 2, 3]
    figures = {f["figure"]: f for f in found["loads"][0]["figures"]}
    p95 = figures["response p95"]
    (ours,) = (
        f for f in repeats.figures if f.load and f.load.clients == 10 and f.name == "response p95"
    )
    assert ours.over is not None
    assert p95["mean"] == pytest.approx(ours.over.mean, abs=1e-6)
    assert p95["low"] < p95["mean"] < p95["high"]
    assert [run["value"] for run in p95["runs"]] == pytest.approx(
        [run.value for run in ours.runs], abs=1e-6
    )
    assert (found["capacity"]["count"], found["counted_in"]) == (30, "clients")
    assert found["capacity"]["low"] == found["capacity"]["high"] == 30
    assert (found["capacity"]["within_low"], found["capacity"]["within_high"]) == (30, 59)


def test_never_and_no_data_are_two_things() -> None:
    """Both are null in JSON, which has no infinity; `never` tells them apart."""
    steps = [
        StepFigures(0, 10, 10, "", 8.0, {"response p95": RunFigure(value)})
        for value in (math.inf, None)
    ]
    runs = [made_run(i, steps=(step,)) for i, step in enumerate(steps)]
    found = json.loads(repeats_json(repeats_of([*runs, stopped_run("c.log")])))
    (figure,) = found["loads"][0]["figures"]
    assert [(run["value"], run["never"]) for run in figure["runs"]] == [(None, True), (None, False)]
    assert (figure["n"], figure["mean"], figure["never"]) == (1, None, True)
    assert found["runs"][2]["left_out"] == "stopped"
    assert found["runs"][2]["capacity"] is None


def test_a_lower_bound_has_no_interval_over_runs() -> None:
    """And says that it is one."""
    runs = [made_run(1, 50, None), replace(made_run(2, 50, None), seed=2)]
    capacity = json.loads(repeats_json(repeats_of(runs)))["capacity"]
    assert (capacity["count"], capacity["limited"]) == (50, False)
    assert capacity["low"] is capacity["high"] is capacity["within_high"] is None
