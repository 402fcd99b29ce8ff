"""Spans of time in a unit that people count them in: seconds, minutes, hours or days. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TimeUnit:
    """A unit by its sign, and how many seconds it has."""

    name: str
    seconds: float

    def text(self, at_s: float) -> str:
        """An instant in this unit, with one digit behind the point and without the unit."""
        return f"{at_s / self.seconds:.1f}"


_SECOND = TimeUnit("s", 1.0)
_UNITS = (
    (2 * 86_400.0, TimeUnit("days", 86_400.0)),
    (2 * 3600.0, TimeUnit("hours", 3600.0)),
    (300.0, TimeUnit("min", 60.0)),
)
_PARTS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def time_unit(span_s: float) -> TimeUnit:
    """The unit of a run of that length: minutes from 5 on, hours from 2 on, days from 2 on."""
    return next((unit for least_s, unit in _UNITS if span_s >= least_s), _SECOND)


def duration(seconds: float) -> str:
    """Up to two minutes in seconds, then the two largest units.

    >>> [duration(s) for s in (0.5, 40, 140, 4500, 90_000, 259_200)]
    ['0.5 s', '40 s', '2 min 20 s', '1 h 15 min', '1 d 1 h', '3 d']
    """
    if seconds < 120:
        return f"{seconds:.3g} s"
    return _largest_units(seconds, 2)


def moment(seconds: float) -> str:
    """An instant of a run, or a span that ends with one: tenths of a second, from 5 min on seconds.

    >>> [moment(s) for s in (12.44, 299.94, 724.4, 4523.0, 90_061.0)]
    ['12.4 s', '299.9 s', '12 min 4 s', '1 h 15 min 23 s', '1 d 1 h 1 min']
    """
    if seconds < _UNITS[-1][0]:
        return f"{seconds:.1f} s"
    return _largest_units(seconds, 3)


def _largest_units(seconds: float, most: int) -> str:
    left = round(seconds)
    parts: list[str] = []
    for size, name in _PARTS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
    return " ".join(part for part in parts[:most] if part)
