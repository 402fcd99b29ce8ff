"""A disk that refuses the results, a report that is killed, and who may read what was written."""

from __future__ import annotations

import os
import re
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import as_a_user as user
import pytest
import synthetic_log as sl
from small_disk import command_on

from edgeload.private_files import private_folder, written_together
from edgeload.runlog import create_log
from edgeload.signals import Stopped, StopSignals

UNFINISHED = ".edgeload-unfinished-"
REPORT = [sys.executable, "parse_load_test_logs.py"]
RUN = [
    "--max-clients", "2", "--step-size", "2", "--time-between-ramp", "1", "--warmup", "0.2",
]  # fmt: skip


def _log(path: Path) -> Path:
    return sl.write(path, sl.play(sl.plan_of([4, 8], 5, 5.0), servers=8, service=sl.constant(0.01)))


@contextmanager
def _files_of_at_most(limit_bytes: int) -> Iterator[None]:
    """While entered, the system refuses longer files of processes that we start (EFBIG)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_results_that_the_disk_refuses_leave_the_earlier_set_whole(tmp_path: Path) -> None:
    """One line, exit code 2, and every earlier result is as it was, to the byte."""
    _log(tmp_path / "log")
    results = tmp_path / "results"
    results.mkdir()
    earlier = {"summary.json": "1", "report.html": "2", "capacity.png": "3", "step-1.hgrm": "4"}
    for name, text in earlier.items():
        (results / name).write_text(text)
    with _files_of_at_most(16_000):
        ended = user.run(tmp_path, "parse_load_test_logs.py", str(tmp_path / "log"))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        f"parse_load_test_logs.py: cannot write results to {results}: File too large"
    ]
    assert {path.name: path.read_text() for path in results.iterdir()} == earlier


@pytest.mark.slow
def test_a_run_whose_results_are_refused_keeps_its_log_and_says_what_to_do(tmp_path: Path) -> None:
    """Exit code 1; the line's command makes the report in another folder."""
    log, disk = tmp_path / "run.log", tmp_path / "disk"
    run = [sys.executable, "load_test.py", *RUN, "--log-file", str(log), "--no-preflight"]
    command = command_on(disk, "100k", [*run, "--output-dir", f"{disk}/results"])
    ended = subprocess.run(command, cwd=user.ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.splitlines()[-1] == (
        f"cannot write results to {disk}/results: No space left on device; what was measured is in "
        "the log, and this makes the report in another folder: python parse_load_test_logs.py "
        f"{log} --output-dir load_test_results_again"
    )
    left = Path(f"{disk}.after/results").rglob("*")
    names = {path.name for path in left if path.is_file()}
    assert names <= {"load_test.log"}  # if there was room for a copy of the log, it is kept
    user.check_done(tmp_path, user.run(tmp_path, "parse_load_test_logs.py", str(log)))


def test_a_killed_report_replaces_nothing_and_the_next_one_tidies_up(tmp_path: Path) -> None:
    """SIGKILL while results are made leaves the earlier ones, and a folder that goes away later."""
    log = _log(tmp_path / "log")
    results = tmp_path / "results"
    results.mkdir()
    (results / "summary.json").write_text("earlier")
    command = [*REPORT, str(log), "--output-dir", str(results)]
    report = subprocess.Popen(command, cwd=user.ROOT, stdout=subprocess.DEVNULL)
    user.wait_for(lambda: any(results.glob(f"{UNFINISHED}*/summary.json")), 30, "half of a set")
    report.send_signal(signal.SIGKILL)
    report.wait()
    assert (results / "summary.json").read_text() == "earlier"
    assert list(results.glob(f"{UNFINISHED}*"))
    assert user.run(tmp_path, "parse_load_test_logs.py", str(log)).code == 0
    assert not list(results.glob(f"{UNFINISHED}*"))
    assert (results / "report.html").exists()


def test_a_signal_while_results_are_moved_waits_until_all_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a summary of today beside a page of yesterday."""
    names = ("report.html", "steps.csv", "summary.json")
    move = Path.replace

    def interrupted(file: Path, target: Path) -> Path:
        moved = move(file, target)
        os.kill(os.getpid(), signal.SIGINT)
        return moved

    for name in names:
        (tmp_path / name).write_text("earlier")
    with pytest.raises(Stopped), StopSignals() as stop, stop.raised():
        with written_together(tmp_path) as unfinished:
            for name in names:
                (unfinished / name).write_text("today")
            monkeypatch.setattr(Path, "replace", interrupted)
        stop.wait(10.0)  # a pending signal is raised here at the latest
    monkeypatch.undo()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(
        names, "today"
    )


def test_a_folder_under_the_name_of_a_result_keeps_the_earlier_set_whole(tmp_path: Path) -> None:
    """What comes before it in the alphabet is not replaced either."""
    (tmp_path / "report.html").write_text("earlier")
    (tmp_path / "summary.json").mkdir()
    with pytest.raises(IsADirectoryError), written_together(tmp_path) as unfinished:
        for name in ("report.html", "summary.json"):
            (unfinished / name).write_text("today")
    assert (tmp_path / "report.html").read_text() == "earlier"


def test_two_reports_into_one_folder_do_not_take_each_others_files(tmp_path: Path) -> None:
    """The second one takes the set of the first for what it is: one that somebody is writing."""
    with written_together(tmp_path) as first:
        (first / "summary.json").write_text("first")
        with written_together(tmp_path) as second:
            (second / "steps.csv").write_text("second")
    assert {path.name for path in tmp_path.iterdir()} == {"summary.json", "steps.csv"}


def test_a_report_never_replaces_the_log_that_it_is_about(tmp_path: Path) -> None:
    """A log under the name of a result is read, and stays."""
    log = _log(tmp_path / "summary.json")
    before = log.read_bytes()
    (tmp_path / "results").symlink_to(tmp_path)
    ended = user.run(tmp_path, "parse_load_test_logs.py", str(log))
    assert ended.code == 2
    assert "the results would replace" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert log.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"summary.json", "results"}


@pytest.mark.slow
def test_logs_and_results_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Files 0600 and new folders 0700; a folder that was there keeps its mode.

    An earlier log that others could read is closed to them when it is overwritten.
    """
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o775)
    (tmp_path / "shared" / "run.log").touch()
    (tmp_path / "shared" / "run.log").chmod(0o664)
    where = ["--log-file", "shared/run.log", "--output-dir", "shared/new/results"]
    run = [sys.executable, str(user.ROOT / "load_test.py"), *RUN, *where, "--no-preflight"]
    watch = [sys.executable, str(user.ROOT / "monitor_cpu_gpu_usage.py"), "--output", "host"]
    with _umask(0):
        for command in (run, [*watch, "--duration", "0.2", "--interval", "0.1"]):
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
            assert b"Traceback" not in done.stderr
    modes = _modes(tmp_path)
    results = "shared/new/results"
    (kept,) = (name for name in modes if re.fullmatch(rf"{results}/[0-9TZ-]+", name))
    own = ("shared/new", results, kept, f"{results}/latest", "host")
    folders = {"shared": 0o775, **dict.fromkeys(own, 0o700)}
    files = {"shared/run.log", f"{kept}/load_test.log", f"{results}/report.html"}
    assert files <= set(modes)
    assert modes == {name: folders.get(name, 0o600) for name in modes}


@pytest.mark.parametrize("mask", [0o000, 0o277, 0o777])
def test_the_umask_neither_opens_nor_closes_what_is_written(tmp_path: Path, mask: int) -> None:
    """A umask that takes everything away would shut out ourselves."""
    with _umask(mask):
        with written_together(tmp_path / "a" / "b") as unfinished:
            assert stat.S_IMODE(unfinished.stat().st_mode) == 0o700
            (unfinished / "summary.json").write_text("{}")
        create_log(tmp_path / "c" / "run.log")
    folders = ("a", "a/b", "c")
    assert _modes(tmp_path) == {
        **dict.fromkeys(folders, 0o700), "a/b/summary.json": 0o600, "c/run.log": 0o600,
    }  # fmt: skip


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def _modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
    }


def test_a_folder_of_results_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """Nothing is made beside it."""
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        private_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        private_folder(tmp_path / "file" / "below")
