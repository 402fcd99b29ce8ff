"""What the terminal shows and what summary.json says are the summary's own figures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import synthetic_log as sl
from rich.console import Console

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.output.json_numbers import utc
from edgeload.read.output.steps_csv import steps_csv
from edgeload.read.output.summary_json import summary_json, summary_values
from edgeload.read.output.summary_record import schema_text
from edgeload.read.output.terminal import print_report
from edgeload.read.statistics.format import milliseconds, number, share, short


def _summary(tmp_path: Path, **changes: Any) -> RunSummary:
    plan = sl.plan_of([10, 30, 60], 8, 2.0)
    played = sl.play(plan, servers=4, service=sl.constant(0.05), **changes)
    return analyse(read_log(sl.write(tmp_path / "log", played)))


ROOT = Path(__file__).parents[3]
_exponential = sl.exponential(0.03)


def _printed(summary: RunSummary, **options: Any) -> str:
    text = io.StringIO()
    console = Console(file=text, **options)
    print_report(console, summary, find(summary), [Path("results/summary.json")])
    return text.getvalue()


def test_the_answer_comes_first_and_fits(tmp_path: Path) -> None:
    """Verdict, limit and validity are the first lines; no line is longer than 100 columns."""
    lines = _printed(_summary(tmp_path)).splitlines()
    assert lines[0].startswith("This endpoint serves 30 clients at 2 requests/s each (60")
    assert lines[2].startswith("Its limit is about 80.0 answers/s: median service time rose from")
    assert any(line.startswith("VALID") for line in lines[:6])
    assert max(len(line) for line in lines) <= 100
    assert "results/summary.json" in lines


def test_invalid_is_the_first_word_and_no_result_before_valid(tmp_path: Path) -> None:
    """What forbids to believe the figures stands before them."""
    plan = sl.plan_of([10], 10, 2.0)
    good = sl.play(plan, servers=4, service=sl.constant(0.05))
    busy = sl.write(tmp_path / "busy", good, workers=sl.cpu_samples(plan, 0.95))
    assert _printed(analyse(read_log(busy))).startswith("INVALID: a worker process used 95 %")
    failed = sl.play(plan, servers=4, service=sl.constant(0.05), outcome=lambda c, s: "refused")
    lines = _printed(analyse(read_log(sl.write(tmp_path / "failed", failed)))).splitlines()
    assert lines[0].startswith("NO RESULT: none of 200 requests")
    assert not any(line.startswith("VALID") for line in lines)


def test_the_table_has_the_steps_figures(tmp_path: Path) -> None:
    """A row holds clients, rates, counts and percentiles in milliseconds, in that order."""
    summary = _summary(tmp_path)
    rows = [line.split() for line in _printed(summary).splitlines()]
    row = next(r for r in rows if r[:2] == ["2", "30"])
    assert row == ["2", "30", "60.0", "60.0", "0", "0", *["50.0"] * 6, "carried"]
    last = next(r for r in rows if r[:2] == ["3", "60"])
    assert last[5] == str(summary.steps[2].counts.missed)
    assert "never" in last


@pytest.mark.parametrize("width", [100, 80, 70])
def test_a_narrow_terminal_leaves_out_columns_and_breaks_no_line(
    tmp_path: Path, width: int
) -> None:
    """No line is wider than the terminal; every cell that is shown is whole, and the rest named."""
    summary = _summary(tmp_path)
    lines = _printed(summary, force_terminal=True, color_system=None, width=width).splitlines()
    assert max(map(len, lines)) <= width
    wide = {tuple(line.split()) for line in _printed(summary).splitlines()}
    rows = [line.split() for line in lines if line.split()[:1] in (["1"], ["2"], ["3"])]
    whole = [next(row for row in wide if row[:2] == tuple(narrow[:2])) for narrow in rows]
    assert len(rows) == 3
    for narrow, full in zip(rows, whole, strict=True):
        assert narrow[:6] == list(full[:6])
        assert set(narrow) <= set(full)
    said = " ".join(" ".join(lines).split())
    assert ("A wider terminal also shows" in said) is (len(rows[0]) < len(whole[0]))


def test_texts_from_the_endpoint_are_harmless(tmp_path: Path) -> None:
    """Escape codes, markup and newlines in an error text reach the terminal as plain characters."""
    played = sl.play(sl.plan_of([4], 8, 5.0), servers=4, service=sl.constant(0.02))
    nasty = "\x1b[31m[bold]x[/bold]\r\n\x07" + "long " * 100
    r = played.requests[50]
    played.requests[50] = sl.request(
        r.worker_number, r.request_number, 0, r.due_s, r.sent_s, r.done_s, "bad_answer", nasty
    )
    summary = analyse(read_log(sl.write(tmp_path / "log", played)))
    text = _printed(summary)
    assert not set(text) & {"\x1b", "\x07", "\r"}
    assert "[bold]x[/bold]" in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_the_command_to_repeat_is_whole(tmp_path: Path) -> None:
    """However long the command is, all of it is printed, on one line and with its own spaces."""
    summary = _summary(tmp_path)
    header = summary.log.header
    assert header is not None
    words = [f"--slo '{clients} clients:  p95<300ms'" for clients in range(1, 200)]
    command = " ".join(["python load_test.py", *words])
    log = replace(summary.log, header=msgspec.structs.replace(header, command=command))
    assert f"To repeat: {command}" in _printed(replace(summary, log=log)).splitlines()


def test_no_color_is_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal with NO_COLOR set, no colour code is printed; without it there are some."""
    summary = _summary(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[3" in _printed(summary, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in _printed(summary, force_terminal=True, color_system="standard")


_NAMES = {
    "schema_version",
    "run_id",
    "started_at",
    "ended_at",
    "interrupted",
    "validity",
    "totals",
    "steps",
    "capacity",
    "settings",
}
_STEP_NAMES = {
    "index",
    "clients",
    "arrival_rate_per_s",
    "throughput_per_s",
    "planned",
    "ok",
    "failed",
    "missed",
    "failures",
    "steady",
    "valid",
    "service_time_s",
    "response_time_s",
    "generator_lag_s",
}


def test_summary_has_the_fixed_names(tmp_path: Path) -> None:
    """Names that other programs rely on are there, with figures that add up."""
    summary = _summary(tmp_path)
    values = json.loads(summary_json(summary, find(summary)))
    assert values.keys() >= _NAMES
    assert values["schema_version"] == 1
    assert values["validity"] == {"verdict": "VALID", "reasons": []}
    totals = values["totals"]
    assert set(totals) == {"planned", "sent", "ok", "failed", "missed"}
    assert totals["planned"] == totals["ok"] + totals["failed"] + totals["missed"]
    for step in values["steps"]:
        assert step.keys() >= _STEP_NAMES
        for name in ("service_time_s", "response_time_s", "generator_lag_s"):
            assert step[name].keys() >= {"n", "p50", "p95", "p99", "p999", "max"}
        assert step["planned"] == step["ok"] + step["failed"] + step["missed"]
    assert values["capacity"]["clients"] == 30
    assert values["capacity"]["broke"]["clients"] == 60
    assert values["settings"]["timeout"] == sl.TIMEOUT_S


def _summaries(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Runs of all kinds: saturated, clean, all failed, killed, of the older form."""
    saturated = _summary(tmp_path)
    yield summary_values(saturated, find(saturated))
    loads = list(range(2, 18, 2))
    clean = sl.play(sl.plan_of(loads, 10, 4.0), servers=9, service=_exponential)
    closed = sl.play(sl.plan_of(loads, 10, 80.0), servers=9, service=_exponential)
    objectives = ["p95<300ms", "each step: errors<1%", "throughput>=95%", "edge>=99%", "missed<1%"]
    dead = sl.play(
        sl.plan_of([20], 10, 4.0), servers=9, service=_exponential,
        outcome=lambda chance, sent_s: chance.choice(["reset", "http_503", "timeout"]),
    )  # fmt: skip
    for name, path in (
        ("clean", sl.write(tmp_path / "clean", clean, slo=objectives)),
        ("closed", sl.write(tmp_path / "closed", closed)),
        ("dead", sl.write(tmp_path / "dead", dead, slo=["p99<1s"], deaths=[sl.death(1, 3.0)])),
        ("killed", sl.write(tmp_path / "killed", clean, end=None)),
    ):
        summary = analyse(read_log(path))
        assert (summary.scaling_law is not None) == (name == "closed")
        yield summary_values(summary, find(summary))
    older = tmp_path / "older"
    line = (
        '{"asctime": "2026-11-23 18:30:0%d,000", "worker_number": 0, "request_number": %d, '
        '"latency": 0.1, "success": true, "error": null}\n'
    )
    older.write_text("RAMP 1 ts=1795458600\n" + "".join(line % (i, i) for i in range(1, 9)))
    summary = analyse(read_log(older))
    yield summary_values(summary, find(summary))


def test_summary_json_is_as_its_schema_says(tmp_path: Path) -> None:
    """Every kind of run, by an independent validator; a name that the schema has not is refused."""
    schema = json.loads((ROOT / "edgeload" / "read" / "output" / "summary.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    seen = list(_summaries(tmp_path))
    for values in seen:
        plain = json.loads(json.dumps(values, allow_nan=False))
        assert [error.message for error in validator.iter_errors(plain)] == []
        assert not validator.is_valid({**plain, "of_no_meaning": 1})
        assert not validator.is_valid({k: v for k, v in plain.items() if k != "totals"})
    assert sum(len(values["objectives"]) for values in seen) == 4 + 8 + 1


def test_the_schema_is_made_from_the_types() -> None:
    """`python -m edgeload.read.output.summary_record` gives the file that is committed."""
    assert (
        ROOT / "edgeload" / "read" / "output" / "summary.schema.json"
    ).read_text() == schema_text()


def test_failure_classes_add_up_to_their_texts(tmp_path: Path) -> None:
    """Each class once, with the sum of its texts' counts and the span of their times."""
    for values in _summaries(tmp_path):
        classes = {c["outcome"]: c for c in values["failure_classes"]}
        assert sum(c["count"] for c in classes.values()) == values["totals"]["failed"]
        for text in values["failure_texts"]:
            of = classes[text["outcome"]]
            assert of["first_s"] <= text["first_s"] <= text["last_s"] <= of["last_s"]


def test_a_percentile_that_cannot_be_claimed_is_null(tmp_path: Path) -> None:
    """Too few samples, or never answered: null in both cases, and the latter is named."""
    values = summary_values(summary := _summary(tmp_path), find(summary))
    first, last = values["steps"][0], values["steps"][2]
    assert first["service_time_s"]["n"] == 120
    assert first["service_time_s"]["p95"] == pytest.approx(0.05)
    assert first["service_time_s"]["p99"] is None
    assert last["response_time_s"]["p99"] is None
    assert "p99" in last["response_time_s"]["never"]
    assert last["response_time_s"]["never_answered"] > 0


def test_the_same_log_gives_the_same_summary(tmp_path: Path) -> None:
    """Reading a log twice gives the same text, byte by byte."""
    summary = _summary(tmp_path)
    again = analyse(read_log(tmp_path / "log"))
    assert summary_json(summary, find(summary)) == summary_json(again, find(again))
    assert steps_csv(summary) == steps_csv(again)


def test_the_csv_has_the_jsons_figures(tmp_path: Path) -> None:
    """steps.csv has a row per step with the figures of summary.json, and nothing for null."""
    summary = _summary(tmp_path)
    values = summary_values(summary, find(summary))
    rows = list(csv.DictReader(io.StringIO(steps_csv(summary))))
    assert len(rows) == 3
    for row, step in zip(rows, values["steps"], strict=True):
        assert int(row["clients"]) == step["clients"]
        assert float(row["throughput_per_s"]) == step["throughput_per_s"]
        p99 = step["service_time_s"]["p99"]
        assert row["service_time_p99_s"] == ("" if p99 is None else str(p99))


def test_times_are_utc_by_rfc_3339() -> None:
    """Seconds since the epoch become UTC with a Z, to the millisecond."""
    assert utc(0.25) == "1970-01-01T00:00:00.250Z"
    assert utc(sl.WALL_S).endswith(".250Z")


def test_figures_for_people() -> None:
    """Three digits, never more precise than that, and words for what is no number."""
    assert [number(x) for x in (0, 0.01234, 1.234, 12.34, 123.4, 12345.6, None)] == [
        "0",
        "0.0123",
        "1.23",
        "12.3",
        "123",
        "12346",
        "-",
    ]
    assert [number(x) for x in (9.999, 99.99, 999.99)] == ["10.0", "100", "1000"]
    assert milliseconds(float("inf")) == "never"
    assert [share(x) for x in (0, 0.0001, 0.004, 0.123, 0.9999, 1)] == [
        "0 %",
        "< 0.1 %",
        "0.4 %",
        "12 %",
        "> 99.9 %",
        "100 %",
    ]
    assert short("a\x1bb\nc" + "d" * 50, 10) == "a b cdddd…"
    assert short("d" * 300, 400) == "d" * 300
    assert short("d" * 500, 400) == "d" * 399 + "…"
