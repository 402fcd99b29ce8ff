"""Damaged logs of both forms: each is read, or refused in one line, in bounded time."""

from __future__ import annotations

import gzip
import io
import json
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import synthetic_log as sl
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.header_checks import plan_problem
from edgeload.read.log.log_error import LogError
from edgeload.read.log.open import read_log
from edgeload.read.output.page import html_report
from edgeload.read.output.steps_csv import steps_csv
from edgeload.read.output.summary_json import summary_json
from edgeload.read.output.terminal import print_report
from edgeload.records import LOG_FORMAT_VERSION
from edgeload.run.trials import TRIAL_LEAD_S
from edgeload.run.worker_processes import WorkerProcesses

YESTERDAY = Path(__file__).parents[1] / "read" / "yesterday"
WITHIN_S = 20
EXTREMES: tuple[Any, ...] = (
    1e300, -1e300, -1, 0, 0.1, 1e9, 10**9, 10**18, 10**30, 2**15, 2**31, 2**63, -(2**31), 5e-324,
    1e15, None, True, "", "NaN", "x" * 5000, [], {}, [1, 1, 1],
)  # fmt: skip


@contextmanager
def _in_bounded_time() -> Iterator[None]:
    def too_late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not read in {WITHIN_S} s")

    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(WITHIN_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _read(folder: Path, content: bytes) -> str | None:
    """Read a log as the report does, all but drawing; the line of its refusal, None for none."""
    path = folder / "log"
    path.write_bytes(content)
    with _in_bounded_time():
        try:
            summary = analyse(read_log(path))
            findings = find(summary)
            json.loads(summary_json(summary, findings))
            steps_csv(summary)
            html_report(summary, findings, charts_of(prepare_figures(summary)), [])
            print_report(Console(file=io.StringIO()), summary, findings, [])
        except LogError as refusal:
            assert len(str(refusal)) < 1000
            assert str(refusal).isprintable()
            return str(refusal)
    return None


@cache
def _today() -> tuple[bytes, ...]:
    played = sl.play(sl.plan_of([2, 4], 3, 4.0), servers=8, service=sl.constant(0.01))
    with tempfile.TemporaryDirectory() as folder:  # of this process: others collect, too
        return tuple(sl.write(Path(folder) / "log", played).read_bytes().splitlines())


@cache
def _older(name: str) -> tuple[bytes, ...]:
    return tuple(gzip.decompress((YESTERDAY / f"{name}.log.gz").read_bytes()).splitlines()[:400])


def _lines(form: str) -> tuple[bytes, ...]:
    return _today() if form == "today" else _older(form)


FORMS = st.sampled_from(["today", "today", "older", "older_with_ts"])


def _places(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to all values inside a JSON value."""
    members = dict(enumerate(value)) if isinstance(value, list) else value
    inner = members.items() if isinstance(members, dict) else ()
    return [before, *(path for key, each in inner for path in _places(each, (*before, key)))]


def _with(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _with(value[path[0]], path[1:], new)
    return copy


@st.composite
def _extreme_value(draw: st.DrawFn) -> bytes:
    """A log in which one value of one line is replaced; most often of the header or the end."""
    lines = list(_lines(draw(FORMS)))
    objects = [i for i, line in enumerate(lines) if line.startswith(b"{")]
    at = draw(st.sampled_from([objects[0], objects[0], objects[-1], *objects]))
    record = json.loads(lines[at])
    path = draw(st.sampled_from(_places(record)))
    lines[at] = json.dumps(_with(record, path, draw(st.sampled_from(EXTREMES)))).encode()
    return b"\n".join(lines) + b"\n"


@st.composite
def _mangled(draw: st.DrawFn) -> bytes:
    """A log whose lines were cut, swapped, repeated, dropped, joined, and with changed bytes."""
    lines = list(_lines(draw(FORMS)))
    place = st.integers(0, len(lines) - 1)
    for _ in range(draw(st.integers(1, 8))):
        a, b = draw(place) % len(lines), draw(place) % len(lines)
        match draw(st.sampled_from(["cut", "swap", "repeat", "drop", "join", "head"])):
            case "cut":
                lines[a] = lines[a][: draw(st.integers(0, 300))]
            case "swap":
                lines[a], lines[b] = lines[b], lines[a]
            case "repeat":
                lines.insert(b, lines[a])
            case "drop" if len(lines) > 1:
                del lines[a]
            case "join":
                lines[a] += lines[b]
            case "head":
                lines = lines[: 1 + a] if draw(st.booleans()) else lines[a:]
    content = bytearray(b"\n".join(lines))
    for _ in range(draw(st.integers(0, 5))):
        if content:
            content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content)


def _header(*path: Any, value: Any) -> bytes:
    """Today's log with one value of its header replaced."""
    header, *others = _today()
    return b"\n".join([json.dumps(_with(json.loads(header), path, value)).encode(), *others])


def _end(*path: Any, value: Any) -> bytes:
    *others, end = _today()
    return b"\n".join([*others, json.dumps(_with(json.loads(end), path, value)).encode()])


_FUZZ = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    phases=(
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ),  # to make whole logs shorter takes minutes
)


@_FUZZ
@given(_extreme_value())
def test_no_value_of_a_log_makes_its_reader_fail(tmp_path: Path, content: bytes) -> None:
    """Whatever number, text or list stands in place of another one."""
    _read(tmp_path, content)


@_FUZZ
@given(_mangled())
@example(b"")
@example(b'{"event":"header"')
@example(b"RAMP 999999999\n")
@example(b'RAMP 1\n{"success": true, "latency": 1e300, "ts": 1e300, "worker_number": 1e300}\n')
def test_no_damage_to_the_lines_of_a_log_makes_its_reader_fail(
    tmp_path: Path, content: bytes
) -> None:
    """Lines cut, swapped, repeated, dropped and joined; bytes changed."""
    _read(tmp_path, content)


def test_a_pause_before_an_answer_without_a_latency_is_no_traceback(tmp_path: Path) -> None:
    """Found by the fuzzer: nothing is known to have been open in the pause, so it is no outage."""
    times = [0.1 * i for i in range(60)] + [8.0]
    lines = [
        {"ts": 1.7e9 + at_s, "worker_number": 0, "request_number": i, "success": True}
        | ({"latency": 0.04} if at_s < 7 else {})
        for i, at_s in enumerate(times, 1)
    ]
    assert _read(tmp_path, b"\n".join(json.dumps(line).encode() for line in lines)) is None


@pytest.mark.slow
@settings(_FUZZ, max_examples=250)
@given(st.one_of(_extreme_value(), _mangled()))
def test_many_more_damaged_logs_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """The same two laws on more examples."""
    _read(tmp_path, content)


GROUP = ("plan", "groups", 0)
STEP = ("plan", "steps", 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(_header(*GROUP, "requests_per_second", value=1e300), "1e+300", id="rate"),
        pytest.param(
            _header(*GROUP, "requests_per_second", value=-1),
            "requests_per_second is -1",
            id="below",
        ),
        pytest.param(_header("plan", "steps", 1, "end_s", value=9e7), "it plans", id="planned"),
        pytest.param(_header(*GROUP, "cameras", value=10**9), "1000000000", id="cameras"),
        pytest.param(_header(*GROUP, "cameras", value=2**15), "whole copies", id="copies"),
        pytest.param(_header(*STEP, "clients", value=10**12), "1000000000000", id="clients"),
        pytest.param(_header(*STEP, "clients", value=-1), "clients is -1", id="no clients"),
        pytest.param(_header(*STEP, "start_s", value=1e300), "start_s is 1e+300", id="start"),
        pytest.param(_header(*STEP, "end_s", value=1e9), "end_s is 1000000000", id="long"),
        pytest.param(_header(*STEP, "end_s", value=-5.0), "end_s is -5", id="backwards"),
        pytest.param(_header(*STEP, "speed", value=0), "speed is 0", id="speed"),
        pytest.param(_header("plan", "steps", value=[]), "without load", id="no steps"),
        pytest.param(_header("plan", "groups", value="NaN"), "no header", id="type"),
        pytest.param(_header("settings", "warmup", value="NaN"), "warmup is 'NaN'", id="setting"),
        pytest.param(_header("anchor", "wall_s", value=1e300), "wall_s is 1e+300", id="clock"),
        pytest.param(_header("workers", value=0), "workers is 0", id="workers"),
        pytest.param(_header("endpoint", "url", value=[1]), "url is [1]", id="url"),
        pytest.param(_header("format_version", value=10**30), "newer than", id="version"),
    ],
)
def test_a_header_that_no_run_can_have_written_is_refused(
    tmp_path: Path, content: bytes, words: str
) -> None:
    """In one line that says which value; it is never calculated with."""
    refusal = _read(tmp_path, content)
    assert refusal is not None
    assert words in refusal


@pytest.mark.parametrize(
    "content",
    [
        _end("at_s", value=1e300),
        _end("stopped_s", value=1e12),
        _end("counted", "sent", value=10**30),
        _end("counted", value={"sent": -1}),
        _end("counted", value="NaN"),
        _end("interrupted", value=None),
        _today()[0] + b"\n" + b"\n".join(_today()[1:-1]) + b"\n" + _today()[-1][:-30],
    ],
    ids=["at", "stopped", "bits", "negative", "text", "null", "cut"],
)
def test_a_damaged_last_line_makes_a_log_invalid_and_never_unreadable(
    tmp_path: Path, content: bytes
) -> None:
    """All requests are there; that the end is missing, or disagrees, is said."""
    assert _read(tmp_path, content) is None
    log = read_log(tmp_path / "log")
    requests = sum(b'"event":"request"' in line for line in _today())
    assert len(log.requests) == requests
    codes = {finding.code for finding in find(analyse(log))}
    assert codes & {"no_end", "log_disagrees"}


def test_one_request_far_outside_the_run_does_not_stretch_its_pictures(tmp_path: Path) -> None:
    """It is damage: counted and shown, and the run is as long as it was."""
    lines = list(_today())
    at = next(i for i, line in enumerate(lines) if b'"event":"request"' in line)
    lines[at] = json.dumps({**json.loads(lines[at]), "done_s": 1e12}).encode()
    assert _read(tmp_path, b"\n".join(lines)) is None
    log = read_log(tmp_path / "log")
    assert log.damage.lines == 1
    assert log.last_s < 60


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda head, line: [head + head, line], "in line 1: begin a new line there"),
        (lambda head, line: [head, line + head], "in line 2: begin a new line there"),
        (lambda head, line: [head, line, head], "in line 3: divide it, for example with head -n 2"),
        (lambda head, line: [head, line, head.replace(b"header", b"h\\u0065ader")], "several runs"),
    ],
)
def test_a_second_header_is_found_wherever_it_stands(
    tmp_path: Path, damage: Callable[[bytes, bytes], list[bytes]], said: str
) -> None:
    """Behind the first in one line, behind another record, in a line of its own, or escaped."""
    head, line = _today()[:2]
    refusal = _read(tmp_path, b"\n".join([*damage(head, line), *_today()[2:]]) + b"\n")
    assert refusal is not None
    assert "holds several runs" in refusal
    assert said in refusal


def test_a_log_whose_head_is_missing_is_not_taken_for_an_older_one(tmp_path: Path) -> None:
    """Its lines say so: ramp steps, due times, and the counts of its end."""
    for first in (1, 5, len(_today()) // 2):
        refusal = _read(tmp_path, b"\n".join(_today()[first:]))
        assert refusal is not None
        assert "its beginning is missing" in refusal or "neither a header line" in refusal


def test_a_search_that_begins_at_once_has_no_damaged_header() -> None:
    """Its first trial may begin before the instant that the run counts from, by the two leads."""
    earliest_s = TRIAL_LEAD_S - WorkerProcesses().lead_s
    plan = sl.plan_of([2], 5, 5.0)
    step = replace(plan.steps[0], start_s=earliest_s)
    assert plan_problem(replace(plan, steps=(step,))) is None
    overlapping = replace(step, index=1, start_s=4.0, end_s=9.0)
    assert plan_problem(replace(plan, steps=(step, overlapping))) is not None


def test_the_header_that_is_damaged_here_is_the_one_that_runs_write() -> None:
    """A new form of the log needs these tests again."""
    header = json.loads(_today()[0])
    assert header["event"] == "header"
    assert header["format_version"] == LOG_FORMAT_VERSION == 1
    assert json.loads(_today()[-1])["event"] == "end"
