"""The rows of the page's table of steps."""

from __future__ import annotations

from pathlib import Path

import pytest
import report_pages
from example_runs import saturated, summary_of

from edgeload.read.output.page_steps import step_choices, step_columns, step_rows


def test_a_run_without_a_mix_has_a_row_for_each_step(tmp_path: Path) -> None:
    """With its clients, and without any column of a mix."""
    found = saturated(tmp_path)
    names = [column.name for column in step_columns(found)]
    assert names[:2] == ["index", "clients"]
    assert names[-1] == "state"
    assert not {"group", "copies", "cameras"} & set(names)
    assert [row.kind for row in step_rows(found)] == ["", "", ""]
    assert [choice["load"] for choice in step_choices(found)] == [
        "10 clients",
        "30 clients",
        "60 clients",
    ]


def test_a_mix_has_rows_for_its_groups(tmp_path: Path) -> None:
    """The state stands beside the name; ages are there, because person keeps its newest frame."""
    found = summary_of(tmp_path, report_pages.mix_run())
    names = [column.name for column in step_columns(found)]
    assert names[:5] == ["index", "copies", "group", "state", "cameras"]
    assert names[-1] == "age_s.p95"
    rows = step_rows(found)
    assert [row.kind for row in rows] == ["whole", "part", "part", "part"] * 3
    parts = [part for step in found.steps for part in (step, *step.groups)]
    for row, part in zip(rows, parts, strict=True):
        cells = dict(zip(names, row.cells, strict=True))
        assert cells["cameras"].text == str(part.clients)
        assert part.age is not None
        assert float(cells["age_s.p95"].value) == pytest.approx(part.age.p95_s, abs=1e-6)
    assert [choice["load"] for choice in step_choices(found)] == ["1 copy", "2 copies", "4 copies"]
