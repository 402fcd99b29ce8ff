"""Counts of many nodes: the sum is that of the newest of each, in whatever order they come."""

from __future__ import annotations

import zlib
from array import array

from hypothesis import given
from hypothesis import strategies as st

from edgeload.cluster.summed_counts import SummedCounts
from edgeload.run.counters import NO_COUNTS, SLOTS, read_group_counts

blocks = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 2 * SLOTS - 1), st.integers(0, 99)),
    max_size=12,
)


@given(blocks)
def test_the_sum_is_that_of_the_newest_counts_of_each(told: list[tuple[str, int, int]]) -> None:
    """Against adding up all blocks again, as for the workers of one machine."""
    counts, newest = SummedCounts(), dict[str, "array[int]"]()
    for node, slot, value in told:
        block = array("q", newest.get(node, array("q", [0] * (2 * SLOTS))))
        block[slot] += value
        newest[node] = block
        counts.take(node, zlib.compress(block.tobytes()))
        assert counts.groups() == read_group_counts(list(newest.values()))
    counts.take("d", b"")
    if not told:
        assert counts.groups() == (NO_COUNTS, ())
