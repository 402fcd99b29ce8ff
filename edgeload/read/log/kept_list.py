"""The runs that are kept in a folder of results, as their summaries tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from edgeload.file_locks import lock_holder
from edgeload.kept_runs import KEPT_LOG, KeptName, kept_folders, parsed_name, parts_of
from edgeload.read.log.log_error import LogError
from edgeload.read.log.summaries import PastSearch

SUMMARY_FILE = "summary.json"
_MOST_BYTES = 1 << 26
"""No summary is larger: that of 30,000 steps has 60 MB."""


class KeptCapacity(msgspec.Struct, frozen=True):
    """The capacity in a summary."""

    clients: int
    limited: bool
    copies: int = 0
    cameras: dict[str, int] = {}
    requests_per_s: float | None = None
    low: float | None = None
    high: float | None = None


class _Validity(msgspec.Struct, frozen=True):
    verdict: Literal["VALID", "INVALID"]


class _Audit(msgspec.Struct, frozen=True):
    verdict: str


class KeptSummary(msgspec.Struct, frozen=True):
    """The keys of a summary that a list of runs needs; others may stand beside them."""

    validity: _Validity
    no_result: bool
    capacity: KeptCapacity | None
    name: str | None = None
    notes: str | None = None
    box_label: str | None = None
    interrupted: bool | None = None
    search: PastSearch | None = None
    interference: list[Any] | None = None
    headroom: list[Any] | None = None
    cache_audit: _Audit | None = None
    mix: list[Any] | None = None


@dataclass(frozen=True)
class KeptEntry:
    """One kept run, or a series. `summaries` has one for each run, None if it lacks or is broken.

    `problems` says of each broken one what is wrong.
    """

    folder: Path
    called: KeptName
    summaries: tuple[KeptSummary | None, ...]
    problems: tuple[str, ...]
    log_bytes: int
    all_bytes: int
    running: bool
    """A process is writing the log of one of its runs."""


def read_kept(output_dir: Path) -> list[KeptEntry]:
    """All kept runs, the newest first. Raises LogError if the folder cannot be read."""
    try:
        return [_entry(folder, called) for folder, called in _named(output_dir)]
    except OSError as problem:
        raise LogError(
            f"cannot read the kept runs in {output_dir}: {problem.strerror}; must be the folder "
            "of results of a load test, for example load_test_results"
        ) from problem


def _named(output_dir: Path) -> Iterator[tuple[Path, KeptName]]:
    for folder in kept_folders(output_dir):
        if called := parsed_name(folder.name):
            yield folder, called


def _entry(folder: Path, called: KeptName) -> KeptEntry:
    runs = parts_of(folder) or [folder]
    problems: list[str] = []
    summaries = tuple(_summary(run / SUMMARY_FILE, problems) for run in runs)
    logs = [run / KEPT_LOG for run in runs]
    return KeptEntry(
        folder,
        called,
        summaries,
        tuple(problems),
        sum(_bytes(log) for log in logs),
        sum(_bytes(path) for path in folder.rglob("*")),
        any(map(_is_written, logs)),
    )


def _summary(path: Path, problems: list[str]) -> KeptSummary | None:
    """What a summary says; None if there is none, or if it is broken, which is then a problem."""
    try:
        if _bytes(path) > _MOST_BYTES:
            raise ValueError("too large")
        return msgspec.json.decode(path.read_bytes(), type=KeptSummary)
    except FileNotFoundError:
        return None
    except OSError as problem:
        problems.append(f"{path} cannot be read: {problem.strerror}")
    except ValueError as problem:  # msgspec's errors are some
        problems.append(f"{path} is no summary of a run: {problem}")
    return None


def _is_written(log: Path) -> bool:
    try:
        return lock_holder(log.stat().st_ino) is not None
    except OSError:
        return False


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:  # it has just been removed
        return 0
