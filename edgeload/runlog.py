"""The shared log: whole lines appended by many processes; read back with damage counted."""

from __future__ import annotations

import os
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
    promise. Raises OSError when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def append(self, records: list[Any]) -> None:
        """Write all records in one call; nothing where the list is empty."""
        if not records:
            return
        data = memoryview(encode(records))
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


def read_lines(path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Lines of a log without their newline, by the chunk, with the first line's number (from 1).

    Bounded memory whatever the log's size. A last line without newline is given like the others.
    """
    number = 1
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            head, found, tail = chunk.rpartition(b"\n")
            if not found:
                rest += chunk
                continue
            lines = (rest + head).split(b"\n")
            rest = tail
            yield number, lines
            number += len(lines)
    if rest:
        yield number, [rest]


def read_records(path: Path) -> Iterator[list[Record | DamagedLine]]:
    """Records of a log by the chunk, in file order; what cannot be decoded is a DamagedLine."""
    decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)
    for number, lines in read_lines(path):
        try:
            yield list(decoder.decode_lines(b"\n".join(lines)))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            yield [_decode_line(decoder, number + i, line) for i, line in enumerate(lines) if line]


def _decode_line(
    decoder: msgspec.json.Decoder[Record], number: int, line: bytes
) -> Record | DamagedLine:
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        text = line[: _SHOWN_CHARS * 4].decode("utf-8", "replace")
        shown = "".join(c if c.isprintable() else "?" for c in text)[:_SHOWN_CHARS]
        return DamagedLine(number, shown, str(problem))
