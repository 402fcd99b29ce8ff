"""Numbers as the JSON files have them: null for no data and for infinity, no noise. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

Number = float | None


def json_number(value: float | None) -> Number:
    """None for no data and for infinity, else rounded."""
    return None if value is None or not math.isfinite(value) else rounded(value)


def rounded(value: float) -> float:
    """To the tenth of a microsecond: below that, times are noise of the clock."""
    return round(value, 7)


def utc(wall_s: float) -> str:
    """Seconds since the Unix epoch as RFC 3339 in UTC, to the millisecond."""
    instant = datetime.fromtimestamp(wall_s, timezone.utc)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_numbers(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """A finding's numbers: pairs become lists, and what they hold is treated the same."""
    return {name: _plain(value) for name, value in evidence.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return json_number(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return json_numbers(value)
    return value
