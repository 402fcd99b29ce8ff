"""The keeper: a process of its own that runs commands, and restores the box at the end.

It reads one JSON object per line, and answers each command with one: see `KeeperTask` and
`KeeperAnswer`. When its input ends, it ends the command that is running. Unless it was told that
the box is restored, it then restores it. So the box is restored even after a load test that
was killed. It is in a session of its own, which no Ctrl-C reaches. Neither it nor a command has
the API token in its environment; it is told what to hide in what it shows.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from types import FrameType

import msgspec

from edgeload.untrusted_text import printable, remember_secret

_LOOK_EVERY_S = 0.05
_OUTPUT_BYTES = 2000
_KILL_AFTER_S = 2.0


class KeeperTask(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the load test wants: one of these.

    `run`: run this command. `restore`: from now on, restore with this command; `by_hand` says what
    a person has to do if there is none, or types if it fails. `restored`: nothing is left to
    restore. `secret`: never show this, which a command may print. `{}`: end the command that is
    running.
    """

    number: int = 0
    """Of a command, so that its answer is known."""
    run: str | None = None
    restore: str | None = None
    by_hand: str | None = None
    restored: bool = False
    secret: str | None = None
    timeout_s: float = 300.0


class KeeperAnswer(msgspec.Struct, kw_only=True):
    """How a command ended: its exit code, None if it had to be ended, and the end of its output."""

    number: int
    code: int | None
    seconds: float
    output: str


def main() -> int:
    """Serve the load test that started this process, until that has ended."""
    folder = sys.argv[1]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _do_nothing)  # not ignored: that, commands would inherit
    inbox = _Inbox()
    owed: KeeperTask | None = None
    while (task := inbox.next()) is not None:
        if task.run is not None:
            answer = _run(task, task.run, folder, inbox)
            with contextlib.suppress(OSError):
                os.write(1, msgspec.json.encode(answer) + b"\n")
        elif task.secret is not None:
            remember_secret(task.secret)
        elif task.restored:
            owed = None
        elif task.restore is not None or task.by_hand is not None:
            owed = task
    if owed is not None:
        _restore(owed, folder)
    return 0


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """The end of the input is what ends the keeper."""


def _restore(owed: KeeperTask, folder: str) -> None:
    """The load test has gone without restoring the box: do it, and say so."""
    if owed.restore is None:
        _say(f"The load test has ended before the box was restored: {owed.by_hand}")
        return
    shown = owed.by_hand or owed.restore
    _say(f"The load test has ended before the box was restored; running: {shown}")
    answer = _run(owed, owed.restore, folder, None)
    if answer.code == 0:
        _say("The box is restored.")
        return
    again = "" if owed.by_hand is None else f" Restore it by hand: {owed.by_hand}"
    _say(f"It failed ({ended_words(answer)}).{again}")


def ended_words(answer: KeeperAnswer) -> str:
    """`exit code 3: no such pod`, or that the command took too long."""
    how = f"exit code {answer.code}"
    if answer.code is None:
        how = f"ended after {answer.seconds:.0f} s"
    elif answer.code < 0:
        how = f"killed by {signal.Signals(-answer.code).name}"
    said = printable(answer.output)
    return f"{how}: {said}" if said else how


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone as well
        os.write(2, f"{text}\n".encode())


class _Inbox:
    """Tasks from standard input."""

    def __init__(self) -> None:
        self._rest = b""
        self.ended = False

    def ready(self, timeout_s: float) -> bool:
        """Whether there is something to read: a task, or the end."""
        return b"\n" in self._rest or bool(select.select([0], [], [], timeout_s)[0])

    def next(self) -> KeeperTask | None:
        """The next task; None at the end, after which nothing comes."""
        while b"\n" not in self._rest:
            piece = b"" if self.ended else os.read(0, 65536)
            if not piece:
                self.ended = True
                return None
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return msgspec.json.decode(line, type=KeeperTask)


def _run(task: KeeperTask, command: str, folder: str, inbox: _Inbox | None) -> KeeperAnswer:
    """Run a shell command in a session of its own. What it starts in the background outlives it.

    It is ended when its time is over, or when another task arrives. Its output goes to a file: a
    pipe would stay open as long as anything in the background has it.
    """
    began_s = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        code: int | None = None
        while (code := process.poll()) is None:
            if inbox is None:
                time.sleep(_LOOK_EVERY_S)
            elif inbox.ready(_LOOK_EVERY_S):
                inbox.next()
                break
            if time.monotonic() >= began_s + task.timeout_s:
                break
        if code is None:
            _end(process)
        output.seek(max(0, output.seek(0, os.SEEK_END) - _OUTPUT_BYTES))
        said = output.read().decode("utf-8", "replace")
    seconds = round(time.monotonic() - began_s, 3)
    return KeeperAnswer(number=task.number, code=code, seconds=seconds, output=said)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and all that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_KILL_AFTER_S)
