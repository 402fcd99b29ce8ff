"""An interference run in summary.json, in the terminal and on the page: the same figures."""

from __future__ import annotations

import io
import json
import math
import random
import re
from html import unescape
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import synthetic_log as sl
from rich.console import Console

from edgeload.camera_group import CameraGroup
from edgeload.interference_plan import interference_plan
from edgeload.read.analysis.findings import OF_LONG_STEPS, find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.open import read_log
from edgeload.read.output.page import html_report
from edgeload.read.output.summary_json import summary_json
from edgeload.read.output.summary_record import json_schema
from edgeload.read.output.terminal import print_report
from edgeload.read.words.interference_words import interference_rows, ratio_words


def _service(chance: random.Random) -> float:
    return 0.05 * math.exp(chance.gauss(0.0, 0.3))


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    """Door and the closed loop share a pool; the gate has its own."""
    groups = (
        CameraGroup("door", 8, 5.0, late="skip"),
        CameraGroup("front-door-camera-with-a-long-name", 4, None),
        CameraGroup("gate", 1, 10.0),
    )
    pool = sl.Pool(3, _service)
    pools = {groups[0].name: pool, groups[1].name: pool, "gate": sl.Pool(2, _service)}
    played = sl.play_mix(interference_plan(groups, 1, 6, 6.0), pools)
    folder = tmp_path_factory.mktemp("interference")
    return analyse(read_log(sl.write(folder / "log", played, interference=True)))


def _values(summary: RunSummary) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(summary_json(summary, find(summary)))
    return values


def test_summary_json_has_every_ratio(summary: RunSummary) -> None:
    """By the names that other programs rely on; infinity is null and `never`."""
    values = _values(summary)
    jsonschema.validate(values, json_schema())
    found = summary.interference
    assert found is not None
    assert len(values["interference"]) == len(found.influences) > 0
    for row, influence in zip(values["interference"], found.influences, strict=True):
        names = ("group", "beside", "level", "verdict")
        assert [row[name] for name in names] == [getattr(influence, name) for name in names]
        for name in ("throughput", "p95"):
            ratio, record = getattr(influence, name), row[f"{name}_ratio"]
            if ratio is None:
                assert record is None
                continue
            assert record["never"] == math.isinf(ratio.value)
            if not record["never"]:
                assert record["value"] == pytest.approx(ratio.value, abs=1e-6)
            if math.isfinite(ratio.high or 0.0):
                assert record["low"] <= record["value"] <= record["high"]
    worse = {(r["group"], r["beside"]) for r in values["interference"] if r["verdict"] == "worse"}
    assert ("door", "front-door-camera-with-a-long-name") in worse
    assert not any("gate" in pair for pair in worse)


def test_it_has_neither_capacity_nor_findings_of_a_ramp(summary: RunSummary) -> None:
    """Nothing says that a ramp ended early, or that short steps are too short."""
    values = _values(summary)
    assert values["capacity"] is values["not_carried"] is values["ceiling"] is None
    assert values["undecided"] == values["objectives"] == []
    codes = {finding["code"] for finding in values["findings"]}
    assert not codes & {*OF_LONG_STEPS, "not_saturated", "not_monotone", "scaling_law"}
    assert "capacity.png" not in {p.file_name for p in prepare_figures(summary) if p.charts}


@pytest.mark.parametrize("width", [80, 100])
def test_the_table_fits_a_terminal(summary: RunSummary, width: int) -> None:
    """Every row of it stands there, in place of the table of steps, and no line is too long."""
    text = io.StringIO()
    console = Console(file=text, width=width, force_terminal=True, color_system=None)
    print_report(console, summary, find(summary), [Path("summary.json")])
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert summary.interference is not None
    for influence in summary.interference.influences:
        wanted = (influence.verdict, ratio_words(influence.throughput), ratio_words(influence.p95))
        assert any(all(part in line for part in wanted) for line in lines), wanted
    assert " slows door: beside 4 front-door-camera-with-a-long-name" in " ".join(lines)
    assert not any(line.split()[:2] == ["step", "copies"] for line in lines)


def test_the_page_has_the_same_table(summary: RunSummary) -> None:
    """Row by row, above the steps."""
    page = html_report(summary, find(summary), charts_of(prepare_figures(summary)), [])
    table = page[page.index('<table id="interference"') : page.index('<table id="steps"')]
    rows = re.findall(r"<tr class=.*?</tr>", table, flags=re.DOTALL)
    cells = [
        [unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<td.*?</td>", row)]
        for row in rows
    ]
    assert summary.interference is not None
    shown = [
        [
            f"beside {row.cameras} {row.beside}"
            if row.beside
            else f"{row.group} alone, {row.cameras}",
            row.verdict,
            row.throughput,
            row.p95,
        ]
        for row in interference_rows(summary.interference)
    ]
    assert cells == shown


def test_any_other_run_has_none_of_it(tmp_path: Path) -> None:
    """Null, and no table."""
    played = sl.play(sl.plan_of([2], 6, 5.0), servers=4, service=sl.constant(0.05))
    other = analyse(read_log(sl.write(tmp_path / "log", played)))
    assert _values(other)["interference"] is None
    page = html_report(other, find(other), (), [])
    assert 'id="interference"' not in page
