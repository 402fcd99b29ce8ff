"""`edgeload COMMAND`: the same programs as the scripts, from any folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import pytest
import synthetic_log as sl

from edgeload.__main__ import main


def _edgeload(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgeload", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(user.ROOT), "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _log(path: Path, service_s: float = 0.01) -> Path:
    plan = sl.plan_of([4, 8], 20, 5.0)
    return sl.write(path, sl.play(plan, servers=8, service=sl.constant(service_s)))


@pytest.mark.slow
def test_a_run_from_an_empty_folder(tmp_path: Path) -> None:
    """No config.py, no images/: the defaults, the picture in the package, worker processes.

    The command to repeat starts the same program again.
    """
    done = _edgeload(tmp_path, "run", "--custom-ramp", "1,2", "--time-between-ramp", "3")
    assert done.returncode in (0, 4), done.stderr
    summary = json.loads((tmp_path / "load_test_results" / "summary.json").read_text())
    assert summary["totals"]["planned"] == 90
    assert summary["settings"]["image_path"] == "images/dog_resized_256x256.jpeg"
    found = re.search("To repeat: (.*)", done.stdout)
    assert found is not None
    words = shlex.split(found[1])
    assert words[:4] == ["python", "-m", "edgeload", "run"]
    again = _edgeload(tmp_path, *words[3:], "--dry-run")
    assert again.stdout.startswith("90 requests in 6 s")


def test_config_py_of_the_working_folder_is_used(tmp_path: Path) -> None:
    """And not the one that lies beside the package."""
    (tmp_path / "config.py").write_text("MAX_CLIENTS = 2\nTIME_BETWEEN_RAMP = 1.0\n")
    assert _edgeload(tmp_path, "run", "--dry-run").stdout.startswith("30 requests in 2 s")
    (tmp_path / "config.py").write_text("MAX_CLIENTS = two\n")
    for command in (["run"], ["report"], ["compare", "a", "--baseline", "b"]):
        broken = _edgeload(tmp_path, *command)
        assert broken.returncode == 2
        assert broken.stdout == ""
        (line,) = broken.stderr.splitlines()
        assert "config.py:1: NameError" in line


def test_the_scripts_find_config_py_beside_them(tmp_path: Path) -> None:
    """From another folder, IMAGE_PATH is relative to it; a config.py in that folder comes first."""
    script = str(user.ROOT / "load_test.py")

    def plan() -> str:
        return subprocess.run(
            [sys.executable, script, "--dry-run"], cwd=tmp_path, capture_output=True, text=True,
            timeout=60, check=True,
        ).stdout  # fmt: skip

    assert plan().startswith("16,500 requests in 300 s")
    (tmp_path / "config.py").write_text("MAX_CLIENTS = 1\n")
    assert plan().startswith("300 requests in 30 s")


def test_report_and_compare(tmp_path: Path) -> None:
    """What parse_load_test_logs.py writes for the same logs; compare needs a baseline."""
    new, old = _log(tmp_path / "new.log", 0.02), _log(tmp_path / "old.log")
    report = _edgeload(tmp_path, "report", "new.log", "--output-dir", "report")
    assert (report.returncode, report.stderr) == (0, "")
    user.run(tmp_path, "parse_load_test_logs.py", str(new))
    summaries = [tmp_path / name / "summary.json" for name in ("report", "results")]
    assert summaries[0].read_bytes() == summaries[1].read_bytes()

    compared = _edgeload(
        tmp_path, "compare", "new.log", "--baseline", str(old), "--fail-if-worse",
        "--output-dir", "comparison",
    )  # fmt: skip
    assert compared.returncode == 3, compared.stderr
    assert compared.stdout.startswith("Worse")
    assert (tmp_path / "comparison" / "comparison.json").exists()
    alone = _edgeload(tmp_path, "compare", "new.log")
    assert alone.returncode == 2
    assert "--baseline" in alone.stderr
    assert len(alone.stderr.splitlines()) == 1


def test_monitor(tmp_path: Path) -> None:
    """The monitor's options, and its results in the working folder."""
    done = _edgeload(tmp_path, "monitor", "--duration", "1", "--interval", "0.5")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "monitor_results" / "host_summary.json").exists()


def test_simulate(tmp_path: Path) -> None:
    """One line with the URL when it answers; then it serves until it is told to end."""
    with subprocess.Popen(
        [sys.executable, "-m", "edgeload", "simulate", "--until-stdin-closes"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(user.ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.stdin.close()
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("words", [[], ["fly"], ["--fly"]])
def test_an_unknown_command_is_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the line names the legal commands or where they are."""
    with pytest.raises(SystemExit) as raised:
        main(words)
    assert raised.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "run" in line or "edgeload --help" in line


@pytest.mark.parametrize(
    "command",
    [
        *("", "run", "report", "compare", "list", "check", "memory", "prepare", "cleanup"),
        *("monitor", "simulate"),
    ],
)
def test_help_fits_80_columns(tmp_path: Path, command: str) -> None:
    """`--help` names the command and leaves no line to be wrapped by the terminal."""
    done = _edgeload(tmp_path, *command.split(), "--help")
    assert done.returncode == 0
    assert f"python -m edgeload {command}".strip() in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_installed_command_calls_it() -> None:
    """[project.scripts] in pyproject.toml names a function that exists."""
    text = (user.ROOT / "pyproject.toml").read_text()
    assert 'edgeload = "edgeload.__main__:entry_point"' in text
    code = "import sys; sys.argv = ['edgeload', '--help']; from edgeload.__main__ import *; "
    done = subprocess.run(
        [sys.executable, "-c", code + "entry_point()"], cwd=user.ROOT, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "edgeload COMMAND --help" in done.stdout
