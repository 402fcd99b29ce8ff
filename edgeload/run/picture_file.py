"""The pool of pictures in one file that all workers map, without a copy for each of them."""

from __future__ import annotations

import contextlib
import mmap
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from edgeload.nameless_file import nameless_file
from edgeload.settings import SettingError


@dataclass(frozen=True)
class PictureFile:
    """A file of encoded pictures; `sizes` are in bytes, and so is where each `starts`.

    Without `starts` they lie one after the other.
    """

    path: Path
    sizes: tuple[int, ...]
    starts: tuple[int, ...] = ()

    def map(self) -> list[memoryview]:
        """The pictures as views into shared, read-only memory.

        All of it is there at once: no page has to be fetched while a request is timed.
        """
        flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
        with self.path.open("rb") as file:
            whole = memoryview(mmap.mmap(file.fileno(), 0, flags, mmap.PROT_READ))
        places = zip(self._starts, self.sizes, strict=True)
        return [whole[start : start + size] for start, size in places]

    def in_order(self, indices: Sequence[int]) -> PictureFile:
        """The same file with these of its pictures, in this order; one may come several times."""
        starts = self._starts
        return PictureFile(
            self.path,
            tuple(self.sizes[index] for index in indices),
            tuple(starts[index] for index in indices),
        )

    @property
    def _starts(self) -> tuple[int, ...]:
        return self.starts or tuple(accumulate(self.sizes[:-1], initial=0))


def no_temporary_file(problem: OSError) -> SettingError:
    """What to say if the folder for temporary files takes none, or no more."""
    try:
        folder = f"{tempfile.gettempdir()}, the folder for temporary files,"
    except FileNotFoundError:
        folder = "every folder for temporary files"
    return SettingError(
        f"{folder} cannot be written ({problem.strerror}); free some room, or set TMPDIR to a "
        "folder that you may write, for example TMPDIR=~/tmp"
    )


@contextlib.contextmanager
def written_pictures(pool: Sequence[bytes]) -> Iterator[PictureFile]:
    """While entered, a pool lies in a temporary file, which all workers map at their start.

    Raises SettingError if there is no room for it.
    """
    with nameless_file() as (file, path):
        try:
            file.writelines(pool)
            file.flush()
        except OSError as problem:
            raise no_temporary_file(problem) from problem
        yield PictureFile(path, tuple(len(picture) for picture in pool))
