"""A column that keeps one value for all rows is the column that keeps each."""

from __future__ import annotations

import io
import math
import pickle
from array import array
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.read.log import growing_column
from edgeload.read.log.growing_column import GrowingColumn

_VALUES = st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf])
_PARTS = st.lists(
    st.lists(_VALUES, max_size=3)
    | st.tuples(_VALUES, st.integers(0, 4)).map(lambda t: [t[0]] * t[1])
)


@given(_PARTS)
def test_a_column_holds_what_it_was_given(parts: list[list[float]]) -> None:
    """To the bit, whatever came in which portions; also through the files of a process."""
    column, wanted = GrowingColumn("d"), array("d")
    for part in parts:
        same = len(set(map(str, part))) == 1
        if same:
            column.repeat(part[0], len(part))
        else:
            column.extend(array("d", part))
        wanted.extend(part)
        assert len(column) == len(wanted)
    file = io.BytesIO()
    pickle.dump(column, file)
    column.save_to(file)
    file.seek(0)
    copy: GrowingColumn = pickle.load(file)
    joined = GrowingColumn("d")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growing_column, "_AT_ONCE", 2)
        for portion in chain(column.parts(), copy.parts(file)):
            joined.extend(portion)
    assert column.view().tobytes() == wanted.tobytes()
    assert joined.view().tobytes() == wanted.tobytes() * 2


@given(st.integers(1, 24))
def test_a_file_that_ends_early_is_not_a_column(missing: int) -> None:
    """A process that is killed while it hands over its columns has handed over nothing."""
    column = GrowingColumn("d")
    column.extend(array("d", [1.0, 2.0, 3.0]))
    file = io.BytesIO()
    column.save_to(file)
    copy = pickle.loads(pickle.dumps(column))
    with pytest.raises(EOFError):
        sum(map(len, copy.parts(io.BytesIO(file.getvalue()[:-missing]))))


@given(st.integers(1, 1000), _VALUES)
def test_one_value_of_all_rows_takes_no_room(count: int, value: float) -> None:
    """As soon as a second value comes, each has its place."""
    column = GrowingColumn("d")
    for _ in range(3):
        column.extend(np.full(count, value))
    assert column.view().strides == (0,)
    column.extend(array("d", [2.0]))
    assert column.view().tobytes() == np.array([value] * 3 * count + [2.0]).tobytes()
