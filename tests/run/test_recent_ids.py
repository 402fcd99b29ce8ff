"""Answers whose id was given before: found one by one, and in batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeload.run.recent_ids import RecentIds


@given(st.lists(st.lists(st.integers(0, 60).map(str), max_size=6), max_size=20))
def test_a_batch_finds_the_repetitions_that_single_ids_show(batches: list[list[str]]) -> None:
    """`are_new` says yes exactly if `is_known` would say no to each, and then remembers them all.

    Otherwise it remembers nothing, so that asking for each of them still tells which are known.
    """
    alone, together = RecentIds(), RecentIds()
    for batch in batches:
        known = [alone.is_known(each) for each in batch]
        assert together.are_new(batch) == (not any(known))
        if any(known):
            assert [together.is_known(each) for each in batch] == known
