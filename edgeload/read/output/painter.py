"""Draws pictures in a process of its own, which loads what it needs while the log is read here.

Loading matplotlib and drawing take two thirds of the time of a small report. If the process cannot
do it, for example because it was killed, nothing is drawn, and whoever asked draws by themselves.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from edgeload.child_processes import command, die_with_parent, environment
from edgeload.machine import usable_cores
from edgeload.signals import withheld


class Painter:
    """The process, which ends with the `with` that it is used in."""

    def __enter__(self) -> Painter:
        with withheld():
            self._process = subprocess.Popen(
                command("edgeload.read.output.painter:paint"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                start_new_session=True,  # a group of its own, which `stop` ends whole
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # It ends by itself when it has nothing to draw. Killed while it loads what it needs, it
        # could leave a temporary file, so this waits for it after a Ctrl-C too (Popen does not).
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.__exit__(kind, error, trace)

    def stop(self) -> None:
        """End it and the processes that draw for it: afterwards none of them writes anything."""
        assert self._process.stdout is not None
        if self._process.poll() is None:  # its number is nobody else's yet
            os.killpg(self._process.pid, signal.SIGKILL)
        if not self._process.stdout.closed:
            self._process.stdout.read()  # ends when the last of them has
        self._process.wait()

    def begin(self, pictures: Sequence[Any], folder: Path) -> None:
        """Let it draw charts (`read.figures.chart.Picture`) into a folder, and go on meanwhile."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            pickle.dump((pictures, folder), self._process.stdin, protocol=5)
            self._process.stdin.close()

    def drawn(self) -> list[Path] | None:
        """Wait until it has drawn: the files. None if it could not. Raises OSError of the disk."""
        assert self._process.stdout is not None
        said = self._process.stdout.read()
        if self._process.wait():
            return None
        result: list[Path] | OSError = pickle.loads(said)
        if isinstance(result, OSError):
            raise result
        return result


# Only the process itself loads what it draws with.
# ruff: noqa: PLC0415


def paint() -> None:
    """What the process does: load matplotlib, wait for pictures, draw them, say which files."""
    die_with_parent()
    gc.disable()  # it ends soon, and drawing makes more objects than it keeps
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from edgeload.read.output import png

    try:
        pictures, folder = pickle.load(sys.stdin.buffer)
    except EOFError:
        return  # there was nothing to draw
    try:
        with ProcessPoolExecutor(usable_cores(), get_context("fork"), die_with_parent) as pool:
            drawn = list(pool.map(partial(png.write_one, folder=folder), pictures))
        result: list[Path] | OSError = [path for path in drawn if path is not None]
    except OSError as problem:
        result = OSError(problem.errno, problem.strerror)
    pickle.dump(result, sys.stdout.buffer, protocol=5)
