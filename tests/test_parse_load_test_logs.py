"""parse_load_test_logs.py as a user runs it: files, exit codes, and one line for every error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import synthetic_log as sl

_SCRIPT = Path(__file__).parents[1] / "parse_load_test_logs.py"


def _run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(_SCRIPT), *arguments],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _log(path: Path) -> Path:
    return sl.write(path, sl.play(sl.plan_of([4, 8], 5, 5.0), servers=8, service=sl.constant(0.01)))


def test_a_log_gives_every_file_and_the_report(tmp_path: Path) -> None:
    """Exit 0, the report on stdout, nothing on stderr, seven files; a second run changes none."""
    _log(tmp_path / "some.log")
    first = _run("some.log", "--output-dir", "out", cwd=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert "This endpoint serves at least 8 clients" in first.stdout
    out = tmp_path / "out"
    plots = {f"{name}.png" for name in ("throughput", "times", "capacity", "spectrum")}
    names = {"summary.json", "summary.md", "steps.csv", "report.html"} | plots
    assert {path.name for path in out.iterdir()} == names
    before = (out / "summary.json").read_bytes()
    assert json.loads(before)["totals"]["ok"] == 300
    again = _run("some.log", "--output-dir", "out", cwd=tmp_path)
    assert again.stdout == first.stdout
    assert (out / "summary.json").read_bytes() == before


def test_log_and_folder_default_to_config(tmp_path: Path) -> None:
    """Without arguments, the names of config.py in the current directory are used."""
    (tmp_path / "config.py").write_text("LOG_FILE = 'door.log'\n")
    _log(tmp_path / "door.log")
    assert _run(cwd=tmp_path).returncode == 0
    assert (tmp_path / "load_test_results" / "summary.json").exists()


def test_errors_are_one_line_and_exit_code_2(tmp_path: Path) -> None:
    """A bad log, folder or value: one line with what is legal, no usage and no traceback."""
    (tmp_path / "foreign").write_text("hello\n")
    _log(tmp_path / "log")
    for arguments, words in (
        (["missing"], "cannot read the log missing"),
        (["foreign"], "not the log of a load test"),
        (["log", "--output-dir", "foreign"], "cannot write results to foreign"),
        (["log", "log"], "2 logs were given: must be one, or several with --repeats or --baseline"),
        (["log", "--margin", "abc"], "--margin: 'abc': must be a number of percent above 0, for"),
        (["log", "--requests-per-second", "0"], "'0': must be a number above 0, for example 10"),
        (["log", "--slo", "errors>1%"], "errors needs an upper limit, for example errors<1%"),
        (["log", "--nonsense"], "unrecognized arguments: --nonsense; see"),
    ):
        result = _run(*arguments, cwd=tmp_path)
        assert result.returncode == 2
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1, result.stderr
        assert result.stdout == ""


def test_start_up_needs_neither_sdk_nor_running_side(tmp_path: Path) -> None:
    """Importing the script loads no groundlight, no pandas and nothing of edgeload.run."""
    code = (
        "import sys; import parse_load_test_logs;"
        "bad = [m for m in sys.modules if m.split('.')[0] in ('groundlight', 'pandas')"
        " or m.startswith('edgeload.run.')]; sys.exit(repr(bad) if bad else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=_SCRIPT.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_help_is_readable(tmp_path: Path) -> None:
    """--help names every option with its default."""
    text = _run("--help", cwd=tmp_path).stdout
    for words in ("LOG", "--output-dir", "--requests-per-second", "load_test_results"):
        assert words in text


def test_boxes_for_some_cameras_from_a_log_alone(tmp_path: Path) -> None:
    """A ramp of 30 clients that were carried and 60 that were not: --plan tells the boxes."""
    played = sl.play(sl.plan_of([10, 30, 60], 10, 2.0), servers=4, service=sl.constant(0.05))
    sl.write(tmp_path / "log", played)
    where = ("--output-dir", "results")
    done = _run("log", "--plan", "120@2", "--reserve", "50", *where, cwd=tmp_path)
    assert done.returncode == 0
    said = " ".join(done.stdout.split())  # without its line breaks
    assert "120 cameras at 2/s need 4 boxes (3 to 4) like this one" in said
    assert "with 50 % reserve 8." in said, "15 cameras a box"
    summary = json.loads((tmp_path / "results" / "summary.json").read_text())
    assert summary["plan"]["need"]["boxes_with_reserve"] == 8
    for arguments, words in (
        (("--plan", "many"), "for example 120@2"),
        (("--plan", "door:4"), "the run has one kind of cameras"),
        (("--plan", "120@2", "--reserve", "100"), "must be below 100 percent"),
    ):
        refused = _run("log", *arguments, cwd=tmp_path)
        assert refused.returncode == 2
        assert words in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
