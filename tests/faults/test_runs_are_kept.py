"""Runs that are killed, or called by impossible names: what was measured stays."""

from __future__ import annotations

import signal
from pathlib import Path

import as_a_user as user
import pytest

from edgeload import exit_codes
from edgeload.__main__ import main
from edgeload.commands import run
from edgeload.kept_runs import KEPT_LOG, kept_folders

LOAD = ["--max-clients", "1", "--same-image", "--warmup", "0.2", "--time-between-ramp"]


def test_the_log_of_a_killed_run_outlives_the_next_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Byte for byte; LOG_FILE and `latest` are the next run's.

    The list says which run has no results, and the report by its name makes them.
    """
    log, results = tmp_path / "run.log", tmp_path / "results"
    killed = user.start(tmp_path, "load_test.py", *LOAD, "60", "--name", "killed")
    user.wait_for_answers(tmp_path)
    killed.send_signal(signal.SIGKILL)
    user.finish(killed)
    cut_off = log.read_bytes()
    user.check_done(tmp_path, user.run(tmp_path, "load_test.py", *LOAD, "1"))

    newest, of_killed = kept_folders(results)
    assert (of_killed / KEPT_LOG).read_bytes() == cut_off
    assert [path.name for path in of_killed.iterdir()] == [KEPT_LOG]
    assert (results / "latest").resolve() == newest
    assert (newest / KEPT_LOG).samefile(log)
    assert (newest / "summary.json").samefile(results / "summary.json")

    assert main(["list", str(results)]) == exit_codes.OK
    rows = capsys.readouterr().out.splitlines()
    assert ["no results" in row for row in rows[1:3]] == [False, True]
    main(["report", f"{results}/killed"])
    assert (of_killed / "report.html").exists()


@pytest.mark.parametrize(
    "name",
    [
        "a/b",
        "..",
        ".",
        "../up",
        "-x",
        "a b",
        "x" * 51,
        "x" * 300,
        "a\nb",
        "\x1b[31m",
        "a\0",
        "latest",
    ],
)
def test_a_name_that_no_folder_should_have_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2, and no folder; the same for notes and labels without an end."""
    monkeypatch.chdir(tmp_path)
    for option in (f"--name={name}", *([f"--notes={name * 9}"] if len(name) > 51 else [])):
        assert run.main([option], config_folders=()) == exit_codes.BAD_SETTING
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert err.startswith(("NAME = ", "NOTES = "))
        assert "; must be another name, for example 4-workers" in err or "must be " in err
    assert list(tmp_path.iterdir()) == []
