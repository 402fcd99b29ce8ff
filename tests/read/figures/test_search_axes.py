"""Where the loads of a search stand on an axis."""

from __future__ import annotations

from pathlib import Path

import pytest
import searched_log
from searched_log import Searched

from edgeload.read.figures.search_axes import search_scale
from edgeload.records import SearchRecord


@pytest.mark.parametrize(
    ("found", "load", "value", "whole"),
    [
        (searched_log.box_search(), 39, 39.0, True),
        (searched_log.rate_search(), 985, 19.7, False),
        (searched_log.three_groups_search(), 3, 3.0, True),
        (searched_log.three_groups_search("group", "person"), 20, 20.0, True),
    ],
)
def test_a_load_stands_where_its_words_say(
    tmp_path: Path, found: Searched, load: int, value: float, whole: bool
) -> None:
    """The number on the axis is the one that sentences and tables give."""
    scale = search_scale(searched_log.summary_of(tmp_path / "log", found))
    assert scale is not None
    assert scale.value(load) == value
    assert scale.whole == whole
    assert float(scale.loads.count(load)) == value


def test_rates_of_a_mix_are_multiples_of_its_own(tmp_path: Path) -> None:
    """Its groups have different rates, so no single one can be named."""
    record = SearchRecord(over="rate", most=1000, resolution=0.05, start=100, clients=12)
    plan = searched_log.three_groups_search().plan
    found = searched_log.search(plan, record, ((100, 5), (200, 5)), searched_log.group_pools)
    scale = search_scale(searched_log.summary_of(tmp_path / "log", found))
    assert scale is not None
    assert scale.value(150) == 1.5
    assert scale.label == "times the rates of the mix"
