"""The ground-truth log: what happened to each image query inside the endpoint, as JSON lines."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

FLUSH_AFTER_S = 0.05


class Truth(msgspec.Struct, frozen=True):
    """One image query. Instants are seconds of time.monotonic(); None: it did not come to that.

    `arrival_s` is when the proxy had its last byte, `start_s` and `end_s` when an inference worker
    took it and let it go, `answered_s` when the last byte of the answer went out. `status` is None
    where no answer was given; `fault` is the fault that struck. `worker` is the proxy process,
    `connection` counts its connections from 1.
    """

    request_id: str
    arrival_s: float
    start_s: float | None
    end_s: float | None
    answered_s: float | None
    status: int | None
    fault: str | None
    worker: int
    connection: int


_encode = msgspec.json.Encoder().encode


def open_truth_log(path: Path) -> int:
    """A file descriptor to append lines to; an existing file is emptied. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)


class TruthLog:
    """Lines collected for a moment, then written together. The owner calls `flush` in time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: list[bytes] = []

    @property
    def pending(self) -> bool:
        """Whether there are lines to be written."""
        return bool(self._lines)

    def add(self, truth: Truth) -> None:
        """Take one line; nothing is written yet."""
        self._lines.append(_encode(truth) + b"\n")

    def flush(self) -> None:
        """Write what was taken. Raises OSError."""
        data = memoryview(b"".join(self._lines))
        self._lines.clear()
        while data:
            data = data[os.write(self._descriptor, data) :]


def read_truth_log(path: Path) -> list[Truth]:
    """All lines of a truth log. Raises msgspec.DecodeError for a line that is none."""
    decode = msgspec.json.Decoder(Truth).decode
    return [decode(line) for line in path.read_bytes().splitlines()]
