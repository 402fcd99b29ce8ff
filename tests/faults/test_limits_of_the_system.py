"""Too few open files, a clock that is set in mid-run, and many processes at one log."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import pytest

from edgeload.records import Anchor, Missed, WallClock
from edgeload.runlog import LogWriter, create_log

RUN = [sys.executable, "load_test.py", "--no-preflight", "--time-between-ramp", "1", "--warmup=0.2"]
context = multiprocessing.get_context("forkserver")


def _with_limit(soft: int, hard: int, folder: Path, *options: str) -> user.Finished:
    where = ["--log-file", f"{folder}/run.log", "--output-dir", f"{folder}/results"]
    limited = f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$@"'
    command = ["bash", "-c", limited, "bash", *RUN, *where, *options]
    ended = subprocess.run(command, cwd=user.ROOT, capture_output=True, text=True, check=False)
    return user.Finished(ended.returncode, ended.stdout, ended.stderr)


def test_more_workers_than_files_may_be_open_are_refused(tmp_path: Path) -> None:
    """One line before any load names the limit and the remedy."""
    clients = ["--max-clients", "40", "--step-size", "40"]
    ended = _with_limit(64, 64, tmp_path, *clients, "--workers", "40")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "40 worker processes: the program needs 152 open files for them, and this system allows "
        "64; use fewer --workers, or raise ulimit -n\n"
    )
    assert not (tmp_path / "run.log").exists()


@pytest.mark.slow
def test_a_soft_limit_of_open_files_is_raised(tmp_path: Path) -> None:
    """The hard limit counts: 16 workers need more than 64 files, and get them."""
    clients = ["--max-clients", "16", "--step-size", "16", "--requests-per-second", "2"]
    ended = _with_limit(64, 512, tmp_path, *clients, "--workers", "16")
    user.check_done(tmp_path, ended)


def test_labels_follow_the_clock_of_the_run_though_the_wall_clock_is_set() -> None:
    """They are computed from one anchor and the monotonic clock: never from the time of day."""
    clock = WallClock(Anchor(wall_s=1_795_000_000.0, monotonic_s=100.0))
    assert clock.ts(12.5) == 1_795_000_012.5
    assert clock.labels(12.5)[1] == clock.asctime(1_795_000_012.5)


def _append(paths: list[Path], client: int) -> None:
    """What a worker does: open the log, and write small batches that differ in length."""
    for path in paths:
        log = LogWriter(path, create=False)
        for number in range(200):
            missed = Missed(1.5, client, number, 0, 0.1, "skipped", "group " * (number % 7))
            log.append([missed] * (1 + number % 5))


def test_processes_that_append_at_once_write_lines_and_nothing_else(tmp_path: Path) -> None:
    """Eight logs, with more processes than processors: no empty line, none cut, none missing."""
    paths = [tmp_path / str(number) for number in range(8)]
    for path in paths:
        create_log(path)
    writers = [context.Process(target=_append, args=(paths, client)) for client in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for path in paths:
        lines = path.read_bytes().split(b"\n")
        assert lines.pop() == b""
        assert len(lines) == 4 * 200 * 3
        assert all(json.loads(line)["event"] == "missed" for line in lines)
