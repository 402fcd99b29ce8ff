"""Programs that are started with closed standard streams: `>&-`, `2>&-`, `<&-`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import as_a_user as user
import pytest

from edgeload import exit_codes

CLOSED = (
    ">&-",
    *(pytest.param(each, marks=pytest.mark.slow) for each in ("2>&-", ">&- 2>&-", "<&- >&- 2>&-")),
)


def started(folder: Path, closed: str, *words: str) -> tuple[int, str, str]:
    """Run Python with these words and closed streams; exit code, stdout and stderr."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, *words],
        cwd=folder,
        env={**user.environment(), "PYTHONPATH": str(user.ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("closed", CLOSED)
def test_the_monitor_without_standard_streams(tmp_path: Path, closed: str) -> None:
    """It writes everything, and ends as if somebody had read what it says."""
    script = str(user.ROOT / "monitor_cpu_gpu_usage.py")
    code, _, err = started(tmp_path, closed, script, "--duration", "0.4", "--interval", "0.2")
    assert (code, "Traceback" in err) == (0, False), err
    assert (tmp_path / "monitor_results" / "host_summary.json").stat().st_size > 0
    assert (tmp_path / "monitor_results" / "host_usage.png").stat().st_size > 0


@pytest.mark.slow
def test_a_run_without_standard_streams(tmp_path: Path) -> None:
    """Its log is not taken for standard output: it has JSON lines alone, and results are made."""
    code, _, _ = started(
        tmp_path, "<&- >&- 2>&-", str(user.ROOT / "load_test.py"), "--custom-ramp", "2",
        "--time-between-ramp", "2", "--log-file", "run.log", "--output-dir", "results",
    )  # fmt: skip
    assert code in (exit_codes.OK, exit_codes.INVALID)
    assert len(user.requests_in(tmp_path)) == 40
    assert user.summary(tmp_path)["totals"]["ok"] == 40
    assert (tmp_path / "results" / "report.html").exists()


def test_an_error_without_standard_error(tmp_path: Path) -> None:
    """The exit code still says that a setting is wrong."""
    for closed in ("2>&-", ">&- 2>&-"):
        words = [str(user.ROOT / "load_test.py"), "--max-clients", "x"]
        assert started(tmp_path, closed, *words) == (exit_codes.BAD_SETTING, "", "")


def test_the_embedded_endpoint_without_standard_input(tmp_path: Path) -> None:
    """It was to serve until its input ends, which there is none of: it ends at once."""
    words = ("-m", "edgeload.simulator", "--until-stdin-closes")
    code, _, err = started(tmp_path, "<&-", *words)
    assert (code, err) == (0, "")
