"""The ground-truth log: what happened to each image query inside the endpoint, as JSON lines."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

FLUSH_AFTER_S = 0.05


class Truth(msgspec.Struct, frozen=True):
    """One image query. Instants are seconds of time.monotonic(); None if it was never reached.

    `arrival_s` is when the proxy had received the last byte, `start_s` and `end_s` are the start
    and the end of its service, `answered_s` is when the last byte of the answer was sent. `status`
    is None if there was no answer. `fault` is the fault that the query had. `worker` is the number
    of the proxy process, and `connection` counts that proxy's connections from 1. `detector_id` is
    that of the detector that was asked; empty if there is no such detector, and in logs of before
    there were several. `cache_hit` says whether its picture was in the cache; None without a cache,
    or if it was not served.
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
    detector_id: str = ""
    cache_hit: bool | None = None


_encode = msgspec.json.Encoder().encode


def open_truth_log(path: Path) -> int:
    """A file descriptor to append lines to; empties an existing file. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)


class TruthLog:
    """Collects lines and writes them together when the owner calls `flush`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: list[bytes] = []

    @property
    def pending(self) -> bool:
        """Whether there are lines that have not been written."""
        return bool(self._lines)

    def add(self, truth: Truth) -> None:
        """Add one line; it is written by the next `flush`."""
        self._lines.append(_encode(truth) + b"\n")

    def flush(self) -> None:
        """Write the lines that were added. Raises OSError."""
        data = memoryview(b"".join(self._lines))
        self._lines.clear()
        while data:
            data = data[os.write(self._descriptor, data) :]


def read_truth_log(path: Path) -> list[Truth]:
    """All lines of a truth log. Raises msgspec.DecodeError for a damaged line."""
    decode = msgspec.json.Decoder(Truth).decode
    return [decode(line) for line in path.read_bytes().splitlines()]
