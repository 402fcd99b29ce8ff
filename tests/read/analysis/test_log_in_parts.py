"""A summary does not depend on how many rows are looked at together, nor on the order of lines."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import heat_map
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.output.summary_json import summary_json
from edgeload.read.statistics import age, grouped


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two steps of a queue, long enough for a heat map; some fail, and some are sent late."""
    played = sl.play(
        sl.plan_of([10, 20], 70, 2.0, arrivals="poisson"),
        servers=2,
        service=sl.exponential(0.04),
        outcome=lambda chance, sent_s: chance.choice(["ok"] * 30 + ["reset", "http_503"]),
        lag=lambda chance: chance.choice([0.0] * 50 + [0.3]),
    )
    return sl.write(tmp_path_factory.mktemp("log") / "run.log", played)


@pytest.mark.parametrize("rows", [1, 13])
def test_parts_add_up(log: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is told of a run is the same, to the last digit that is written."""
    whole = analyse(read_log(log))
    told, shown = summary_json(whole, find(whole)), heat_map(whole)
    for module in (grouped, age):
        monkeypatch.setattr(module, "ROWS_AT_ONCE", rows)
    parts = analyse(read_log(log))
    assert summary_json(parts, find(parts)) == told
    found = heat_map(parts)
    assert shown is not None and found is not None
    assert found.share == pytest.approx(shown.share)


def test_lines_may_stand_in_any_order(log: Path, tmp_path: Path) -> None:
    """Ages, our own lag, what was late behind it, and outages go by time, not by place."""
    lines = log.read_text().splitlines(keepends=True)
    requests = [line for line in lines if '"event":"request"' in line]
    others = [line for line in lines if '"event":"request"' not in line]
    random.Random(1).shuffle(requests)
    mixed = tmp_path / "mixed.log"
    mixed.write_text("".join([*others[:-1], *requests, others[-1]]))

    def gist(summary: RunSummary) -> list[object]:
        return [
            [
                (step.age, step.generator.late_share, step.generator.lag and step.generator.lag.max)
                for step in summary.steps
            ],
            summary.outages,
        ]

    assert not read_log(mixed).requests.clients_in_order
    in_order = analyse(read_log(log))
    assert any(step.generator.late_share for step in in_order.steps)
    assert gist(analyse(read_log(mixed))) == gist(in_order)
