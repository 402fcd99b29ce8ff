"""Small bars: what their heights say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeload.run.sparkline import BLOCKS, PLAIN, bars


def test_one_line() -> None:
    """From the lowest mark to the highest; what is not known leaves a gap."""
    assert bars([0.0, 4.0, None, 8.0], BLOCKS, 8.0, 1) == ["▁▄ █"]
    assert bars([0.0, None], BLOCKS, 0.0, 1) == ["▁ "]
    assert bars([1.0, 2.0, 16.0], PLAIN, 8.0, 1) == [".:#"]


def test_several_lines() -> None:
    """A bar is full below its highest mark, and empty above."""
    assert bars([1.0, 8.0, 12.0, 16.0], BLOCKS, 16.0, 2) == ["  ▄█", "▁███"]


@given(st.lists(st.none() | st.floats(0, 1e6), max_size=30), st.floats(0, 1e6), st.integers(1, 9))
def test_a_higher_value_has_no_lower_bar(
    values: list[float | None], top: float, height: int
) -> None:
    """Whatever the values: each line is as long as there are values, and the order is kept."""
    lines = bars(values, BLOCKS, top, height)
    assert {len(line) for line in lines} == {len(values)}
    heights = [sum(BLOCKS.find(line[place]) + 1 for line in lines) for place in range(len(values))]
    known = sorted((v, h) for v, h in zip(values, heights, strict=True) if v is not None)
    assert [h for _, h in known] == sorted(h for _, h in known)
    assert all((h == 0) == (v is None) for v, h in zip(values, heights, strict=True))
