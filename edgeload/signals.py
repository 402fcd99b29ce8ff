"""Turns Ctrl-C and SIGTERM into something that a loop can count and wait for."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """A signal has come; the text is its name. Not an Exception, which a library might swallow."""


class StopSignals:
    """While entered, SIGINT and SIGTERM are counted and do not end the program.

    Use it in the main thread. Leaving restores the previous handlers. (It uses a pipe, because
    threading.Event deadlocks if a handler sets it during its own wait.)
    """

    def __init__(self) -> None:
        self.count = 0
        self.last = ""
        """Name of the latest signal, for example SIGINT; empty before the first."""
        self._raises = False

    def __enter__(self) -> StopSignals:
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        os.set_blocking(self._write_fd, False)
        self._before: dict[signal.Signals, Any] = {
            number: signal.signal(number, self._on_signal) for number in _SIGNALS
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read_fd)
        os.close(self._write_fd)

    def fileno(self) -> int:
        """A descriptor that is readable from a signal until `clear`."""
        return self._read_fd

    def wait(self, timeout_s: float) -> bool:
        """Sleep for `timeout_s` seconds; returns True at once if a signal came since `clear`."""
        readable, _, _ = select.select([self._read_fd], [], [], timeout_s)
        return bool(readable)

    def clear(self) -> None:
        """Make `wait` wait for the next signal."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._read_fd, 4096)

    @contextlib.contextmanager
    def raised(self) -> Iterator[None]:
        """While entered, the first signal raises Stopped in the main thread, whatever that does.

        Further signals are only counted, so that they do not interrupt the tidying up.
        """
        self._raises = True
        try:
            if self.count:
                raise Stopped(self.last)
            yield
        finally:
            self._raises = False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        self.last = signal.Signals(number).name
        with contextlib.suppress(BlockingIOError):  # a full pipe is readable already
            os.write(self._write_fd, b"\0")
        if self._raises:
            self._raises = False
            raise Stopped(self.last)
