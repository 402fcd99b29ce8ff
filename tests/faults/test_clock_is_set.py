"""The wall clock is set while a run, a monitor or the one who reads their logs needs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import msgspec
import pytest
import synthetic_log as sl

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.output.summary_json import summary_values
from edgeload.runlog import LogWriter, read_records

JUMPS = """\
import os, time
from pathlib import Path

real = time.time
time.time = lambda: real() + (int(4 * time.monotonic()) % 3 - 1) * 86400.0
Path(__file__).with_name(f"{os.getpid()}.pid").touch()
"""
"""Of every Python process: its wall clock is set by a day, four times a second."""


def _program(folder: Path, *words: str) -> int:
    """A program's exit code, with all of its processes under the clock that jumps."""
    (folder / "clock").mkdir()
    (folder / "clock" / "sitecustomize.py").write_text(JUMPS)
    environment = {**os.environ, "PYTHONPATH": str(folder / "clock")}
    done = subprocess.run(
        [sys.executable, *words], cwd=user.ROOT, env=environment, capture_output=True, check=False
    )
    assert b"Traceback" not in done.stderr
    return done.returncode


def test_a_run_whose_clock_jumps_measures_the_same(tmp_path: Path) -> None:
    """Every time is of the monotonic clock: sent when due, answered in 50 ms, and in its order.

    The labels of all lines follow it as well, so they agree with the run times.
    """
    code = _program(
        tmp_path, "load_test.py", "--no-preflight", "--log-file", f"{tmp_path}/run.log",
        "--output-dir", f"{tmp_path}/results", "--custom-ramp", "2", "--time-between-ramp", "1",
        "--warmup", "0.2", "--requests-per-second", "10", "--workers", "2", "--same-image",
        "--simulator-options", "--service-time 50ms",
    )  # fmt: skip
    found = user.summary(tmp_path)
    assert code == user.code_of(found["validity"])
    assert len(list((tmp_path / "clock").glob("*.pid"))) >= 3  # also the fork server's, for one
    assert (found["totals"]["ok"], found["totals"]["planned"]) == (20, 20)
    requests = user.requests_in(tmp_path)
    anchor = user.header_of(tmp_path).anchor
    for line in requests:
        assert line.due_s <= line.sent_s < line.done_s < 2.0
        assert line.done_s - line.sent_s == pytest.approx(0.05, abs=0.5)
        assert line.ts - anchor.wall_s == pytest.approx(line.done_s, abs=1e-3)
    assert sum(line.latency < 0.1 for line in requests) > len(requests) / 2


def test_a_monitor_whose_clock_jumps_samples_the_same(tmp_path: Path) -> None:
    """Samples stay where they belong beside a run, in which the wall clock is what both share."""
    words = ["--duration", "1.5", "--interval", "0.3", "--output", f"{tmp_path}/host"]
    assert _program(tmp_path, "monitor_cpu_gpu_usage.py", *words) == 0
    lines = (tmp_path / "host" / "host_samples.jsonl").read_text().splitlines()
    header, *samples = map(json.loads, lines)
    assert len(samples) >= 4
    offset_s = header["ts"] - header["monotonic_s"]
    for sample in samples:
        assert sample["ts"] - sample["monotonic_s"] == pytest.approx(offset_s, abs=1e-3)
        assert 0.0 < sample["interval_s"] < 1.5


@pytest.mark.parametrize("from_s", [0.0, 10.0], ids=["between the header and the rest", "later"])
@pytest.mark.parametrize("jump_s", [-7200.0, 86_400.0])
def test_a_log_whose_clock_was_set_is_judged_the_same(
    tmp_path: Path, from_s: float, jump_s: float
) -> None:
    """Instants of the wall clock in lines are labels: no number and no verdict comes from them."""
    played = sl.play(sl.plan_of([10, 30], 10.0, 2.0), servers=2, service=sl.constant(0.05))
    steady = sl.write(tmp_path / "steady.log", played)
    lines = [line for chunk in read_records(steady) for line in chunk]
    writer = LogWriter(tmp_path / "jumps.log")
    writer.append(lines[:1])
    for line in lines[1:]:
        jumped = line.ts + jump_s if line.ts >= sl.WALL_S + from_s else line.ts
        writer.append([msgspec.structs.replace(line, ts=jumped)])
    writer.close()
    both = [analyse(read_log(path)) for path in (steady, tmp_path / "jumps.log")]
    said = [summary_values(summary, find(summary)) for summary in both]
    for values in said:
        del values["log"]  # its name
    assert said[0]["capacity"]
    assert said[0] == said[1]
