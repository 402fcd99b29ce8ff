"""A log that another run is writing, or whose place is taken by something else."""

from __future__ import annotations

import fcntl
import gzip
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import as_a_user as user
import pytest
import synthetic_log as sl
from small_disk import command_on

import load_test
import parse_load_test_logs
from edgeload import exit_codes
from edgeload.read.output import hdr
from edgeload.read.output.repeats_json import REPEATS_FILE
from edgeload.run.log_place import RESULT_NAMES, check_log_place, held_log
from edgeload.run.preflight import check_writable
from edgeload.settings import SettingError, Settings, resolve

RUN = [sys.executable, "load_test.py", "--no-preflight"]


def _settings(log: Path, results: Path) -> Settings:
    names = {"log_file": str(log), "output_dir": str(results)}
    return resolve({}, {"detector_name": "d", **names}, {})


def test_a_second_run_into_the_same_log_is_refused(tmp_path: Path) -> None:
    """One line names the other run; its log is whole, and free again when it has been killed.

    By whatever name the log is called. Readers are not disturbed.
    """
    first = user.start(tmp_path, "load_test.py", "--time-between-ramp", "30", "--max-clients", "1")
    user.wait_for_answers(tmp_path, 3)
    (tmp_path / "link").symlink_to(tmp_path / "run.log")
    second = user.run(tmp_path, "load_test.py", "--log-file", f"{tmp_path}/link")
    assert (second.code, second.out) == (2, "")
    assert re.fullmatch(
        rf"LOG_FILE = '{tmp_path}/link': another run \(process {first.pid}, since "
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\) is writing it; must be another file, for example "
        r"--log-file link-2\n",
        second.err,
    ), second.err
    report = user.run(tmp_path, "parse_load_test_logs.py", f"{tmp_path}/run.log")
    assert report.code in (0, 4, 6)
    assert first.poll() is None
    first.send_signal(signal.SIGKILL)
    user.finish(first)
    with held_log(tmp_path / "run.log"):
        pass
    assert user.header_of(tmp_path)


def test_a_held_log_that_stays_empty_goes_away(tmp_path: Path) -> None:
    """A run that ends before its first request leaves no log, and no lock."""
    log = tmp_path / "run.log"
    with held_log(log):
        assert log.exists()
        with pytest.raises(SettingError, match=f"another run .process {os.getpid()}, since "):
            held_log(log).__enter__()
    assert not log.exists()
    log.write_text("RAMP 1\n")
    with held_log(log):
        pass
    assert log.read_text() == "RAMP 1\n"


def test_the_empty_log_that_another_run_removes_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes away between our opening it and our locking it: a file without a name is no log."""
    log, lock = tmp_path / "run.log", fcntl.flock

    def too_late(fd: int, how: int) -> None:
        monkeypatch.undo()
        log.unlink()
        lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", too_late)
    with held_log(log):
        log.write_text("RAMP 1\n")
        with pytest.raises(SettingError, match="another run"):
            held_log(log).__enter__()


def test_a_log_file_that_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    """A named pipe, which would wait for a reader for ever; a device, a socket, a folder."""
    os.mkfifo(tmp_path / "pipe")
    places = {"pipe": "is a named pipe, not a file", "/dev/full": "is a device, not a file"}
    for name, why in places.items():
        where = ["--log-file", str(tmp_path / name), "--output-dir", f"{tmp_path}/results"]
        ended = subprocess.run(
            [*RUN, *where], cwd=user.ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 2
        assert ended.stderr == (
            f"LOG_FILE = '{tmp_path / name}': {why}; must be a new file or an earlier log, for "
            "example load_test.log\n"
        )
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        with pytest.raises(SettingError, match="is a socket, not a file"):
            check_writable(_settings(tmp_path / "socket", tmp_path / "results"))
    with pytest.raises(SettingError, match="Is a directory"):
        check_writable(_settings(tmp_path, tmp_path / "results"))


@pytest.mark.parametrize(
    "name",
    ["results/summary.json", "results/times.png", "results/report.html", "results/run-2/steps.csv"],
)
def test_a_log_under_the_name_of_a_result_is_refused(tmp_path: Path, name: str) -> None:
    """Also before there are results, and through a link: the report would replace the log."""
    (tmp_path / "link").symlink_to(tmp_path / name)
    for log in (tmp_path / name, tmp_path / "link"):
        with pytest.raises(SettingError, match="reports write a file of this name into"):
            check_log_place(_settings(log, tmp_path / "results"))


@pytest.mark.slow
def test_every_result_has_a_name_that_no_log_may_have(tmp_path: Path) -> None:
    """The list of names, against what reports write."""
    sl.write(tmp_path / "a", sl.play(sl.plan_of([4], 5, 5.0), servers=8, service=lambda _: 0.01))
    arguments = [f"{tmp_path}/a", "--baseline", f"{tmp_path}/a"]
    user.run(tmp_path, "parse_load_test_logs.py", *arguments)
    user.run(tmp_path, "parse_load_test_logs.py", f"{tmp_path}/a")
    written = {path.name for path in (tmp_path / "results").iterdir()}
    assert len(written) > 6
    for name in (*written, hdr.PATTERN.replace("*", "1"), REPEATS_FILE):
        assert any(Path(name).match(pattern) for pattern in RESULT_NAMES), name


@pytest.mark.parametrize("how", ["itself", "hard link", "symbolic link"])
@pytest.mark.parametrize(
    "content",
    [
        b"ENDPOINT_URL = ''\nTIME_BETWEEN_RAMP = 30\n",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"groups:\n  - name: gate\n",
        b'{\n  "schema_version": 1\n}\n',
        b'{"host_header":{"format_version":1}}\n',
        b"# Load test\n\nRAMP up to 20 clients.\n",
    ],
    ids=["config.py", "picture", "mix", "summary", "host samples", "README"],
)
def test_a_log_never_overwrites_what_is_not_a_log(tmp_path: Path, content: bytes, how: str) -> None:
    """A file that a user gave by mistake is as it was."""
    precious, log = tmp_path / "precious", tmp_path / "log"
    precious.write_bytes(content)
    if how == "itself":
        log = precious
    elif how == "hard link":
        log.hardlink_to(precious)
    else:
        log.symlink_to(precious)
    with pytest.raises(SettingError, match="is not the log of an earlier run"):
        check_writable(_settings(log, tmp_path / "results"))
    assert precious.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"RAMP 1\n", b'{"event":"header",', b'\n{"asctime": "'])
def test_earlier_logs_and_empty_files_may_be_overwritten(tmp_path: Path, content: bytes) -> None:
    """Logs of both forms."""
    (tmp_path / "log").write_bytes(content)
    check_writable(_settings(tmp_path / "log", tmp_path / "results"))
    assert (tmp_path / "log").read_bytes() == content


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("log", "LOG_FILE = '{}/run.log': cannot be written (No space left on device)"),
        ("results", "OUTPUT_DIR = '{}': cannot be written (No space left on device)"),
        ("temporary", "{}, the folder for temporary files, cannot be written (No space left"),
    ],
)
def test_a_full_disk_is_said_before_any_load(tmp_path: Path, place: str, line: str) -> None:
    """One line and exit code 2; an earlier log on that disk is as it was."""
    disk = tmp_path / "disk"
    log = disk / "run.log" if place == "log" else tmp_path / "run.log"
    results = disk if place == "results" else tmp_path / "results"
    where = ["--log-file", str(log), "--output-dir", str(results)]
    full = ["sh", "-c", 'printf "RAMP 1\\n" >"$0/run.log"; "$@"', str(disk)]
    ended = subprocess.run(
        command_on(disk, "8k", [*full, *RUN, *where]), cwd=user.ROOT, capture_output=True,
        text=True, check=False,
        env={**os.environ, "TMPDIR": str(disk)} if place == "temporary" else None,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith(line.format(disk))
    assert len(ended.stderr.splitlines()) == 1
    assert Path(f"{disk}.after/run.log").read_text() == "RAMP 1\n"


def test_no_folder_for_temporary_files_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a run, a calibration, and a packed log that has to be unpacked somewhere."""
    monkeypatch.setattr(tempfile, "tempdir", f"{tmp_path}/missing")
    where = ["--log-file", f"{tmp_path}/run.log", "--output-dir", f"{tmp_path}/results"]
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"RAMP 1\n"))
    for main, words in (
        (load_test.main, ["--no-preflight", *where]),
        (load_test.main, ["--calibrate"]),
        (parse_load_test_logs.main, [f"{tmp_path}/log.gz", *where[2:]]),
    ):
        assert main(words) == exit_codes.BAD_SETTING
        out, err = capsys.readouterr()
        assert out == ""
        assert "No such file or directory" in err
        assert len(err.splitlines()) == 1
    assert not (tmp_path / "run.log").exists()


def test_pictures_that_do_not_fit_into_the_temporary_folder_are_said(tmp_path: Path) -> None:
    """One line and exit code 2, not a worker that dies of reading what is not there."""
    disk = tmp_path / "disk"
    where = ["--log-file", f"{tmp_path}/run.log", "--output-dir", f"{tmp_path}/results"]
    ended = subprocess.run(
        command_on(disk, "100k", [*RUN, *where, "--image-pool", "20"]),
        cwd=user.ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "TMPDIR": str(disk)},
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.splitlines()[-1] == (
        f"{disk}, the folder for temporary files, cannot be written (No space left on device); "
        "free some room, or set TMPDIR to a folder that you may write, for example TMPDIR=~/tmp"
    )
    assert list(Path(f"{disk}.after").iterdir()) == []
