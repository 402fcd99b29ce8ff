"""A run's summary against queueing theory and against runs whose truth the test made."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic_log as sl

from edgeload.read.analysis.littles_law import littles_law
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.steps import planned_dues
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.statistics.steadiness import steadiness
from edgeload.read.statistics.windows import Window
from edgeload.read.words.finding_words import message
from edgeload.read.words.headline import headline


def _analyse(tmp_path: Path, played: sl.Played, **changes: Any) -> RunSummary:
    return analyse(read_log(sl.write(tmp_path / "load.log", played, **changes)))


def _adds_up(summary: RunSummary) -> None:
    """planned = ok + failed + missed, in each step, in total, and by the plan itself."""
    for step in summary.steps:
        assert step.counts.planned is not None
        assert step.counts.missed is not None
        assert step.counts.planned == step.counts.ok + step.counts.failed + step.counts.missed
        assert sum(step.counts.failures.values()) == step.counts.failed
    totals = summary.totals
    assert totals.planned == sum(step.counts.planned or 0 for step in summary.steps)
    assert totals.planned == totals.ok + totals.failed + (totals.missed or 0)
    assert totals.sent == totals.ok + totals.failed == len(summary.log.requests)


def _p(step: StepSummary, name: str, kind: str = "response") -> float:
    sample = step.generator.lag if kind == "lag" else getattr(step.times, kind)
    assert sample is not None
    quantile = sample.quantile(name)
    assert quantile is not None
    value: float = quantile.value
    return value


def _codes(summary: RunSummary) -> set[str]:
    return {doubt.code for doubt in summary.doubts}


def test_coordinated_omission_example(tmp_path: Path) -> None:
    """Method 1: one client, 10/s, 30 s, 20 ms answers, one 5 s stall.

    300 requests with response p95 3.8 s and p99 4.8 s, and service p99 still 20 ms.
    """
    played = sl.play(
        sl.plan_of([1], 30, 10.0), servers=1, service=sl.constant(0.02), stalls=[(10, 15)]
    )
    summary = _analyse(tmp_path, played, warmup=0)
    (step,) = summary.steps
    _adds_up(summary)
    assert step.counts.ok == 300
    assert _p(step, "p95") == pytest.approx(3.8, abs=0.1)
    assert _p(step, "p99") == pytest.approx(4.8, abs=0.1)
    assert _p(step, "p99", "service") == pytest.approx(0.02)
    assert step.generator.lag is not None
    assert step.generator.lag.max == pytest.approx(0, abs=1e-9)
    assert summary.valid


def test_saturated_ramp_finds_the_capacity(tmp_path: Path) -> None:
    """D/D/4 of 50 ms carries 80/s, within 1 % when saturated: 39 clients at 2/s fit, 60 do not."""
    played = sl.play(sl.plan_of([10, 30, 39, 60], 10, 2.0), servers=4, service=sl.constant(0.05))
    summary = _analyse(tmp_path, played)
    _adds_up(summary)
    assert [step.stability.steadiness.steady for step in summary.steps[:3]] == [True] * 3
    for step in summary.steps[:3]:
        assert step.rates.throughput_per_s == pytest.approx(2 * step.clients, rel=0.02)
        assert step.counts.missed == 0
    last = summary.steps[3]
    assert last.rates.throughput_per_s == pytest.approx(80, rel=0.01)
    assert last.rates.arrival_per_s == pytest.approx(120, rel=0.01)
    assert last.counts.missed
    assert last.stability.littles_law.holds
    assert summary.capacity is not None
    assert summary.capacity.clients == 39
    assert summary.capacity.requests_per_s == pytest.approx(78, rel=0.02)
    assert summary.capacity.limited
    assert summary.first_overload is not None
    assert summary.first_overload.clients == 60
    assert "39 clients" in headline(summary)


def test_mm1_response_time_is_that_of_theory(tmp_path: Path) -> None:
    """Poisson arrivals from 200 clients at an M/M/1 of 60 % load: mean and p95 as in theory.

    The response time is exponential with mean 1 / (mu - lambda), so p95 is ln 20 times that.
    """
    plan = sl.plan_of([200], 600, 0.15, arrivals="poisson")
    summary = _analyse(tmp_path, sl.play(plan, servers=1, service=sl.exponential(1 / 50)))
    (step,) = summary.steps
    _adds_up(summary)
    mean = 1 / (50 - 30)
    assert step.times.response is not None
    assert step.times.response.mean == pytest.approx(mean, rel=0.1)
    assert _p(step, "p95") == pytest.approx(math.log(20) * mean, rel=0.12)
    assert step.stability.littles_law.in_flight == pytest.approx(30 * mean, rel=0.12)
    assert step.stability.littles_law.holds


def test_a_stall_is_in_response_times_and_not_in_lag(tmp_path: Path) -> None:
    """2 s without an answer in a 10 s step: response p99 shows it, service p95 and lag do not."""
    played = sl.play(
        sl.plan_of([10], 10, 5.0), servers=10, service=sl.constant(0.02), stalls=[(5, 7)]
    )
    summary = _analyse(tmp_path, played)
    (step,) = summary.steps
    assert _p(step, "p99") > 1.5
    assert _p(step, "p95", "service") == pytest.approx(0.02)
    assert _p(step, "p99", "lag") < 1e-6
    assert summary.valid
    assert step.stability.steadiness.steady is False
    assert summary.capacity is None


def test_skipped_and_timed_out_frames_were_never_answered(tmp_path: Path) -> None:
    """With 3 % timeouts p95 is a number and p99 is never; service times know nothing of it."""
    plan = sl.plan_of([20], 20, 5.0)
    played = sl.play(
        plan,
        servers=20,
        service=sl.constant(0.02),
        outcome=lambda chance, sent_s: "timeout" if chance.random() < 0.03 else "ok",
    )
    (step,) = _analyse(tmp_path, played).steps
    assert _p(step, "p95") == pytest.approx(0.02)
    assert math.isinf(_p(step, "p99"))
    assert _p(step, "p99", "service") == pytest.approx(0.02)
    assert step.times.response is not None
    assert step.times.response.n == step.within.planned


def test_late_sends_make_a_step_invalid(tmp_path: Path) -> None:
    """2 % of sends 30 ms late by the generator's fault: INVALID; 0.5 %: still VALID."""
    verdicts = {}
    for late in (0.02, 0.005):
        played = sl.play(
            sl.plan_of([10, 20], 20, 5.0),
            servers=20,
            service=sl.constant(0.01),
            lag=lambda chance, late=late: 0.03 if chance.random() < late else 0.0,  # type: ignore[misc]
        )
        summary = _analyse(tmp_path / str(late), played)
        verdicts[late] = (summary.valid, _codes(summary), summary.capacity)
        assert all(abs((s.generator.late_share or 0) - late) < 0.012 for s in summary.steps)
    assert verdicts[0.02] == (False, {"generator_late"}, None)
    assert verdicts[0.005][:2] == (True, set())


def test_waiting_for_the_endpoint_is_no_lag(tmp_path: Path) -> None:
    """A client that is behind because its last answer came late has sent as soon as it could."""
    played = sl.play(sl.plan_of([8], 10, 10.0), servers=1, service=sl.constant(0.05))
    summary = _analyse(tmp_path, played)
    assert summary.valid
    assert summary.steps[0].generator.lag is not None
    assert summary.steps[0].generator.lag.max == pytest.approx(0, abs=1e-9)


def test_a_busy_worker_makes_its_steps_invalid(tmp_path: Path) -> None:
    """90 % of a core is too much, 70 % is not; the figure is that of the samples."""
    plan = sl.plan_of([4], 10, 5.0)
    played = sl.play(plan, servers=4, service=sl.constant(0.01))
    busy = _analyse(tmp_path / "a", played, workers=sl.cpu_samples(plan, 0.9))
    fine = _analyse(tmp_path / "b", played, workers=sl.cpu_samples(plan, 0.7))
    assert _codes(busy) == {"generator_cpu"}
    assert busy.steps[0].generator.cpu_cores == pytest.approx(0.9)
    assert fine.valid
    assert fine.steps[0].generator.cpu_cores == pytest.approx(0.7)


def test_a_dead_workers_unsent_requests_are_missed(tmp_path: Path) -> None:
    """Nothing in the log says so, yet every request of the dead worker's clients is accounted for.

    Its clients' lines end in step 2; that step and the next are INVALID, the first is not.
    """
    plan = sl.plan_of([4, 8, 8], 5, 5.0)
    played = sl.play(plan, servers=8, service=sl.constant(0.01))
    whole = len(played.requests)
    played.requests = [r for r in played.requests if r.worker_number % 2 == 0 or r.sent_s < 7]
    summary = _analyse(tmp_path, played, deaths=[sl.death(1, 7.0, 4)])
    _adds_up(summary)
    assert summary.totals.missed == whole - len(played.requests) > 0
    assert [step.valid for step in summary.steps] == [True, False, False]
    assert _codes(summary) == {"worker_died"}
    assert "SIGKILL" in message(summary.doubts[0])


def test_an_interrupted_run_counts_what_was_due_until_then(tmp_path: Path) -> None:
    """Stopped at 8 s of 15: what was due before is planned, later steps are left out."""
    plan = sl.plan_of([4, 8, 16], 5, 5.0)
    played = sl.play(plan, servers=16, service=sl.constant(0.01))
    played.requests = [r for r in played.requests if r.due_s < 8]
    end = sl.end_of(played, interrupted=True, stopped_s=8.0, at_s=8.1, reason="SIGINT")
    summary = _analyse(tmp_path, played, end=end)
    _adds_up(summary)
    assert summary.totals.planned == sum(plan.step_frames(step, 8.0) for step in plan.steps)
    assert summary.totals.missed == 0
    assert [step.complete for step in summary.steps] == [True, False]
    assert summary.interrupted
    assert summary.valid
    assert summary.capacity is not None
    assert summary.capacity.step == 0


def test_a_killed_run_is_read_up_to_its_last_line(tmp_path: Path) -> None:
    """Cut in the middle of a line: the step that was running is INVALID, the one before is not."""
    plan = sl.plan_of([4, 8], 5, 5.0)
    played = sl.play(plan, servers=8, service=sl.constant(0.01))
    played.requests = [r for r in played.requests if r.done_s < 8.5]
    path = sl.write(tmp_path / "log", played, end=None, workers=[])
    path.write_bytes(path.read_bytes()[:-30])
    summary = analyse(read_log(path))
    _adds_up(summary)
    assert summary.log.damage.lines == 1
    assert [step.valid for step in summary.steps] == [True, False]
    assert _codes(summary) == {"no_end"}
    assert summary.interrupted is None


def test_lines_lost_from_the_log_are_noticed(tmp_path: Path) -> None:
    """Ten request lines fewer than the workers counted: the run is INVALID, and says how many."""
    played = sl.play(sl.plan_of([4], 10, 5.0), servers=8, service=sl.constant(0.01))
    end = sl.end_of(played)
    played.requests = played.requests[10:]
    summary = _analyse(tmp_path, played, end=end)
    _adds_up(summary)
    assert summary.totals.missed == 10
    assert _codes(summary) == {"log_disagrees"}
    assert "200 requests sent but the log holds 190" in message(summary.doubts[0])


def test_requests_logged_twice_do_not_break_the_sums(tmp_path: Path) -> None:
    """A log with more requests than planned still adds up, and is INVALID."""
    played = sl.play(sl.plan_of([4], 10, 5.0), servers=8, service=sl.constant(0.01))
    end = sl.end_of(played)
    played.requests += played.requests[:5]
    summary = _analyse(tmp_path, played, end=end)
    _adds_up(summary)
    assert summary.totals.planned == 205
    assert not summary.valid


def test_all_failed_has_no_times_and_no_capacity(tmp_path: Path) -> None:
    """Every request refused: counts are exact, times are no data, the generator is not blamed."""
    played = sl.play(
        sl.plan_of([2, 4], 5, 5.0),
        servers=4,
        service=sl.constant(0.001),
        outcome=lambda chance, sent_s: "refused",
    )
    summary = _analyse(tmp_path, played)
    _adds_up(summary)
    for step in summary.steps:
        assert step.counts.failures == {"refused": step.counts.planned}
        assert step.times.service.n == 0
        assert step.times.service.max is None
        assert step.rates.throughput_per_s == 0
    assert summary.capacity is None
    assert summary.valid
    (text,) = summary.failure_texts
    assert text.count == summary.totals.sent


def test_a_window_without_length_has_no_rate(tmp_path: Path) -> None:
    """A warm-up as long as the step leaves nothing to summarise: null, while counts stay whole."""
    played = sl.play(sl.plan_of([2], 3, 5.0), servers=4, service=sl.constant(0.01))
    summary = _analyse(tmp_path, played, warmup=3.0)
    (step,) = summary.steps
    _adds_up(summary)
    assert step.counts.ok == 30
    assert (
        step.rates.throughput_per_s is step.rates.arrival_per_s is step.generator.late_share is None
    )
    assert step.times.service.n == 0
    assert summary.capacity is None


def test_escalated_answers_cannot_make_a_capacity(tmp_path: Path) -> None:
    """One answer from the cloud in a step, and that step is not the edge's capacity."""
    played = sl.play(
        sl.plan_of([4, 8], 10, 10.0),
        servers=8,
        service=sl.constant(0.01),
        outcome=lambda chance, sent_s: "escalated" if 15.0 < sent_s < 15.05 else "ok",
    )
    summary = _analyse(tmp_path, played)
    assert summary.steps[1].counts.failures["escalated"] >= 1
    assert (summary.steps[1].rates.edge_purity or 0) < 1
    assert summary.capacity is not None
    assert summary.capacity.step == 0
    assert summary.first_overload is not None
    assert "not_edge" in [s.code for s in summary.first_overload.shortfalls]


def test_a_generators_own_failures_are_not_the_endpoints(tmp_path: Path) -> None:
    """A request that could not be sent for want of a port makes the step INVALID."""
    played = sl.play(
        sl.plan_of([4], 10, 5.0),
        servers=4,
        service=sl.constant(0.01),
        outcome=lambda chance, sent_s: "generator" if 5 < sent_s < 5.2 else "ok",
    )
    assert _codes(_analyse(tmp_path, played)) == {"generator_failed"}


def test_capacity_is_a_lower_bound_where_nothing_broke(tmp_path: Path) -> None:
    """A ramp that never reaches the limit says at least, not at most."""
    played = sl.play(sl.plan_of([5, 10], 10, 5.0), servers=20, service=sl.constant(0.01))
    summary = _analyse(tmp_path, played)
    assert summary.capacity is not None
    assert not summary.capacity.limited
    assert summary.first_overload is None
    assert "at least 10 clients" in headline(summary)


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_planned_dues_are_the_plans_own(arrivals: Any) -> None:
    """The due times used for windows number exactly what the plan says, cut or not."""
    plan = sl.plan_of([3, 7, 5], 4, 3.3, arrivals=arrivals, seed=5)
    for step in plan.steps:
        for until_s in (math.inf, 5.5, 8.0, 0.0):
            dues = planned_dues(plan, step, until_s)
            assert len(dues) == plan.step_frames(step, until_s)
            assert (np.diff(dues) >= 0).all()


def test_little_law_notices_a_wrong_clock(tmp_path: Path) -> None:
    """Answers stamped before they were sent cannot be in flight: the law does not hold."""
    played = sl.play(sl.plan_of([10], 10, 10.0), servers=10, service=sl.constant(0.05))
    summary = _analyse(tmp_path / "good", played)
    assert summary.steps[0].stability.littles_law.holds
    assert summary.steps[0].stability.littles_law.in_flight == pytest.approx(5.0, rel=0.02)
    broken = replace(played, requests=[])
    for i, r in enumerate(played.requests):
        done_s = r.done_s if i % 4 else r.sent_s - 0.3
        broken.requests.append(
            sl.request(r.worker_number, r.request_number, 0, r.due_s, r.sent_s, done_s)
        )
    assert _analyse(tmp_path / "bad", broken).steps[0].stability.littles_law.holds is False


def test_littles_law_holds_in_a_log_of_whole_seconds(tmp_path: Path) -> None:
    """Ends that are rounded to seconds fall on the window's edges by the dozen."""
    played = sl.play(sl.plan_of([20], 12, 5.0), servers=50, service=sl.constant(0.4))
    rounded = [
        sl.request(
            r.worker_number, r.request_number, r.step, r.due_s,
            round(r.done_s) - 0.4, float(round(r.done_s)),
        )
        for r in played.requests
    ]  # fmt: skip
    log = read_log(sl.write(tmp_path / "log", sl.Played(played.plan, rounded)))
    assert littles_law(log.requests, Window(0.0, 3.0)).holds


def test_answers_without_times_do_not_tell_whether_a_step_settled() -> None:
    """No evidence is an answer of its own; answers in one third alone are evidence."""
    done_s, window = np.linspace(0.01, 11.9, 200), Window(0.0, 12.0)
    nothing = np.zeros(0)
    assert steadiness(done_s, nothing, nothing, window).steady is None
    early = done_s[done_s < 3]
    assert steadiness(early, early, np.full(len(early), 0.1), window).steady is False
