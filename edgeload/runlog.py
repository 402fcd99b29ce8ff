"""The shared log: whole lines appended by many processes; read back with damage counted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edgeload.records import Record, encode

_CHUNK_BYTES = 1 << 20
_SHOWN_CHARS = 120


class LogWriter:
    """Appends records to a log as whole lines.

    One `write` on an O_APPEND descriptor is never torn by another process on a local file system
    (8 processes, 2 million lines up to 70 KB: none torn); a network file system gives no such
    promise. SIGKILL may cut a process's own write at a page's end, so each append looks whether
    the file ends with a line: a killed worker damages no line but its own last.
    Raises OSError when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def append(self, records: list[Any]) -> None:
        """Write all records in one call; nothing where the list is empty."""
        if not records:
            return
        data = memoryview(encode(records))
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            data = memoryview(b"\n" + data)
        while data:  # a regular file takes all at once, unless the disk is full
            data = data[os.write(self._fd, data) :]

    def close(self, *, sync: bool = False) -> None:
        """Close the file; with `sync`, only after the disk has everything."""
        if sync:
            os.fsync(self._fd)
        os.close(self._fd)


def create_log(path: Path) -> None:
    """Make an empty log, over the one of the run before. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


@dataclass(frozen=True)
class DamagedLine:
    """A line of the log that is no record: its number from 1, its head, and what is wrong."""

    number: int
    text: str
    problem: str


def line_starts(path: Path, count: int) -> list[int]:
    """Offsets at which lines begin and that divide a log into `count` stretches of like size."""
    size = path.stat().st_size
    starts = [0]
    with path.open("rb") as file:
        for i in range(1, count):
            file.seek(max(starts[-1], size * i // count))
            file.readline()
            starts.append(file.tell())
    return starts


def read_blocks(path: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Whole lines of a log, about 1 MB at a time: bounded memory whatever the log's size.

    From one offset to another (None: the log's end), at both of which a line must begin. A last
    line without newline is given like the others.
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
    """The same as lists of lines without their newline, with the number (from 1) of the first."""
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
    """Records of a log by the chunk, in file order; what cannot be decoded is a DamagedLine.

    `decoder` is for readers that want less than whole records (see `records.RequestRow`); `start`
    and `end` are those of `read_blocks`, and lines are counted from there.
    """
    decoder = decoder or msgspec.json.Decoder(Record)
    number = 1
    for block in read_blocks(path, start, end):
        try:
            records = decoder.decode_lines(block)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            lines = block.removesuffix(b"\n").split(b"\n")
            yield [_decode_line(decoder, number + i, line) for i, line in enumerate(lines) if line]
            number += len(lines)
        else:
            yield records
            number += len(records)


def _decode_line(decoder: msgspec.json.Decoder[Any], number: int, line: bytes) -> Any:
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        text = line[: _SHOWN_CHARS * 4].decode("utf-8", "replace")
        shown = "".join(c if c.isprintable() else "?" for c in text)[:_SHOWN_CHARS]
        return DamagedLine(number, shown, str(problem))
