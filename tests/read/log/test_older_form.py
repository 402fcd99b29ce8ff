"""Logs of the older form, and of its successor, into the same columns and steps."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from edgeload.objectives import parse_objective
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import RunLog
from edgeload.read.log.log_error import LogError
from edgeload.read.log.open import load_log, read_log
from edgeload.read.output.summary_json import summary_values
from edgeload.read.results.run_results import write_results
from edgeload.read.words.finding_words import message

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
    """Lines that tell of no request are counted; the first is shown with its number."""
    path = _write(tmp_path / "log", newer=False)
    good = len(read_log(path).requests)
    with path.open("ab") as file:
        file.write(
            b'{"asctime": "2024-10-2\n'
            b'{"asctime":"2024-10-22 10:00:00","worker_number":1,"latency":0.1}\n'
            b'{"success":true}\n'
            b'{"event":"ramp","clients":"many"}\n'
            b"RAMP many\n"
            b"\xff\xfe\x00 bytes\n"
        )
    log = read_log(path)
    assert log.damage.lines == 6
    assert log.damage.first is not None
    assert log.damage.first.number == good + 4
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


# --- lines that were carried far, and clocks that were set ----------------------------------------

Values = dict[str, Any]
STEPS = (1, 2, 4)
STEP_S = 20.0
RATE = 5.0


def _run(steps: tuple[int, ...] = STEPS) -> list[tuple[float, Values]]:
    """(run time, values) of each line of a run, ramp lines as {"RAMP": clients}; none fails."""
    lines: list[tuple[float, Values]] = []
    for index, clients in enumerate(steps):
        lines.append((index * STEP_S, {"RAMP": clients}))
        lines += [
            (index * STEP_S + 0.05 + i / RATE + client / 1000, {"worker_number": client})
            for client in range(clients)
            for i in range(int(STEP_S * RATE))
        ]
    lines.sort(key=lambda line: line[0])
    numbers: dict[int, int] = {}
    for _, values in lines:
        if "RAMP" not in values:
            client = values["worker_number"]
            numbers[client] = numbers.get(client, 0) + 1
            values |= {
                "request_number": numbers[client],
                "latency": _LATENCY_S,
                "success": True,
                "event": "request",
            }
    return lines


def _text(values: Values, ts: float | None) -> str:
    if "RAMP" in values:
        return f"RAMP {values['RAMP']}" + ("" if ts is None else f" ts={ts}")
    return json.dumps(values if ts is None else {"ts": ts, **values})


def _stored(
    path: Path, edit: Callable[[float, Values], Values] = lambda at_s, values: values
) -> Path:
    """The run, each line with `ts`, after an edit that may replace it."""
    lines = [_text({**edit(at_s, values)}, _T0 + at_s) for at_s, values in _run()]
    path.write_text("\n".join(lines) + "\n")
    return path


def _clocked(path: Path, shown: Callable[[float], Any]) -> Path:
    """The run with the instants that a clock showed."""
    lines = [_text(values, shown(at_s)) for at_s, values in _run()]
    path.write_text("\n".join(lines) + "\n")
    return path


def _codes(log: RunLog) -> dict[str, str]:
    return {finding.code: message(finding) for finding in find(analyse(log))}


def _check_steps(log: RunLog, rel: float = 0.02) -> None:
    """Requests, throughput and times of each step are those of the run as it was."""
    summary = analyse(log)
    assert [step.clients for step in summary.steps] == list(STEPS)
    for step in summary.steps:
        sent = step.counts.ok + step.counts.failed
        assert sent == pytest.approx(step.clients * STEP_S * RATE, abs=step.clients + 1)
        assert step.rates.throughput_per_s == pytest.approx(step.clients * RATE, rel=rel)
        assert step.times.service.mean == pytest.approx(_LATENCY_S, abs=1e-4)


@pytest.mark.parametrize("back_s", [5, 90, 3600])
def test_a_clock_set_back_is_one_finding_and_steps_follow_the_lines(
    tmp_path: Path, back_s: int
) -> None:
    """At second 30: no step is empty, and the finding says by how much and in which line."""
    log = read_log(_clocked(tmp_path / "log", lambda s: _T0 + s - (back_s if s >= 30 else 0)))
    _check_steps(log)
    [jump] = log.repairs.jumps
    lines = (tmp_path / "log").read_text().splitlines()
    assert f'"ts": {_T0 + 30.05 - back_s}' in lines[jump.line - 1]
    assert jump.seconds == pytest.approx(-back_s, abs=2 / RATE)
    assert "time goes back" in _codes(log)["clock_jumped"]
    assert f"at line {jump.line}" in _codes(log)["clock_jumped"]


def test_a_clock_set_forward_is_cut_out(tmp_path: Path) -> None:
    """Or a generator that stood still: nothing was sent meanwhile, so no step gets slower."""
    log = read_log(_clocked(tmp_path / "log", lambda s: _T0 + s + (600 if s >= 30 else 0)))
    _check_steps(log)
    assert [round(jump.seconds) for jump in log.repairs.jumps] == [600]


def test_a_clock_set_several_times_both_ways(tmp_path: Path) -> None:
    """Each jump is found in its line, in order."""
    jumps = ((10, -90), (25, 400), (50, -20))
    log = read_log(
        _clocked(tmp_path / "log", lambda s: _T0 + s + sum(by for at, by in jumps if s >= at))
    )
    _check_steps(log, rel=0.05)
    assert [jump.seconds for jump in log.repairs.jumps] == pytest.approx(
        [by for _, by in jumps], abs=0.5
    )


def test_a_clock_that_began_in_1970_is_cut_out(tmp_path: Path) -> None:
    """A box without a battery gets its time from the network some seconds after the start."""
    log = read_log(_clocked(tmp_path / "log", lambda s: s + (_T0 if s >= 3 else 0)))
    _check_steps(log)


def test_an_endpoint_that_hangs_is_no_jump(tmp_path: Path) -> None:
    """All clients wait 30 s for an answer: that time is the endpoint's, and stays."""
    lines: list[str] = []
    for number in range(1, 200):
        for client in range(3):
            hung = number == 100
            done = _T0 + number * 0.2 + (30 if number >= 100 else 0) + client / 1000
            latency = 30.1 if hung else 0.04
            lines.append(
                _text(
                    {
                        "worker_number": client,
                        "request_number": number,
                        "latency": latency,
                        "success": True,
                    },
                    done,
                )
            )
    path = tmp_path / "log"
    path.write_text("\n".join(lines))
    log = read_log(path)
    assert log.repairs.jumps == ()
    assert float((log.requests.done_s - log.requests.sent_s).max()) == pytest.approx(30.1)


def test_an_answer_that_was_waited_for_while_the_clock_jumped_has_no_time(tmp_path: Path) -> None:
    """One client is free and sends nothing for 600 s, so the other's 600.5 s are the clock's."""
    lines = []
    for number in range(1, 200):
        jump_s = 600 if number >= 100 else 0
        for client in range(2):
            waited_s = 0.04 + (600.5 if (number, client) == (100, 1) else 0.0)
            values = {"worker_number": client, "request_number": number, "latency": waited_s}
            at_s = _T0 + number * 0.2 + jump_s + client * 0.1
            lines.append(_text({**values, "success": True}, at_s))
    path = tmp_path / "log"
    path.write_text("\n".join(lines))
    log = read_log(path)
    service_s = log.requests.done_s - log.requests.sent_s
    assert [round(jump.seconds) for jump in log.repairs.jumps] == [600]
    assert log.repairs.without_latency == int(np.isnan(service_s).sum()) == 1
    assert float(np.nanmax(service_s)) == pytest.approx(_LATENCY_S)


def test_one_line_with_a_wrong_instant_is_no_jump(tmp_path: Path) -> None:
    """The lines after it are as before: the clock was not set."""
    path = _stored(tmp_path / "log")
    lines = path.read_text().splitlines()
    lines[400] = lines[400].replace('"ts": 17', '"ts": 16')
    path.write_text("\n".join(lines))
    log = read_log(path)
    assert not [jump for jump in log.repairs.jumps if jump.seconds < 0]


def test_a_stray_line_of_long_ago_does_not_stretch_the_run(tmp_path: Path) -> None:
    """Of a client that wrote nothing else, a second after 1970: the run lasts a minute."""
    path = _stored(tmp_path / "log")
    stray = {"worker_number": 7, "request_number": 1, "latency": 0.04, "success": True}
    lines = [line for line in path.read_text().splitlines() if not line.startswith("RAMP")]
    path.write_text("\n".join([*lines, _text(stray, 1.0)]))
    log = read_log(path)
    assert log.last_s < 2 * STEP_S * len(STEPS)
    assert len(log.requests) == 701


def test_lines_in_another_order_are_no_jump(tmp_path: Path) -> None:
    """Logs of single workers put one behind the other: each by itself is in order."""
    path = _stored(tmp_path / "sorted")
    lines = path.read_text().splitlines()
    ramps = [line for line in lines if line.startswith("RAMP")]
    requests = [line for line in lines if not line.startswith("RAMP")]
    requests.sort(key=lambda line: int(json.loads(line)["worker_number"]))
    other = tmp_path / "by_worker"
    other.write_text("\n".join([*ramps, *requests]))
    log = read_log(other)
    assert log.repairs.jumps == ()
    assert analyse(log).steps[2].counts.ok == analyse(read_log(path)).steps[2].counts.ok


@pytest.mark.parametrize("per_s", [10**3, 10**6, 10**9])
def test_instants_and_latencies_in_smaller_units(tmp_path: Path, per_s: int) -> None:
    """Found by their size, and by what a client can wait at most; said once."""

    def edit(at_s: float, values: Values) -> Values:
        ts = int((_T0 + at_s) * per_s)
        return {**values, "ts": ts, "latency": _LATENCY_S * per_s}

    path = tmp_path / "log"
    lines = [
        _text(values, int((_T0 + at_s) * per_s))
        if "RAMP" in values
        else json.dumps(edit(at_s, values))
        for at_s, values in _run()
    ]
    path.write_text("\n".join(lines))
    log = read_log(path)
    _check_steps(log)
    unit = {10**3: "milliseconds", 10**6: "microseconds", 10**9: "nanoseconds"}[per_s]
    assert f"instants and latencies in {unit}" in _codes(log)["other_units"]
    assert log.wall_s == pytest.approx(_T0, abs=0.1)


@pytest.mark.parametrize("latency_s", [0.04, 0.15, 9.0])
def test_slow_answers_in_seconds_stay_seconds(tmp_path: Path, latency_s: float) -> None:
    """Of a client that waits all the time; one absurd value in its midst proves nothing."""
    period_s = max(0.2, latency_s)
    path = tmp_path / "log"
    values: Values = {"worker_number": 0, "success": True}
    lines = [
        _text({**values, "latency": latency_s if n != 50 else 70_000.0}, _T0 + n * period_s)
        for n in range(1, 100)
    ]
    path.write_text("\n".join(lines))
    log = read_log(path)
    assert log.repairs.latencies_unit is None
    service_s = log.requests.done_s - log.requests.sent_s
    assert float(np.median(service_s)) == pytest.approx(latency_s)


@pytest.mark.parametrize("form", ["%s", "%s,250", "%s.250", "%sZ", "%s+02:00", "T"])
def test_local_times_of_any_zone(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ramp lines tell ts, requests local time alone: of the writer's zone, read in another."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        writers_zone_s = 7200 if form not in ("%sZ",) else 0

        def local(at_s: float) -> str:
            text = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(_T0 + at_s + writers_zone_s))
            return text.replace(" ", "T") if form == "T" else form % text

        lines = [
            _text(values, _T0 + at_s)
            if "RAMP" in values
            else json.dumps({"asctime": local(at_s), **values})
            for at_s, values in _run()
        ]
        path = tmp_path / "log"
        path.write_text("\n".join(lines))
        log = read_log(path)
        assert log.repairs.jumps == ()
        assert log.wall_s == pytest.approx(_T0, abs=1.0)
        sent = [step.counts.ok for step in analyse(log).steps]
        assert sent == pytest.approx([100, 200, 400], abs=4 * RATE)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_summer_time_of_the_reader_is_no_jump(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log written in UTC, read where the same hour does not exist that day."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        spring = 1_743_300_000 - 1_743_300_000 % 3600 + 3600 - 30  # 2025-03-30 02:59:30 UTC
        lines = [
            json.dumps(
                {
                    "asctime": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(spring + at_s)),
                    **values,
                }
            )
            for at_s, values in _run()
            if "RAMP" not in values
        ]
        path = tmp_path / "log"
        path.write_text("\n".join(lines))
        log = read_log(path)
        assert log.repairs.jumps == ()
        assert log.last_s == pytest.approx(60, abs=1.1)
    finally:
        monkeypatch.undo()
        time.tzset()


FAILURES: tuple[Values, ...] = (
    {"success": False, "error": "Read timed out"},
    {"success": False, "error": "Read timed out", "latency": None},
    {"success": False, "error": {"message": "Read timed out", "code": 7}, "latency": "soon"},
    {"success": False, "error": ["timeout"], "latency": -5},
    {"success": "false", "error": "timeout", "latency": float("nan")},
    {"success": 0, "error": "timeout", "latency": float("inf")},
    {"error": "timeout", "success": None},
    {"success": False, "error": "timeout", "ts": None},
    {"success": False, "error": "timeout", "ts": "yesterday", "asctime": "morning"},
    {"success": False, "error": "timeout", "ts": float("nan"), "latency": 1e300},
    {"success": False, "error": "timeout", "worker_number": None, "request_number": None},
    {"success": False, "error": "timeout", "worker_number": "w-3", "request_number": "x"},
    {"success": False, "error": "timeout", "worker_number": 2**70, "request_number": 2**70},
    {"success": False, "error": "timeout", "event": "Request"},
    {"success": False, "error": "timeout", "event": "image_query"},
    {"success": False, "error": "timeout", "event": None},
    {"success": False, "outcome": "timeout", "error": "gone"},
)


@pytest.mark.parametrize("failure", FAILURES, ids=range(len(FAILURES)))
def test_a_failure_is_a_failure_whatever_else_is_missing(tmp_path: Path, failure: Values) -> None:
    """Every fifth request fails, told in some odd way: counted, of its class, in its step."""

    def edit(at_s: float, values: Values) -> Values:
        fails = values.get("request_number", 1) % 5 == 0
        return {"ts": _T0 + at_s, **values, **failure} if fails else values

    log = read_log(_stored(tmp_path / "log", edit))
    assert log.damage.lines == 0
    assert int(log.requests.having("timeout").sum()) == 140
    assert [step.counts.failures for step in analyse(log).steps] == [
        {"timeout": n} for n in (20, 40, 80)
    ]


def test_failures_without_a_latency_count_for_objectives(tmp_path: Path) -> None:
    """Half of the requests fail without saying how long they took: errors<10% is not met."""

    def edit(at_s: float, values: Values) -> Values:
        fails = values.get("request_number", 1) % 2 == 0
        return {**values, "success": False, "latency": None} if fails else values

    log = read_log(_stored(tmp_path / "log", edit))
    [result] = analyse(log, [parse_objective("errors<10%")]).objectives
    assert result.status == "fail"


SUCCESSES: tuple[Values, ...] = (
    {"latency": "0.04"},
    {"ts": "1730000000.05"},
    {"worker_number": 3.0, "request_number": "12"},
    {"success": 1},
    {"success": "True", "error": None},
    {"unknown": [1, {"x": None}]},
    {"from_edge": True},
)


@pytest.mark.parametrize("values", SUCCESSES, ids=range(len(SUCCESSES)))
def test_numbers_and_truths_may_be_texts(tmp_path: Path, values: Values) -> None:
    """A success that is told in an odd way is a success with its time."""
    path = tmp_path / "log"
    line = {"ts": _T0 + 0.05, "worker_number": 0, "latency": 0.04, "success": True, **values}
    path.write_text(f"RAMP 1 ts={_T0}\n{json.dumps(line)}\n")
    requests = read_log(path).requests
    assert requests.ok.tolist() == [True]
    assert requests.done_s - requests.sent_s == pytest.approx(0.04)


@pytest.mark.parametrize("latency", [None, -89.9, "fast", float("nan")])
def test_a_success_without_a_latency_counts_but_has_no_time(tmp_path: Path, latency: Any) -> None:
    """Throughput has it, service times do not, and a finding says how many."""

    def edit(at_s: float, values: Values) -> Values:
        return (
            {**values, "latency": latency} if values.get("request_number", 1) % 2 == 0 else values
        )

    log = read_log(_stored(tmp_path / "log", edit))
    assert log.damage.lines == 0
    _check_steps(log)
    assert "350 successes without a latency" in _codes(log)["incomplete_requests"]
    assert "littles_law" not in _codes(log)
    assert analyse(log).steps[2].times.service.n <= 200


def test_a_log_without_any_latency_is_reported(tmp_path: Path) -> None:
    """Every file is written: counts and throughput are there, times are no data."""

    def edit(at_s: float, values: Values) -> Values:
        return {key: value for key, value in values.items() if key != "latency"}

    path = _stored(tmp_path / "log", edit)
    summary = write_results(path, tmp_path / "out", console=Console(file=io.StringIO()))
    assert [step.counts.ok for step in summary.steps] == [100, 200, 400]
    assert [step.times.service.mean for step in summary.steps] == [None] * 3


def test_answers_that_are_not_the_edges_are_escalated(tmp_path: Path) -> None:
    """The newest scripts of the older form say it in the error; others with from_edge."""
    text = (
        "Got a non-edge answer from the Edge Endpoint. Please configure your Edge Endpoint so that "
        "det_x always receives edge answers."
    )
    for odd in ({"success": False, "error": text}, {"from_edge": False}):

        def edit(at_s: float, values: Values, odd: Values = odd) -> Values:
            return {**values, **odd} if values.get("request_number", 1) % 4 == 0 else values

        log = read_log(_stored(tmp_path / "log", edit))
        assert int(log.requests.having("escalated").sum()) == 175
        assert (log.requests.from_edge[log.requests.having("escalated")] == 0).all()
        assert "failed_escalated" in _codes(log)


@pytest.mark.parametrize(
    "ramp",
    [
        {"event": "ramp", "clients": 0},
        {"event": "RAMP", "num_clients": 0},
        {"event": "ramp_step", "step": 1, "clients": 0, "start_s": 10.0},
        {"ramp": 0},
        {"message": "RAMP 0", "levelname": "INFO"},
        "2024-10-27 03:33:20,049 - INFO - RAMP 0",
        "RAMP 0 clients",
        "  RAMP: 0  ",
    ],
    ids=str,
)
def test_ramp_lines_may_be_json_or_come_through_a_logger(
    tmp_path: Path, ramp: Values | str
) -> None:
    """The number 0 above stands for the step's clients."""
    lines = []
    for at_s, values in _run():
        if "RAMP" not in values:
            lines.append(_text(values, _T0 + at_s))
        elif isinstance(ramp, str):
            head, _, tail = ramp.rpartition("RAMP")
            lines.append(f"{head}RAMP{tail.replace('0', str(values['RAMP']))}")
        else:
            said = {key: values["RAMP"] if value == 0 else value for key, value in ramp.items()}
            if "message" in said:
                said["message"] = f"RAMP {values['RAMP']}"
            lines.append(json.dumps({**said, "ts": _T0 + at_s}))
    path = tmp_path / "log"
    path.write_text("\n".join(lines))
    log = read_log(path)
    assert log.damage.lines == 0
    _check_steps(log)


def test_a_ramp_to_nobody_is_a_step_without_load(tmp_path: Path) -> None:
    """RAMP 0 among loads that a scaling law can be fitted to: it has no part in that."""
    path = tmp_path / "log"
    lines = [_text(values, _T0 + at_s) for at_s, values in _run((1, 2, 3, 4, 5, 6, 7))]
    last_s = 7 * STEP_S
    late = {"worker_number": 0, "latency": 0.04, "success": True}
    more = [_text(late, _T0 + last_s + 5 + i) for i in range(10)]
    path.write_text("\n".join([*lines, f"RAMP 0 ts={_T0 + last_s}", *more]))
    summary = analyse(read_log(path))
    assert [step.clients for step in summary.steps] == [1, 2, 3, 4, 5, 6, 7, 0]


def test_several_runs_in_one_file_are_refused(tmp_path: Path) -> None:
    """One line says where the second begins, and that is where the file can be divided."""
    one = _stored(tmp_path / "one").read_text()
    later = _clocked(tmp_path / "later", lambda s: _T0 + 5000 + s).read_text()
    path = tmp_path / "both"
    for second in (one, later):
        path.write_text(one + second)
        with pytest.raises(LogError, match=r"several runs, and the second begins in line 704:"):
            read_log(path)
    assert path.read_text().splitlines()[703].startswith("RAMP 1")


def test_steps_that_number_their_requests_anew_are_one_run(tmp_path: Path) -> None:
    """Some programs start every client again in every step, while the ramp goes up."""
    numbers: dict[Any, int] = {}
    step = 0

    def edit(at_s: float, values: Values) -> Values:
        nonlocal step
        if "RAMP" in values:
            step = values["RAMP"]
            return values
        key = step, values["worker_number"]
        numbers[key] = numbers.get(key, 0) + 1
        return {**values, "request_number": numbers[key]}

    _check_steps(read_log(_stored(tmp_path / "log", edit)))


def test_a_log_of_the_present_form_without_its_header_is_refused(tmp_path: Path) -> None:
    """Its plan is in the header; without it, missed requests could not be told."""
    path = tmp_path / "log"
    line = {"ts": 1.0, "latency": 0.1, "success": True, "worker_number": 0, "due_s": 0.5}
    path.write_text(json.dumps({"event": "request", **line}) + "\n")
    with pytest.raises(LogError, match="has no header line, but line 1 is of the present form"):
        read_log(path)


def test_text_with_an_example_line_is_no_log(tmp_path: Path) -> None:
    """A README with a request line in its midst; a log that begins with strange lines is one."""
    line = _text({"worker_number": 0, "latency": 0.1, "success": True}, _T0 + 1.0)
    path = tmp_path / "README.md"
    path.write_text(f"# A log\n\nRAMP 3\n\nFor example:\n\n{line}\n\nThat is all.\nReally.\n")
    with pytest.raises(
        LogError, match="is not the log of a load test: it has 2 lines of one, the "
    ):
        read_log(path)
    path.write_text("Traceback\n  line 1\n" + f"{line}\n" * 3)
    assert len(read_log(path).requests) == 3
    path.write_text(f"{line}\n" + "Traceback\n  line 1\n" * 99)
    assert len(read_log(path).requests) == 1


def test_no_request_says_why(tmp_path: Path) -> None:
    """The first problem and its line; and if no line has an instant, that."""
    path = tmp_path / "log"
    path.write_text('RAMP 1\n{"latency": 0.1}\n')
    with pytest.raises(LogError, match="holds no request: line 2: a request that does not say"):
        read_log(path)
    path.write_text('{"worker_number": 1, "latency": 0.1, "success": true}\n')
    with pytest.raises(LogError, match="no line has ts or asctime"):
        read_log(path)


def test_cpu_and_gpu_lines_are_samples_of_the_host(tmp_path: Path) -> None:
    """Six loads with a CPU that gets busier: the report names it, as it does with --host."""
    lines = []
    steps = tuple(range(2, 16, 2))
    for at_s, values in _run(steps):
        lines.append((at_s, _text(values, _T0 + at_s)))
    for second in range(int(len(steps) * STEP_S)):
        clients = steps[int(second // STEP_S)]
        at = _T0 + second + 0.5
        cpu = {"event": "cpu", "ts": at, "cpu_percent": 5 * clients + second % 7 / 10}
        gpu = {"event": "gpu", "ts": at, "gpu_utilization": 2 * clients, "vram_utilization": 40.0}
        lines += [
            (second + 0.5, json.dumps({**cpu, "memory_percent": 50.0})),
            (second + 0.5, json.dumps(gpu)),
        ]
    path = tmp_path / "log"
    path.write_text("\n".join(text for _, text in sorted(lines)))
    summary = write_results(path, tmp_path / "out", console=Console(file=io.StringIO()))
    assert summary.demands is not None
    first, second_demand = summary.demands
    assert (first.resource, second_demand.resource) == ("CPU, all cores", "GPU 0, kernels")
    assert first.demand_s.value == pytest.approx(0.05 / RATE, rel=0.05)
    assert second_demand.demand_s.value == pytest.approx(0.02 / RATE, rel=0.05)


def test_errors_hold_no_control_characters(tmp_path: Path) -> None:
    """What an endpoint answered is made safe before it is printed."""
    path = tmp_path / "log"
    line = {"ts": 1.0, "worker_number": 0, "success": False, "error": "(500)\n\x1b[2JReason"}
    path.write_text(json.dumps(line))
    [error] = read_log(path).requests.errors
    assert error == ("http_500", "(500) [2JReason")


# --- whatever comes -------------------------------------------------------------------------------

_NUMBERS = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=5), st.booleans())
_REQUESTS = st.fixed_dictionaries(
    {"success": st.booleans(), "ts": st.floats(1.7e9, 1.8e9)},
    optional={
        "latency": _NUMBERS,
        "worker_number": _NUMBERS,
        "error": st.recursive(_NUMBERS, lambda inner: st.lists(inner, max_size=3)),
        "event": st.sampled_from(["request", "REQUEST", None]),
        "asctime": st.text(max_size=20),
        "from_edge": st.sampled_from([None, True, False, 1]),
    },
)
_GARBAGE = st.one_of(
    st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")),
    st.sampled_from(
        [
            b"",
            b"RAMP 3",
            b"RAMP x",
            b"{",
            b"[]",
            b"null",
            b'{"a":',
            b"\xef\xbb\xbf",
            b"\r",
            b"1e999",
        ]
    ),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    lines=st.lists(st.one_of(_REQUESTS.map(json.dumps).map(str.encode), _GARBAGE), max_size=25),
    glue=st.sampled_from([b"", b"\x00\x00", b'{"asctime": "2024-', b"INFO: "]),
)
def test_no_request_line_is_lost_among_garbage(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], glue: bytes
) -> None:
    """Any mix: every request is a row; a file that begins with one is never refused.

    Others may be, in one line: they may be packed, or text with a few lines of a log in it.
    """
    is_request = b'"success": '
    sent = [json.loads(line) for line in lines if is_request in line]
    path = tmp_path_factory.mktemp("fuzz") / "log"
    path.write_bytes(b"\n".join(glue + line if is_request in line else line for line in lines))
    try:
        log = read_log(path)
    except LogError as problem:
        assert "\n" not in str(problem)
        assert not sent or is_request not in next(filter(bytes.strip, lines))
        return
    assert len(log.requests) == len(sent)
    failed = sum(not one["success"] for one in sent)
    assert int((~log.requests.ok).sum()) >= failed
    find(analyse(log))
