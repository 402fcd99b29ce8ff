"""Each reading in a file as soon as it is taken: none is lost, however a measurement ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from edgeload.box_memory.memory_record import reading_json
from edgeload.box_memory.reading import MemoryReading
from edgeload.private_files import open_private

READINGS_FILE = "readings.jsonl"


class ReadingsFile:
    """Appends readings to a file, one line each.

    If the disk refuses one, that is said once, and no further one is written: the readings are in
    memory as well.
    """

    def __init__(self, path: Path, say: Callable[[str], object]) -> None:
        self._path = path
        self._say = say
        self._refused = False

    def append(self, reading: MemoryReading) -> None:
        """Write a reading, whole and to the disk itself. Raises nothing."""
        if self._refused:
            return
        try:
            fd = open_private(self._path, os.O_WRONLY | os.O_APPEND)
            with os.fdopen(fd, "wb") as file:
                file.write(reading_json(reading))
                file.flush()
                os.fsync(fd)
        except OSError as problem:
            self._refused = True
            self._say(
                f"{self._path} cannot be written ({problem.strerror}): readings are written at the "
                "end only"
            )
