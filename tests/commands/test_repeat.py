"""Laws of a series: which runs are made, how it ends, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import as_a_user as user
import pytest
from repeated_runs import played_run, write_run
from rich.console import Console

import parse_load_test_logs
from edgeload import exit_codes
from edgeload.commands.repeat import DoneRun, check_logs, run_series, series_words, worst_code
from edgeload.edge.location import Unreachable
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.results.run_results import exit_code, write_results
from edgeload.settings import SettingError, Settings, resolve

CLIENTS = (10, 30, 60)


def settings_of(folder: Path, runs: int = 3, cooldown: float = 0.0) -> Settings:
    """A series whose results go to `folder`."""
    where = {"log_file": str(folder / "run.log"), "output_dir": str(folder / "results")}
    return resolve({}, {"repeat": str(runs), "cooldown": str(cooldown), **where}, {})


class Measured:
    """Stands for real runs: plays each against a simulated endpoint, and remembers its settings."""

    def __init__(
        self, before: Callable[[int], DoneRun | None] = lambda number: None, *, draw: bool = False
    ) -> None:
        self.runs: list[Settings] = []
        self._draw = draw
        self._before = before
        """Called with the number of each run; what it returns is how that run went."""

    def __call__(self, run: Settings) -> DoneRun:
        self.runs.append(run)
        if done := self._before(run.seed):
            return done
        played = played_run(run.seed, clients=CLIENTS, step_s=12.0)
        write_run(run.log_file, played, run.seed, log_file=str(run.log_file))
        if self._draw:
            summary = write_results(run.log_file, run.output_dir, console=Console(quiet=True))
        else:
            summary = analyse(read_log(run.log_file))
        return DoneRun(exit_code(summary), has_log=True, summary=summary)


def repeats(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results" / "repeats.json").read_text())
    return found


def test_each_run_has_its_log_its_results_and_the_next_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And all together have repeats.json, which the logs alone give again."""
    (tmp_path / "results").mkdir()
    for left_over in ("summary.json", "report.html", "notes.txt"):
        (tmp_path / "results" / left_over).write_text("of an earlier run")
    measured = Measured(draw=True)
    code = run_series(settings_of(tmp_path), measured, report="python parse_load_test_logs.py")
    assert code == exit_codes.OK
    assert [run.seed for run in measured.runs] == [1, 2, 3]
    logs = [tmp_path / name for name in ("run.log", "run-2.log", "run-3.log")]
    assert all(log.exists() for log in logs)
    for number in (1, 2, 3):
        assert (tmp_path / "results" / f"run-{number}" / "report.html").exists()
    assert not (tmp_path / "results" / "summary.json").exists()  # it would pass for the series'
    assert not (tmp_path / "results" / "report.html").exists()
    assert (tmp_path / "results" / "notes.txt").exists()
    out = capsys.readouterr().out
    assert out.startswith("3 runs: this endpoint serves 30 clients")
    (read_again,) = (line for line in out.splitlines() if line.startswith("To read them again: "))
    words = read_again.split("parse_load_test_logs.py ")[1].split()
    assert words == ["--repeats", *map(str, logs)]

    code = parse_load_test_logs.main([*words, "--output-dir", str(tmp_path / "again" / "results")])
    assert code == exit_codes.OK
    assert repeats(tmp_path / "again") == repeats(tmp_path)
    again = capsys.readouterr().out
    assert again.split("\n\n")[:3] == out.split("\n\n")[:3]

    write_results(logs[0], tmp_path / "results", console=Console(quiet=True))
    assert not (tmp_path / "results" / "repeats.json").exists()  # it would pass for this run's


def test_a_run_that_was_interrupted_ends_the_series(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before its load, or cut off while it sends: the complete runs are summarised, exit 130."""
    for cut_off in (False, True):
        folder = tmp_path / str(cut_off)
        done = DoneRun(exit_codes.INTERRUPTED, has_log=cut_off)
        measured = Measured(lambda number, done=done: done if number == 3 else None)  # type: ignore[misc]
        code = run_series(settings_of(folder, runs=5), measured, report="report")
        assert code == exit_codes.INTERRUPTED
        assert len(measured.runs) == 3
        found = repeats(folder)
        assert found["counted"] == 2
        assert len(found["runs"]) == 2 + cut_off
        assert capsys.readouterr().out.startswith("2 runs: this endpoint serves 30 clients")


def test_ctrl_c_in_a_pause_ends_the_series_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a pause of an hour, and if it comes while a run's results are written."""

    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def while_it_pauses(number: int) -> None:
        timer = threading.Timer(3.0, interrupt)
        timer.daemon = True
        timer.start()

    def while_it_is_read(number: int) -> None:
        interrupt()

    for when in (while_it_pauses, while_it_is_read):
        measured = Measured(when)
        folder = tmp_path / when.__name__
        started_s = time.monotonic()
        code = run_series(settings_of(folder, cooldown=3600.0), measured, report="report")
        assert code == exit_codes.INTERRUPTED
        assert time.monotonic() - started_s < 1800  # it did not wait for the pause to end
        assert len(measured.runs) == 1
        said = capsys.readouterr()
        assert "Stopped by SIGINT after run 1 of 3." in said.err
        assert said.out.startswith("1 run: this endpoint serves 30 clients")
        assert "--repeats" not in said.out  # one log is read without it


def test_an_endpoint_that_is_gone_ends_the_series(tmp_path: Path) -> None:
    """Exit code 5; what was measured before it went is summarised."""
    measured = Measured(lambda n: DoneRun(exit_codes.UNREACHABLE) if n == 2 else None)
    assert run_series(settings_of(tmp_path), measured, report="r") == exit_codes.UNREACHABLE
    assert (len(measured.runs), repeats(tmp_path)["counted"]) == (2, 1)


def test_what_was_measured_is_shown_if_a_later_run_fails(tmp_path: Path) -> None:
    """The error itself goes on."""

    def fail(number: int) -> None:
        if number == 2:
            raise Unreachable("the picture is gone")

    with pytest.raises(Unreachable):
        run_series(settings_of(tmp_path), Measured(fail), report="r")
    assert repeats(tmp_path)["counted"] == 1


def test_no_run_at_all_leaves_nothing(tmp_path: Path) -> None:
    """An endpoint that never answers, say."""
    measured = Measured(lambda number: DoneRun(exit_codes.UNREACHABLE))
    assert run_series(settings_of(tmp_path), measured, report="r") == exit_codes.UNREACHABLE
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ([0, 0, 0], 0),
        ([0, 6, 0], 6),
        ([3, 6, 0], 3),
        ([3, 4, 0], 4),
        ([0, 4, 130], 130),
        ([4, 5], 5),
        ([], 0),
    ],
)
def test_the_worst_exit_code_counts(codes: list[int], worst: int) -> None:
    """In the order that README gives: 2, 5, 130, 4, 3, 6."""
    assert worst_code(codes) == worst
    readme = (user.ROOT / "README.md").read_text()
    assert "the first of 2, 5, 130, 4, 3, 6 counts" in readme


def test_no_file_is_overwritten_that_is_not_the_log_of_such_a_run(tmp_path: Path) -> None:
    """A copy of another log is kept, as is anything else; a log of this name is overwritten."""
    settings = settings_of(tmp_path, runs=2)
    second = tmp_path / "run-2.log"
    write_run(second, played_run(1, clients=(2,), step_s=4.0), log_file=str(second))
    check_logs(settings)
    for text in (None, "my notes", "[]", "{}"):
        if text is None:
            (tmp_path / "run.log").unlink(missing_ok=True)
            log = write_run(
                tmp_path / "run.log", played_run(1, clients=(2,), step_s=4.0), log_file="run.log"
            )
            second.write_bytes(log.read_bytes())
        else:
            second.write_text(text)
        with pytest.raises(SettingError, match=r"^REPEAT = 2: run 2 would overwrite .*run-2\.log"):
            check_logs(settings)
    second.write_text("")
    check_logs(settings)


def test_the_time_that_a_series_takes_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By --dry-run too, which says nothing of it for one run."""
    settings = resolve({}, {"repeat": "3", "cooldown": "30", "custom_ramp": "1,2"}, {})
    assert series_words(settings).startswith("3 runs with pauses of 30 s take 240 s (4 min) in all")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--repeats", "a.log"], "--repeats: must have the logs of two runs or more"),
        (["--repeats", "a", "b", "--baseline", "c"], "--repeats: must be left out with --baseline"),
        (["--repeats", "a", "b", "--host", "h"], "--host: must be left out with --repeats"),
        (["a.log", "b.log"], "2 logs were given: must be one, or several with --repeats or"),
    ],
)
def test_a_wrong_option_is_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what is legal, and an example."""
    with pytest.raises(SystemExit) as caught:
        parse_load_test_logs.main(words)
    assert caught.value.code == exit_codes.BAD_SETTING
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert "for example" in line


def test_two_real_runs_against_the_embedded_endpoint(tmp_path: Path) -> None:
    """From the command line to repeats.json: two logs, two reports, one answer; then read again."""
    ended = user.run(
        tmp_path, "load_test.py", "--repeat", "2", "--cooldown", "0.5", "--custom-ramp", "3",
        "--time-between-ramp", "3", "--requests-per-second", "4",
    )  # fmt: skip
    found = repeats(tmp_path)
    assert ended.code in (0, 4), ended.err  # 4: this machine was too busy to send on time
    assert found["counted"] == 2 or ended.code == 4
    assert [run["log"] for run in found["runs"]] == ["run.log", "run-2.log"]
    if found["counted"] == 2:
        assert ended.out.startswith("2 runs: ")
        (throughput,) = (f for f in found["loads"][0]["figures"] if f["figure"] == "throughput")
        assert throughput["mean"] == pytest.approx(12, rel=0.2)
        assert found["findings"][-1]["code"] == "few_runs"
    assert "Pause of 0.5 s" in ended.err
    for number, seed in ((1, 1), (2, 2)):
        summary = json.loads((tmp_path / "results" / f"run-{number}" / "summary.json").read_text())
        assert summary["settings"]["seed"] == seed
        assert summary["settings"]["repeat"] == 1
        assert summary["totals"]["planned"] == 3 * 3 * 4
    logs = [str(tmp_path / name) for name in ("run.log", "run-2.log")]
    again = user.run(tmp_path / "again", "parse_load_test_logs.py", "--repeats", *logs)
    assert again.code == ended.code
    assert repeats(tmp_path / "again") == found
