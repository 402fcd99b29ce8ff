"""The exit code of load_test.py for each way in which a run may end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import load_test
from edgeload import exit_codes
from edgeload.read.results import run_results as results
from edgeload.read.words import headline
from edgeload.run import session
from edgeload.run.phases import Ending, RunOutcome


@pytest.mark.parametrize(
    ("ending", "judged", "code", "shows_results"),
    [
        (Ending.FINISHED, 0, 0, True),
        (Ending.FINISHED, exit_codes.INVALID, exit_codes.INVALID, True),
        (Ending.SIGNAL, 0, exit_codes.INTERRUPTED, True),
        (Ending.ABORT_CONDITION, 0, exit_codes.OBJECTIVE_FAILED, True),
        (Ending.ABORT_CONDITION, exit_codes.INVALID, exit_codes.INVALID, True),
        (Ending.ABORT_CONDITION, exit_codes.NO_RESULT, exit_codes.OBJECTIVE_FAILED, True),
        (Ending.CUT_OFF, 0, exit_codes.INTERRUPTED, False),
        (Ending.NOTHING_SENT, 0, exit_codes.INTERRUPTED, False),
    ],
)
def test_each_ending_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    ending: Ending,
    judged: int,
    code: int,
    shows_results: bool,
) -> None:
    """Results are shown unless the run was cut off; a log without requests is not recommended."""
    written: list[Any] = []
    monkeypatch.setattr(session, "run_session", lambda *_, **__: RunOutcome(ending, "the reason"))
    monkeypatch.setattr(results, "write_results", lambda *a, **_: written.append(a))
    monkeypatch.setattr(results, "exit_code", lambda _: judged)
    monkeypatch.setattr(headline, "undecided_objectives", lambda _: [])
    where = ["--log-file", str(tmp_path / "run.log"), "--output-dir", str(tmp_path / "results")]
    assert load_test.main(where) == code
    assert bool(written) == shows_results
    said = capsys.readouterr().err
    assert ("the reason" in said) is not shows_results
    assert ("parse_load_test_logs.py" in said) == (ending is Ending.CUT_OFF)


@pytest.mark.parametrize("wanted", [[], ["--dry-run"]], ids=["run", "dry run"])
def test_a_step_in_which_nothing_may_be_due_is_refused(
    wanted: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and exit code 2, before anything is started or written; the dry run says it too."""
    log = tmp_path / "log"
    words = ["--custom-ramp", "1", "--time-between-ramp", "4", "--requests-per-second", "0.1"]
    assert load_test.main([*wanted, *words, "--log-file", str(log)]) == exit_codes.BAD_SETTING
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("TIME_BETWEEN_RAMP = 4: must be at least the period of a client, 10 s")
    assert not log.exists()
