"""Places by group, and by value within each, are those that a full sort gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeload.read.statistics.grouped import in_order

_ENTRIES = st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 5)), max_size=30)


@given(_ENTRIES, st.booleans(), st.sampled_from([0, 70_000, 2**40]))
def test_the_order_is_that_of_a_stable_sort(
    entries: list[tuple[int, int]], in_time: bool, offset: int
) -> None:
    """In time or not, groups of few bits or many: equal entries keep the order they came in."""
    entries = sorted(entries, key=lambda entry: entry[1]) if in_time else entries
    group = np.array([group + offset for group, _ in entries], dtype=np.int64)
    value = np.array([value for _, value in entries], dtype=np.float64)
    expected = sorted(range(len(entries)), key=lambda place: (group[place], value[place]))
    assert in_order(group, value).tolist() == expected
