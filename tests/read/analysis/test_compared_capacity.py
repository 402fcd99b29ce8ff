"""Capacities of two sides: a lost one is never the same, and few runs do not make a change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.read.analysis.capacity import Capacity
from edgeload.read.analysis.compared_capacity import compare_capacity
from edgeload.read.analysis.compared_quantities import ComparedQuantity
from edgeload.read.analysis.comparison import compare
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    """A run at 2 requests/s a client."""
    played = sl.play(sl.plan_of((20,), 12, 2.0), servers=8, service=sl.constant(0.02))
    path: Path = tmp_path_factory.mktemp("base") / "log"
    return analyse(read_log(sl.write(path, played)))


def side(base: RunSummary, *clients: int | None, limited: bool = True) -> list[RunSummary]:
    found = [None if n is None else Capacity(0, n, 2.0 * n, limited) for n in clients]
    return [replace(base, bracket=replace(base.bracket, carried=each)) for each in found]


def another(run: RunSummary) -> RunSummary:
    """A run of the same figures that is not the same run."""
    return replace(run, log=replace(run.log, wall_s=1.0))


def compared(old: list[RunSummary], new: list[RunSummary]) -> ComparedQuantity:
    found = compare_capacity(old, new, 0.05)
    assert found is not None
    return found


def test_equal_capacities_are_the_same(base: RunSummary) -> None:
    """As loads: what was measured at them scatters. Without one on either side there is no row."""
    row = compared(side(base, 38), side(base, 38, limited=False))
    assert (row.old, row.new, row.verdict, row.why) == (76.0, 76.0, "same", None)
    assert compare_capacity(side(base, None), side(base, None), 0.05) is None


@pytest.mark.parametrize(("old", "new"), [(38, None), (None, 38), (38, 30), (30, 38)])
def test_a_capacity_that_was_lost_or_moved_is_not_the_same(
    base: RunSummary, old: int | None, new: int | None
) -> None:
    """One run per side tells no more; with a lost one, everything else alike, it stays open."""
    row = compared(side(base, old), side(base, new))
    assert row.verdict == "undecided"
    assert row.why is not None
    whole = compare(side(base, old), side(another(base), new))
    assert whole.verdict == "undecided"
    assert row.why in whole.why


@pytest.mark.parametrize(
    ("new", "verdict"), [((30, 31, 30, 29), "worse"), ((45, 46, 45, 47), "better")]
)
def test_several_runs_a_side_tell_a_change(
    base: RunSummary, new: tuple[int, ...], verdict: str
) -> None:
    """Four against four that do not overlap: p = 0.03 by Mann and Whitney."""
    row = compared(side(base, 38, 37, 38, 39), side(base, *new))
    assert row.verdict == verdict
    assert row.p == pytest.approx(2 / 70)


def test_one_lost_capacity_of_several_is_not_the_same(base: RunSummary) -> None:
    """The median is as it was, but one run found none."""
    assert compared(side(base, 38, 38, 38), side(base, 38, None, 38)).verdict == "undecided"


def test_a_shorter_ramp_is_no_smaller_capacity(base: RunSummary) -> None:
    """It carried all it had; so it does not speak against "same" at the loads in common."""
    old, new = side(base, 38, 37, 38, 39), side(base, 20, 20, 20, 20, limited=False)
    row = compared(old, new)
    assert row.verdict == "undecided"
    assert row.why is not None
    assert row.why.code == "capacity_beyond_ramp"
    assert compare(old[:1], side(another(base), 20, limited=False)).verdict == "same"
