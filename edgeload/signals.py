"""Turns Ctrl-C and SIGTERM into something that a loop can count and wait for."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, TypeVar

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Result = TypeVar("_Result")


class Stopped(Exception):
    """A signal came before the work was done."""


class StopSignals:
    """While entered, SIGINT and SIGTERM are counted and do not end the program.

    Use it in the main thread. Leaving restores the previous handlers. (It uses a pipe, because
    threading.Event deadlocks if a handler sets it during its own wait.)
    """

    def __init__(self) -> None:
        self.count = 0
        self.last = ""
        """Name of the latest signal, for example SIGINT; empty before the first."""

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

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        self.last = signal.Signals(number).name
        with contextlib.suppress(BlockingIOError):  # a full pipe is readable already
            os.write(self._write_fd, b"\0")


def interruptible(stop: StopSignals, work: Callable[[Callable[[float], None]], _Result]) -> _Result:
    """Do work that waits for others, and leave it at once if a signal comes; then raises Stopped.

    The work is done in a thread, because a library that waits for an answer cannot be interrupted.
    It gets a function that pauses for some seconds, and raises Stopped once the work is no longer
    wanted.
    """
    unwanted = threading.Event()
    results: list[_Result] = []
    problems: list[BaseException] = []
    read_fd, write_fd = os.pipe()

    def pause(seconds: float) -> None:
        if unwanted.wait(seconds):
            raise Stopped

    def run() -> None:
        try:
            results.append(work(pause))
        except BaseException as problem:  # raised again below, in the thread that waits
            problems.append(problem)
        finally:
            os.close(write_fd)

    threading.Thread(target=run, daemon=True).start()
    try:
        select.select([read_fd, stop.fileno()], [], [])
    finally:
        unwanted.set()
        os.close(read_fd)
    if stop.count:
        raise Stopped
    if problems:
        raise problems[0]
    return results[0]
