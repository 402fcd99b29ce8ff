"""Asks NVML in a process of its own: a driver may hang for ever, or crash whoever asks it.

The process reads one line per question from standard input, and answers each with one line. When
its input ends, it ends, unless the driver holds it. Nobody waits for it then.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from edgeload.child_processes import command, environment
from edgeload.host.jetson import gpu_probe
from edgeload.host.json_records import decode_line, encode_line
from edgeload.host.nvidia import NoGpu
from edgeload.host.samples import Gpu, GpuSample

FIRST_ANSWER_WITHIN_S = 15.0
"""NVML may load the driver first, which takes seconds with many GPUs."""
ANSWER_WITHIN_S = 2.0
_NEVER_SILENT_BEFORE_S = 1.0
"""A driver is silent if an answer takes more than 5 times as long as any before: at least 1 s, so
that a busy machine is no hang, and at most 2 s, for which no other figure is read."""
_TIMES_SLOWEST = 5
SILENT = "the driver does not answer"
_END_WITHIN_S = 0.5
_LOOK_EVERY_S = 0.02


@dataclass(frozen=True)
class Gpus:
    """The first line: which GPUs there are; or why there is none, in `reason`."""

    gpus: list[Gpu]
    driver_version: str | None
    reason: str | None = None


@dataclass(frozen=True)
class Readings:
    """The answer to a question: every GPU, in NVML's order."""

    gpus: list[GpuSample]


def main() -> int:
    """Answer questions until the input ends."""
    try:
        probe = gpu_probe()
    except NoGpu as reason:
        _answer(Gpus([], None, str(reason)))
        return 0
    _answer(Gpus(probe.gpus, probe.driver_version))
    while sys.stdin.buffer.readline():
        _answer(Readings(probe.read()))
    probe.close()
    return 0


def _answer(record: Gpus | Readings) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), encode_line(type(record).__name__, record))


class GpuProcess:
    """Our end of it. Raises NoGpu if there is no GPU to sample, or if the driver hangs."""

    def __init__(self, wait: Callable[[float], bool]) -> None:
        """`wait` sleeps, and returns True if the program has to end."""
        self._process = subprocess.Popen(
            command("edgeload.host.gpu_process:main"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            start_new_session=True,  # Ctrl-C is ours
        )
        self._rest = b""
        self._asked = False
        self._patience_s = ANSWER_WITHIN_S
        self._slowest_s = 0.0
        self._cpu_s = 0.0
        until_s = time.monotonic() + FIRST_ANSWER_WITHIN_S
        try:
            while (line := self._line(0.0)) is None:
                if wait(_LOOK_EVERY_S) or time.monotonic() > until_s:
                    raise NoGpu(f"{SILENT} within {FIRST_ANSWER_WITHIN_S:.0f} s")
            found = decode_line(Gpus.__name__, Gpus, line)
        except _Ended as how:
            self.close()
            raise NoGpu(f"the process that asks NVML has ended ({how})") from None
        except BaseException:
            self.close()
            raise
        if found.reason is not None:
            self.close()
            raise NoGpu(found.reason)
        self.gpus, self.driver_version = found.gpus, found.driver_version

    def read(self) -> list[GpuSample]:
        """Read every GPU. A driver that is silent costs a moment once, and figures until it is not.

        A late answer is about an earlier instant, so it is thrown away.
        """
        try:
            if self._asked and self._line(0.0) is None:
                return self._none(SILENT)
            asked_s = time.monotonic()
            self._ask()
            line = self._line(self._patience_s)
            if line is None:
                return self._none(SILENT)
            self._asked = False
            self._slowest_s = max(self._slowest_s, time.monotonic() - asked_s)
            slow_s = max(_NEVER_SILENT_BEFORE_S, _TIMES_SLOWEST * self._slowest_s)
            self._patience_s = min(ANSWER_WITHIN_S, slow_s)
            return decode_line(Readings.__name__, Readings, line).gpus
        except _Ended as how:
            return self._none(f"the process that asks NVML has ended ({how})")

    def cpu_s(self) -> float:
        """CPU seconds of the process so far; the last that was known if it has ended."""
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(self._process.pid).cpu_times()
            self._cpu_s = times.user + times.system
        return self._cpu_s

    def close(self) -> None:
        """End the process. One that the driver holds is left behind: it ends when that lets go."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        if not self._ends():
            self._process.kill()
            self._ends()
        self._process.stdout.close()

    def _ends(self) -> bool:
        try:
            self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _none(self, error: str) -> list[GpuSample]:
        return [GpuSample(index=g.index, uuid=g.uuid, name=g.name, error=error) for g in self.gpus]

    def _ask(self) -> None:
        assert self._process.stdin is not None
        self._asked = True
        try:
            os.write(self._process.stdin.fileno(), b"\n")
        except BrokenPipeError:
            raise _Ended(self._how()) from None

    def _line(self, within_s: float) -> bytes | None:
        """The next line; None if there is none in time. Raises _Ended."""
        assert self._process.stdout is not None
        descriptor, until_s = self._process.stdout.fileno(), time.monotonic() + within_s
        while b"\n" not in self._rest:
            if not select.select([descriptor], [], [], max(0.0, until_s - time.monotonic()))[0]:
                return None
            piece = os.read(descriptor, 65536)
            if not piece:
                raise _Ended(self._how())
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _how(self) -> str:
        if not self._ends():
            return "it closed its output"
        code = self._process.returncode
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


class _Ended(Exception):
    """The process has ended; the text says how."""
