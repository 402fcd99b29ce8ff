"""Turns Ctrl-C, SIGTERM and a closed terminal into something to count, to wait for, or to leave by.

The first signal stops what is being done, in whatever way suits it. The second one means now,
unless it is the first one once more: see `_New`.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, NoReturn

from edgeload.exit_codes import INTERRUPTED
from edgeload.stopping import stopping_signals

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN = b"\xff"  # no signal has this number
_A_MOMENT_S = 0.01
_RAISED_WITHIN_S = 1.0
_ENDED_WITHIN_S = 3.0
TOGETHER_S = 0.2
"""Signals of one kind that come within this time are one."""


class Stopped(KeyboardInterrupt):
    """A signal has come; the text is its name. Not an Exception, which a library might swallow."""


@contextlib.contextmanager
def withheld() -> Iterator[None]:
    """While entered, signals that stop a program wait; a process that is started never gets them.

    Such a process ends by the end of a pipe. A terminal, `timeout` and systemd send a signal to all
    processes at once, but only the parent may decide what it means.

    A process inherits which signals the thread that starts it blocks. That alone does not make them
    wait here: the system hands them to any other thread, of which numpy alone starts several. So
    they are caught, and sent again afterwards.
    """
    came: list[int] = []
    caught: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():  # only there can they be caught
        caught = {
            number: signal.signal(number, lambda it, _: came.append(it))
            for number in _NUMBERS
            if signal.getsignal(number) not in (signal.SIG_IGN, None)
        }
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _NUMBERS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in caught.items():
            signal.signal(number, handler)
        for each in dict.fromkeys(came):
            signal.raise_signal(each)


class _New:
    """Tells a signal from one that came a moment before and was the same.

    `timeout` sends a signal to its program, and at once to the whole group, so the program may get
    it twice. So it may when a shell whose terminal is closed passes SIGHUP on.
    """

    def __init__(self) -> None:
        self._until_s: dict[int, float] = {}

    def __call__(self, number: int) -> bool:
        """Whether this signal, which has just come, is a further one."""
        now_s = time.monotonic()
        if now_s < self._until_s.get(number, -math.inf):
            return False
        self._until_s[number] = now_s + TOGETHER_S
        return True


class StopSignals:
    """While entered, SIGINT, SIGTERM and SIGHUP are counted and do not end the program.

    A SIGHUP that is ignored stays so: that is how `nohup` keeps a program going. Use it in the main
    thread. Leaving restores the previous handlers. (It uses a pipe, because threading.Event
    deadlocks if a handler sets it during its own wait.)
    """

    def __init__(self) -> None:
        self.count = 0
        self.last = ""
        """Name of the latest signal, for example SIGINT; empty before the first."""
        self._raises = False
        self._again = False
        self._ends_at = math.inf
        self._is_new = _New()

    def __enter__(self) -> StopSignals:
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        os.set_blocking(self._write_fd, False)
        self._watchdog = _Watchdog(self)
        self._before: dict[signal.Signals, Any] = {
            number: signal.signal(number, self._on_signal) for number in stopping_signals()
        }
        self._hook_before = sys.unraisablehook
        sys.unraisablehook = self._on_unraisable
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.unraisablehook = self._hook_before
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._watchdog.close()
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

        From then on, a further signal ends the program at once, also if it is still tidying up.
        """
        self._raises = True
        try:
            if self.count:
                self.end_at(self.count + 1)
                raise Stopped(self.last)
            yield
        finally:
            self._raises = False

    def end_at(self, count: int) -> None:
        """From now on, the signal of this number ends the program at once."""
        self._ends_at = count

    @property
    def raises(self) -> bool:
        """Whether the next signal raises Stopped."""
        return self._raises

    def _on_unraisable(self, lost: Any) -> None:
        """Stopped was raised where Python only prints it, for example in a weakref's callback."""
        if isinstance(lost.exc_value, Stopped):
            self._raises = self._again = True
            self._watchdog.send_again()
        else:
            self._hook_before(lost)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._again:
            self._again = False
        elif self._is_new(number):
            self._count(number)
        else:
            return
        if self._raises:
            self._raises = False
            self.end_at(self.count + 1)
            raise Stopped(self.last)

    def _count(self, number: int) -> None:
        self.count += 1
        self.last = signal.Signals(number).name
        if self.count >= self._ends_at:
            end_now()
        with contextlib.suppress(BlockingIOError):  # a full pipe is readable already
            os.write(self._write_fd, b"\0")


class _Watchdog:
    """Ends a program that does not end by itself, because C code or a dead disk keeps it.

    For example, the resolver of host names may take half a minute, and no signal interrupts it. The
    operating system's own handler writes a byte into a pipe, and a thread reads it.
    """

    def __init__(self, signals: StopSignals) -> None:
        self._signals = signals
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._write_fd, False)
        self._before = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no more."""
        signal.set_wakeup_fd(self._before)
        os.close(self._write_fd)
        self._thread.join()
        os.close(self._read_fd)

    def send_again(self) -> None:
        """Send a signal once more, a moment later."""
        os.write(self._write_fd, _AGAIN)

    def _watch(self) -> None:
        """After the first signal, Stopped has a second to be raised; after two, all has to end."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _NUMBERS)  # so that they interrupt the main thread
        came, until_s, is_new = 0, math.inf, _New()
        while True:
            left_s = None if until_s == math.inf else max(0.0, until_s - time.monotonic())
            if not select.select([self._read_fd], [], [], left_s)[0]:
                if came > 1 or self._signals.raises:
                    end_now()
                until_s = math.inf
                continue
            number = os.read(self._read_fd, 1)
            if not number:
                return
            if number == _AGAIN:
                time.sleep(_A_MOMENT_S)
                os.kill(os.getpid(), signal.SIGINT)
            elif number[0] in _NUMBERS and is_new(number[0]):
                came += 1
                heard = came > 1 and not self._signals.raises
                if came <= 2:  # further ones give no more time
                    wait_s = _ENDED_WITHIN_S if heard else _RAISED_WITHIN_S
                    until_s = time.monotonic() + wait_s


def end_now() -> NoReturn:
    """End the process without any tidying up; what it has started ends by itself."""
    show_cursor = b"\x1b[?25h" if os.isatty(2) else b""
    with contextlib.suppress(OSError):  # the terminal may be gone
        os.write(2, show_cursor + b"Interrupted.\n")
    os._exit(INTERRUPTED)
