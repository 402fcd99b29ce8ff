"""Surroundings that no programmer has at home: terminals, locales, folders, Python's switches."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import as_a_user as user
import pytest
import synthetic_log as sl

from edgeload import exit_codes

# Several at once: what holds for all of them holds for each.
PLAIN = {
    "TERM": "dumb",
    "COLUMNS": "1",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "TZ": "Nonsense/Nowhere",
    "PYTHONOPTIMIZE": "2",
}
STRICT = {
    "HOME": "/nonexistent",
    "MPLCONFIGDIR": "/proc/nothing",
    "COLUMNS": "10000",
    "NO_COLOR": "1",
    "LC_ALL": "de_DE.UTF-8",
    "TZ": ":/dev/zero",
    "MPLBACKEND": "TkAgg",
    "PYTHONWARNINGS": "error",
    "PYTHONHASHSEED": "7",
    "PYTHONIOENCODING": "cp437:strict",
}
ODD = [
    pytest.param(PLAIN, id="plain"),
    pytest.param(STRICT, id="strict", marks=pytest.mark.slow),
]


def run(folder: Path, odd: dict[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run Python with these words there."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**user.environment(), "PYTHONPATH": str(user.ROOT), **odd},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("odd", ODD)
def test_a_report_in_odd_surroundings(tmp_path: Path, odd: dict[str, str]) -> None:
    """The exit code is that of the verdict, all files are there, and nothing is on stderr."""
    played = sl.play(sl.plan_of([4, 8], 20, 5.0), servers=8, service=sl.constant(0.01))
    log = sl.write(tmp_path / "log", played, slo=["p95<300ms", "p50<1ms"])
    script = str(user.ROOT / "parse_load_test_logs.py")
    done = run(tmp_path, odd, script, str(log), "--output-dir", "results")
    assert (done.returncode, done.stderr) == (exit_codes.OBJECTIVE_FAILED, b"")
    assert user.summary(tmp_path)["totals"]["ok"] == 1200
    for name in ("report.html", "throughput.png", "times.png", "capacity.png", "steps.csv"):
        assert (tmp_path / "results" / name).stat().st_size > 0


@pytest.mark.parametrize("odd", ODD)
def test_help_and_errors_in_odd_surroundings(tmp_path: Path, odd: dict[str, str]) -> None:
    """Help has its description although Python left out docstrings; an error is one line."""
    script = str(user.ROOT / "load_test.py")
    done = run(tmp_path, odd, script, "--help")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"--find-capacity" in done.stdout
    done = run(tmp_path, odd, script, "--max-clients", "\N{SUPERSCRIPT TWO}")
    assert (done.returncode, done.stdout) == (exit_codes.BAD_SETTING, b"")
    assert done.stderr.startswith(b"MAX_CLIENTS = ")
    assert done.stderr.count(b"\n") == 1
