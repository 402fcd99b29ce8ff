"""The folders in which runs are kept: what they are called, and which one a user means.

Each run of a load test has its folder in OUTPUT_DIR, `TIME` or `TIME-NAME`, with its log and its
results. One of a series has a folder for each of its runs in that: `run-1`, `run-2` and so on.
"""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LATEST = "latest"
"""A link to the newest of them, and the name for it."""
KEPT_LOG = "load_test.log"
"""What the log is called there, whatever LOG_FILE is."""
_FOLDER = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d{6}Z)(?:\.(?P<number>\d{1,4}))?(?:-(?P<name>.+))?"
)
_PART = re.compile(r"run-(\d{1,4})")
_STANDARD_INPUT = "-"
_MOST_SHOWN = 5


class UnknownRun(ValueError):
    """No kept run, or more than one, is what a user meant; the text is one line."""


@dataclass(frozen=True)
class KeptName:
    """What the name of a kept run's folder says. `number` tells runs of one second apart."""

    time: str
    number: int
    name: str


def folder_name(began_s: float, name: str, number: int = 1) -> str:
    """`2026-11-27T174205Z-4-workers`: when the run began, in UTC, and the user's name for it.

    >>> folder_name(0.0, "4-workers"), folder_name(0.0, "", 2)
    ('1970-01-01T000000Z-4-workers', '1970-01-01T000000Z.2')
    """
    at = time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime(began_s))
    return at + (f".{number}" if number > 1 else "") + (f"-{name}" if name else "")


def parsed_name(folder: str) -> KeptName | None:
    """The parts of a folder's name; None if it is not that of a kept run.

    >>> parsed_name("2026-11-27T174205Z-4-workers")
    KeptName(time='2026-11-27T174205Z', number=1, name='4-workers')
    """
    found = _FOLDER.fullmatch(folder)
    return (
        KeptName(found["time"], int(found["number"] or 1), found["name"] or "") if found else None
    )


def is_kept_log(path: Path) -> bool:
    """Whether a path is that of the log in a kept run's folder."""
    folder = path.parent.parent if _PART.fullmatch(path.parent.name) else path.parent
    return path.name == KEPT_LOG and parsed_name(folder.name) is not None


def log_label(path: Path) -> str:
    """What a log is called in a report: by its file's name; a kept one by that of its folder.

    >>> log_label(Path("results/2026-11-27T174205Z/run-2/load_test.log"))
    '2026-11-27T174205Z/run-2'
    """
    if not is_kept_log(path):
        return path.name
    folder = path.parent
    return f"{folder.parent.name}/{folder.name}" if _PART.fullmatch(folder.name) else folder.name


def kept_folders(output_dir: Path) -> list[Path]:
    """The folders of all kept runs and series, the newest first. Raises OSError."""
    found = [
        (name.time, name.number, folder)
        for folder in output_dir.iterdir()
        if (name := parsed_name(folder.name)) and folder.is_dir() and not folder.is_symlink()
    ]
    return [folder for *_, folder in sorted(found, reverse=True)]


def parts_of(folder: Path) -> list[Path]:
    """The folders of the runs of a series, in order; none for one run. Raises OSError."""
    found = [
        (int(number[1]), part)
        for part in folder.iterdir()
        if (number := _PART.fullmatch(part.name)) and part.is_dir()
    ]
    return [part for _, part in sorted(found)]


def logs_in(folder: Path) -> list[Path]:
    """The log in a kept run's folder, or those of the runs of a series. Raises OSError."""
    if (folder / KEPT_LOG).is_file():
        return [folder / KEPT_LOG]
    return [part / KEPT_LOG for part in parts_of(folder) if (part / KEPT_LOG).is_file()]


def folder_of_logs(logs: Sequence[Path]) -> Path | None:
    """The folder of one kept log, or that of a series if all logs are those of its runs."""
    if not logs or not all(map(is_kept_log, logs)):
        return None
    if len(logs) == 1:
        return logs[0].parent
    folder = logs[0].parent.parent
    runs = [folder / f"run-{number}" / KEPT_LOG for number in range(1, len(logs) + 1)]
    return folder if runs == list(logs) else None


def logs_meant(word: Path, output_dir: Path) -> list[Path]:
    """The logs that a user means by a file, a folder, or the name of a kept run in `output_dir`.

    A file that exists is meant as it is, and so is what nothing kept can stand for: who reads it
    says what is wrong. Raises UnknownRun.
    """
    try:
        folder = _folder_meant(word, output_dir)
        return (logs_in(folder) if folder else []) or [word]
    except OSError:
        return [word]


def _folder_meant(word: Path, output_dir: Path) -> Path | None:
    if str(word) == _STANDARD_INPUT or (word.exists() and not word.is_dir()):
        return None
    word = _without_link(word)
    if word.is_dir():
        if logs_in(word):
            return word
        if latest := _latest(word):
            return latest
        try:
            return _folder_of_name(word, output_dir)
        except UnknownRun:
            return None
    return _folder_of_name(word, output_dir)


def _without_link(word: Path) -> Path:
    """The same folder by its own name, if `latest` leads to it."""
    if _PART.fullmatch(word.name) and word.parent != Path():
        return _without_link(word.parent) / word.name
    if word.name == LATEST and word.is_symlink():
        return word.parent / word.resolve().name
    return word


def _folder_of_name(word: Path, output_dir: Path) -> Path | None:
    if _PART.fullmatch(word.name) and word.parent != Path():
        series = _folder_meant(word.parent, output_dir)
        return _existing(series / word.name) if series else None
    place = output_dir if word.parent == Path() and not word.is_absolute() else word.parent
    if word.name == LATEST:
        return _latest(place)
    folders = kept_folders(place)
    return _chosen(word, folders) if folders else None


def _existing(folder: Path) -> Path | None:
    return folder if folder.is_dir() else None


def _latest(output_dir: Path) -> Path | None:
    """The folder that `latest` leads to, by its own name."""
    return _existing(output_dir / (output_dir / LATEST).resolve().name)


def _chosen(typed: Path, folders: Sequence[Path]) -> Path:
    """The one folder that is called so, whose run is, or whose name or run begins so."""
    word = typed.name
    for matching in _matches(word, folders):
        if len(matching) == 1:
            return matching[0]
        if matching:
            names = ", ".join(folder.name for folder in matching[:_MOST_SHOWN])
            more = ", …" if len(matching) > _MOST_SHOWN else ""
            raise UnknownRun(
                f"{word!r} can be {len(matching)} kept runs: {names}{more}; give more of the name"
            )
    known = [name for folder in folders for name in _names(folder) if name]
    near = difflib.get_close_matches(word, known, 1) or [folders[0].name]
    raise UnknownRun(
        f"cannot read the log {typed}: No such file or directory, and no run that is kept in "
        f"{folders[0].parent} is called so; did you mean {near[0]}? edgeload list shows all"
    )


def _matches(word: str, folders: Sequence[Path]) -> Iterator[list[Path]]:
    yield [folder for folder in folders if folder.name == word]
    yield [folder for folder in folders if word in _names(folder)]
    yield [f for f in folders if any(name.startswith(word) for name in _names(f) if name)]


def _names(folder: Path) -> tuple[str, str]:
    """That of the folder, and that of the run."""
    parsed = parsed_name(folder.name)
    return folder.name, parsed.name if parsed else ""
