"""Rules of the axes, over all sizes of values."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from edgeload.read.figures.chart import Line
from edgeload.read.figures.scales import (
    loads_axis,
    log_axis,
    log_ticks,
    plain,
    rate_axis,
    round_ticks,
    share_axis,
    stretched,
    values_of,
    with_air,
)

POSITIVE = st.floats(1e-3, 1e7)


@given(st.lists(POSITIVE, min_size=1), st.integers(0, 3))
def test_a_log_axis_holds_every_value_below_the_rows_of_crosses(
    values: list[float], rows: int
) -> None:
    """Between the limits, and the upper part is free for as many rows as there are crosses."""
    lines = [Line(str(i), "black", (1.0,), crosses=(0,)) for i in range(rows)]
    axis = log_axis("time, ms", values, lines)
    height = math.log(axis.high / axis.low)
    highest = math.log(max(values) / axis.low) / height
    assert axis.low < min(values)
    assert highest < 1.0 - 0.042 * rows


@given(POSITIVE, st.floats(5.04, 1e6))
def test_a_log_axis_has_few_round_ticks_but_always_two(low: float, ratio: float) -> None:
    """Two to twelve numbers, 1, 2 or 5 times a power of ten, in order, inside the limits."""
    ticks = log_ticks(low, low * ratio)
    places = [tick.at for tick in ticks]
    assert places == sorted(set(places))
    assert 2 <= len(places) <= 12
    assert low <= places[0]
    assert places[-1] <= low * ratio
    for tick in ticks:
        assert tick.at == float(f"{tick.at:.1g}")
        assert f"{tick.at:.0e}"[0] in "125"
        assert float(tick.label) == tick.at


@example(0.0, 1.9999999998835847, 10, 1.0)
@given(st.floats(0, 1e6), POSITIVE, st.sampled_from([6, 10]), st.sampled_from([1.0, 60.0, 3600.0]))
def test_a_linear_axis_has_round_ticks_and_as_many_as_fit(
    low: float, length: float, most: int, unit: float
) -> None:
    """Multiples of 1, 2 or 5 times a power of ten of the unit, inside the limits, one or more."""
    ticks = round_ticks(low, low + length, most=most, unit=unit)
    assert 1 <= len(ticks) <= most
    places = [tick.at / unit for tick in ticks]
    if len(places) > 1:
        assert f"{(places[-1] - places[0]) / (len(places) - 1):.3e}"[0] in "125"
    for tick, place in zip(ticks, places, strict=True):
        assert math.isclose(float(tick.label), place, rel_tol=1e-5, abs_tol=1e-12 * length)
        assert low - 1e-6 * length <= tick.at <= low + length * (1 + 1e-6)


@given(st.integers(1, 100_000))
def test_clients_are_whole(most: int) -> None:
    """No tick stands between two numbers of clients."""
    assert all(tick.at == int(tick.at) for tick in loads_axis([most]).ticks)


@given(POSITIVE, st.floats(1.01, 1e4))
def test_a_narrow_band_gets_air(low: float, ratio: float) -> None:
    """So that its axis has two ticks or more."""
    ends = with_air(low, low * ratio)
    assert ends[0] <= low < low * ratio <= ends[1]
    assert len(log_ticks(*ends)) >= 2


def test_an_axis_without_values_is_an_axis() -> None:
    """A chart that only says that there is nothing still has scales."""
    assert log_axis("time, ms", []).high > log_axis("time, ms", []).low > 0
    assert rate_axis("per second", []).high > 0


@given(st.lists(st.floats(0, 1e9), min_size=1))
def test_a_rate_axis_begins_at_0_and_holds_stacked_bars(values: list[float]) -> None:
    """A bar reaches from its base to base and value."""
    line = Line("bars", "black", tuple(values), kind="bars", base=(5.0,) * len(values))
    axis = rate_axis("per second", [line])
    assert axis.low == 0.0
    assert axis.high > max(values) + 5.0


@given(st.floats(0.5, 0.9999999))
def test_the_axis_of_shares_names_the_shares_that_it_reaches(last: float) -> None:
    """Each tick stands at its share, and a tenth of the requests above is one unit further."""
    end = float(stretched(np.array([last]))[0])
    axis = share_axis(end)
    for tick in axis.ticks:
        share = float(tick.label.removesuffix(" %")) / 100
        assert math.isclose(10**-tick.at, 1.0 - share, rel_tol=1e-6, abs_tol=1e-12)
        assert tick.at <= end
    assert axis.ticks[0].at == 0.0


def test_what_is_no_number_is_no_value() -> None:
    """NaN, infinity and None become None; numbers keep six digits."""
    assert values_of(np.array([1.23456789, math.nan, math.inf])) == (1.23457, None, None)
    assert plain(None) is None
