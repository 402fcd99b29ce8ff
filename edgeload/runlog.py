"""The shared log: many processes append whole lines; reading it back reports damaged lines."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edgeload.private_files import FILE_MODE, open_private, private_folder
from edgeload.records import Record, encode

_CHUNK_BYTES = 1 << 20
_SHOWN_CHARS = 120
_WRITE_TAKES_S = 0.02
LOG_REFUSED_CODE = 128
"""Exit code of a process that cannot write the log any more, plus the system's error number."""
ROOM_BYTES = 1 << 16
"""Room for the last lines of a log, which the parent process keeps until it needs it."""
_REQUEST_LINE = re.compile(rb'^\{"event":"request".*\}$', re.MULTILINE)
_RECORD_START = b'{"event":"'


class LogRefused(OSError):
    """The disk refuses the log: `errno` and `strerror` say why."""


@contextlib.contextmanager
def ended_by_refusal() -> Iterator[None]:
    """While entered, a log that the disk refuses ends this process, with a code that says why."""
    try:
        yield
    except LogRefused as problem:
        os._exit(LOG_REFUSED_CODE + (problem.errno or 0))


class LogWriter:
    """Appends records to a log as whole lines.

    On a local file system no other process interrupts one `write` on an O_APPEND descriptor
    (8 processes wrote 2 million lines of up to 70 KB: none was torn). A network file system does
    not guarantee that. A reader may see a part of such a write, so a file that does not end with
    a newline tells nothing by itself: another process may just be writing. But SIGKILL may cut a
    process's own write at the end of a page; whoever notices that a writer died calls
    `end_torn_line`. Raises LogRefused if the disk refuses.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Without `create`, a log that has just been deleted is not made again."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        with _refusals():
            self._fd = os.open(path, flags, FILE_MODE)

    def append(self, records: list[Any]) -> None:
        """Write all records in one call; an empty list writes nothing."""
        if not records:
            return
        self.write(encode(records))

    def write(self, lines: bytes) -> None:
        """Append whole lines as they are."""
        data = memoryview(lines)
        with _refusals():
            while data:  # a regular file accepts everything at once, unless the disk is full
                data = data[os.write(self._fd, data) :]

    def end_torn_line(self) -> None:
        """A writer has died: end the line that it may have left behind.

        A line that another writer is still at grows or ends within a moment; a torn one stays.
        """
        size = self._unfinished()
        if size:
            time.sleep(_WRITE_TAKES_S)
            if self._unfinished() == size:
                self.write(b"\n")

    def _unfinished(self) -> int:
        """Size of the file if it ends within a line, else 0."""
        size = os.fstat(self._fd).st_size
        return size if size and os.pread(self._fd, 1, size - 1) != b"\n" else 0

    def close(self, *, sync: bool = False) -> None:
        """Close the file; with `sync`, wait until everything is on the disk."""
        try:
            if sync:
                with _refusals():
                    os.fsync(self._fd)
        finally:
            os.close(self._fd)

    @property
    def size(self) -> int:
        """Bytes in the file, wherever it may be by now."""
        return os.fstat(self._fd).st_size

    def head(self, most_bytes: int) -> bytes:
        """The first bytes of the file."""
        return os.pread(self._fd, most_bytes, 0)

    def is_at(self, path: Path) -> bool:
        """Whether the file is the one of that name, and not deleted, moved or replaced."""
        try:
            return os.path.samestat(os.fstat(self._fd), path.stat())
        except OSError:
            return False

    def lacks(self, lines: Sequence[bytes]) -> list[bytes]:
        """Those of these lines that are not in the file."""
        if not self.size:
            return list(lines)
        with mmap.mmap(self._fd, 0, prot=mmap.PROT_READ) as content:
            return [line for line in lines if content.find(line) < 0]

    def requests(self) -> int:
        """How many whole lines of requests are in the file."""
        if not self.size:
            return 0
        with mmap.mmap(self._fd, 0, prot=mmap.PROT_READ) as content:
            return sum(1 for _ in _REQUEST_LINE.finditer(content))

    def copy_to(self, path: Path) -> None:
        """Write the content of the file, which may have lost its name, to a new file. OSError."""
        with os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "wb") as copy:
            at = 0
            while chunk := os.pread(self._fd, _CHUNK_BYTES, at):
                copy.write(chunk)
                at += len(chunk)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise LogRefused(problem.errno, problem.strerror) from problem


def create_log(path: Path) -> None:
    """Create an empty log; an existing one is overwritten. Raises OSError."""
    private_folder(path.parent)
    os.close(open_private(path, os.O_WRONLY | os.O_TRUNC))


@dataclass(frozen=True)
class DamagedLine:
    """A line that is not a record: its number from 1, its beginning, and what is wrong with it."""

    number: int
    text: str
    problem: str


def line_starts(path: Path, count: int) -> list[int]:
    """Offsets that divide a log into `count` stretches of similar size; a line begins at each."""
    size = path.stat().st_size
    starts = [0]
    with path.open("rb") as file:
        for i in range(1, count):
            file.seek(max(starts[-1], size * i // count))
            file.readline()
            starts.append(file.tell())
    return starts


def read_blocks(path: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Whole lines of a log, about 1 MB at a time, so the memory needed is bounded.

    Reads from one offset to another (None: the end of the log); a line must begin at both. A last
    line without a newline is returned like the others.
    """
    rest = b""
    left = sys.maxsize if end is None else end - start
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(min(_CHUNK_BYTES, left)):
            left -= len(chunk)
            end = chunk.rfind(b"\n") + 1
            if not end:
                rest += chunk
                continue
            yield rest + chunk[:end]
            rest = chunk[end:]
    if rest:
        yield rest


def read_lines(path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """(number of the first line from 1, lines without their newlines), about 1 MB at a time."""
    number = 1
    for block in read_blocks(path):
        lines = block.removesuffix(b"\n").split(b"\n")
        yield number, lines
        number += len(lines)


def read_records(
    path: Path,
    decoder: msgspec.json.Decoder[Any] | None = None,
    start: int = 0,
    end: int | None = None,
) -> Iterator[list[Any]]:
    """Records of a log in file order, in chunks; a line that cannot be decoded is a DamagedLine.

    Pass a `decoder` to read less than whole records (see `records.RequestRow`). `start` and `end`
    are those of `read_blocks`, and lines are counted from `start`.
    """
    decoder = decoder or msgspec.json.Decoder(Record)
    number = 1
    for block in read_blocks(path, start, end):
        try:
            records = decoder.decode_lines(block)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            lines = block.removesuffix(b"\n").split(b"\n")
            yield [
                record
                for i, line in enumerate(lines)
                if line
                for record in _decode_line(decoder, number + i, line)
            ]
            number += len(lines)
        else:
            yield records
            number += len(records)


def _decode_line(decoder: msgspec.json.Decoder[Any], number: int, line: bytes) -> list[Any]:
    """The line's record; or the damage, and the record that was written behind a torn one."""
    try:
        return [decoder.decode(line)]
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        text = line[: _SHOWN_CHARS * 4].decode("utf-8", "replace")
        shown = "".join(c if c.isprintable() else "?" for c in text)[:_SHOWN_CHARS]
        damage = DamagedLine(number, shown, str(problem))
    try:
        behind = line.rfind(_RECORD_START)
        return [damage, decoder.decode(line[behind:])] if behind > 0 else [damage]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return [damage]
