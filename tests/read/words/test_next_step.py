"""What a report says is to be done next."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl
from example_runs import summary_of

from edgeload.read.words.next_step import next_step


def said(folder: Path, loads: list[int], *, step_s: float = 20, **settings: Any) -> str:
    """A box that answers 80 requests/s, and cameras that send two."""
    played = sl.play(sl.plan_of(loads, step_s, 2.0), servers=4, service=sl.constant(0.05))
    return next_step(summary_of(folder, played, **settings))


@pytest.mark.parametrize(("served", "refused"), [(10, 60), (30, 50)])
def test_a_wide_range_is_divided(tmp_path: Path, served: int, refused: int) -> None:
    """The ramp that is named lies between the two loads, in growing steps."""
    text = said(tmp_path, [served, refused])
    ramp = re.search(r"--custom-ramp ([0-9,]+),? ", text)
    assert ramp is not None
    loads = [int(load) for load in ramp[1].rstrip(",").split(",")]
    assert loads == sorted(set(loads))
    assert served < loads[0]
    assert loads[-1] < refused


def test_a_narrow_range_is_an_answer(tmp_path: Path) -> None:
    """What follows is a change, and a comparison."""
    assert "--baseline" in said(tmp_path, [38, 41])


def test_no_load_above_the_measured_limit_is_suggested(tmp_path: Path) -> None:
    """The overload at 60 showed that the box answers 80/s, so 50 clients at 2/s are not next."""
    ramp = re.search(r"--custom-ramp ([0-9,]+),? ", said(tmp_path / "wide", [20, 60]))
    assert ramp is not None
    assert max(int(load) for load in ramp[1].rstrip(",").split(",")) <= 41
    assert "--baseline" in said(tmp_path / "narrow", [38, 44])


def test_a_ramp_that_never_met_the_limit_goes_on(tmp_path: Path) -> None:
    """With larger loads than were tried."""
    assert "--custom-ramp 40,80,160" in said(tmp_path, [10, 20])


def test_short_steps_ask_for_longer_ones(tmp_path: Path) -> None:
    """As long as the load that needs most."""
    assert re.search(r"--time-between-ramp \d+", said(tmp_path, [10, 20], step_s=2))


def test_an_invalid_run_is_mended_first(tmp_path: Path) -> None:
    """Its advice is that of what makes it INVALID."""
    played = sl.play(sl.plan_of([10, 60], 20, 2.0), servers=4, service=sl.constant(0.05))
    summary = summary_of(tmp_path, played, deaths=[sl.death(1, 5.0)])
    assert not summary.valid
    assert "--custom-ramp" not in next_step(summary)
    assert next_step(summary).startswith("Next: ")


def test_failures_are_mended_before_smaller_loads_are_tried(tmp_path: Path) -> None:
    """If the smallest load fails already, requests do not fail because of the load."""
    played = sl.play(
        sl.plan_of([4, 8], 20, 2.0),
        servers=4,
        service=sl.constant(0.05),
        outcome=lambda chance, sent_s: "http_503" if chance.random() < 0.2 else "ok",
    )
    assert next_step(summary_of(tmp_path, played)).startswith(
        "Next: find out why requests fail at 4 clients already"
    )


def test_loads_that_were_undecided_are_tried_for_longer_not_again(tmp_path: Path) -> None:
    """Steps that were too short below an overload: longer ones, not the same loads once more."""
    assert "--custom-ramp" not in said(tmp_path, [2, 4, 60], step_s=4)
