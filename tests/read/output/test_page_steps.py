"""The rows of the page's table of steps."""

from __future__ import annotations

from pathlib import Path

import pytest
import report_pages
import synthetic_log as sl
from example_runs import saturated, summary_of

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.output.page_steps import step_choices, step_columns, step_note, step_rows
from edgeload.read.output.terminal import columns_of, rows_of


def test_a_run_without_a_mix_has_a_row_for_each_step(tmp_path: Path) -> None:
    """With its clients, and without any column of a mix."""
    found = saturated(tmp_path)
    names = [column.name for column in step_columns(found)]
    assert names[:4] == ["index", "clients", "state", "response_time_s.p95"]
    assert len(set(names)) == len(names)
    assert not {"group", "copies", "cameras"} & set(names)
    assert [row.kind for row in step_rows(found)] == ["", "", ""]
    assert [choice["name"] for choice in step_choices(found)] == [
        "step 1: 10 clients",
        "step 2: 30 clients",
        "step 3: 60 clients",
    ]


def test_a_mix_has_rows_for_its_groups(tmp_path: Path) -> None:
    """The state stands beside the name; ages are there, because person keeps its newest frame."""
    found = summary_of(tmp_path, report_pages.mix_run())
    names = [column.name for column in step_columns(found)]
    assert names[:4] == ["index", "copies", "group", "state"]
    assert names[4:6] == ["response_time_s.p95", "cameras"]
    assert names[-1] == "age_s.p95"
    rows = step_rows(found)
    assert [row.kind for row in rows] == ["whole", "part", "part", "part"] * 3
    parts = [part for step in found.steps for part in (step, *step.groups)]
    for row, part in zip(rows, parts, strict=True):
        cells = dict(zip(names, row.cells, strict=True))
        assert cells["cameras"].text == str(part.clients)
        assert part.age is not None
        assert float(cells["age_s.p95"].value) == pytest.approx(part.age.p95_s, abs=1e-6)
    assert [choice["name"] for choice in step_choices(found)] == [
        "step 1: 1 copy",
        "step 2: 2 copies",
        "step 3: 4 copies",
    ]


def test_of_a_closed_loop_as_many_are_due_as_are_answered(tmp_path: Path) -> None:
    """The page and the terminal write one and the same; the sum of both kinds is both."""
    groups = (CameraGroup("a", 2, None), CameraGroup("b", 4, 5.0))
    pools = {name: sl.Pool(8, sl.constant(0.02)) for name in "ab"}
    found = summary_of(tmp_path, sl.play_mix(mix_plan(groups, [1], 20), pools))
    place = [column.name for column in step_columns(found)].index("arrival_rate_per_s")
    texts = [row.cells[place].text for row in step_rows(found)]
    assert texts == ["20+max", "max", "20.0"]
    column = next(column for column in columns_of(found) if column.head == "due/s")
    assert [column.cell(row) for row in rows_of(found)] == texts


@pytest.mark.parametrize("objectives", [[], ["door: p95<300ms"]])
def test_only_what_stands_in_the_table_is_explained(tmp_path: Path, objectives: list[str]) -> None:
    """Each mark in its cells, and its columns that are not plain; nothing else."""
    found = summary_of(tmp_path, report_pages.mix_run(), slo=objectives)
    note = step_note(found)
    shown = {text for row in step_rows(found) for c in row.cells for text in (c.text, c.limits)}
    for mark in ("few", "never", "no interval", "max", "left out", "-"):
        assert (f'"{mark}":' in note) == (mark in shown), mark
    assert ("Goodput" in note) == bool(objectives)
    assert "Edge: which share" in note
    assert "Age: how old" in note
