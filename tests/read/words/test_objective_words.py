"""An objective and how it was met, in words."""

from __future__ import annotations

import re
from pathlib import Path

import report_pages
import synthetic_log as sl
from example_runs import summary_of

from edgeload.objectives import parse_objective
from edgeload.read.words.objective_words import judged_together


def test_the_way_to_judge_one_load_can_be_typed(tmp_path: Path) -> None:
    """What stands behind --slo is an objective about the capacity, of the group that missed it."""
    summary = summary_of(tmp_path, report_pages.mix_run(), slo=["person: p95<500ms"])
    typed = re.search(r'--slo "(.*)"', judged_together(summary))
    assert typed is not None
    objective = parse_objective(typed[1])
    assert (objective.group, objective.load, objective.bound) == ("person", 2, 0.5)


def test_nothing_is_said_of_a_run_without_an_overload(tmp_path: Path) -> None:
    """Nor of objectives that are met, or that are about one load anyway."""
    ramp = sl.play(sl.plan_of([10, 60], 20, 2.0), servers=4, service=sl.constant(0.05))
    calm = sl.play(sl.plan_of([10, 20], 20, 2.0), servers=4, service=sl.constant(0.05))
    assert judged_together(summary_of(tmp_path / "a", calm, slo=["p95<300ms"])) == ""
    assert judged_together(summary_of(tmp_path / "b", ramp, slo=["errors<1%"])) == ""
    assert judged_together(summary_of(tmp_path / "c", ramp, slo=["60 clients: p95<300ms"])) == ""
    assert "10 clients: p95<300ms" in judged_together(
        summary_of(tmp_path / "d", ramp, slo=["p95<300ms"])
    )
