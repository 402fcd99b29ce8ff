"""The place of the log: refuses what must not be overwritten, and holds it against other runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import psutil

from edgeload.file_locks import lock_holder
from edgeload.kept_runs import is_kept_log
from edgeload.private_files import open_private
from edgeload.settings import SettingError, Settings

RESULT_NAMES = (
    "summary.json", "summary.md", "steps.csv", "report.html", "repeats.json",
    "comparison.json", "comparison.md", "comparison.html",
    "variants.json", "variants.txt", "*.png", "*.hgrm",
)  # fmt: skip
"""What reports write into the folder of the results, and into those of the runs of a series."""
_RUN_FOLDER = re.compile(r"run-\d+")
_LOG_LINE = re.compile(rb'^(?:RAMP \d|\{"(?:event|asctime)")', re.MULTILINE)
_LOOKED_AT_BYTES = 1 << 16
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_log_place(settings: Settings) -> None:
    """Raise SettingError if the log would overwrite something else, or cannot be a file there.

    A log of an earlier run may be overwritten, and so may an empty file. Raises OSError.
    """
    path = settings.log_file
    if _is_place_of_a_result(path.resolve(), settings.output_dir.resolve()):
        raise _refused(path, f"reports write a file of this name into {settings.output_dir}")
    if is_kept_log(path.resolve()):
        raise _refused(path, "is the place of the log of a run that is kept")
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    for is_one, kind in _KINDS:
        if is_one(mode):
            raise _refused(path, f"is {kind}, not a file")
    if stat.S_ISREG(mode) and not _may_be_overwritten(path):
        raise _refused(path, "is not the log of an earlier run, and would be overwritten")


def _refused(path: Path, why: str) -> SettingError:
    return SettingError(
        f"LOG_FILE = {str(path)!r}: {why}; must be a new file or an earlier log, for example "
        "load_test.log"
    )


def _is_place_of_a_result(path: Path, output_dir: Path) -> bool:
    folder = path.parent.parent if _RUN_FOLDER.fullmatch(path.parent.name) else path.parent
    return output_dir in (folder, path.parent) and any(
        fnmatch(path.name, name) for name in RESULT_NAMES
    )


def _may_be_overwritten(path: Path) -> bool:
    """Whether a file is empty, or has a line of a log near its beginning."""
    with path.open("rb") as file:
        head = file.read(_LOOKED_AT_BYTES)
    return not head or _LOG_LINE.search(head) is not None


@contextlib.contextmanager
def held_log(path: Path) -> Iterator[None]:
    """While entered, no other run can write this log. The lock ends with our process, too.

    A log that did not exist before, and into which nothing was written, does not exist afterwards.
    Raises SettingError, in one line, if another run holds it, and OSError.
    """
    is_new = not path.exists()
    fd = _locked(path)
    try:
        yield
    finally:
        if is_new and not os.fstat(fd).st_size and _is_at(fd, path):
            path.unlink(missing_ok=True)
        os.close(fd)


def _locked(path: Path) -> int:
    """A descriptor of the log that holds its lock."""
    while True:
        fd = open_private(path, os.O_RDWR | os.O_NONBLOCK)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(os.fstat(fd).st_ino)
            os.close(fd)
            raise SettingError(
                f"LOG_FILE = {str(path)!r}: another run{holder} is writing it; must be another "
                f"file, for example --log-file {path.stem}-2{path.suffix}"
            ) from None
        except OSError:  # a file system without locks
            return fd
        if _is_at(fd, path):  # else the other run has just removed its empty log
            return fd
        os.close(fd)


def fresh_file(path: Path) -> int | None:
    """Give a log a new file if the one of that name has others: a kept run's log stays as it is.

    The lock that `held_log` has is on the old file, so the new one has its own, for as long as the
    descriptor that is returned is open. None if the file is ours alone. Raises OSError.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_nlink == 1:
        return None
    place = path.resolve()
    place.unlink()
    fd = open_private(place, os.O_RDWR | os.O_EXCL)
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fd


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def _holder(inode: int) -> str:
    """` (process 4711, since 2026-11-27 14:03:22)`, as far as the system tells."""
    pid = lock_holder(inode)
    if pid is None:
        return ""
    try:
        began = time.localtime(psutil.Process(pid).create_time())
    except (ValueError, psutil.Error):
        return ""
    return f" (process {pid}, since {time.strftime('%Y-%m-%d %H:%M:%S', began)})"
