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
    left = round(seconds)
    parts: list[str] = []
    for size, name in _PARTS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
    return " ".join(part for part in parts[:2] if part)
