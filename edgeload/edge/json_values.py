"""Parts of a JSON answer of which nothing is certain: each as what it should be, or as no data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeload.untrusted_text import printable


def as_object(value: Any) -> Mapping[Any, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_objects(value: Any) -> list[Mapping[Any, Any]]:
    """The objects in a list; none for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def as_number(value: Any) -> float | None:
    """A finite number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < float("inf") else None


def as_flag(value: Any) -> bool | None:
    """True or false, said as such."""
    return value if isinstance(value, bool) else None


def as_text(value: Any) -> str | None:
    """A text that is not empty, made safe to log and to print."""
    return printable(value) if isinstance(value, str) and value else None
