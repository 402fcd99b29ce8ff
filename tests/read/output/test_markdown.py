"""Markdown for tickets: numbers are those of the JSON, and a stranger's text stays text."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from edgeload.read.output.markdown import code, escaped, markdown_table
from edgeload.read.results.comparison_results import write_comparison
from edgeload.read.results.run_results import write_results


def cells(line: str) -> list[str]:
    """The cells of a row, unescaped."""
    found = line.strip("|").split(" | ")
    return [cell.strip().replace("\\", "") for cell in found]


def run(folder: Path, service_s: float, **settings: Any) -> Path:
    played = sl.play(sl.plan_of([10, 30], 20, 2.0), servers=4, service=sl.constant(service_s))
    return sl.write(folder, played, **settings)


def test_the_table_of_steps_is_that_of_summary_json(tmp_path: Path) -> None:
    """Clients, counts and throughput of each step."""
    log = run(tmp_path / "log", 0.05, slo=["p95<300ms"])
    write_results(log, tmp_path, console=Console(file=StringIO()))
    text = (tmp_path / "summary.md").read_text()
    steps = json.loads((tmp_path / "summary.json").read_text())["steps"]
    lines = text.splitlines()
    head = next(line for line in lines if line.startswith("| step |"))
    rows = lines[lines.index(head) + 2 :][: len(steps)]
    for row, step in zip(rows, steps, strict=True):
        named = dict(zip(cells(head), cells(row), strict=True))
        assert int(named["clients"]) == step["clients"]
        assert int(named["failed"]) == step["failed"]
        assert float(named["done/s"]) == pytest.approx(step["throughput_per_s"], rel=1e-2)
        p95 = step["response_time_s"]["p95"] * 1000
        assert float(named["response p95"]) == pytest.approx(p95, rel=1e-2)
    assert "| ✓ met | p95\\<300ms |" in text


def test_a_comparison_says_the_same_on_page_and_in_markdown(tmp_path: Path) -> None:
    """Verdict and rows; a box that became twice as fast is better."""
    old, new = run(tmp_path / "old", 0.1), run(tmp_path / "new", 0.05)
    write_comparison([new], [old], tmp_path, margin=0.05, console=Console(file=StringIO()))
    record = json.loads((tmp_path / "comparison.json").read_text())
    text, page = ((tmp_path / f"comparison.{kind}").read_text() for kind in ("md", "html"))
    assert record["verdict"].startswith("Better: ")
    assert text.startswith("# Better: ")
    assert "<span>Better: " in page
    assert page.count('<section class="load">') == 2
    rows = [cells(line) for line in text.splitlines() if "| throughput /s |" in line]
    assert len(rows) == 2
    for row in rows:
        for cell in row:
            assert cell in page


HOSTILE = "a|b `c` <script>x</script> [l](http://e.test) @all #1 *b*\n# head\r\n| x |\\"


def test_a_strangers_text_is_no_markup(tmp_path: Path) -> None:
    """No row, head, link, mention or element comes of it."""
    said = escaped(HOSTILE)
    assert "\n" not in said
    bare = re.sub(r"\\.|&#[0-9]+;", "", said)
    for made in ("|", "`", "<", "[", "*", "#", "@", "://"):
        assert made not in bare
    (_, _, row) = markdown_table(("a", "b"), [(HOSTILE, "2")])
    assert row.count(" | ") == 1
    fence, line, end = code("x ```` y")
    assert (fence, end, line) == ("`" * 7, "`" * 7, "x ```` y")


@given(st.text())
def test_an_escaped_text_is_one_line_of_a_table(text: str) -> None:
    """Whatever it is, no bare pipe or bracket is left."""
    said = escaped(text)
    assert len(said.splitlines()) <= 1
    bare = said
    for special in "\\`*_{}[]<>#|~$":
        bare = bare.replace(f"\\{special}", "")
    assert not set(bare) & set("|<>[]`")
