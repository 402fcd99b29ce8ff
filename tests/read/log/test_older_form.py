"""Logs of the older form, and of its successor, into the same columns and steps."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import analyse
from edgeload.read.log.columns import LogError
from edgeload.read.log.open import load_log, read_log
from edgeload.read.output.summary_json import summary_values

_T0 = 1_730_000_000
_LATENCY_S = 0.04


def _line(done: float, *, newer: bool, client: int, number: int, error: str | None) -> str:
    """One request as the older scripts wrote it: no error key or null where there was none."""
    local = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(int(done)))
    values: dict[str, object] = {
        "asctime": local if newer else f"{local},{int(done % 1 * 1000):03d}",
        "worker_number": client,
        "request_number": number,
        "latency": _LATENCY_S,
        "success": error is None,
    }
    if newer:
        values |= {"ts": done, "event": "request"}
        if error:
            values["error"] = error
    else:
        values["error"] = error
    return json.dumps(values)


def _write(path: Path, *, newer: bool, steps: tuple[int, ...] = (1, 2, 4)) -> Path:
    """Steps of 10 s, 10 requests/s a client, 40 ms each; every fiftieth fails."""
    lines: list[tuple[float, str]] = []
    count = 0
    for index, clients in enumerate(steps):
        start = _T0 + 10 * index
        lines.append((start, f"RAMP {clients} ts={start}.0" if newer else f"RAMP {clients}"))
        for client in range(clients):
            for i in range(100):
                count += 1
                done = start + 0.05 + i / 10 + client / 1000
                error = "HTTP 500" if count % 50 == 0 else None
                line = _line(done, newer=newer, client=client, number=count, error=error)
                lines.append((done, line))
        if newer:
            lines.append((start + 5.5, '{"asctime":"x","event":"gpu","gpu_utilization":3}'))
    path.write_text("\n".join(text for _, text in sorted(lines)) + "\n")
    return path


@pytest.mark.parametrize("newer", [False, True])
def test_both_forms_give_steps_counts_and_rates(tmp_path: Path, newer: bool) -> None:
    """Clients, throughput and failures of each step are those that were written."""
    summary = analyse(read_log(_write(tmp_path / "log", newer=newer)))
    assert [step.clients for step in summary.steps] == [1, 2, 4]
    assert [step.counts.ok + step.counts.failed for step in summary.steps] == pytest.approx(
        [100, 200, 400], abs=1
    )
    assert summary.totals.sent == 700
    assert summary.totals.failed == 14
    for step in summary.steps:
        assert step.rates.completions_per_s == pytest.approx(10 * step.clients, rel=0.02)
        assert step.times.service.mean == pytest.approx(_LATENCY_S)


def test_what_the_form_does_not_say_is_no_data(tmp_path: Path) -> None:
    """Planned, missed, response time, lag and the expected rate are null, never 0 or NaN."""
    summary = analyse(read_log(_write(tmp_path / "log", newer=False)))
    values = summary_values(summary, find(summary))
    assert values["totals"]["planned"] is None
    assert values["totals"]["missed"] is None
    assert values["run_id"] is values["interrupted"] is values["settings"] is None
    for step in values["steps"]:
        for name in ("planned", "missed", "response_time_s", "generator_lag_s"):
            assert step[name] is None
        assert step["arrival_rate_per_s"] is None
    assert values["capacity"] is None
    assert "older_form" in [finding.code for finding in find(summary)]
    json.dumps(values, allow_nan=False)


def test_the_arrival_rate_can_be_told(tmp_path: Path) -> None:
    """With the rate of a client given, the expected rate and a capacity follow."""
    log = read_log(_write(tmp_path / "log", newer=True, steps=(2, 3)), requests_per_second=10)
    steps = analyse(log).steps
    assert [step.rates.arrival_per_s for step in steps] == [20, 30]


def test_damage_is_counted_never_fatal(tmp_path: Path) -> None:
    """Broken JSON, missing keys, impossible times and odd dates are counted; the first is shown."""
    path = _write(tmp_path / "log", newer=False)
    good = len(read_log(path).requests)
    with path.open("ab") as file:
        file.write(
            b'{"asctime": "2024-10-2\n'
            b'{"asctime":"2024-10-22 10:00:00","worker_number":1,"success":true}\n'
            b'{"asctime":"yesterday","worker_number":1,"latency":0.1,"success":true}\n'
            b'{"ts":1.0,"worker_number":99999999999,"latency":0.1,"success":true}\n'
            b'{"ts":1.0,"latency":-5,"success":true}\n'
            b"RAMP many\n"
            b"\xff\xfe\x00 bytes\n"
        )
    log = read_log(path)
    assert log.damage.lines == 7
    assert log.damage.first is not None
    assert "2024-10-2" in log.damage.first.text
    assert len(log.requests) == good


def test_whole_seconds_are_read_too(tmp_path: Path) -> None:
    """asctime without milliseconds, and no RAMP line at all: one step of all clients seen."""
    local = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(_T0))
    path = tmp_path / "log"
    path.write_text(
        "".join(
            json.dumps(
                {
                    "asctime": local,
                    "worker_number": c,
                    "latency": 0.5,
                    "success": True,
                    "error": None,
                }
            )
            + "\n"
            for c in range(3)
        )
    )
    log = read_log(path)
    assert [step.clients for step in log.steps] == [3]
    assert log.wall_s == _T0 - 0.5
    assert np.allclose(log.requests.done_s, 0.5)
    assert load_log(path).response_s.isna().all()


def test_marks_without_requests_are_no_log(tmp_path: Path) -> None:
    """RAMP lines alone hold nothing to summarise."""
    path = tmp_path / "log"
    path.write_text("RAMP 1\nRAMP 2\n")
    with pytest.raises(LogError, match="no request"):
        read_log(path)
