"""The terminal of a run is closed, or the run was started with nohup."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
from collections.abc import Iterator
from pathlib import Path

import as_a_user as user
import pytest
from signalled import load_test, started

SECONDS = ["--custom-ramp", "4", "--requests-per-second", "10", "--time-between-ramp"]
IN_ITS_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(1, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""Makes the terminal on stdout the one that controls this session, then is the program."""


@contextlib.contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a terminal: ours, and that of the program."""
    ours, its = pty.openpty()
    try:
        yield ours, its
    finally:
        for end in (ours, its):
            with contextlib.suppress(OSError):
                os.close(end)


def test_a_closed_terminal_stops_a_run_and_the_report_is_made(tmp_path: Path) -> None:
    """All processes get SIGHUP, and whatever is printed is refused; no file is missing."""
    words = ["-c", IN_ITS_TERMINAL, *load_test(tmp_path, *SECONDS, "60")]
    with terminal() as (ours, its), started(tmp_path, words, output=its, stdin=its) as program:
        os.close(its)
        os.set_blocking(ours, False)

        def under_way() -> bool:
            with contextlib.suppress(BlockingIOError):
                os.read(ours, 65536)  # so that the program can go on writing
            return user.answered_in(tmp_path) >= 20

        program.wait_for(under_way, "answers")
        os.close(ours)
        program.check_interrupted()
    assert not user.deaths_in(tmp_path)
    assert user.records(tmp_path)[-1].reason == "stopped by SIGHUP"
    assert user.summary(tmp_path)["totals"]["failed"] == 0
    assert (tmp_path / "results" / "report.html").exists()


@pytest.mark.slow
def test_nohup_keeps_a_run_going(tmp_path: Path) -> None:
    """The signal of a closed terminal, to all processes, changes nothing."""
    words = load_test(tmp_path, *SECONDS, "1")
    with started(tmp_path, words, under=["nohup"]) as program:
        program.wait_for(lambda: user.answered_in(tmp_path) >= 4, "answers")
        program.send(signal.SIGHUP, to_all=True)
        code = program.wait()
        program.check_nothing_left()
    assert code == user.code_of(user.summary(tmp_path)["validity"])
    assert not user.records(tmp_path)[-1].interrupted
