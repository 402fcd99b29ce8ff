"""Files that only their owner may read, whatever the umask, and that come in whole sets.

Logs and results tell where an endpoint is, what it was asked and how it answered.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from edgeload.signals import withheld

FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_MOST_OF_A_NAME = 1000
_UNFINISHED = ".edgeload-unfinished-"


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing. One that exists keeps its mode.

    Raises OSError.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another process has just made it
            each.mkdir(_FOLDER_MODE)
            each.chmod(_FOLDER_MODE)  # the umask may have taken away more
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def new_private_folder(place: Path, name_of: Callable[[int], str]) -> Path:
    """Make a folder in `place` under the first free one of the names for 1, 2 and so on.

    No other process gets the same one. Raises OSError.
    """
    private_folder(place)
    for number in range(1, _MOST_OF_A_NAME):
        path = place / name_of(number)
        with contextlib.suppress(FileExistsError):
            path.mkdir(_FOLDER_MODE)
            path.chmod(_FOLDER_MODE)
            return path
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def open_private(path: Path, flags: int) -> int:
    """`os.open` with O_CREAT for a file of ours, an earlier one as well. Raises OSError."""
    fd = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    with contextlib.suppress(PermissionError):  # somebody else's file that we may write
        os.fchmod(fd, FILE_MODE)
    return fd


@contextlib.contextmanager
def written_together(folder: Path, outdated: Iterable[str] = ()) -> Iterator[Path]:
    """A new folder inside `folder`, whose files all move into that one when the context ends well.

    They replace files of the same names, and files whose names match `outdated` are removed: they
    would pass for members of the new set. If writing fails or is interrupted, `folder` stays as it
    was. What a killed process has left behind goes away with the next set. Raises OSError.
    """
    private_folder(folder)
    _remove_left_behind(folder)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    unfinished.chmod(_FOLDER_MODE)
    lock = os.open(unfinished, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # some file systems have no locks
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield unfinished
        _move(unfinished, folder, outdated)
    finally:
        os.close(lock)
        shutil.rmtree(unfinished, ignore_errors=True)


def _move(unfinished: Path, folder: Path, outdated: Iterable[str]) -> None:
    """Signals wait until all files are in their places."""
    files = sorted(unfinished.iterdir())
    for file in files:
        file.chmod(FILE_MODE)
        if (folder / file.name).is_dir():
            problem = errno.EISDIR
            raise IsADirectoryError(problem, os.strerror(problem), str(folder / file.name))
    with withheld():
        for file in files:
            file.replace(folder / file.name)
        new = {file.name for file in files}
        for pattern in outdated:
            for old in folder.glob(pattern):
                if old.name not in new:
                    old.unlink(missing_ok=True)


def _remove_left_behind(folder: Path) -> None:
    """Remove the unfinished sets of processes that were killed: nobody holds their locks."""
    for left in folder.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(lock)
