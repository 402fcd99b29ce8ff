"""Summaries of small simulated runs of several kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import synthetic_log as sl

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log


def summary_of(tmp_path: Path, played: sl.Played, **changes: Any) -> RunSummary:
    return analyse(read_log(sl.write(tmp_path / "log", played, **changes)))


def saturated(tmp_path: Path) -> RunSummary:
    plan = sl.plan_of([10, 30, 60], 10, 2.0)
    return summary_of(tmp_path, sl.play(plan, servers=4, service=sl.constant(0.05)))


def failed(tmp_path: Path) -> RunSummary:
    played = sl.play(
        sl.plan_of([2], 4, 5.0),
        servers=4,
        service=sl.constant(0.01),
        outcome=lambda chance, sent_s: "refused",
    )
    return summary_of(tmp_path, played)


def short(tmp_path: Path) -> RunSummary:
    return summary_of(
        tmp_path, sl.play(sl.plan_of([1], 0.4, 5.0), servers=1, service=lambda c: 0.01)
    )


def long(tmp_path: Path) -> RunSummary:
    played = sl.play(
        sl.plan_of([5, 10], 70, 2.0),
        servers=2,
        service=sl.exponential(0.05),
        outcome=lambda chance, sent_s: chance.choice(["ok"] * 18 + ["timeout", "http_503"]),
    )
    return summary_of(tmp_path, played)
