"""The one sentence about a long step, and its table."""

from __future__ import annotations

from pathlib import Path

import pytest
import soak_runs as runs
import synthetic_log as sl

from edgeload.plain_words import sentence
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.output.summary_json import summary_record
from edgeload.read.words.finding_words import advice, message_with_steps
from edgeload.read.words.next_step import next_step
from edgeload.read.words.soak_words import soak_note, soak_rows

HOT = runs.hot_from(runs.HOT_S, 1.2)


def said(summary: RunSummary) -> str:
    (found,) = [finding for finding in find(summary) if finding.code == "soak"]
    assert found.severity == "warning"
    assert advice(found)
    return sentence(message_with_steps(found))


def host(reason: str) -> runs.Host:
    return runs.Host(reasons=lambda at_s: [reason] if at_s >= runs.HOT_S else [])


@pytest.mark.parametrize(
    ("reason", "why"),
    [("hw_thermal_slowdown", "temperature"), ("sw_power_cap", "its power limit")],
)
def test_it_names_the_minute_the_cause_and_what_clients_felt(
    tmp_path: Path, reason: str, why: str
) -> None:
    """In one sentence, without the step if there is only one."""
    text = said(runs.watched(runs.slowing_run(tmp_path, 15, HOT), host(reason)))
    start = f"From minute 8 on the GPU throttled on {why} (72 to 87 °C, clock 1800 to 1200 MHz): "
    assert text.startswith(start + "median response time +2")
    assert text.count(". ") == 0


def test_what_only_moved_is_shown_without_a_mark_and_not_named(tmp_path: Path) -> None:
    """One answer in 18 takes any time, so the p95 wanders; the median tells that the box is slower.

    Each quantity is marked by its own test, not by that of another one.
    """
    summary = runs.slowing_run(
        tmp_path, 15, HOT, servers=40,
        by_chance=lambda chance: chance.lognormvariate(1, 0.6) if chance.random() < 0.055 else 1.0,
    )  # fmt: skip
    (soak,) = summary.soaks
    p95 = soak.pair("response_p95_s")
    assert p95 is not None
    assert p95.last > 1.2 * p95.first
    assert {p.quantity for p in soak.changes} == {"service_p50_s", "response_p50_s"}
    rows = {row[0]: row[1:] for row in soak_rows(soak)}
    assert rows["response p50"][2].startswith("+2")
    assert rows["response p95"][2] == ""
    assert "p95" not in said(summary)


def test_a_leak_is_said_with_its_rate_and_when_it_is_full(tmp_path: Path) -> None:
    """Alone, and behind what else changed."""
    per_s = runs.GIB / 3600
    summary = runs.slowing_run(tmp_path, 15, HOT)
    text = said(runs.watched(summary, runs.Host(memory_per_s=per_s)))
    assert "; memory of the host grows by 1.0" in text
    assert " GiB an hour: at this rate it is full 9 h 4" in text
    assert text.endswith(" min after the step.")


def test_without_a_monitor_it_says_what_would_tell(tmp_path: Path) -> None:
    """The endpoint became slower, and why is not guessed."""
    summary = runs.slowing_run(tmp_path, 15, HOT)
    assert said(summary).startswith("From minute 8 on the endpoint became slower: median response ")
    (found,) = [finding for finding in find(summary) if finding.code == "soak"]
    assert "--monitor" in advice(found)


def test_table_and_json_have_what_the_sentence_has(tmp_path: Path) -> None:
    """Each quantity in both quarters, with its unit."""
    summary = runs.watched(runs.slowing_run(tmp_path, 15, HOT), host("hw_thermal_slowdown"))
    rows = {row[0]: row[1:] for row in soak_rows(summary.soaks[0])}
    assert rows["GPU 0 clock"] == ("1800 MHz", "1200 MHz", "\N{MINUS SIGN}33 %")
    assert rows["GPU 0 temperature"] == ("72 °C", "87 °C", "+15 °C")
    assert rows["throughput"][2] == ""
    assert rows["host memory"][0] == "6.00 GiB"
    record = summary_record(summary, find(summary))
    (soak,) = record.soak
    assert soak.sentence == said(summary)
    assert soak.throttling is not None
    assert soak.throttling.cause == "thermal"
    assert {"throughput_per_s", "response_p50_s", "sm_clock_mhz"} <= {
        quarters.quantity for quarters in soak.quarters
    }


def test_the_note_speaks_of_clients_beside_a_host_that_changed(tmp_path: Path) -> None:
    """A CPU that is twice as busy, and answers as fast as before: the table says both."""
    busier = runs.Host(cpu_percent=lambda at_s: 40.0 if at_s < runs.HOT_S else 80.0)
    summary = runs.watched(runs.slowing_run(tmp_path, 15, runs.hot_from(0.0, 1.0)), busier)
    (soak,) = summary.soaks
    rows = {row[0]: row[1:] for row in soak_rows(soak)}
    assert soak.flat
    assert rows["host CPU"][2] == "+40 %"
    assert soak_note(soak).startswith("Nothing changed for clients by more than chance. The first")


def test_a_step_that_changed_has_no_such_note(tmp_path: Path) -> None:
    """It begins with what is compared."""
    (soak,) = runs.slowing_run(tmp_path, 15, HOT).soaks
    assert soak_note(soak).startswith("The first ")


def test_too_few_answers_are_said_and_not_taken_for_nothing(tmp_path: Path) -> None:
    """In the sentence, the table and summary.json: what could not be told is named."""
    summary = runs.sparse_run(tmp_path, 10, 0.1, runs.hot_from(300.0, 50.0))
    (found,) = [finding for finding in find(summary) if finding.code == "soak_unclear"]
    text = sentence(message_with_steps(found))
    assert found.severity == "note"
    assert text == (
        "Too few answers to tell whether the step ended as it began: median response time and p95 "
        "of the response time."
    )
    rows = {row[0]: row[1:] for row in soak_rows(summary.soaks[0])}
    assert rows["response p50"][2] == "too few to tell"
    assert rows["throughput"][2] == ""
    note = soak_note(summary.soaks[0])
    assert "Nothing changed" not in note
    assert note.startswith("Too few answers to tell: median")
    (soak,) = summary_record(summary, find(summary)).soak
    assert (soak.flat, soak.sentence) == (None, text)
    assert {"response_p50_s", "response_p95_s"} <= set(soak.untested)


def test_a_soak_looks_for_no_limit(tmp_path: Path) -> None:
    """Nobody is told to try larger loads; of the same step of a ramp they are."""
    plan = sl.plan_of([4], 60.0, 2.0)
    played = sl.play(plan, servers=4, service=sl.constant(0.1))
    ramp = analyse(read_log(sl.write(tmp_path / "ramp", played)))
    soak = analyse(read_log(sl.write(tmp_path / "soak", played, soak=60.0)))
    assert "larger loads" in next_step(ramp)
    assert "not_saturated" in {finding.code for finding in find(ramp)}
    assert next_step(soak) == ""
    assert "not_saturated" not in {finding.code for finding in find(soak)}
