"""The answer of a mix: short, and below it what its copies are."""

from __future__ import annotations

from pathlib import Path

import report_pages
import synthetic_log as sl
from example_runs import summary_of

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.words.headline import headline
from edgeload.read.words.limit import limit
from edgeload.read.words.mix_words import mix_load


def test_the_headline_is_short_and_the_line_below_says_what_copies_are(tmp_path: Path) -> None:
    """Copies served, the least that was not, and who fails; cameras, times and frames below it."""
    summary = summary_of(tmp_path, report_pages.mix_run(), slo=report_pages.MIX_OBJECTIVES)
    assert headline(summary) == (
        "This endpoint serves 2 copies of the mix, but not 4: person fails first."
    )
    load = mix_load(summary)
    assert load.startswith("2 copies are 8 door cameras at 5/s (response p95 ")
    step = next(step for step in summary.steps if step.copies == 2)
    assert f": {step.rates.throughput_per_s:.1f} frames/s in all. At this load, " in load
    assert "person: p95<500ms" in load


def test_one_ramped_group_is_named(tmp_path: Path) -> None:
    """The ramp counts its copies alone; the others stay."""
    summary = summary_of(tmp_path, report_pages.mix_run("person"))
    assert headline(summary).startswith(
        "This endpoint serves 2 copies of person beside the other groups, but not 4: person fails"
    )


def test_what_an_overloaded_endpoint_answers_is_no_capacity(tmp_path: Path) -> None:
    """One step is too short to tell, one overloads both groups: no throughput stands for either,
    and the line of the limit says what would tell."""
    groups = (CameraGroup("a", 4, 5.0), CameraGroup("b", 4, 5.0))
    pools = {name: sl.Pool(1, sl.exponential(1 / 30)) for name in "ab"}
    summary = summary_of(tmp_path, sl.play_mix(mix_plan(groups, [1, 3], 6), pools))
    assert headline(summary) == (
        "This endpoint serves fewer than 3 copies of the mix: a and b fail first. 1 copy is "
        "undecided."
    )
    assert mix_load(summary) == "3 copies are 12 a cameras at 5/s and 12 b cameras at 5/s."
    assert "with a and b: repeat with --time-between-ramp " in limit(summary)


def test_a_run_without_a_mix_has_no_such_line(tmp_path: Path) -> None:
    """Its headline names clients and their rate."""
    assert mix_load(summary_of(tmp_path, report_pages.clean_run())) == ""
