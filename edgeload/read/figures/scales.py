"""Rules of the axes: limits, ticks, and numbers in as many digits as a screen shows. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from edgeload.read.figures.chart import Axis, Chart, Line, Tick, Values
from edgeload.read.statistics.windows import Floats

_SHARES = (0.0, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 0.99999, 0.999999)
_LEAST_ROOM, _ROOM_OF_CROSSES = 0.03, 0.045  # of the height of a logarithmic axis
_MOST_DECADES = 3.5
_ROUND = (1, 2, 5)
_LEAST_RATIO = 5.04
"""Of the ends of a logarithmic axis: between them are always two numbers of `_ROUND`."""
MOST_ACROSS, MOST_UP = 10, 6
"""Ticks that fit on an x axis, and on a y axis."""


def plain(value: float | None) -> float | None:
    """Six significant digits, more than a screen shows; None for no number."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")


def values_of(array: Floats) -> Values:
    """An array as the values of a line; None where it holds no finite number."""
    return tuple(plain(value) for value in array.tolist())


def places_of_never(array: Floats) -> tuple[int, ...]:
    """The places of infinity in a line: requests without an answer."""
    return tuple(np.flatnonzero(np.isinf(array)).tolist())


def rate_axis(label: str, lines: Iterable[Line], least: float = 0.0) -> Axis:
    """From 0 to a little more than the largest value, or than `least` if that is larger."""
    tops = [
        value + ((line.base[place] or 0.0) if line.base else 0.0)
        for line in lines
        for place, value in enumerate(line.values)
        if value is not None
    ]
    return linear_axis(label, 0.0, (max((*tops, least)) or 1.0) * 1.08)


def linear_axis(
    label: str,
    low: float,
    high: float,
    *,
    most: int = MOST_UP,
    unit: float = 1.0,
    whole: bool = False,
) -> Axis:
    """An axis with round ticks, which count a `unit` of its values."""
    ticks = round_ticks(low, high, most=most, unit=unit, whole=whole)
    return Axis(label, low, high, whole=whole, ticks=ticks, unit=unit)


def round_ticks(
    low: float, high: float, *, most: int = MOST_UP, unit: float = 1.0, whole: bool = False
) -> tuple[Tick, ...]:
    """At the multiples of 1, 2 or 5 times a power of ten: as many as there are up to `most`."""
    first, last = low / unit, high / unit
    power = math.floor(math.log10((last - first) / most))
    sizes = [float(f"{step}e{power + up}") for up in (0, 1, 2) for step in _ROUND]
    allowed = (size for size in sizes if size >= 1 or not whole)
    size, places = next(
        (size, found) for size in allowed if len(found := _multiples(first, last, size)) <= most
    )
    return tuple(Tick(float(f"{n * size * unit:.12g}"), tick_label(n * size)) for n in places)


def _multiples(first: float, last: float, size: float) -> range:
    """Which multiples of a size lie between two numbers, give or take a rounding error."""
    return range(math.ceil(first / size - 1e-9), math.floor(last / size + 1e-9) + 1)


def tick_label(at: float) -> str:
    """In six digits, never as a power of ten: `0.3`, `250`, `1000000`."""
    return f"{at:.0f}" if abs(at) >= 1e6 else f"{at:.6g}"


def log_axis(label: str, values: Iterable[float | None], lines: Iterable[Line] = ()) -> Axis:
    """A logarithmic axis with air around all values above 0.

    Above them is room for the crosses of the lines, in a row for each name.
    """
    found = [value for value in values if value is not None and value > 0]
    if not found:
        return Axis(label, 1.0, 1e3, log=True, ticks=log_ticks(1.0, 1e3))
    low = min(found) / 1.4
    high = _raised(low, max(max(found) * 1.3, low * _LEAST_RATIO), _room(lines))
    return Axis(label, low, high, log=True, ticks=log_ticks(low, high))


def _room(lines: Iterable[Line]) -> float:
    """The share of an axis' height that is left to the crosses."""
    return _LEAST_ROOM + _ROOM_OF_CROSSES * len({line.label for line in lines if line.crosses})


def _raised(low: float, high: float, room: float) -> float:
    """The upper end of a logarithmic axis with that share of room above `high`."""
    return float(high * (high / low) ** (room / (1.0 - room)))


def log_ticks(low: float, high: float) -> tuple[Tick, ...]:
    """At 1, 2 and 5 times the powers of ten; over many decades at these alone."""
    steps = _ROUND[:1] if math.log10(high / low) > _MOST_DECADES else _ROUND
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    places = [float(f"{step}e{power}") for power in powers for step in steps]
    return tuple(Tick(place, tick_label(place)) for place in places if low <= place <= high)


def with_air(low: float, high: float) -> tuple[float, float]:
    """Ends of a logarithmic axis with two ticks or more, wider than these if need be."""
    air = math.sqrt(max(1.0, _LEAST_RATIO * low / high))
    return low / air, high * air


def loads_axis(loads: Sequence[int], label: str = "clients") -> Axis:
    """From 0 to a little more than the largest number of clients, or of copies of a mix."""
    return linear_axis(label, 0.0, max((1, *loads)) * 1.05, most=MOST_ACROSS, whole=True)


def due_axis(rates: Iterable[float]) -> Axis:
    """From 0 to a little more than the largest arrival rate."""
    high = max(1e-3, *rates) * 1.05
    return linear_axis("requests due per second", 0.0, high, most=MOST_ACROSS)


def stretched(shares: Floats) -> Floats:
    """A tenth of the requests above is one unit further right, as on HdrHistogram's plots."""
    places: Floats = -np.log10(1.0 - shares)
    return places


def share_axis(last: float) -> Axis:
    """The stretched axis of shares, as far as `last`."""
    places = stretched(np.array(_SHARES)).tolist()
    ticks = tuple(
        Tick(place, f"{100.0 * share:.6g} %")
        for place, share in zip(places, _SHARES, strict=True)
        if place <= last
    )
    label = "share of the requests that took at most this long"
    return Axis(label, 0.0, last * 1.02, ticks=ticks)


def with_shared_y(charts: Iterable[Chart]) -> tuple[Chart, ...]:
    """Charts of times with one logarithmic y axis, which holds the values of all of them."""
    found = tuple(charts)
    told = [chart for chart in found if not chart.is_empty] or list(found)
    if not told:
        return ()
    axes = [(chart.y_axis, _room(chart.lines)) for chart in told]
    low = min(axis.low for axis, _ in axes)
    highest = max(axis.high / (axis.high / axis.low) ** room for axis, room in axes)
    high = _raised(low, highest, max(room for _, room in axes))
    ticks = log_ticks(low, high)
    return tuple(
        replace(chart, y_axis=replace(chart.y_axis, low=low, high=high, ticks=ticks))
        for chart in found
    )


def with_shared_x(charts: Iterable[Chart]) -> tuple[Chart, ...]:
    """Each chart with the longest x axis of its group."""
    found = tuple(charts)
    longest: dict[str, Axis] = {}
    for chart in found:
        known = longest.setdefault(chart.group, chart.x_axis)
        longest[chart.group] = max(known, chart.x_axis, key=lambda axis: axis.high)
    return tuple(replace(chart, x_axis=longest[chart.group]) for chart in found)
