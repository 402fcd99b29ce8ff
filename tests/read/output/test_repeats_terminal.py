"""What the terminal shows of several runs."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from mix_runs import mix_run
from repeated_runs import made_run, series_of
from rich.console import Console

from edgeload.read.analysis.repeats import Repeats, repeats_of
from edgeload.read.analysis.run_figures import figures_of_run, stopped_run
from edgeload.read.output.repeats_terminal import print_repeats


def printed(repeats: Repeats, width: int) -> str:
    text = io.StringIO()
    console = Console(file=text, width=width, force_terminal=True, color_system=None)
    print_repeats(console, repeats, [Path("results/repeats.json")])
    return text.getvalue()


@pytest.mark.parametrize("width", [80, 100])
def test_the_answer_comes_first_and_everything_fits(tmp_path: Path, width: int) -> None:
    """Answer, runs, loads, files; a narrow terminal leaves out columns and says which."""
    repeats = series_of(tmp_path, [1.0, 1.0, 1.0])
    text = printed(repeats, width)
    lines = text.splitlines()
    assert lines[0].startswith(
        "3 runs: this endpoint serves 30 clients at 2 requests/s each [30 in"
    )
    assert max(map(len, lines)) <= width
    assert [line.split()[:2] for line in lines if line.endswith("counts")] == [
        [str(n), f"run-{n}.log"] for n in (1, 2, 3)
    ]
    assert sum(line.split()[:1] in (["10"], ["30"], ["60"]) for line in lines) == 3
    assert ("A wider terminal also shows p99" in " ".join(text.split())) == (width == 80)
    assert lines[-2] == "results/repeats.json"


def test_runs_that_do_not_count_have_a_row_without_figures() -> None:
    """Beside those that do; and objectives have a column if there are some."""
    invalid = replace(made_run(3), left_out="invalid", invalid=("generator_late",))
    met = [made_run(i, objectives=status) for i, status in ((1, "pass"), (2, "fail"))]
    text = printed(repeats_of([*met, invalid, stopped_run("four.log")]), 100)
    rows = {line.split()[0]: line for line in text.splitlines() if line[:5].strip().isdigit()}
    assert "✓ met" in rows["1"]
    assert "✗ not met" in rows["2"]
    assert rows["3"].split() == ["3", "run-3.log", "INVALID"]
    assert rows["4"].split() == ["4", "four.log", "stopped"]


def test_a_mix_has_a_row_for_each_group(tmp_path: Path) -> None:
    """With copies for clients; the row of all groups has no times."""
    runs = []
    for number in (1, 2):
        run = figures_of_run(mix_run(tmp_path, str(number), seed=number))
        runs.append(replace(run, run_id=str(number)))
    lines = printed(repeats_of(runs), 100).splitlines()
    groups = [line.split()[:2] for line in lines if line.split()[:1] in (["1"], ["2"])]
    expected = [[str(c), g] for c in (1, 2) for g in ("all", "door", "label", "person")]
    assert [row for row in groups if row[1] in ("all", "door", "label", "person")] == expected
    assert max(map(len, lines)) <= 100
