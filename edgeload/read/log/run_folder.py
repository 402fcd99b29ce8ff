"""A folder that one run of upstream's tools wrote: its logs, and what stands beside them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from edgeload.kept_runs import KEPT_LOG
from edgeload.plain_words import listed
from edgeload.read.log.columns import RunLog
from edgeload.read.log.lens_facts import LensFacts, lens_facts, rate_of_results
from edgeload.read.log.lens_log import lens_log
from edgeload.read.log.log_error import LogError
from edgeload.read.log.older_form import older_log
from edgeload.read.log.older_joined import joined_rows
from edgeload.read.log.older_rows import OlderRows, check_is_log, older_rows, rows_of_lines
from edgeload.read.log.source import utf8_file

_ENDS = ("", ".gz", ".bz2", ".xz")
_PACKED = r"(?:\.(?:gz|bz2|xz))?"
_ONE_LOG = re.compile(rf"{re.escape(KEPT_LOG)}{_PACKED}")
_CAMERA_LOG = re.compile(rf"camera_.+\.log{_PACKED}")
_HOST_LOG = re.compile(rf"system\.log{_PACKED}")
_RUN = re.compile(r"run_\d+")
_SUMMARY, _RESULTS = "summary.json", "load_test_results.json"
_MOST_BYTES = 1 << 26
_MOST_FILES = 10_000
_MOST_NAMED = 5


def read_run_folder(folder: Path, requests_per_second: float | None) -> RunLog:
    """The run in a folder. Raises LogError for a folder of several runs, or of none."""
    try:
        folder = _only_run(folder)
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
    except OSError as problem:
        raise LogError(f"cannot read {folder}: {problem.strerror}") from problem
    logs = [folder / name for name in names if _CAMERA_LOG.fullmatch(name)]
    whole = next((folder / name for name in names if _ONE_LOG.fullmatch(name)), None)
    if not logs and whole is not None:
        with utf8_file(whole) as file:
            return read_older_file(file, whole, requests_per_second)
    if not logs:
        raise LogError(
            f"{folder} is a folder without the log of a load test: must be a log, or a folder with "
            f"{KEPT_LOG} or with logs of cameras (camera_*.log)"
        )
    if len(logs) > _MOST_FILES:
        raise LogError(f"{folder} has more than {_MOST_FILES:,} logs of cameras")
    logs += [folder / name for name in names if _HOST_LOG.fullmatch(name)]
    rows = joined_rows([_rows(log) for log in logs])
    check_is_log(rows, folder)
    return lens_log(rows, folder, _facts(folder), requests_per_second)


def read_older_file(file: Path, name: Path, requests_per_second: float | None) -> RunLog:
    """An older log, in `file`; what stands beside `name` tells the rate that it does not say."""
    rows = older_rows(file, name)
    beside = name.parent if _ONE_LOG.fullmatch(name.name) else None
    if rows.cameras:
        return lens_log(rows, name, _facts(beside) if beside else None, requests_per_second)
    if requests_per_second is None and beside is not None:
        requests_per_second = rate_of_results(_content(beside / _RESULTS))
    return older_log(rows, name, requests_per_second)


def files_of_run(folder: Path) -> list[Path]:
    """What must stay as it is: all files of the folder, and of the runs below it."""
    runs = [path for path in folder.iterdir() if _RUN.fullmatch(path.name) and path.is_dir()]
    return [path for each in (folder, *runs) for path in each.iterdir() if path.is_file()]


def _only_run(folder: Path) -> Path:
    """The folder of the run: that which was given, or the one below it."""
    runs = sorted(p.name for p in folder.iterdir() if _RUN.fullmatch(p.name) and p.is_dir())
    if len(runs) > 1:
        shown = listed(runs[:_MOST_NAMED]) + (", …" if len(runs) > _MOST_NAMED else "")
        raise LogError(
            f"{folder} holds {len(runs)} runs ({shown}): give one of them, for example "
            f"{folder / runs[0]}"
        )
    return folder / runs[0] if runs else folder


def _rows(log: Path) -> OlderRows:
    """The lines of one file; what is damaged in it says so."""
    with utf8_file(log) as file:
        rows = rows_of_lines(file, log)
    first = rows.tally.first_damage
    if first is not None:
        rows.tally.first_damage = replace(first, problem=f"in {log.name}, {first.problem}")
    return rows


def _facts(folder: Path) -> LensFacts | None:
    return lens_facts(_content(folder / _SUMMARY))


def _content(path: Path) -> bytes:
    """What a file holds, packed or not; nothing if it is missing, too large, or not to be read."""
    found = [path.with_name(path.name + end) for end in _ENDS]
    given = next((each for each in found if each.is_file()), None)
    if given is None:
        return b""
    try:
        with utf8_file(given) as unpacked, unpacked.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except (LogError, OSError):
        return b""
    return text if len(text) <= _MOST_BYTES else b""
