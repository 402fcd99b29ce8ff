"""The first lines of a report, for every way in which a run can end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import synthetic_log as sl

from edgeload import exit_codes
from edgeload.objectives import parse_objective
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.results.run_results import exit_code
from edgeload.read.words.headline import headline, validity
from edgeload.read.words.limit import limit


def _run(tmp_path: Path, played: sl.Played, *slo: str, **changes: Any) -> RunSummary:
    log = read_log(sl.write(tmp_path / "log", played, **changes))
    return analyse(log, [parse_objective(text) for text in slo])


def _ramp(clients: tuple[int, ...] = (10, 30, 60), seconds: float = 20) -> sl.Played:
    return sl.play(sl.plan_of(clients, seconds, 2.0), servers=4, service=sl.constant(0.05))


def test_a_ramp_past_the_limit_names_both_sides_of_it(tmp_path: Path) -> None:
    """The load that is served with the objectives that it meets, and why the next one is not."""
    summary = _run(tmp_path, _ramp(), "p95<300ms", "60 clients: p95<400ms")
    assert headline(summary) == (
        "This endpoint serves 30 clients at 2 requests/s each (60.0 answers/s, response p95 "
        "50.0 ms), but not 60. At this load, p95<300ms is met."
    )
    assert limit(summary) == (
        "Its limit is about 80.0 answers/s: median service time rose from 50.0 ms at 10 clients to "
        "750 ms at 60, so requests queue on the endpoint. The limit is the inference workers "
        "(medium confidence): 4 answers at once, 50.0 ms each; or a full CPU or GPU behind them, "
        "which was not watched."
    )
    assert validity(summary).startswith("VALID")


def test_a_ramp_that_ended_too_early_gives_a_lower_bound(tmp_path: Path) -> None:
    """At least, and that nothing larger was tried."""
    summary = _run(tmp_path, _ramp((10, 20)))
    assert headline(summary).startswith("This endpoint serves at least 20 clients")
    assert limit(summary).startswith("This is the largest load that was tried")


def test_a_run_stopped_in_its_warm_up_says_so(tmp_path: Path) -> None:
    """It had answers, so it is not called unanswered, and its rate is not called unknown."""
    played = _ramp((10,))
    played.requests = [r for r in played.requests if r.due_s < 1.5]
    end = sl.end_of(played, interrupted=True, stopped_s=1.5, at_s=1.6, reason="SIGINT")
    summary = _run(tmp_path, played, end=end)
    assert summary.totals.ok > 0
    assert "during the warm-up" in headline(summary)
    assert [shortfall.code for shortfall in summary.steps[0].shortfalls] == ["incomplete"]


def test_nothing_answered_and_nothing_valid_are_told_apart(tmp_path: Path) -> None:
    """No request succeeded; every step INVALID: two answers, and neither names a throughput."""
    failed = sl.play(
        sl.plan_of([5], 10, 2.0),
        servers=4,
        service=sl.constant(0.05),
        outcome=lambda chance, sent_s: "refused",
    )
    assert exit_code(_run(tmp_path / "f", failed)) == exit_codes.NO_RESULT
    assert headline(_run(tmp_path / "f2", failed)) == (
        "NO RESULT: none of 100 requests got a correct edge answer (all failed as refused: "
        "refused: no answer)."
    )
    dead = _run(tmp_path / "d", _ramp((10,)), deaths=[sl.death(0, 5.0)])
    assert "every step is INVALID" in headline(dead)
    assert limit(dead) == "What limits the endpoint is unknown."
    assert validity(dead).startswith("INVALID: worker 0 of the load generator")


def test_undecided_loads_say_what_would_tell_each_of_them(tmp_path: Path) -> None:
    """One load needs more answers for its objective, another longer steps for its backlog."""
    played = sl.play(
        sl.plan_of((20, 39), 10, 2.0), servers=4, service=lambda c: c.choice([0.02, 0.08])
    )
    text = headline(_run(tmp_path, played, "20 clients: p99.9<900ms"))
    assert "the step has too few answers for p99.9<900ms: repeat with --time-between-ramp" in text
    assert "too short to tell whether the endpoint keeps up: repeat with --time-b" in text
    assert text.count("p99.9") == 1


def test_nothing_carried_at_all_names_the_smallest_load(tmp_path: Path) -> None:
    """Not "fewer than 10 clients", as if one client would be served."""
    played = sl.play(
        sl.plan_of((10, 20), 10, 2.0),
        servers=8,
        service=sl.constant(0.02),
        outcome=lambda chance, sent_s: "http_503" if chance.random() < 0.1 else "ok",
    )
    text = headline(_run(tmp_path, played))
    assert text.startswith("No load was carried; the smallest was 10 clients at 2 requests/s each.")


def test_a_log_without_waits_for_a_core_cannot_clear_us_of_an_overload(tmp_path: Path) -> None:
    """Clients that wait for answers send nothing late, also where we are too slow to read them."""
    played = sl.play(sl.plan_of([4, 16], 20, 5.0), servers=4, service=sl.constant(0.08))
    light = sl.play(sl.plan_of([4, 8], 20, 5.0), servers=4, service=sl.constant(0.08))
    told = {}
    for name, run, wait_s in (
        ("known", played, 0.0002),
        ("unknown", played, None),
        ("light", light, None),
    ):
        workers = sl.cpu_samples(run.plan, core_wait_s=wait_s)
        told[name] = validity(analyse(read_log(sl.write(tmp_path / name, run, workers=workers))))
    sure = "VALID: the load generator was never the bottleneck, and its log is complete."
    assert told["known"] == told["light"] == sure
    assert told["unknown"].startswith("VALID as far as this log can tell: it does not say for how")
