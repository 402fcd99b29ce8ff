"""A time as a user writes it, `500ms`, `30s` or `1m30s` -> seconds. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

DAY_S = 86_400.0
_UNITS_S = {
    "us": Decimal("1e-6"), "ms": Decimal("1e-3"), "s": Decimal(1),
    "m": Decimal(60), "min": Decimal(60), "h": Decimal(3600),
}  # fmt: skip
_NUMBER, _UNIT = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+", "us|ms|min|s|m|h"
WITH_UNITS = rf"(?:(?:{_NUMBER})\s*(?:{_UNIT})\s*)+"
"""A regular expression, without groups, for a time that has units."""
_ALL, _PART = re.compile(WITH_UNITS), re.compile(rf"({_NUMBER})\s*({_UNIT})")


def seconds_of(text: str) -> float:
    """Seconds; a plain number is in seconds already. Raises ValueError for what is no time.

    >>> seconds_of("500ms"), seconds_of("1m30s"), seconds_of("2.5")
    (0.5, 90.0, 2.5)
    """
    if not _ALL.fullmatch(text.strip()):
        return float(text)
    parts = (Decimal(number) * _UNITS_S[unit] for number, unit in _PART.findall(text))
    return float(sum(parts))


@dataclass(frozen=True)
class TimeLimits:
    """How long a time may be, in seconds. With `above`, it must be above the lower limit."""

    least_s: float
    most_s: float
    above: bool = False

    def read(self, given: object) -> float:
        """Seconds, of a text or a number. Raises ValueError, which says what is legal."""
        try:
            if isinstance(given, bool) or not isinstance(given, str | int | float):
                raise ValueError
            seconds = seconds_of(given) if isinstance(given, str) else float(given)
        except (ValueError, OverflowError):
            raise ValueError(self.legal) from None
        if not self.least_s <= seconds <= self.most_s or (self.above and seconds == self.least_s):
            raise ValueError(self.legal)
        return seconds

    @property
    def legal(self) -> str:
        """`must be a time from 5 s to 7 days, in seconds or with the unit ms, s, m or h`."""
        most = _words(self.most_s)
        limits = f"above {_words(self.least_s)} and at most {most}"
        if not self.above:
            limits = f"from {_words(self.least_s)} to {most}"
        return f"must be a time {limits}, in seconds or with the unit ms, s, m or h"


def _words(seconds: float) -> str:
    """`7 days`, `1 hour`, `0.5 s`."""
    for unit_s, name in ((DAY_S, "day"), (3600.0, "hour")):
        count, rest = divmod(seconds, unit_s)
        if count and not rest:
            return f"{count:g} {name}{'s' if count > 1 else ''}"
    return f"{seconds:g} s"
