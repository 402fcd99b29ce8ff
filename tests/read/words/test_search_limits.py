"""What limits a capacity, on logs of searches whose truth is known by queueing theory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import searched_log as searches

from edgeload.read.analysis.search_result import TierCapacity
from edgeload.read.words.search_limits import plan_for, what_binds
from edgeload.read.words.search_loads import SearchLoads

AROUND_40 = ((8, 6), (32, 10), (39, 20), (40, 20), (41, 25), (42, 12), (41, 25))
FAR_BEYOND = ((8, 6), (32, 10), (38, 20), (64, 12))


def searched(
    path: Path, trials: Sequence[tuple[int, float]], slo: Sequence[str] = ()
) -> tuple[TierCapacity, SearchLoads]:
    """The only tier of a search on the box that carries 40 clients."""
    summary = searches.summary_of(path, searches.box_search(trials), slo=list(slo))
    assert summary.search is not None
    return summary.search.tiers[0], SearchLoads(summary)


@pytest.mark.parametrize(("bound", "how"), [(200, "jumps"), (58, "grows little by little")])
def test_a_cliff_and_a_slope_are_told_apart(tmp_path: Path, bound: int, how: str) -> None:
    """What binds is three times as much just beyond the capacity, or a little more."""
    text = " ".join(what_binds(*searched(tmp_path / "s.log", AROUND_40, [f"p95<{bound}ms"])))
    said = re.search(r"Beyond the capacity, response p95 (.*) from", text)
    assert said, text
    assert said[1] == how


@pytest.mark.parametrize("trials", [AROUND_40, FAR_BEYOND])
def test_cliff_or_slope_does_not_hang_on_an_objective(
    tmp_path: Path, trials: tuple[tuple[int, float], ...]
) -> None:
    """The same two trials grow by the same factor, if the backlog binds or the time itself."""
    kinds = [
        searched(tmp_path / f"{n}.log", trials, slo)[0].kind
        for n, slo in enumerate(((), ("p95<200ms",)))
    ]
    assert kinds == ["cliff", "cliff"]


def test_a_backlog_says_how_times_grow(tmp_path: Path) -> None:
    """From the largest load that is carried to the least that is not; and they go on growing."""
    tier, loads = searched(tmp_path / "s.log", AROUND_40)
    text = " ".join(what_binds(tier, loads))
    said = re.search(r"response p95 jumps from ([\d.]+) ms at 40 to ([\d,]+) ms at 41, and", text)
    assert said, text
    assert float(said[2].replace(",", "")) >= 3 * float(said[1])


@pytest.mark.parametrize("slo", [(), ("p95<60ms",)])
def test_the_plan_is_four_fifths_of_the_lower_limit(tmp_path: Path, slo: tuple[str, ...]) -> None:
    """Rounded down, so that the reserve is never smaller."""
    tier, loads = searched(tmp_path / "s.log", AROUND_40, slo)
    (text,) = plan_for(tier, loads)
    said = re.match(r"Plan for at most (\d+) clients: 80", text)
    assert said, text
    assert int(said[1]) <= 0.8 * tier.boundary.low < int(said[1]) + 1


def test_a_lower_bound_is_no_plan(tmp_path: Path) -> None:
    """Nothing failed, so four fifths of it would be too careful a word."""
    assert list(plan_for(*searched(tmp_path / "s.log", ((1, 4), (2, 4), (8, 30))))) == []
