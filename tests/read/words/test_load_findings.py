"""Why a load is not the capacity, in words."""

from __future__ import annotations

from pathlib import Path

import synthetic_log as sl

from edgeload.objectives import parse_objective
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.words.finding_words import message
from edgeload.read.words.headline import headline
from edgeload.read.words.limit import limit


def test_a_share_of_failures_just_over_the_bound_is_told_from_it(tmp_path: Path) -> None:
    """The counts and three digits: 1.04 % is no riddle beside a bound of 1 %."""
    played = sl.play(
        sl.plan_of([4], 26, 4.0),
        servers=4,
        service=sl.constant(0.05),
        outcome=lambda chance, sent_s: "http_503" if 10 < sent_s < 10.25 else "ok",
    )
    summary = analyse(read_log(sl.write(tmp_path / "log", played)))
    assert "4 of 384 (1.04 %) that fell due after the warm-up failed; at most 1 % may" in limit(
        summary
    )


def test_an_objective_in_an_overload_says_what_was_never_answered(tmp_path: Path) -> None:
    """The share is that of the log, not the bound's; and no time is named that would tell."""
    played = sl.play(sl.plan_of([10, 60], 20, 2.0), servers=4, service=sl.constant(0.05))
    summary = analyse(
        read_log(sl.write(tmp_path / "log", played)), [parse_objective("60 clients: p95<9s")]
    )
    step = summary.steps[1].within
    assert step.planned is not None
    never = round(100 * (1 - step.ok / step.planned))
    assert never > 5
    said = f"60 clients: p95<9s is not met: {never} % of what was due after the warm-up was never"
    assert said in "; ".join(map(message, summary.steps[1].shortfalls))
    assert headline(summary).count("--time-between-ramp") == 0
