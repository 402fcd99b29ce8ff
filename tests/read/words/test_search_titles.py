"""Titles of the figures of a search: what they show, in the user's unit."""

from __future__ import annotations

from pathlib import Path

import pytest
import searched_log
from searched_log import GROUP_OBJECTIVES, TIERS, Searched

from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.words.search_loads import SearchLoads
from edgeload.read.words.search_titles import (
    THROUGHPUT_OVER_TRIALS,
    TIMES_BY_LOAD,
    answer_title,
    by_load_title,
    ladder_title,
)


@pytest.mark.parametrize(
    ("found", "unit"),
    [
        (searched_log.box_search(), "clients"),
        (searched_log.rate_search(), "requests/s"),
        (searched_log.three_groups_search(), "copies"),
        (searched_log.three_groups_search("group", "person"), "person cameras"),
    ],
)
def test_titles_count_what_the_search_counts(tmp_path: Path, found: Searched, unit: str) -> None:
    """Every title that names a load names it in that unit; an interval of several loads too."""
    summary = searched_log.summary_of(tmp_path / "log", found)
    search, loads = summary.search, SearchLoads(summary)
    assert search is not None
    known = search.tiers[0].boundary
    assert known.best is not None and known.high is not None
    span = f" [{loads.count(known.low)}–{loads.count(known.high)}]"
    title = ladder_title(search, search.tiers[0], loads)
    several = span if known.low < known.high else ""
    assert title.startswith(f"Capacity {loads.count(known.best)} {unit}{several}, after ")
    beyond = search.tiers[0].beyond_load
    assert beyond is not None
    assert by_load_title(search, loads).endswith(f", {loads.count(beyond)} {unit} not carried")
    assert answer_title(THROUGHPUT_OVER_TRIALS, search, loads, summary.steps).endswith(f" {unit}")


def test_a_time_that_is_not_known_is_not_named(tmp_path: Path) -> None:
    """Of a trial with too few answers for a p95 the title says what it shows alone."""
    summary = searched_log.summary_of(tmp_path / "log", searched_log.box_search(((1, 4), (2, 4))))
    assert summary.search is not None
    found = answer_title(TIMES_BY_LOAD, summary.search, SearchLoads(summary), summary.steps)
    assert found == TIMES_BY_LOAD


def test_tiers_and_groups_begin_with_their_names(tmp_path: Path) -> None:
    """gold and silver in the ladder; door, person and label in the panels."""
    tiers = searched_log.summary_of(tmp_path / "tiers", searched_log.box_search(), slo=TIERS)
    titles = [chart.title for chart in prepare_figures(tiers)[0].charts]
    assert [title.partition(":")[0] for title in titles] == ["gold", "gold", "silver", "silver"]
    mix = searched_log.summary_of(
        tmp_path / "mix", searched_log.three_groups_search(), slo=GROUP_OBJECTIVES
    )
    for chart in charts_of(prepare_figures(mix)):
        assert not chart.part or chart.title.startswith(f"{chart.part}: ")
