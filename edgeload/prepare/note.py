"""The note of what `edgeload prepare` has made and changed, so that it can be undone exactly.

It is written before each step, with what the step is about to do, and after it. So whatever ends
the program, the note knows of everything that may have to be undone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from edgeload.private_files import private_folder, written_together

_FORMAT = "edgeload preparation 1"
_LEGAL = "must be a file that edgeload prepare has written, for example edgeload_prepared.json"


class NoteError(Exception):
    """The note cannot be read or written; one line that says why."""


@dataclass(frozen=True)
class NotedDetector:
    """A detector that was made, or is about to be."""

    name: str
    id: str | None = None
    """None: it may have been made, but we did not hear of it."""
    pictures: int = 0
    """How many labelled pictures it has got."""


@dataclass(frozen=True)
class NotedEntry:
    """What was changed in the configuration of the box for one detector."""

    detector_id: str
    before: str | None
    """The name of its configuration before; None: it was not listed."""
    given: str
    """The name of the configuration that it has got instead."""


@dataclass(frozen=True)
class NotedBox:
    """What was changed in the configuration of the box."""

    entries: tuple[NotedEntry, ...]
    added: tuple[str, ...] = ()
    """The names of the configurations that were added."""


@dataclass(frozen=True)
class Note:
    """Everything that `edgeload cleanup` has to undo."""

    preparation: str
    """A word of chance that each detector made has in its metadata."""
    cloud: str
    endpoint: str
    detectors: tuple[NotedDetector, ...] = ()
    box: NotedBox | None = None
    format: str = field(default=_FORMAT)

    def detector(self, name: str) -> NotedDetector | None:
        """The detector of this name, if it was made or was about to be."""
        return next((each for each in self.detectors if each.name == name), None)

    def with_detector(self, noted: NotedDetector) -> Note:
        """The same with this detector, in the place of one of its name."""
        others = tuple(each for each in self.detectors if each.name != noted.name)
        return replace(self, detectors=(*others, noted))

    def without_detector(self, name: str) -> Note:
        """The same without the detector of this name."""
        return replace(self, detectors=tuple(d for d in self.detectors if d.name != name))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to undo."""
        return not self.detectors and self.box is None


class NoteFile:
    """The note on the disk, private, whole at each instant."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """While entered, no other program changes a note in this folder. Raises NoteError."""
        folder = self.path.parent
        try:
            private_folder(folder)
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise NoteError(f"{self.path}: cannot be written ({error.strerror})") from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NoteError(
                    f"{self.path}: another edgeload prepare or cleanup runs in this folder; wait "
                    "until it has ended, or use a file in another one, for example "
                    "--note other/edgeload_prepared.json"
                ) from None
            except OSError:  # some file systems have no locks
                pass
            yield
        finally:
            os.close(lock)

    def read(self) -> Note | None:
        """The note; None if there is none. Raises NoteError."""
        try:
            note = msgspec.json.decode(self.path.read_bytes(), type=Note)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NoteError(f"{self.path}: cannot be read ({error.strerror}); {_LEGAL}") from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise NoteError(f"{self.path}: is no such note ({error}); {_LEGAL}") from error
        if note.format != _FORMAT:
            raise NoteError(f"{self.path}: its format is {note.format!r}; must be {_FORMAT!r}")
        return note

    def write(self, note: Note) -> None:
        """Replace the note. Raises NoteError; then the one before is still there."""
        content = msgspec.json.format(msgspec.json.encode(note), indent=1)
        try:
            with (
                written_together(self.path.parent) as folder,
                (folder / self.path.name).open("wb") as file,
            ):
                file.write(content + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise NoteError(f"{self.path}: cannot be written ({error.strerror})") from error

    def remove(self) -> None:
        """Forget the note. Raises NoteError."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise NoteError(f"{self.path}: cannot be removed ({error.strerror})") from error
