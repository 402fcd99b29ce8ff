"""Numbers in few digits, and texts from outside in one harmless line, for a reader. Pure."""

from __future__ import annotations

import math

from edgeload.untrusted_text import MOST_CHARS, printable


def short(text: str, limit: int) -> str:
    """A text from outside on one line: at most `limit` characters, no control characters."""
    clean = printable(text, max(limit + 1, MOST_CHARS))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def number(value: float | None, none: str = "-", *, digits: int = 3) -> str:
    """A number with three significant digits, or as a whole number from 100 on.

    Examples: 0.0123, 1.23, 12.3, 123, 12345. Infinity is "never"; None is the text `none`.
    With another number of `digits`, a number is whole from as many digits on.
    """
    if value is None:
        return none
    if math.isinf(value):
        return "never"
    if value == 0:
        return "0"
    for decimals in range(digits):  # what rounds up to a power of ten has its digits
        if abs(value) >= (10**digits - 0.5) / 10 ** (decimals + 1):
            return f"{value:.{decimals}f}"
    return f"{value:.{digits}g}"


def milliseconds(value_s: float | None, none: str = "-", *, digits: int = 3) -> str:
    """A time in seconds as a number of milliseconds, without the unit."""
    return number(None if value_s is None else value_s * 1000, none, digits=digits)


def interval(low: float | None, high: float | None) -> str:
    """`79.2 to 80.8`, in as many digits as `number` gives; empty if both read the same."""
    texts = number(low), number(high)
    return "" if texts[0] == texts[1] else " to ".join(texts)


def share(value: float | None) -> str:
    """A share of 1 as a percentage: 0.4 %, 12 %. Only exactly 0 and 1 are 0 % and 100 %."""
    if value is None:
        return "-"
    percent = value * 100
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    if 99 < percent < 100:
        return f"{percent:.1f} %"
    return f"{percent:.0f} %" if percent >= 10 or percent == int(percent) else f"{percent:.1f} %"
