"""summary.json of earlier runs, read back: what a history of runs needs of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from edgeload.read.log.log_error import LogError
from edgeload.records import GroupRecord

# Ours, and no summary of a run.
_OTHER_FILES = ("comparison.json", "host_summary.json", "repeats.json", "variants.json")


class PastTimes(msgspec.Struct, frozen=True):
    """Percentiles in seconds; null if it cannot be stated, or if it is named in `never`."""

    p50: float | None
    p95: float | None
    never: list[str] = []


class PastGroup(msgspec.Struct, frozen=True):
    """The part of a step of an earlier run that one camera group was."""

    name: str
    cameras: int
    sent: int
    failed: int
    throughput_per_s: float | None
    closed_loop: bool
    service_time_s: PastTimes
    response_time_s: PastTimes | None


class PastStep(msgspec.Struct, frozen=True):
    """A ramp step of an earlier run; one of before there were mixes has no copies and no groups."""

    clients: int
    complete: bool
    valid: bool
    sent: int
    failed: int
    throughput_per_s: float | None
    service_time_s: PastTimes
    response_time_s: PastTimes | None
    copies: int | None = None
    groups: list[PastGroup] = []


class PastCapacity(msgspec.Struct, frozen=True):
    """The capacity of an earlier run."""

    clients: int
    copies: int | None = None
    cameras: dict[str, int] = {}
    requests_per_s: float | None = None


class PastSearch(msgspec.Struct, frozen=True):
    """What an earlier search for the capacity counted."""

    over: str
    group: str | None = None


class _Validity(msgspec.Struct, frozen=True):
    verdict: str


class _Summary(msgspec.Struct, frozen=True):
    """The keys of summary.json that are needed; others may stand beside them."""

    run_id: str | None
    log: str
    started_at: datetime
    validity: _Validity
    steps: list[PastStep]
    capacity: PastCapacity | None
    requests_per_second: float | None
    settings: dict[str, Any] | None
    endpoint: dict[str, Any] | None
    mix: list[GroupRecord] | None = None
    search: PastSearch | None = None


@dataclass(frozen=True)
class PastCapacityFound:
    """A capacity, and what it is counted in: "client", "copy", "camera" or "request/s"."""

    value: float
    noun: str


@dataclass(frozen=True)
class PastRun:
    """An earlier run in the numbers that a history compares.

    `started_s` is Unix time. `settings` and `endpoint` are None if the run's log was of the older
    form. `identity` is the run's id, or what stands for one. `mix` has the camera groups by name;
    it is None without a mix. `searched` is the capacity that a search found, in what it counted; a
    search has no `steps`, because its trials are short and of loads that it chose itself.
    """

    identity: str
    started_s: float
    valid: bool
    requests_per_second: float | None
    steps: tuple[PastStep, ...]
    capacity_clients: int | None
    settings: dict[str, Any] | None
    endpoint: dict[str, Any] | None
    capacity_copies: int | None = None
    searched: PastCapacityFound | None = None
    mix: Mapping[str, GroupRecord] | None = None


@dataclass(frozen=True)
class Summaries:
    """The runs whose summaries lie in a folder, and how many files there are something else."""

    runs: tuple[PastRun, ...]
    unreadable: int


def read_summaries(folder: Path) -> Summaries:
    """All summaries in a folder and those below it, in files of any name that ends in .json.

    Raises LogError, in one line, if there is no such folder.
    """
    if not folder.is_dir():
        raise LogError(f"the history {folder} is not a folder: give one with summary.json files")
    runs, unreadable = [], 0
    for path in sorted(folder.rglob("*.json")):
        if path.name in _OTHER_FILES:
            continue
        try:
            runs.append(past_run(path.read_bytes()))
        except (OSError, msgspec.MsgspecError):
            unreadable += 1
    return Summaries(tuple(runs), unreadable)


def past_run(text: bytes | str) -> PastRun:
    """The run of one summary.json. Raises msgspec.MsgspecError if it is something else."""
    summary = msgspec.json.decode(text, type=_Summary)
    started_s = summary.started_at.timestamp()
    return PastRun(
        identity=summary.run_id or f"{summary.log} {started_s}",
        started_s=started_s,
        valid=summary.validity.verdict == "VALID",
        requests_per_second=summary.requests_per_second,
        steps=() if summary.search else tuple(summary.steps),
        capacity_clients=summary.capacity.clients if summary.capacity else None,
        settings=summary.settings,
        endpoint=summary.endpoint,
        capacity_copies=summary.capacity.copies if summary.capacity else None,
        searched=_searched(summary.search, summary.capacity),
        mix=None if summary.mix is None else {group.name: group for group in summary.mix},
    )


def _searched(search: PastSearch | None, found: PastCapacity | None) -> PastCapacityFound | None:
    if search is None or found is None:
        return None
    counts = {
        "clients": (found.clients, "client"),
        "copies": (found.copies, "copy"),
        "group": (found.cameras.get(search.group or ""), "camera"),
        "rate": (found.requests_per_s, "request/s"),
    }
    value, noun = counts.get(search.over, (None, ""))
    return None if value is None else PastCapacityFound(value, noun)
