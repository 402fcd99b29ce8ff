"""Numbers for people are those of summary.json, whatever shows them.

What is expected is made from summary.json alone. The page is read as text here; test_page.py reads
it in a browser.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import report_pages
import searched_log
import synthetic_log as sl
from rich.console import Console
from searched_log import Searched

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.required_capacity import with_required_capacity
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.output.junit import junit_xml
from edgeload.read.output.page import html_report
from edgeload.read.output.summary_json import summary_json
from edgeload.read.output.summary_md import summary_md
from edgeload.read.output.terminal import print_report
from edgeload.read.statistics.format import milliseconds, number, share
from edgeload.read.words.next_step import next_step

Values = dict[str, Any]
SLO = ["p95<300ms", "errors<5%", "each step: p99 service<1s", "throughput>=95%", "outage<1s"]


def saturated() -> sl.Played:
    """10 and 30 clients fit into 80 requests/s, 60 do not; and some requests time out."""
    return sl.play(
        sl.plan_of([10, 30, 60], 20, 2.0),
        servers=4,
        service=sl.exponential(0.05),
        outcome=lambda chance, sent_s: "timeout" if chance.random() < 0.004 else "ok",
    )


def served() -> sl.Played:
    """38 clients fit into 80 requests/s, and 50 do not."""
    return sl.play(sl.plan_of([10, 20, 38, 50], 12, 2.0), servers=4, service=sl.constant(0.05))


RUNS: dict[str, tuple[sl.Played | Searched, dict[str, Any]]] = {
    "saturated": (saturated(), {"slo": SLO, "require_capacity": 20}),
    "served": (served(), {"slo": ["p95<300ms", "p99<400ms"]}),
    "failed": (report_pages.failing("http_503"), {"slo": SLO}),
    "long": (report_pages.long_run(), {"slo": SLO}),
    "mix": (report_pages.mix_run(), {"slo": report_pages.MIX_OBJECTIVES}),
    "search": (searched_log.box_search(), {"slo": ["p95<300ms"]}),
    "mix search": (
        searched_log.three_groups_search("group", "person"),
        {"slo": searched_log.GROUP_OBJECTIVES},
    ),
}


def shown(folder: Path, name: str) -> tuple[Values, dict[str, str], str]:
    """summary.json, what every surface says as plain text, and the advice for the next run."""
    played, settings = RUNS[name]
    if isinstance(played, Searched):
        log = searched_log.write(folder / "log", played, **settings)
    else:
        log = sl.write(folder / "log", played, **settings)
    summary = with_required_capacity(analyse(read_log(log)), None)
    findings, text = find(summary), io.StringIO()
    print_report(Console(file=text, width=200), summary, findings, [])
    page = html_report(summary, findings, [], [])
    page = re.sub(r"<(script|style)\b.*?</\1>|<head>.*?</head>", " ", page, flags=re.DOTALL)
    junit = re.sub(r'\b(time|timestamp)="[^"]*"', "", junit_xml(summary, no_result=False))
    surfaces = {
        "terminal": text.getvalue(),
        "md": unescape(re.sub(r"\\(.)", r"\1", summary_md(summary, findings))),
        "page": unescape(re.sub(r"<[^>]*>", "\n", page)),
        "junit": unescape(junit),
    }
    return json.loads(summary_json(summary, findings)), surfaces, next_step(summary)


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def time_text(sample: Values | None, quantile: str) -> str:
    """A percentile of summary.json in a table."""
    if sample is None:
        return "-"
    if sample[quantile] is not None:
        return milliseconds(sample[quantile])
    lower = ("p50", "p95", "p99")[: ("p50", "p95", "p99").index(quantile) + 1]
    if set(lower) & set(sample["never"]):
        return "never"
    return "few" if sample["n"] else "-"


def times_of(step: Values) -> list[str]:
    kinds = ("service_time_s", "response_time_s")
    return [time_text(step[kind], q) for kind in kinds for q in ("p50", "p95", "p99")]


def row_of(step: Values) -> list[str]:
    """A step of summary.json as a row of the terminal and of summary.md."""
    counts = [str(step["failed"]), "-" if step["missed"] is None else str(step["missed"])]
    rates = [number(step[f"{name}_per_s"]) for name in ("arrival_rate", "throughput")]
    first = [str(step["index"] + 1), str(step["clients"])]
    return [*first, *rates, *counts, *times_of(step), step["state"]]


@pytest.mark.parametrize("name", ["saturated", "served", "failed", "long"])
def test_every_table_of_steps_is_made_of_summary_json(tmp_path: Path, name: str) -> None:
    """Loads, rates, counts, percentiles and states: in the terminal and in summary.md."""
    values, surfaces, _ = shown(tmp_path, name)
    terminal = [in_one_line(line) for line in surfaces["terminal"].splitlines()]
    markdown = surfaces["md"].splitlines()
    for step in values["steps"]:
        assert " ".join(row_of(step)) in terminal
        assert f"| {' | '.join(row_of(step))} |" in markdown


@pytest.mark.parametrize("name", ["search", "mix search"])
def test_every_table_of_trials_is_made_of_summary_json(tmp_path: Path, name: str) -> None:
    """Load, planned and measured rate, failures, p95, verdict and cost of each trial."""
    values, surfaces, _ = shown(tmp_path, name)
    terminal = [in_one_line(line) for line in surfaces["terminal"].splitlines()]
    assert len(values["trials"]) > 5
    for trial in values["trials"]:
        step = values["steps"][trial["step"]]
        rates = [number(trial["due_per_s"]), number(step["throughput_per_s"])]
        felt = [str(step["failed"]), time_text(step["response_time_s"], "p95")]
        first = [str(trial["step"] + 1), str(trial["load"])]
        row = [*first, *rates, *felt, trial["verdict"], f"{trial['seconds']:.0f}"]
        assert any(f"{line} ".startswith(f"{' '.join(row)} ") for line in terminal)
        assert f"\n| {' | '.join(row)} |" in surfaces["md"]


def objective_text(judged: Values) -> str:
    """What an objective of summary.json measured, with its limits, as people read it."""
    value, (low, high) = judged["value"], judged["limits"]
    if judged["figure"] == "outage":
        return f"longest outage {value:.2f} s (at least {low:.2f} s)" if value else "no outage"
    if judged["quantile"] is not None:
        name = f"{judged['figure']} p{judged['quantile'] * 100:.6g}"
        low, high, value = (
            "?" if v is None else f"{milliseconds(v)} ms" for v in (low, high, value)
        )
        return f"{name} {value} ({low} to {high})"
    of = " of what was due" if judged["figure"] == "throughput" else ""
    return f"{judged['figure']} {share(value)}{of} ({share(low)} to {share(high)})"


def test_objectives_are_those_of_summary_json(tmp_path: Path) -> None:
    """Value and limits of each, and that of the worst step; on all four surfaces."""
    values, surfaces, _ = shown(tmp_path, "saturated")
    found = {judged["objective"]: judged for judged in values["objectives"]}  # the last step's
    assert len(found) == len(SLO)
    for text in surfaces.values():
        for judged in found.values():
            assert objective_text(judged) in in_one_line(text)
            assert judged["objective"] in text


def test_the_answer_is_that_of_summary_json(tmp_path: Path) -> None:
    """What is served with its rate and p95, what is not, and the ceiling with its limits."""
    values, surfaces, _ = shown(tmp_path, "served")
    capacity, refused, ceiling = (values[key] for key in ("capacity", "not_carried", "ceiling"))
    step = values["steps"][capacity["step"]]
    low, high = map(number, ceiling["limits"])
    limits = f" ({low} to {high})" if low != high else ""
    headline = (
        f"serves {capacity['clients']} clients at {values['requests_per_second']:g} requests/s "
        f"each ({number(step['throughput_per_s'])} answers/s, response p95 "
        f"{milliseconds(step['response_time_s']['p95'])} ms), but not {refused['clients']}."
    )
    limit = (
        f"about {number(ceiling['per_s'])} answers/s{limits}: median service time rose from "
        f"{milliseconds(ceiling['light_s'])} ms at 10 clients to "
        f"{milliseconds(ceiling['full_s'])} ms at {ceiling['clients']}"
    )
    for surface, text in surfaces.items():
        assert headline in in_one_line(text)
        assert limit in in_one_line(text) or surface == "junit"
    totals = values["totals"]
    facts = [("sent", "sent"), ("answered", "ok"), ("failed", "failed"), ("missed", "missed")]
    for word, key in facts:
        assert f"{word} {totals[key]:,}" in in_one_line(surfaces["page"])


def leaves(value: Any) -> Iterator[float | str]:
    """Every number and text of summary.json, and how many members each list has."""
    if isinstance(value, dict | list):
        yield len(value)
        for member in value.values() if isinstance(value, dict) else value:
            yield from leaves(member)
    elif isinstance(value, float | int | str):
        yield value


def displays(values: Values) -> set[str]:
    """Every way in which a number of summary.json may be shown; places count from 1 for people."""
    found: set[str] = set()
    for leaf in leaves(values):
        if isinstance(leaf, str):
            found |= set(NUMBER.findall(leaf))
            continue
        for scaled in (leaf, leaf * 1000, leaf * 100, leaf + 1):
            found |= {number(scaled), f"{scaled:g}", *(f"{scaled:,.{n}f}" for n in range(3))}
            found |= {f"{scaled:.0f}"}
        found |= set(NUMBER.findall(share(leaf)))
    return found


NUMBER = re.compile(r"(?<![\w.])\d[\d,.]*\d|(?<![\w.])\d")


@pytest.mark.parametrize("name", list(RUNS))
def test_no_number_is_known_to_a_surface_alone(tmp_path: Path, name: str) -> None:
    """Each one that anybody reads can be found in summary.json, but for advice on the next run."""
    values, surfaces, following = shown(tmp_path, name)
    known = displays(values)
    for surface, text in surfaces.items():
        said = re.sub(r"\bp\d+(\.\d+)?", "", in_one_line(text).replace(following, ""))
        found = set(NUMBER.findall(said))
        assert len(found) > 5, surface
        assert found <= known, surface
