"""What upstream's tools write down beside a log: load_test_results.json, summary.json. Pure.

Such a file may be missing, half written or of another program: what it does not say is None.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgeload.read.log.log_error import LogError
from edgeload.read.log.older_line import finite_number, small_whole_number
from edgeload.read.log.older_rows import MOST_CAMERAS
from edgeload.untrusted_text import printable

_CHAINED = "bbox_to_binary"
_MOST_FOLLOWERS = 1000
_MOST_FAILURES = 1000
_NAME_CHARS = 120
_LATEST_S = 1e11  # larger numbers are no seconds
_LONGEST_S = 1e7


@dataclass(frozen=True)
class Lens:
    """A lens of the application benchmark in one run: its cameras, and how often they send."""

    name: str
    cameras: int
    copies: int
    frames_per_s: float | None
    """Of one camera; None: as many as it can, one after the other."""
    followers: int
    """Further requests about each frame."""


@dataclass(frozen=True)
class LensFacts:
    """Which time of a run was measured, in seconds since the epoch, and by which lenses."""

    start_s: float
    end_s: float
    lenses: tuple[Lens, ...]
    failed: tuple[tuple[str, int | None], ...]
    """Processes that ended with an error, and their exit codes, if they have one."""


def rate_of_results(text: bytes) -> float | None:
    """A client's requests per second, from load_test_results.json of a ramp."""
    inputs = _mapping(_mapping(_document(text)).get("inputs"))
    rate = finite_number(inputs.get("requests_per_second"))
    return rate if rate is not None and rate > 0 else None


def lens_facts(text: bytes) -> LensFacts | None:
    """The facts in a run's summary.json; None if they are not there. Raises LogError."""
    meta = _mapping(_mapping(_document(text)).get("meta"))
    start_s, end_s = (finite_number(meta.get(f"main_{end}_ts")) for end in ("start", "end"))
    told = meta.get("lenses")
    if start_s is None or end_s is None or not isinstance(told, list):
        return None
    if not 0.0 <= start_s < end_s <= min(_LATEST_S, start_s + _LONGEST_S):
        return None
    lenses = tuple(_lens(each, meta) for each in map(_mapping, told) if each.get("name"))
    if sum(lens.cameras * lens.copies for lens in lenses) > MOST_CAMERAS:
        raise LogError(f"summary.json names more than {MOST_CAMERAS:,} cameras")
    return LensFacts(start_s, end_s, lenses, tuple(_failed(meta.get("worker_failures"))))


def _lens(told: Mapping[str, Any], meta: Mapping[str, Any]) -> Lens:
    name = str(told["name"])
    objects = _mapping(meta.get("lens_objects") or meta.get("lens_n")).get(name)
    rate = finite_number(told.get("target_fps"))
    chained = told.get("type") == _CHAINED
    return Lens(
        name=printable(name, 50),
        cameras=small_whole_number(told.get("cameras")) or 0,
        copies=small_whole_number(told.get("copies")) or 1,
        frames_per_s=rate if rate is not None and rate > 0 else None,
        followers=min(small_whole_number(objects) or 0, _MOST_FOLLOWERS) if chained else 0,
    )


def _failed(told: Any) -> Iterator[tuple[str, int | None]]:
    for each in map(_mapping, told[:_MOST_FAILURES] if isinstance(told, list) else ()):
        code = each.get("exitcode")
        name = printable(str(each.get("name", "")), _NAME_CHARS)
        yield name, code if type(code) is int else None


def _document(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
