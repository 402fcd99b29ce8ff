"""A cache audit in summary.json, in the terminal and on the page: the same figures."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import audit_runs as ar
import jsonschema
import numpy as np
import pytest
from rich.console import Console

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.output.page import html_report
from edgeload.read.output.summary_json import summary_json
from edgeload.read.output.summary_record import json_schema
from edgeload.read.output.terminal import print_report
from edgeload.read.words.audit_words import AUDIT_HEADS, audit_headline, audit_rows

KINDS: dict[str, dict[str, Any]] = {
    "cache": {"saves": 0.2},
    "undecided": {"saves": 0.1, "seconds": 20.0},
    "not measured": {"outcome": lambda number: "refused"},
}


@pytest.fixture(scope="module", params=KINDS)
def summary(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    changes = dict(KINDS[request.param])
    folder = tmp_path_factory.mktemp("audit")
    made = ar.audited(folder / "log", ar.lognormal(0.05), changes.pop("saves", 0.0), **changes)
    assert made.audit is not None
    assert made.audit.verdict == request.param
    return made


def test_summary_json_has_the_audit(summary: RunSummary) -> None:
    """By the names that other programs rely on, and as the schema says; no data is null."""
    values: dict[str, Any] = json.loads(summary_json(summary, find(summary)))
    jsonschema.validate(values, json_schema())
    record, found = values["cache_audit"], summary.audit
    assert found is not None
    names = ("verdict", "repeated_pictures", "pairs", "filling_pairs", "lost_pairs", "seconds")
    assert [record[name] for name in names] == [getattr(found, name) for name in names]
    assert record["new_s"]["n"] == record["repeated_s"]["n"] == found.pairs
    if found.saving is None:
        assert record["saving"] is record["seconds_to_tell"] is record["new_s"]["p50"] is None
    else:
        saving = record["saving"]
        assert saving["low"] < saving["value"] < saving["high"]
        ordered = np.sort(found.again_s)
        assert record["repeated_s"]["p50"] == pytest.approx(
            ordered[-(-len(ordered) // 2) - 1], abs=1e-6
        )
    assert (record["seconds_to_tell"] is not None) == (found.verdict == "undecided")
    assert values["capacity"] is values["interference"] is None


@pytest.mark.parametrize("width", [80, 100])
def test_the_terminal_begins_with_the_answer(summary: RunSummary, width: int) -> None:
    """Then the table, in place of that of the steps; no line is too long."""
    text = io.StringIO()
    console = Console(file=text, width=width, force_terminal=True, color_system=None)
    print_report(console, summary, find(summary), [Path("summary.json")])
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert summary.audit is not None
    first = "NO RESULT" if summary.no_result else audit_headline(summary.audit)[:50]
    assert lines[0].startswith(first)
    for row in audit_rows(summary.audit):
        wanted = [row.pictures, row.answers, row.p50, row.p95, *row.less_time.split()]
        assert wanted in [line.split() for line in lines]
    assert not any(line.split()[:2] == ["step", "clients"] for line in lines)


def test_the_page_has_the_same_table(summary: RunSummary) -> None:
    """Cell by cell, above the steps."""
    page = html_report(summary, find(summary), charts_of(prepare_figures(summary)), [])
    table = page[page.index('<table id="audit"') : page.index('<table id="steps"')]
    cells = [unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", table)]
    assert summary.audit is not None
    rows = [
        [row.pictures, row.answers, row.p50, row.p95, row.less_time]
        for row in audit_rows(summary.audit)
    ]
    assert cells == [*AUDIT_HEADS, *rows[0], *rows[1]]
