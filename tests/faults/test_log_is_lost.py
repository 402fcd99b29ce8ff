"""A disk that fills, and a log that somebody deletes or cuts, in the middle of a run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import as_a_user as user
import pytest
import synthetic_log as sl
from small_disk import command_on

from edgeload.read.log.live_log import LiveLog
from edgeload.runlog import LogWriter, create_log
from edgeload.simulator.truth import read_truth_log

IN_FLIGHT = 2  # one request of each client
LOAD = ["--requests-per-second", "100", "--warmup", "0.2", "--no-preflight", "--workers", "2"]
TWO_CLIENTS = ["--max-clients", "2", "--step-size", "2", "--time-between-ramp"]


def _options(folder: Path) -> list[str]:
    """Options for an embedded endpoint that writes down what it was asked."""
    return ["--simulator-options", f"--truth-log {folder}/truth --service-time 5ms"]


def _asked(folder: Path) -> int:
    """How many image queries the endpoint has counted."""
    return len(read_truth_log(folder / "truth"))


def _lines(log: Path) -> list[dict[str, Any]]:
    """The lines of a log, of which one may be torn."""
    lines = log.read_bytes().splitlines()
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    assert len(found) >= len(lines) - 1
    return found


def _sent(log: Path) -> tuple[int, int]:
    """Requests in the log, and requests sent that its last line counts."""
    lines = _lines(log)
    assert lines[-1]["event"] == "end"
    return sum(line["event"] == "request" for line in lines), lines[-1]["counted"]["sent"]


@pytest.mark.parametrize(
    "how",
    [
        pytest.param([*TWO_CLIENTS, "50"], id="http"),
        pytest.param([*TWO_CLIENTS, "50", "--client=sdk"], id="sdk", marks=pytest.mark.slow),
        pytest.param(["--find-capacity"], id="search", marks=pytest.mark.slow),
    ],
)
def test_a_disk_that_fills_stops_the_run_and_loses_nothing_that_was_written(
    tmp_path: Path, how: list[str]
) -> None:
    """It ends at once with exit code 4, a report of what is in the log, and a line with the loss.

    Of what the endpoint counted, all but what was in flight is in the log or counted as lost.
    """
    disk = tmp_path / "disk"
    run = [sys.executable, "load_test.py", *LOAD, *_options(tmp_path), *how]
    where = ["--log-file", f"{disk}/run.log", "--output-dir", f"{tmp_path}/results"]
    began_s = time.monotonic()
    ended = subprocess.run(
        command_on(disk, "100k", [*run, *where]),
        cwd=user.ROOT, env=user.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert time.monotonic() - began_s < 45
    assert ended.returncode == 4, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "INVALID" in ended.stdout
    found = re.search(
        rf"^the run was stopped because its log {disk}/run.log could no longer be written "
        r"\(No space left on device\); ([\d,]+) of the ([\d,]+) requests that ended are in it$",
        ended.stderr, re.MULTILINE,
    )  # fmt: skip
    assert found, ended.stderr
    in_log, counted = (int(number.replace(",", "")) for number in found.groups())
    log = Path(f"{disk}.after/run.log")
    assert _sent(log)[0] == in_log
    clients = max(line.get("clients", 0) for line in _lines(log))
    assert abs(_asked(tmp_path) - counted) <= max(IN_FLIGHT, clients)
    assert (tmp_path / "results" / "report.html").exists()


def _run_with(folder: Path, fault: Callable[[Path], None]) -> user.Finished:
    """A run of two seconds, and what somebody does to its log in the middle."""
    where = ["--log-file", str(folder / "logs" / "run.log"), *TWO_CLIENTS, "2"]
    process = user.start(folder, "load_test.py", *LOAD, *_options(folder), *where)
    log = folder / "logs" / "run.log"
    user.wait_for(lambda: log.exists() and log.read_bytes().count(b'"request"') > 20, 30, "answers")
    fault(log)
    ended = user.finish(process)
    assert "Traceback" not in ended.err
    return ended


def test_a_log_whose_folder_is_deleted_is_written_again(tmp_path: Path) -> None:
    """The run goes on, says so, and nothing at all is missing."""
    ended = _run_with(tmp_path, lambda log: shutil.rmtree(log.parent))
    user.check_done(tmp_path, ended)
    assert "somebody has deleted or moved the log" in ended.err
    in_log, counted = _sent(tmp_path / "logs" / "run.log")
    assert in_log == counted == _asked(tmp_path)


@pytest.mark.slow
def test_a_log_that_is_replaced_in_mid_run_is_kept_beside_the_other_file(tmp_path: Path) -> None:
    """Whatever has the name by now stays; a line names the log of this run."""

    def replace(log: Path) -> None:
        log.unlink()
        log.write_text("somebody else's")

    ended = _run_with(tmp_path, replace)
    log, kept = tmp_path / "logs" / "run.log", tmp_path / "logs" / "run-kept.log"
    assert ended.code == 1
    assert f"{log} is another file by now: the log of this run is {kept}" in ended.err
    assert log.read_text() == "somebody else's"
    in_log, counted = _sent(kept)
    assert in_log == counted == _asked(tmp_path)


@pytest.mark.parametrize("left_bytes", [0, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_log_that_is_cut_in_mid_run_is_read_and_counts_what_it_lost(
    tmp_path: Path, left_bytes: int
) -> None:
    """Its header is written again, so that it is read as what it is: INVALID, with the numbers."""

    def cut(log: Path) -> None:
        with log.open("r+b") as file:
            file.truncate(left_bytes)

    ended = _run_with(tmp_path, cut)
    assert ended.code == 4
    assert "somebody has cut the log" in ended.err
    codes = {each["code"] for each in user.summary(tmp_path)["validity"]["reasons"]}
    assert "log_disagrees" in codes
    in_log, counted = _sent(tmp_path / "logs" / "run.log")
    assert 0 < in_log <= counted - 20 + 4 * IN_FLIGHT
    assert counted == _asked(tmp_path)


def test_a_search_goes_on_reading_its_log_though_it_is_deleted(tmp_path: Path) -> None:
    """What a trial is judged by is in the file, not in its name."""
    plan = sl.plan_of([2], 5, 10.0)
    played = sl.play(plan, servers=4, service=sl.constant(0.01))
    header = sl.header_of(plan)
    create_log(tmp_path / "log")
    log = LogWriter(tmp_path / "log")
    log.append([header])
    live = LiveLog(tmp_path / "log")
    (tmp_path / "log").unlink()
    log.append(played.requests)
    found = live.at(plan.steps[0], 5.0)
    live.close()
    assert len(found.requests) == len(played.requests)
