"""What a row follows in its own group is what a walk from row to row says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.read.statistics import grouped as module
from edgeload.read.statistics.grouped import close_together, grouped, in_parts, rise_in_groups

_ROWS = st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 5)), max_size=30)
_PART = st.sampled_from([1, 2, 5, 1000])


@given(_ROWS, _PART, st.sampled_from([0, 70_000]))
def test_a_row_follows_the_one_before_it_of_its_group(
    rows: list[tuple[int, int]], part_size: int, offset: int
) -> None:
    """However the table is cut, for groups of few bits or many, and for those of no group."""
    group = np.array([group + offset if group >= 0 else -1 for group, _ in rows], dtype=np.int64)
    value = np.array([value for _, value in rows], dtype=np.float64)
    seen: dict[int, float] = {}
    wanted = []
    for own, new in zip(group.tolist(), value.tolist(), strict=True):
        wanted.append(seen.get(own, -1.0))
        seen[own] = new
    last, found = np.full(offset + 7, -1.0), np.empty(len(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROWS_AT_ONCE", part_size)
        for part in in_parts(len(rows)):
            of = grouped(group[part])
            found[part][of.order] = of.previous(value[part][of.order], last)
            assert of.group.tolist() == sorted(group[part].tolist())
            assert of.begins.sum() == len(set(of.group.tolist()))
    assert found.tolist() == wanted
    assert all(last[own] == new for own, new in seen.items())


@given(_ROWS, _PART)
def test_values_rise_if_no_row_is_below_the_one_before(
    rows: list[tuple[int, int]], part_size: int
) -> None:
    """In both columns, and in each group by itself."""
    group = np.array([group for group, _ in rows], dtype=np.int32)
    value = np.array([value for _, value in rows], dtype=np.float64)
    for own, column in ((group, value), (group, np.arange(len(rows)))):
        rises = all((np.diff(column[own == one]) >= 0).all() for one in set(own.tolist()))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "ROWS_AT_ONCE", part_size)
            assert rise_in_groups(own, column) == rises
            assert rise_in_groups(own, np.arange(len(rows)), column) == rises


@given(st.lists(st.sampled_from([-(2**31), -1, 0, 1, 70_000, 2**31 - 1]), max_size=9))
def test_far_numbers_are_brought_together(numbers: list[int]) -> None:
    """A damaged log names clients of any number: the groups stay, and tables by group are small."""
    group = np.array(numbers, dtype=np.int32)
    found = close_together(group)
    assert found.max(initial=0) < 70_000
    assert found.min(initial=0) >= -1
    pairs = set(zip(group.tolist(), found.tolist(), strict=True))
    assert len(pairs) == len(set(found.tolist())) == len(set(numbers))
    assert rise_in_groups(group, np.arange(len(group)))
