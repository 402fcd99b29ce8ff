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

_PACKED = r"(?:\.(?:gz|bz2|xz))?"
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
    if not logs and KEPT_LOG in names:
        with utf8_file(folder / KEPT_LOG) as file:
            return read_older_file(file, folder / KEPT_LOG, requests_per_second)
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
    beside = name.parent if name.name == KEPT_LOG else None
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
    """What a file holds; nothing if it is missing, too large, or not to be read."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError:
        return b""
    return text if len(text) <= _MOST_BYTES else b""
