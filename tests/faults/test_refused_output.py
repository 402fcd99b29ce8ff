"""What a program prints goes to a full disk, or to somebody who does not read it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import as_a_user as user
import synthetic_log as sl

from edgeload import exit_codes

SAYS_MORE_THAN_A_PIPE_HOLDS = """\
import os, signal, threading
from edgeload import cli

def program():
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    for _ in range(1_000_000):
        print("less than a buffer holds")
    return 0

cli.leave(program)
"""


def test_a_report_whose_output_is_a_full_disk_is_written_all_the_same(tmp_path: Path) -> None:
    """No file is missing. One line says that the output is cut short, and the exit code is not 0.

    The same holds for the other programs, since all of them print by way of `cli`.
    """
    played = sl.play(sl.plan_of([4, 8], 5, 5.0), servers=8, service=sl.constant(0.01))
    log = sl.write(tmp_path / "log", played)
    words = ["parse_load_test_logs.py", str(log), "--output-dir", f"{tmp_path}/results"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, *words], cwd=user.ROOT, stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    assert ended.stderr == "Not all of the output could be written: No space left on device\n"
    assert ended.returncode == exit_codes.INTERNAL_ERROR
    assert user.summary(tmp_path)["totals"]["ok"] > 0
    assert (tmp_path / "results" / "report.html").exists()


def test_ctrl_c_ends_a_program_whose_output_nobody_reads() -> None:
    """As behind a pager that is not scrolled: once is enough, though the pipe stays full."""
    words = [sys.executable, "-c", SAYS_MORE_THAN_A_PIPE_HOLDS]
    with subprocess.Popen(
        words, cwd=user.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        try:
            assert program.wait(30) == exit_codes.INTERRUPTED
        finally:
            program.kill()
        assert program.stderr is not None
        assert program.stderr.read() == b"Interrupted.\n"
