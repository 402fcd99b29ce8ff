"""Spans of time read as people say them, whatever their length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.time_words import duration, time_unit

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


@given(st.floats(0.01, 1e7))
def test_a_duration_is_itself_up_to_its_second_unit(seconds: float) -> None:
    """Read back, it is off by less than the smaller of its two units; there are at most two."""
    words = duration(seconds).split()
    numbers, units = words[::2], words[1::2]
    assert 1 <= len(units) <= 2
    read = sum(float(n) * _SECONDS[unit] for n, unit in zip(numbers, units, strict=True))
    places = list(_SECONDS)
    smallest = places[max(0, places.index(units[0]) - 1)]
    assert abs(read - seconds) <= max(_SECONDS[smallest], 0.01 * seconds)


@pytest.mark.parametrize(
    ("span_s", "unit"),
    [(40, "s"), (299, "s"), (300, "min"), (7199, "min"), (7200, "hours"), (259_200, "days")],
)
def test_long_runs_count_in_longer_units(span_s: float, unit: str) -> None:
    """Minutes, hours, days: no axis of a run has more than a few hundred of its units."""
    found = time_unit(span_s)
    assert found.name == unit
    assert span_s / found.seconds < 300
