"""What plots and page show: sums and percentiles of the log, in few points whatever its length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic_log as sl

from edgeload.read.analysis.percentile_curves import (
    MOST_CURVES,
    chosen_steps,
    percentile_curves,
    shares_of,
)
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import (
    MOST_BANDS,
    MOST_BARS,
    MOST_POINTS,
    failure_rates,
    heat_map,
    rates,
    times,
    window_width,
)
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.statistics.percentiles import QUANTILES, enough


def _summary(tmp_path: Path, played: sl.Played, **changes: Any) -> RunSummary:
    return analyse(read_log(sl.write(tmp_path / "log", played, **changes)))


def _saturated(tmp_path: Path) -> RunSummary:
    plan = sl.plan_of([10, 30, 60], 10, 2.0)
    return _summary(tmp_path, sl.play(plan, servers=4, service=sl.constant(0.05)))


def _failing(tmp_path: Path, outcomes: list[str], step_s: float = 70) -> RunSummary:
    played = sl.play(
        sl.plan_of([5, 10], step_s, 2.0),
        servers=2,
        service=sl.exponential(0.05),
        outcome=lambda chance, sent_s: chance.choice(outcomes),
    )
    return _summary(tmp_path, played)


def test_rates_over_time_add_up(tmp_path: Path) -> None:
    """Summed over whole windows: answers by completion, missed by due time, as in the log."""
    summary = _saturated(tmp_path)
    series = rates(summary)
    done = summary.log.requests.done_s
    assert series.width_s == 1
    assert series.ok.sum() == (done < 30).sum()
    assert series.failed.sum() == 0
    assert series.missed is not None
    assert series.missed.sum() == summary.totals.missed


def test_the_last_partial_second_is_left_out(tmp_path: Path) -> None:
    """A run of 6.5 s has six whole seconds: no last point that only seems to drop."""
    played = sl.play(sl.plan_of([10], 6.5, 10.0), servers=10, service=sl.constant(0.001))
    series = rates(_summary(tmp_path, played))
    assert len(series.ok) == 6
    assert series.ok.tolist() == pytest.approx([100] * 6, abs=1)


def test_percentiles_over_time_begin_anew_in_each_step(tmp_path: Path) -> None:
    """No window mixes two steps, and what was never answered is above everything."""
    summary = _saturated(tmp_path)
    series = times(summary)
    assert series.response is not None
    first = series.middle_s < 10
    assert series.service["p99"][first] == pytest.approx([0.05] * int(first.sum()))
    assert np.isinf(series.response["p99"][series.middle_s > 25]).any()
    assert not np.isinf(series.service["p99"]).any()


def test_points_are_few_whatever_the_length() -> None:
    """A second, an hour, a day and a month all have at most MOST_POINTS windows."""
    for span_s in (0.5, 60, 3600, 86_400, 30 * 86_400):
        assert span_s / window_width(span_s) <= MOST_POINTS
    assert window_width(600) == 1


def test_even_a_century_is_a_few_windows() -> None:
    """The widest round width is not the widest there is."""
    assert 100 * 365 * 86_400 / window_width(100 * 365 * 86_400) <= MOST_POINTS


@pytest.mark.parametrize("step_s", [6.0, 70.0])
def test_failures_over_time_add_up(tmp_path: Path, step_s: float) -> None:
    """Over time each class has the failures that the steps count, the most frequent first."""
    summary = _failing(tmp_path, ["ok"] * 7 + ["timeout"] * 3 + ["http_503", "reset"], step_s)
    series = failure_rates(summary)
    assert series is not None
    totals = {name: round(line.sum() * series.width_s) for name, line in series.classes.items()}
    known: dict[str, int] = {}
    for step in summary.steps:
        for outcome, count in step.counts.failures.items():
            known[outcome] = known.get(outcome, 0) + count
    assert totals == known
    assert list(totals.values()) == sorted(totals.values(), reverse=True)
    assert len(series.edges_s) <= MOST_BARS + 2
    assert series.edges_s[-1] >= summary.log.requests.done_s[~summary.log.requests.ok].max()


def test_many_classes_become_others(tmp_path: Path) -> None:
    """Eight lines at most, and nothing lost."""
    summary = _failing(tmp_path, [f"http_{500 + i}" for i in range(12)])
    series = failure_rates(summary)
    assert series is not None
    assert len(series.classes) == 8
    assert list(series.classes)[-1] == "other"
    total = sum(line.sum() for line in series.classes.values()) * series.width_s
    assert total == pytest.approx(summary.totals.failed)


def test_no_failure_is_no_series(tmp_path: Path) -> None:
    """None, not a line of zeros."""
    assert failure_rates(_saturated(tmp_path)) is None


def test_a_heat_map_holds_every_answer(tmp_path: Path) -> None:
    """Bands, never answered and failed otherwise add up to all that was due, in every window."""
    summary = _failing(tmp_path, ["ok"] * 8 + ["timeout", "http_503"])
    heat = heat_map(summary)
    assert heat is not None
    assert heat.kind == "response"
    requests = summary.log.requests
    other = np.histogram(requests.due_s[requests.having("http_503")], heat.edges_s)[0]
    plan = summary.log.plan
    assert plan is not None
    dues = [due.due_s for client in range(plan.max_clients) for due in plan.client_dues(client)]
    due = np.histogram(dues, heat.edges_s)[0]
    assert (heat.share.sum(axis=0) + heat.never) * due + other == pytest.approx(due)
    assert heat.share.shape == (MOST_BANDS, len(heat.edges_s) - 1)
    assert len(heat.edges_s) <= MOST_BARS + 1
    ratios = heat.bands_s[1:] / heat.bands_s[:-1]
    assert ratios == pytest.approx(np.full(MOST_BANDS, ratios[0]))


def test_a_heat_map_finds_the_band(tmp_path: Path) -> None:
    """Answers of 20 ms, then of 200 ms: each half of the run has its band and no other."""
    plan = sl.plan_of([5, 5], 70, 2.0)
    played = sl.play(plan, servers=20, service=sl.constant(0.02))
    played.requests[:] = [
        sl.request(
            r.worker_number, r.request_number, 1, r.due_s or 0, r.sent_s or 0, (r.sent_s or 0) + 0.2
        )
        if r.step == 1
        else r
        for r in played.requests
    ]
    heat = heat_map(_summary(tmp_path, played))
    assert heat is not None
    starts = heat.edges_s[:-1]
    for half, time_s in ((starts < 69, 0.02), (starts >= 70, 0.2)):
        band = int(np.searchsorted(heat.bands_s, time_s, side="right")) - 1
        assert heat.share[band, half] == pytest.approx(np.ones(int(half.sum())))


def test_a_short_run_has_no_heat_map(tmp_path: Path) -> None:
    """Under two minutes, lines say it."""
    assert heat_map(_saturated(tmp_path)) is None


def test_curves_pass_through_the_tables_percentiles(tmp_path: Path) -> None:
    """At p50, p95, ... a curve has exactly the step's figure; never answered is infinity."""
    summary = _saturated(tmp_path)
    drawn = percentile_curves(summary)
    assert drawn is not None
    assert drawn.response is not None
    compared = 0
    for kind, curves in (("service", drawn.service), ("response", drawn.response)):
        for curve in curves:
            step = summary.steps[curve.step]
            sample = step.times.service if kind == "service" else step.times.response
            assert sample is not None
            assert curve.n == sample.n
            for name, q in QUANTILES.items():
                known = sample.quantile(name)
                place = np.flatnonzero(curve.shares == q)
                assert (known is None) == (len(place) == 0)
                if known is not None:
                    assert curve.times_s[place[0]] == pytest.approx(known.value, rel=1e-12)
                    compared += 1
            assert (np.diff(curve.times_s[np.isfinite(curve.times_s)]) >= 0).all()
    assert compared >= 12
    assert np.isinf(drawn.response[-1].times_s[-1])


@pytest.mark.parametrize("n", [59, 100, 299, 2995, 10**7])
def test_a_curve_ends_where_the_sample_does(n: int) -> None:
    """Its last share is the largest that n values bound at 95 %, by the rule of the tables."""
    shares = shares_of(n)
    assert len(shares) <= 130
    assert shares[0] == 0
    assert enough(n, float(shares[-1]) - 1e-9)
    assert not enough(n, float(shares[-1]) + (1 - float(shares[-1])) * 0.01)


def test_few_curves_of_many_steps(tmp_path: Path) -> None:
    """Smallest, largest, capacity and the step that broke are always among them."""
    plan = sl.plan_of([10, 15, 20, 25, 30, 35, 38, 50, 60, 70], 10, 2.0)
    summary = _summary(tmp_path, sl.play(plan, servers=4, service=sl.constant(0.05)))
    assert summary.capacity is not None
    assert summary.first_overload is not None
    chosen = [step.index for step in chosen_steps(summary)]
    assert len(chosen) == MOST_CURVES
    assert {0, 9, summary.capacity.step, summary.first_overload.step} <= set(chosen)
    assert [summary.steps[i].clients for i in chosen] == sorted(
        summary.steps[i].clients for i in chosen
    )


def test_an_older_log_has_service_times_only(tmp_path: Path) -> None:
    """Without due times there is no response time to draw."""
    summary = _saturated(tmp_path)
    older = replace(summary, log=replace(summary.log, header=None, plan=None))
    drawn = percentile_curves(older)
    assert drawn is not None
    assert drawn.response is None
    assert times(older).response is None
