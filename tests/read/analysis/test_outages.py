"""Outages of runs whose down time is known."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import synthetic_log as sl

from edgeload.objectives import parse_objective
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.outages import failure_series
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import Requests
from edgeload.read.log.open import read_log
from edgeload.read.statistics.windows import Floats
from edgeload.read.words.headline import headline

Outcome = Callable[[random.Random, float], str]


def _run(path: Path, outcome: Outcome, clients: int = 8, *slo: str) -> RunSummary:
    plan = sl.plan_of([clients // 2, clients, clients], 13, 5.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02), outcome=outcome)
    log = read_log(sl.write(path / "log", played))
    return analyse(log, [parse_objective(text) for text in slo])


def _down(from_s: float, until_s: float) -> Outcome:
    return lambda chance, sent_s: "http_502" if from_s <= sent_s < until_s else "ok"


def test_an_outage_has_a_start_an_end_and_a_cost(tmp_path: Path) -> None:
    """Down for 7.9 s, as a restart of an endpoint is: known to one gap between requests."""
    summary = _run(tmp_path, _down(14.1, 22.0), 8, "outage<1s", "outage<9s")
    (outage,) = summary.outages
    gap_s = 1 / 40 + 0.02
    assert outage.start_s == pytest.approx(14.1, abs=gap_s)
    assert outage.recovered_s == pytest.approx(22.0, abs=gap_s)
    assert outage.caught_up_s == outage.recovered_s
    failed = [r for r in summary.log.requests.outcome if r]
    assert outage.frames_lost == outage.failures == len(failed) == pytest.approx(7.9 * 40, abs=2)
    assert outage.steps == (1,)
    assert [result.status for result in summary.steps[1].objectives] == ["fail", "pass"]
    assert [result.loads[1].status for result in summary.objectives] == ["fail", "pass"]
    text = headline(summary)
    assert text.startswith("The endpoint was down for 7.9 s, from 14.1 s to 22.0 s: ")
    assert "at least" not in text
    assert "outage" in {finding.code for finding in find(summary)}
    assert summary.steps[1].state == "not carried"


def test_scattered_failures_are_no_outage(tmp_path: Path) -> None:
    """Each request fails with 30 % or 90 % by itself: flaky, not down."""
    for share in (0.3, 0.9):

        def flaky(chance: random.Random, sent_s: float, share: float = share) -> str:
            return "http_503" if chance.random() < share else "ok"

        assert _run(tmp_path / str(share), flaky, 4).outages == ()


def test_an_endpoint_that_stays_down_did_not_recover(tmp_path: Path) -> None:
    """The run ends within the outage; what follows is unknown, not good."""
    summary = _run(tmp_path, _down(30.0, 1e9), 8, "outage<1s")
    (outage,) = summary.outages
    assert (outage.recovered_s, outage.caught_up_s) == (None, None)
    assert "did not recover" in headline(summary)
    assert [result.status for result in summary.steps[2].objectives] == ["fail"]


def test_without_failures_there_is_no_outage_and_without_answers_no_result(tmp_path: Path) -> None:
    """All good: met. All failed: NO RESULT instead of an outage, and not met."""
    good = _run(tmp_path / "good", lambda chance, sent_s: "ok", 8, "outage<1s")
    assert good.outages == ()
    assert [result.status for result in good.objectives] == ["pass"]
    dead = _run(tmp_path / "dead", lambda chance, sent_s: "refused", 8, "outage<1s")
    assert (dead.outages, dead.no_result) == ((), True)
    assert [result.status for result in dead.objectives] == ["fail"]


def test_the_backlog_of_an_outage_ends_later(tmp_path: Path) -> None:
    """Requests that hang for 5 s and fail: what fell due meanwhile is sent late.

    4 clients at 5/s with 20 ms answers have 25 frames each to catch up; a client sends one in 20 ms
    while one more falls due each 200 ms, so that takes 25 * 0.02 / (1 - 0.1) = 0.56 s.
    """
    plan = sl.plan_of([4], 30, 5.0)
    down = (10.0, 15.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02), stalls=[down])
    late = [
        sl.request(
            r.worker_number, r.request_number, r.step, r.due_s, r.sent_s, r.done_s, "timeout"
        )
        if down[0] <= r.sent_s < down[1] and r.done_s - r.sent_s > 1
        else r
        for r in played.requests
    ]
    summary = analyse(read_log(sl.write(tmp_path / "log", sl.Played(plan, late, []))))
    (outage,) = summary.outages
    assert outage.recovered_s == pytest.approx(15.02, abs=0.05)
    assert outage.caught_up_s == pytest.approx(15.02 + 25 * 0.02 / 0.9, abs=0.2)


def test_an_outage_in_the_warm_up_is_no_sign_of_capacity(tmp_path: Path) -> None:
    """The window that is summarised saw nothing of it, but the load was not carried throughout."""
    summary = _run(tmp_path, _down(13.1, 14.6))
    assert [outage.steps for outage in summary.outages] == [(1,)]
    assert summary.steps[1].within.failed_share == 0
    assert summary.steps[1].state == "not carried"
    assert headline(summary).startswith("The endpoint was down for 1.5 s")


def test_a_silence_is_an_outage_though_nothing_failed(tmp_path: Path) -> None:
    """The endpoint stands still for 8 s and then answers late what had waited."""
    plan = sl.plan_of([4, 8], 13, 2.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02), stalls=[(16.0, 24.0)])
    log = read_log(sl.write(tmp_path / "log", played))
    summary = analyse(log, [parse_objective("outage<1s"), parse_objective("outage<9s")])
    (outage,) = summary.outages
    assert outage.start_s == pytest.approx(16.0, abs=0.2)
    assert outage.recovered_s == pytest.approx(24.02, abs=0.1)
    assert outage.failures == 0
    assert [result.status for result in summary.steps[1].objectives] == ["fail", "pass"]
    assert headline(summary).startswith("The endpoint gave no answer for 8.0 s, from 16.0 s to 24")
    assert "at least" not in headline(summary)


def test_slow_answers_and_idle_clients_are_no_silence(tmp_path: Path) -> None:
    """One client with answers of 2 s, a client of one request in 5 s, a box with heavy tails."""
    for name, plan, service in (
        ("slow", sl.plan_of([1], 120, 2.0), sl.constant(2.0)),
        ("rare", sl.plan_of([1], 200, 0.2), sl.constant(0.02)),
        ("tails", sl.plan_of([10], 60, 2.0), sl.exponential(0.2)),
    ):
        played = sl.play(plan, servers=4, service=service)
        assert analyse(read_log(sl.write(tmp_path / name, played))).outages == ()


def test_requests_that_time_out_last_since_they_were_sent(tmp_path: Path) -> None:
    """All hang from 10 s on and time out: down since they were sent, not since they ended."""
    plan = sl.plan_of([4], 30, 2.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02))
    requests = [r for r in played.requests if r.done_s < 10.0]
    hung = [
        sl.request(c, 100 + c, 0, 10.0 + c / 8, 10.0 + c / 8, 20.0 + c / 8, "timeout")
        for c in range(4)
    ]
    log = read_log(sl.write(tmp_path / "log", sl.Played(plan, [*requests, *hung])))
    (result,) = analyse(log, [parse_objective("outage<5s")]).objectives
    assert result.status == "fail"


def test_a_silence_of_our_own_is_not_the_endpoints(tmp_path: Path) -> None:
    """All workers are frozen for 4 s: nothing was sent and nothing was read."""
    plan = sl.plan_of([8], 15, 5.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02))
    requests = [
        r
        if not 5.0 <= r.sent_s < 9.0
        else sl.request(r.worker_number, r.request_number, r.step, r.due_s, 9.0, 9.02)
        for r in played.requests
    ]
    told = [s for s in sl.cpu_samples(plan) if not 5.0 <= s.at_s < 9.0]
    summary = analyse(read_log(sl.write(tmp_path / "l", sl.Played(plan, requests), workers=told)))
    assert not summary.valid
    assert summary.outages == ()


def test_a_million_failures_are_looked_at_in_columns() -> None:
    """Every second request fails: half a million spells, none of them an outage."""
    n = 1_000_001
    done_s: Floats = np.arange(n, dtype=np.float64) * 1e-3
    nothing = np.zeros(n, dtype=np.int8)
    requests = Requests(
        client=nothing, number=nothing, step=nothing, due_s=done_s - 0.02, sent_s=done_s - 0.02,
        done_s=done_s, outcome=(np.arange(n) % 2).astype(np.int8), error=nothing - 1,
        from_edge=nothing, status=nothing, bytes=nothing, outcomes=("ok", "http_503"), errors=(),
    )  # fmt: skip
    series = failure_series(requests)
    assert len(series.spells.first) == n // 2
    least_s, most_s = series.longest_outage(0.0, 1e9) or (None, None)
    assert least_s == pytest.approx(0.001)
    assert most_s == pytest.approx(0.002)
