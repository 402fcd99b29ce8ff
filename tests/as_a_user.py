"""Runs the scripts as a user does: a process, its exit code, its output, its files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from edgeload.records import Header, Request, WorkerDied
from edgeload.runlog import DamagedLine, read_records

ROOT = Path(__file__).parents[1]
TOKEN = "api_token_that_nobody_may_read"
DETECTOR_ID = "det_" + "U" * 27


@dataclass(frozen=True)
class Finished:
    """A script that has ended."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """The user's environment, with the token."""
    return {**os.environ, "GROUNDLIGHT_API_TOKEN": TOKEN, "COLUMNS": "100"}


def start(folder: Path, script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script of the project; logs and results go to `folder`.

    A load test sends its load at once, also to endpoints that fail; `--preflight` undoes that.
    """
    where = {
        "load_test.py": [
            "--log-file", f"{folder}/run.log", "--output-dir", f"{folder}/results",
            "--no-preflight",
        ],
        "parse_load_test_logs.py": ["--output-dir", f"{folder}/results"],
        "monitor_cpu_gpu_usage.py": ["--output", f"{folder}/monitor"],
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, script, *where[script], *arguments],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], timeout_s: float = 120.0) -> Finished:
    """Wait for a script to end; killed, and a failure, if it does not in time."""
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Finished(process.returncode, out, err)


def run(folder: Path, script: str, *arguments: str) -> Finished:
    """Run a script to its end."""
    return finish(start(folder, script, *arguments))


def records(folder: Path) -> list[Any]:
    """The run's records; none may be damaged, and every line of the log is a JSON object."""
    lines = (folder / "run.log").read_bytes().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    found = [record for chunk in read_records(folder / "run.log") for record in chunk]
    assert not [record for record in found if isinstance(record, DamagedLine)]
    return found


def requests_in(folder: Path) -> list[Request]:
    """The run's request lines."""
    return [record for record in records(folder) if isinstance(record, Request)]


def deaths_in(folder: Path) -> list[WorkerDied]:
    """The run's worker deaths."""
    return [record for record in records(folder) if isinstance(record, WorkerDied)]


def header_of(folder: Path) -> Header:
    """The run's header."""
    header = records(folder)[0]
    assert isinstance(header, Header)
    return header


def summary(folder: Path) -> dict[str, Any]:
    """summary.json, with its sums checked: planned = ok + failed + missed, everywhere."""
    found: dict[str, Any] = json.loads((folder / "results" / "summary.json").read_text())
    for counts in [found["totals"], *found["steps"]]:
        assert counts["planned"] == counts["ok"] + counts["failed"] + counts["missed"]
    for name in ("planned", "ok", "failed", "missed"):
        assert found["totals"][name] == sum(step[name] for step in found["steps"])
    return found


def code_of(validity: dict[str, Any]) -> int:
    """Exit code of a run that was carried out: 0; or 4, where this machine was too busy for it.

    The latter is no fault of the tool: it says so, and in no other case.
    """
    reasons = {reason["code"] for reason in validity["reasons"]}
    busy = {
        *("generator_late", "generator_cpu", "generator_starved", "generator_limited"),
        *("worker_stood_still", "clients_idle", "generator_stolen"),
    }
    assert reasons <= busy, validity
    return 4 if reasons else 0


def check_done(folder: Path, ended: Finished) -> None:
    """A run that was carried out, with its results in `folder`, and its exit code."""
    assert ended.code == code_of(summary(folder)["validity"]), ended.err


def wait_for(condition: Callable[[], bool], within_s: float, what: str) -> None:
    """Return as soon as it holds; fail where it does not in time."""
    until_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until_s, f"not in {within_s} s: {what}"
        time.sleep(0.02)


def answered_in(folder: Path) -> int:
    """Request lines so far, also in a log that is being written."""
    path = folder / "run.log"
    return path.read_bytes().count(b'"event":"request"') if path.exists() else 0


def wait_for_answers(folder: Path, count: int = 5) -> None:
    """Until a run is under way."""
    wait_for(lambda: answered_in(folder) >= count, 30, f"{count} answers")


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """All processes below a script, the embedded endpoint's among them."""
    return psutil.Process(process.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run."""
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def interrupt(process: subprocess.Popen[str]) -> None:
    """Ctrl-C."""
    process.send_signal(signal.SIGINT)
