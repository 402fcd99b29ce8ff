"""Times as people write them, and how long they may be."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.durations import DAY_S, WITH_UNITS, TimeLimits, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0), ("2.5", 2.5), (" 1e3 ", 1000.0), ("500ms", 0.5), ("250us", 0.00025),
        ("30s", 30.0), (".5 s", 0.5), ("2m", 120.0), ("2min", 120.0), ("1h", 3600.0),
        ("1m30s", 90.0), ("1h 2m 3.5s", 3723.5), ("35ms", 0.035),
    ],
)  # fmt: skip
def test_units(text: str, seconds: float) -> None:
    """Each part counts in its unit; a plain number is in seconds."""
    assert seconds_of(text) == seconds
    assert bool(re.fullmatch(WITH_UNITS, text.strip())) == text.strip()[-1].isalpha()


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_parts_add_up(hours: int, minutes: int, seconds: int, ms: int) -> None:
    """The same as an exact sum in milliseconds."""
    exact = ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms
    assert seconds_of(f"{hours}h{minutes}m{seconds}s{ms}ms") == exact / 1000


LIMITS = TimeLimits(0.0, 7 * DAY_S, above=True)


@pytest.mark.parametrize(
    "given", ["", "s", "30x", "5 parsecs", "1m30", "-1s", "0", "0ms", "8000h", "nan", "inf", "1:30",
    "9" * 400, 10**400, math.nan, -1, 0, True, None, [30], b"30s"],
)  # fmt: skip
def test_what_is_no_time_is_refused(given: object) -> None:
    """The line says what is legal, whatever was given."""
    with pytest.raises(ValueError, match=re.escape(LIMITS.legal)):
        LIMITS.read(given)


def test_limits() -> None:
    """Both ends are legal, unless the time must be above the lower one."""
    assert LIMITS.legal == (
        "must be a time above 0 s and at most 7 days, in seconds or with the unit ms, s, m or h"
    )
    assert (LIMITS.read("168h"), LIMITS.read(7 * 86_400)) == (604_800.0, 604_800.0)
    closed = TimeLimits(0.5, 3600.0)
    assert closed.legal.startswith("must be a time from 0.5 s to 1 hour, in seconds")
    assert (closed.read("500ms"), closed.read(3600)) == (0.5, 3600.0)
