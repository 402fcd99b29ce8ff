"""A short log made into a long one: all of its spans times a factor, all of its rates over it.

So that a run of seconds, beside a sensor that plays minutes in them, is read as one of minutes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_SPANS = {"latency", "time_between_ramp", "warmup", "timeout", "soak"}
_RATES = {"requests_per_second"}


def stretch(log: Path, factor: float, into: Path) -> Path:
    """The log with every clock slower by a factor, the host's too; Unix times keep their first.

    The lines of the workers, one a second, are left out: they would be gaps.
    """
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    wall_s = lines[0]["anchor"]["wall_s"]
    kept = [_stretched(line, factor, wall_s) for line in lines if line["event"] != "worker"]
    into.write_text("".join(json.dumps(line) + "\n" for line in kept))
    return into


def _stretched(value: Any, factor: float, wall_s: float, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _stretched(each, factor, wall_s, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_stretched(each, factor, wall_s) for each in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return _number(value, factor, wall_s, name)


def _number(value: float, factor: float, wall_s: float, name: str) -> float:
    if name == "ts":
        return wall_s + (value - wall_s) * factor
    if name in _RATES or name.endswith("_per_s"):
        return value / factor
    if name in _SPANS or (name.endswith("_s") and name != "wall_s"):
        return value * factor
    return value
