"""The log as the parent process keeps it: whatever happens to the file, nothing in it is lost."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO, Any

from edgeload.plain_words import plural
from edgeload.private_files import private_folder
from edgeload.records import encode
from edgeload.run.log_place import fresh_file
from edgeload.runlog import ROOM_BYTES, LogRefused, LogWriter, create_log

_HEAD_BYTES = 4096
"""A file that was cut and has grown again shows it there."""


class KeptLog:
    """Writes the parent's own lines, and watches the file. Making one overwrites it, or takes the
    place of one that is kept under another name.

    * If the disk refuses, `refused` says why, and nothing is raised. Lines are kept until `finish`,
      for which room was set aside.
    * A file that somebody deletes in mid-run goes on without a name, and `finish` writes it again.
    * If somebody cuts it, the parent's own lines are added again. What the workers had written is
      lost; the counts in the last line tell how much.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError if the log cannot be written; an earlier one is then as it was."""
        private_folder(path.parent)
        self._room = _room_in(path.parent)
        self._lock = fresh_file(path)
        create_log(path)
        self._path = path
        self._log = LogWriter(path)
        self._own: list[bytes] = []
        self._waiting: list[bytes] = []
        self._seen_bytes = 0
        self._head = b""
        self._named = True
        self.refused: str | None = None
        """Why the log can no longer be written; None while it can."""

    def append(self, records: list[Any]) -> None:
        """Write records of the parent; if the disk refuses them, they wait for `finish`."""
        lines = [encode([record]) for record in records]
        self._own += lines
        self._write(lines)
        self._head = self._head or self._log.head(_HEAD_BYTES)

    def _write(self, lines: list[bytes]) -> None:
        if self.refused is None:
            try:
                self._log.write(b"".join(lines))
            except LogRefused as problem:
                self.refused = problem.strerror
        if self.refused is not None:
            self._waiting += lines

    def end_torn_line(self) -> None:
        """A worker has died: end the line that it may have left behind."""
        try:
            self._log.end_torn_line()
        except LogRefused as problem:
            self.refused = self.refused or problem.strerror

    def look(self) -> str | None:
        """Look after the file: what somebody has done to it since the last look, in one line."""
        size, said = self._log.size, None
        if size < self._seen_bytes or self._log.head(len(self._head)) != self._head:
            said = (
                f"somebody has cut the log {self._path} short: requests that were in it are lost, "
                "and the report counts them"
            )
            self._write(self._log.lacks(self._own))
            self._head = self._log.head(_HEAD_BYTES)
        elif self._named and not self._log.is_at(self._path):
            self._named = False
            said = (
                f"somebody has deleted or moved the log {self._path}: the run goes on, and writes "
                "it again at its end"
            )
        self._seen_bytes = size
        return said

    def finish(self, last: list[Any]) -> str | None:
        """Write the last lines, and those that had to wait, and see that the log is in its place.

        What went wrong with that, in one line; None: nothing.
        """
        self._room.close()
        self.look()
        waiting = [*self._waiting, *(encode([record]) for record in last)]
        was_refused, self.refused, self._waiting = self.refused, None, []
        self.end_torn_line()
        self._write(waiting)
        unwritten, self.refused = self.refused, was_refused or self.refused
        if not self._log.is_at(self._path):
            return self._put_back()
        if unwritten is not None:
            return (
                f"the last {plural(len(waiting), 'line')} could not be written into the log "
                f"{self._path} either ({unwritten})"
            )
        return None

    def _put_back(self) -> str | None:
        """Give the file its name again; a file that has it by now stays, and ours gets another."""
        path = self._path
        if path.exists():
            path = path.with_name(f"{path.stem}-kept{path.suffix}")
        try:
            private_folder(path.parent)
            self._log.copy_to(path)
        except OSError as problem:
            return f"the log {path} is lost: it could not be written again ({problem.strerror})"
        if path != self._path:
            return f"{self._path} is another file by now: the log of this run is {path}"
        return None

    def requests(self) -> int:
        """How many requests are in the log."""
        return self._log.requests()

    def close(self) -> None:
        """Close the log once everything is on the disk."""
        self._room.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        with contextlib.suppress(LogRefused):  # the report finds what the disk has lost
            self._log.close(sync=True)


def _room_in(folder: Path) -> IO[bytes]:
    """A file without a name that takes up the room of the log's last lines. Raises OSError."""
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  as long as the run
    file.write(bytes(ROOM_BYTES))
    file.flush()
    return file
