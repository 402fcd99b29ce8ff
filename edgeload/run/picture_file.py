"""The pool of pictures in one file that all workers map, without a copy for each of them."""

from __future__ import annotations

import contextlib
import mmap
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PictureFile:
    """A file of encoded pictures, one after the other; `sizes` are in bytes."""

    path: Path
    sizes: tuple[int, ...]

    def map(self) -> list[memoryview]:
        """The pictures as views into shared, read-only memory."""
        with self.path.open("rb") as file:
            whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        views, start = [], 0
        for size in self.sizes:
            views.append(whole[start : start + size])
            start += size
        return views


@contextlib.contextmanager
def written_pictures(pool: Sequence[bytes]) -> Iterator[PictureFile]:
    """While entered, a pool lies in a temporary file, which all workers map at their start."""
    with tempfile.NamedTemporaryFile(prefix="edgeload-pictures-") as file:
        file.writelines(pool)
        file.flush()
        yield PictureFile(Path(file.name), tuple(len(picture) for picture in pool))
