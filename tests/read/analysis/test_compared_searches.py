"""Searches compared by the intervals of their capacities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import searched_log as searches
import synthetic_log as sl

from edgeload.read.analysis.comparison import compare
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.comparison_json import comparison_json
from edgeload.read.words.comparison_words import capacities_words, comparison_headline
from edgeload.records import SearchRecord

WIDE = ((8, 6), (32, 10), (64, 6))
"""Trials that leave the capacity, 40, in a wide interval."""
OVER_RATE = SearchRecord(over="rate", most=10_000, resolution=0.05, start=100, clients=20)


def box(
    path: Path, trials: Any = searches.BOX_TRIALS, slo: tuple[str, ...] = (), **more: Any
) -> RunSummary:
    """A search on the box that carries 80 requests/s."""
    return searches.summary_of(path, searches.box_search(trials, **more), slo=list(slo))


def smaller(path: Path) -> RunSummary:
    """A search on a box of three servers: 60 requests/s, 30 clients."""
    plan = sl.plan_of([1], 1, 2.0)
    trials = ((8, 6), (16, 6), (32, 10), (30, 20), (29, 20), (31, 25))
    pools = lambda: {"cameras": sl.Pool(3, sl.constant(0.05))}  # noqa: E731
    return searches.summary_of(path, searches.search(plan, searches.OVER_CLIENTS, trials, pools))


def test_a_smaller_box_is_worse_and_a_larger_one_better(tmp_path: Path) -> None:
    """30 clients against 40: a change of -25 %, which the limits hold."""
    large, small = box(tmp_path / "a.log"), smaller(tmp_path / "b.log")
    fell, rose = compare([large], [small]), compare([small], [large])
    assert (fell.verdict, rose.verdict) == ("worse", "better")
    for found, truth in ((fell, 30 / 40 - 1), (rose, 40 / 30 - 1)):
        assert found.searches is not None
        tier = found.searches.tiers[0]
        assert tier.low <= truth <= tier.high
    assert "fell from" in comparison_headline(fell)
    assert not fell.tells_nothing


def test_two_searches_of_one_box_are_the_same(tmp_path: Path) -> None:
    """Other trials, and intervals that allow no change of 5 %."""
    others = (*searches.BOX_TRIALS, (40, 20))
    found = compare([box(tmp_path / "a.log")], [box(tmp_path / "b.log", others)])
    assert found.verdict == "same"
    assert comparison_headline(found).startswith("Same: the capacity changed by less than ±5 %")


def test_intervals_that_overlap_are_undecided(tmp_path: Path) -> None:
    """A wide interval holds the narrow one: nothing can be said."""
    found = compare([box(tmp_path / "a.log", WIDE)], [box(tmp_path / "b.log")])
    assert found.verdict == "undecided"
    assert "overlap" in comparison_headline(found)


def test_a_lower_bound_is_no_capacity(tmp_path: Path) -> None:
    """At least 16 is neither better nor worse than 40; 40 is better than none."""
    bound = box(tmp_path / "a.log", ((8, 6), (16, 20)))
    assert compare([bound], [box(tmp_path / "b.log")]).verdict == "undecided"
    none = box(tmp_path / "c.log", ((1, 20),), slo=("p95<40ms",))
    some = box(tmp_path / "d.log", slo=("p95<40ms",))
    assert compare([none], [some]).tells_nothing


def test_a_rate_and_clients_are_compared_by_what_is_due(tmp_path: Path) -> None:
    """20 clients at 4/s and 40 at 2/s are the same load: 80 requests/s."""
    rates = ((100, 6), (200, 10), (400, 6), (196, 20), (202, 25), (198, 20), (200, 20))
    found = compare([box(tmp_path / "a.log", rates, record=OVER_RATE)], [box(tmp_path / "b.log")])
    assert found.searches is not None
    assert found.searches.unit == "request/s"
    tier = found.searches.tiers[0]
    for side in (tier.old, tier.new):
        assert side[0].low <= 80 * 1.01
        assert side[0].high >= 80 * 0.97
    assert "in requests/s" in capacities_words(found)


@pytest.mark.parametrize("change", ["objectives", "axis"])
def test_searches_for_something_else_are_not_comparable(tmp_path: Path, change: str) -> None:
    """Other objectives, or another thing that was counted; the headline says what."""
    old = box(tmp_path / "a.log")
    if change == "objectives":
        new, said = box(tmp_path / "b.log", slo=("p95<300ms",)), "the objectives were none before"
    else:
        found = searches.mix_search(((1, 6), (2, 10), (4, 10), (3, 25)), "copies")
        new, said = searches.summary_of(tmp_path / "b.log", found), "counted clients and another"
    found_ = compare([old], [new])
    assert found_.verdict == "not comparable"
    assert said in comparison_headline(found_)
    assert found_.tells_nothing
    assert '"searches":{' in comparison_json(found_).replace(" ", "").replace("\n", "")
