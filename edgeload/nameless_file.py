"""A temporary file that the system deletes when its process ends, even by SIGKILL."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def nameless_file() -> Iterator[tuple[IO[bytes], Path]]:
    """An empty temporary file, and a path by which other processes of this user can open it.

    The file has no name in any folder. Linux lists it as a descriptor of this process, and that is
    the path. Systems without such a list get a file with a name, which is removed on leaving.
    """
    with tempfile.TemporaryFile(prefix="edgeload-") as file:
        path = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        if path.exists():
            yield file, path
            return
    with tempfile.NamedTemporaryFile(prefix="edgeload-") as named:
        yield named, Path(named.name)
