"""Copies the log of one node to the driver piece by piece, and resumes after an interruption."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from edgeload.cluster.engine import NodeHandle

CHUNK_BYTES = 8 << 20
_AGAIN_AFTER_S = 0.5
_GIVEN_UP_AFTER_S = 20.0


class PulledLog:
    """One stretch is on its way at a time; whole lines are handed to `write`.

    `on_answer` is called from other threads when a stretch has come.
    """

    def __init__(
        self,
        handle: NodeHandle,
        write: Callable[[bytes], None],
        on_answer: Callable[[], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._handle = handle
        self._write = write
        self._on_answer = on_answer
        self._coming: Future[Any] | None = None
        self._came = 0
        self._torn = b""
        self._now_s = now_s
        self._next_s = 0.0
        self._stuck_since_s: float | None = None

    def has(self, size: int) -> bool:
        """Whether the first `size` bytes of the node's log are here, as far as lines are whole."""
        return self._came >= size

    @property
    def hopeless(self) -> bool:
        """Whether nothing has come for so long that nothing will."""
        stuck_s = self._stuck_since_s
        return stuck_s is not None and self._now_s() - stuck_s > _GIVEN_UP_AFTER_S

    def go_on(self, size: int) -> None:
        """Take in what has come, and fetch what is missing of the first `size` bytes."""
        if self._coming is not None:
            if not self._coming.done():
                return
            self._take(self._coming)
            self._coming = None
        if self._came < size and self._now_s() >= self._next_s:
            most = min(CHUNK_BYTES, size - self._came)
            self._coming = self._handle.call("fetch", self._came, most)
            self._coming.add_done_callback(lambda _: self._on_answer())

    def _take(self, stretch: Future[Any]) -> None:
        """A stretch that did not come is asked for again, from the same place, but not at once."""
        content = b"" if stretch.exception() is not None else stretch.result()
        if not content:
            self._next_s = self._now_s() + _AGAIN_AFTER_S
            self._stuck_since_s = self._stuck_since_s or self._now_s()
            return
        self._stuck_since_s = None
        self._came += len(content)
        whole, newline, self._torn = (self._torn + content).rpartition(b"\n")
        if newline:
            self._write(whole + newline)
