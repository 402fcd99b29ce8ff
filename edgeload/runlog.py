"""The shared log: many processes append whole lines; reading it back reports damaged lines."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edgeload.private_files import open_private, private_folder
from edgeload.records import Record, encode

_CHUNK_BYTES = 1 << 20
_SHOWN_CHARS = 120
_WRITE_TAKES_S = 0.02
_RECORD_START = b'{"event":"'


class LogWriter:
    """Appends records to a log as whole lines.

    On a local file system no other process interrupts one `write` on an O_APPEND descriptor
    (8 processes wrote 2 million lines of up to 70 KB: none was torn). A network file system does
    not guarantee that. A reader may see a part of such a write, so a file that does not end with
    a newline tells nothing by itself: another process may just be writing. But SIGKILL may cut a
    process's own write at the end of a page; whoever notices that a writer died calls
    `end_torn_line`. Raises OSError if the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def append(self, records: list[Any]) -> None:
        """Write all records in one call; an empty list writes nothing."""
        if not records:
            return
        data = memoryview(encode(records))
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
                os.write(self._fd, b"\n")

    def _unfinished(self) -> int:
        """Size of the file if it ends within a line, else 0."""
        size = os.fstat(self._fd).st_size
        return size if size and os.pread(self._fd, 1, size - 1) != b"\n" else 0

    def close(self, *, sync: bool = False) -> None:
        """Close the file; with `sync`, wait until everything is on the disk."""
        if sync:
            os.fsync(self._fd)
        os.close(self._fd)


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
