"""Starts the programs as a user does, sends signals, and looks for everything that may be left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import as_a_user as user
import psutil

from edgeload import signals

_MARK = "EDGELOAD_TEST_MARK"
INTERRUPTED = 130


class Program:
    """A program of the project in a session of its own, as in a terminal of its own."""

    def __init__(
        self,
        folder: Path,
        words: Sequence[str],
        *,
        environment: dict[str, str] | None = None,
        under: Sequence[str] = (),
        stdin: int = subprocess.DEVNULL,
        output: int | None = None,
    ) -> None:
        """`words` follow the Python, for example a script; `under` stands before it: nohup."""
        self.folder = folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self._mark = uuid.uuid4().hex
        self._next_s = 0.0
        self._out, self._err = folder / "out.txt", folder / "err.txt"
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [*under, sys.executable, *words],
                cwd=user.ROOT,
                env={
                    **user.environment(),
                    "TMPDIR": str(self.temporary),
                    _MARK: self._mark,
                    **(environment or {}),
                },
                stdin=stdin,
                stdout=out if output is None else output,
                stderr=err if output is None else output,
                start_new_session=True,
            )

    @property
    def out(self) -> str:
        """What it has printed until now."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it has said until now."""
        return self._err.read_text()

    def wait_for_words(self, words: str, within_s: float = 60.0) -> None:
        """Until it has said this on stderr."""
        self.wait_for(lambda: words in self.err, f"{words!r} in its output", within_s)

    def wait_for(self, condition: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
        """Until it holds; fails if the program has ended before."""

        def holds() -> bool:
            ended = self.process.poll() is not None
            if condition():
                return True
            assert not ended, f"ended with {self.process.returncode} before {what}: {self.err}"
            return False

        user.wait_for(holds, within_s, what)

    def send(self, number: signal.Signals, *, to_all: bool = False) -> None:
        """A signal to the program; or to its process group, as a terminal does.

        The same signal within a moment would count as the one before.
        """
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s = time.monotonic() + 1.5 * signals.TOGETHER_S
        if to_all:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def wait(self, within_s: float = 30.0) -> int:
        """Its exit code. A program that does not end is a failure."""
        return self.process.wait(within_s)

    def family(self) -> list[psutil.Process]:
        """Every process with its mark in the environment, itself included."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(_MARK) == self._mark:
                    found.append(process)
        return user.alive(found)

    def workers(self) -> list[psutil.Process]:
        """Its worker processes: the children of its fork server."""
        servers = [one for one in self.family() if "forkserver" in " ".join(one.cmdline())]
        return [one for one in servers if one.parent() in servers]

    def check_interrupted(self, within_s: float = 30.0) -> None:
        """It ends with exit code 130, and leaves nothing."""
        assert self.wait(within_s) == INTERRUPTED, self.err
        self.check_nothing_left()

    def check_nothing_left(self, within_s: float = 10.0) -> None:
        """No process, no temporary file, and no traceback."""
        user.wait_for(lambda: not self.family(), within_s, f"the end of {self.family()}")
        left = [str(path.relative_to(self.temporary)) for path in self.temporary.rglob("*")]
        assert left == [], left
        assert "Traceback" not in self.out + self.err, self.err


@contextlib.contextmanager
def started(folder: Path, words: Sequence[str], **how: object) -> Iterator[Program]:
    """A program that does not outlive the test."""
    program = Program(folder, words, **how)  # type: ignore[arg-type]
    try:
        yield program
    finally:
        for process in program.family():
            with contextlib.suppress(psutil.Error):
                process.kill()
        program.process.wait()


def load_test(folder: Path, *words: str) -> list[str]:
    """A short load test of two workers, without queries before it; its files are in `folder`."""
    return [
        "load_test.py", "--log-file", f"{folder}/run.log", "--output-dir", f"{folder}/results",
        "--no-preflight", "--workers", "2", "--same-image", *words,
    ]  # fmt: skip
