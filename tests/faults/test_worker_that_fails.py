"""A worker process that never starts, is killed, or stands still."""

from __future__ import annotations

import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import as_a_user as user
import pytest
import signalled

import load_test
from edgeload import exit_codes
from edgeload.run import worker_processes
from edgeload.run.worker_processes import WorkerProcesses, WorkersFailed

ENDS_WITHIN_S = 30.0  # where a hang would be for ever


@dataclass(frozen=True)
class _Task:
    """As much of a WorkerTask as starting workers takes."""

    index: int = 0
    workers: int = 3
    groups: tuple[None, ...] = (None,)

    def clients(self) -> range:
        return range(1)


NEVER_STARTS = {
    "killed": "could not start: killed by SIGKILL",
    "stopped": "did not start: a signal has stopped it",
    "hanging": "did not become ready in 1 s, for an unknown cause",
    "no_such_function": r"could not start: AttributeError: .*no_such_function.*",
}


@pytest.mark.parametrize("fault", NEVER_STARTS)
def test_a_worker_that_never_starts_is_named_with_its_cause(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """One of three: its number, its process and why, at once if that can be known."""
    monkeypatch.setitem(worker_processes._ENTRIES, "http", ("failing_workers", fault))
    monkeypatch.setattr(worker_processes, "_LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(worker_processes, "_READY_WITHIN_S", 1.0 if fault == "hanging" else 60.0)
    workers = WorkerProcesses()
    began_s = time.monotonic()
    try:
        task: Any = _Task()
        workers.start(task, "http")
        with pytest.raises(WorkersFailed) as failed:
            workers.await_ready()
    finally:
        workers.close()
    said = str(failed.value)
    if fault == "hanging":  # perhaps the others are slow on a busy machine
        said = re.sub(" and . other workers?", "", said).replace("worker 0", "worker 1")
    if fault == "no_such_function":  # which all three lack
        said = re.sub("worker .", "worker 1", said)
    assert re.fullmatch(rf"worker 1 \(process \d+\) {NEVER_STARTS[fault]}", said)
    assert time.monotonic() - began_s < ENDS_WITHIN_S


def test_a_run_whose_worker_never_starts_is_our_own_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 4 with one line; the log of the run before is as it was."""
    monkeypatch.setitem(worker_processes._ENTRIES, "http", ("no_such_module", "worker"))
    (tmp_path / "run.log").write_text("RAMP 1 of the last run")
    words = signalled.load_test(tmp_path, "--max-clients", "2")
    assert load_test.main(words[1:]) == exit_codes.INVALID
    last = capsys.readouterr().err.splitlines()[-1]
    cause = "ModuleNotFoundError: No module named 'no_such_module'"
    assert re.fullmatch(rf"worker \d \(process \d+\) could not start: {cause}", last)
    assert (tmp_path / "run.log").read_text() == "RAMP 1 of the last run"


@pytest.mark.slow
def test_one_worker_killed_and_one_frozen_for_ever(tmp_path: Path) -> None:
    """Of three: both are named with their time, the run ends, and all records are kept.

    A worker that stands still is killed when the longest answer would have come.
    """
    words = signalled.load_test(
        tmp_path, "--workers", "3", "--custom-ramp", "6", "--requests-per-second", "10",
        "--time-between-ramp", "2", "--timeout", "0.5",
    )  # fmt: skip
    with signalled.started(tmp_path, words) as program:
        program.wait_for(lambda: user.answered_in(tmp_path) >= 12, "answers")
        frozen, dead, _ = sorted(program.workers(), key=lambda worker: worker.pid)
        frozen.send_signal(signal.SIGSTOP)
        dead.send_signal(signal.SIGKILL)
        assert program.wait(ENDS_WITHIN_S) == exit_codes.INVALID
        program.check_nothing_left()
        said = program.err
    assert re.search(
        rf"worker \d \(process {frozen.pid}, 2 clients\) did not end: it stood still and was "
        r"killed \d+\.\d s into the run",
        said,
    )
    assert re.search(
        rf"worker \d \(process {dead.pid}, 2 clients\) died \d+\.\d s into the run: killed by "
        "SIGKILL",
        said,
    )
    deaths = {death.pid: death for death in user.deaths_in(tmp_path)}
    assert set(deaths) == {frozen.pid, dead.pid}
    assert deaths[dead.pid].at_s < deaths[frozen.pid].at_s
    found = user.summary(tmp_path)
    assert found["totals"]["ok"] >= 12 + 20  # at least those of the third worker
    assert {each["code"] for each in found["validity"]["reasons"]} >= {"worker_died"}


@pytest.mark.slow
def test_a_worker_that_stands_still_for_three_seconds(tmp_path: Path) -> None:
    """It goes on; when it stood still is said, and every record is kept."""
    words = signalled.load_test(
        tmp_path, "--custom-ramp", "4", "--requests-per-second", "10", "--time-between-ramp", "5"
    )
    with signalled.started(tmp_path, words) as program:
        program.wait_for(lambda: user.answered_in(tmp_path) >= 12, "answers")
        frozen = program.workers()[0]
        frozen.send_signal(signal.SIGSTOP)
        time.sleep(3.0)
        frozen.send_signal(signal.SIGCONT)
        assert program.wait(ENDS_WITHIN_S) == exit_codes.INVALID
        program.check_nothing_left()
    found = user.summary(tmp_path)
    assert not user.deaths_in(tmp_path)
    assert found["totals"]["missed"] + found["totals"]["ok"] == found["totals"]["planned"] == 200
    stood = [one for one in found["validity"]["reasons"] if one["code"] == "worker_stood_still"]
    assert stood[0]["numbers"]["gap_s"] >= 3.0
