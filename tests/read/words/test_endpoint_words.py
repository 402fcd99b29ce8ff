"""The table by endpoint: in every form of the report, and short if there are many."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from fleet_runs import A, B, fleet_summary, nodes, two_boxes
from rich.console import Console
from synthetic_log import Pool, constant, plan_of, play

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.page import html_report
from edgeload.read.output.summary_json import summary_json
from edgeload.read.output.summary_md import summary_md
from edgeload.read.output.terminal import print_report
from edgeload.read.words.endpoint_words import ENDPOINTS_TITLE, endpoint_rows, few_endpoint_rows
from edgeload.read.words.next_step import next_step


@pytest.fixture
def summary(tmp_path: Path) -> RunSummary:
    """Two boxes, of which the second is too small for its part of the second step."""
    plan = plan_of([8, 40], 12.0, 2.0)
    pools = {A: Pool(8, constant(0.05)), B: Pool(1, constant(0.03))}
    return fleet_summary(tmp_path / "log", two_boxes(plan, pools, (A, B)), nodes(A, B))


def on_terminal(summary: RunSummary, width: int) -> str:
    out = StringIO()
    console = Console(file=out, width=width, height=10_000, force_terminal=True, no_color=True)
    print_report(console, summary, find(summary), [])
    return out.getvalue()


def test_each_row_is_an_endpoint_in_a_step(summary: RunSummary) -> None:
    """The counts and times are those of summary.json; the state is a word."""
    rows = endpoint_rows(summary)
    assert [(row.step, row.first, row.cells[0]) for row in rows] == [
        (1, True, A),
        (1, False, B),
        (2, True, A),
        (2, False, B),
    ]
    assert [row.cells[1] for row in rows] == ["4", "4", "20", "20"]
    assert [row.cells[-1] for row in rows] == ["carried"] * 3 + ["not carried"]
    assert [row.cells[5] for row in rows[:2]] == ["50.0", "30.0"]  # the median in ms
    assert few_endpoint_rows(summary) == (rows, "")


def test_every_form_of_the_report_has_the_table(summary: RunSummary) -> None:
    """And the sentence that says how the endpoints differ; both URLs are what was tested."""
    findings = find(summary)
    differ = "the endpoints differ clearly: "
    page = html_report(summary, findings, [], [])
    for text in (on_terminal(summary, 200), summary_md(summary, findings), page):
        assert ENDPOINTS_TITLE in text
        assert differ in text
    assert "These 2 endpoints together serve 8 clients" in on_terminal(summary, 200)
    assert f"Measured against {A} and {B}." in on_terminal(summary, 200)
    assert f" requests to {B}, clock within" in page
    assert '"state": "not carried"' in summary_json(summary, findings)


def test_no_search_is_offered_that_would_be_refused(summary: RunSummary) -> None:
    """The next command is a ramp."""
    assert next_step(summary).startswith("Next: find the limit between 8 and 40 clients: --custom")
    assert "--find-capacity" not in next_step(summary)


@pytest.mark.parametrize("width", [60, 70, 80, 100])
def test_the_table_fits_the_terminal(summary: RunSummary, width: int) -> None:
    """The less telling columns go first, then the scheme of the URLs, and then their ends."""
    table = on_terminal(summary, width).partition(ENDPOINTS_TITLE)[2].partition("warning: ")[0]
    rows = [line for line in table.splitlines() if "carried" in line]
    assert len(rows) == 4
    assert all(len(line.rstrip()) <= max(width, 66) for line in rows)
    assert ("p99" in table) is (width == 100)
    if width >= 80:
        assert A in table and B in table


def test_of_many_endpoints_the_worst_are_shown(tmp_path: Path) -> None:
    """In the largest step; the sentence below says what is left out."""
    urls = [f"http://192.0.2.{number}:1" for number in range(30)]
    plan = plan_of([30, 60], 12.0, 2.0)
    pools = {url: Pool(4, constant(0.02 + 0.001 * n)) for n, url in enumerate(urls)}
    pools[urls[3]] = Pool(1, constant(0.3))
    summary = fleet_summary(tmp_path / "log", two_boxes(plan, pools, urls), nodes(*urls))
    rows, note = few_endpoint_rows(summary)
    assert len(rows) == 24
    assert {row.step for row in rows} == {2}
    assert [row.cells[0] for row in rows[:3]] == [urls[3], urls[29], urls[28]]
    assert "the 24 slowest of 30 endpoints" in note
    assert len(endpoint_rows(summary)) == 60


def test_a_run_on_one_endpoint_has_no_table(tmp_path: Path) -> None:
    """Nothing about endpoints is in any form of its report."""
    played = play(plan_of([8], 8.0, 2.0), servers=4, service=constant(0.05))
    summary = fleet_summary(tmp_path / "log", played, nodes(A, A))
    findings = find(summary)
    page = html_report(summary, findings, [], [])
    for text in (on_terminal(summary, 100), summary_md(summary, findings), page):
        assert ENDPOINTS_TITLE not in text
        assert "together serve" not in text
    assert few_endpoint_rows(summary) == ([], "")
