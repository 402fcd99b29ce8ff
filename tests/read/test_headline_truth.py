"""Runs of boxes whose truth is known: the headline claims nothing that is false.

Each kind of box is played 40 times with other seeds, spreads and sizes: 520 logs. What follows from
the log for certain must hold in each of them; the capacity, which is stated with an interval, in
95 of 100.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl

from edgeload.objectives import parse_objective
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.results.run_results import exit_code
from edgeload.read.words.headline import headline, validity
from edgeload.records import WorkerSample

RUNS = 40
RATE = 2.0
SLO = "p95<500ms"


@dataclass
class Truth:
    """A run, and what is true of it. `capacity` is in clients; None: not to be compared."""

    played: sl.Played
    capacity: float | None = None
    changes: dict[str, Any] = field(default_factory=dict)


def _loads(chance: random.Random, capacity: float) -> list[int]:
    """A ramp around a capacity, or one that ends below or begins above it."""
    low, high = chance.choice([(0.5, 1.3), (0.4, 0.95), (0.9, 1.5)])
    return sorted({max(1, round(capacity * (low + (high - low) * i / 4))) for i in range(5)})


def _spread(chance: random.Random) -> Callable[[float], sl.Service]:
    """A kind of service, for a mean time."""
    return chance.choice(
        [
            sl.constant,
            sl.exponential,
            lambda mean_s: lambda c: mean_s * (0.5 if c.random() < 0.9 else 5.5),
            lambda mean_s: lambda c: mean_s * c.uniform(0.7, 1.3),
        ]
    )


def _box(chance: random.Random, loads: list[int] | None = None, **changes: Any) -> Truth:
    capacity = chance.uniform(12, 45)
    servers = chance.choice([1, 4, 8])
    service = _spread(chance)(servers / (capacity * RATE))
    plan = sl.plan_of(loads or _loads(chance, capacity), chance.choice([8, 15, 30]), RATE)
    seed = chance.randrange(10**6)
    played = sl.play(plan, servers=servers, service=service, seed=seed, **changes)
    return Truth(played, capacity)


def steady(chance: random.Random) -> Truth:
    return _box(chance)


def barely_saturated(chance: random.Random) -> Truth:
    """One load, 1 to 5 % above the capacity."""
    clients = chance.randrange(25, 60)
    capacity = clients / chance.uniform(1.01, 1.05)
    servers = chance.choice([1, 4])
    service = _spread(chance)(servers / (capacity * RATE))
    plan = sl.plan_of([clients], chance.choice([8, 20, 40]), RATE)
    return Truth(
        sl.play(plan, servers=servers, service=service, seed=chance.randrange(10**6)), capacity
    )


def slow_growth(chance: random.Random) -> Truth:
    """Overloaded by 10 %: the queue grows all the time, p95 is still within its bound at first."""
    clients = chance.randrange(20, 60)
    plan = sl.plan_of([clients // 2, clients], chance.choice([10, 20]), RATE)
    capacity = clients / 1.1
    return Truth(sl.play(plan, servers=4, service=sl.constant(4 / (capacity * RATE))), capacity)


def stalled(chance: random.Random) -> Truth:
    truth_s = sorted(chance.uniform(0, 40) for _ in range(chance.randrange(1, 4)))
    return _box(chance, stalls=[(at, at + chance.uniform(0.3, 2.0)) for at in truth_s])


def down(chance: random.Random) -> Truth:
    """Every request fails for some seconds, at once or not."""
    at_s = chance.uniform(4, 12)
    until_s = at_s + chance.uniform(2, 8)
    outcome = chance.choice(["http_502", "refused", "http_503"])
    clients = chance.randrange(6, 20)
    plan = sl.plan_of([clients, clients + 4], 12, RATE)
    played = sl.play(
        plan,
        servers=8,
        service=sl.constant(0.02),
        outcome=lambda c, sent_s: outcome if at_s <= sent_s < until_s else "ok",
    )
    return Truth(played)


def cold(chance: random.Random) -> Truth:
    """The first 60 requests take ten times as long."""
    left = iter(range(60))
    mean_s = 0.02

    def service(c: random.Random) -> float:
        return mean_s * (10 if next(left, None) is not None and c.random() < 0.5 else 1)

    return Truth(sl.play(sl.plan_of([5, 10], 20, RATE), servers=8, service=service))


def late_generator(chance: random.Random) -> Truth:
    share = chance.uniform(0.03, 0.5)

    def lag(c: random.Random) -> float:
        return c.uniform(0.06, 0.3) if c.random() < share else 0.0

    return _box(chance, lag=lag)


def frozen_generator(chance: random.Random) -> Truth:
    """A worker that does nothing for 2 to 5 s: what its clients send then goes out afterwards."""
    plan = sl.plan_of([chance.randrange(6, 20)], 15, RATE)
    from_s = chance.uniform(3, 8)
    until_s = from_s + chance.uniform(2.2, 5)
    played = sl.play(plan, servers=30, service=sl.constant(0.05))
    kept = [r for r in played.requests if r.worker_number % 2 or not from_s <= r.sent_s < until_s]
    samples = [s for s in sl.cpu_samples(plan) if s.worker or not from_s <= s.at_s < until_s]
    return Truth(sl.Played(plan, kept), changes={"workers": samples})


def busy_generator(chance: random.Random) -> Truth:
    truth = _box(chance)
    samples: list[WorkerSample] = sl.cpu_samples(truth.played.plan, chance.uniform(0.85, 1.0))
    truth.changes["workers"] = samples
    return truth


def escalating(chance: random.Random) -> Truth:
    share = chance.uniform(0.02, 0.5)
    return _box(chance, outcome=lambda c, s: "escalated" if c.random() < share else "ok")


def all_escalated(chance: random.Random) -> Truth:
    return _box(chance, outcome=lambda c, s: "escalated")


def all_failed(chance: random.Random) -> Truth:
    outcome = chance.choice(["http_500", "http_503", "refused", "timeout", "wrong_detector", "tls"])
    return _box(chance, outcome=lambda c, s: outcome)


def failing(chance: random.Random) -> Truth:
    share = chance.uniform(0.03, 0.97)
    return _box(chance, outcome=lambda c, s: "http_503" if c.random() < share else "ok")


KINDS = (
    steady, barely_saturated, slow_growth, stalled, down, cold, late_generator, frozen_generator,
    busy_generator, escalating, all_escalated, all_failed, failing,
)  # fmt: skip


Kind = Callable[[random.Random], Truth]


def _runs(
    kind: Callable[[random.Random], Truth], folder: Path
) -> Iterator[tuple[Truth, RunSummary]]:
    for seed in range(RUNS):
        truth = kind(random.Random(f"{kind.__name__} {seed}"))
        path = sl.write(folder / f"{seed}.log", truth.played, **truth.changes)
        yield truth, analyse(read_log(path), [parse_objective(f"each step: {SLO}")])


def _claims_too_much(truth: Truth, summary: RunSummary) -> bool:
    """Whether a load over the capacity is called carried, or a bound on time met at such a load."""
    if truth.capacity is None:
        return False
    met = [
        summary.steps[result.step].clients
        for result in summary.objectives
        if result.status == "pass" and result.step is not None
    ]
    carried = summary.capacity.clients if summary.capacity else 0
    over = [step.clients for step in summary.steps if step.state == "carried"]
    return max([carried, *over], default=0) > truth.capacity or (
        bool(met) and max(met) > truth.capacity * 1.05
    )


def _refuses_too_much(truth: Truth, summary: RunSummary) -> bool:
    """Whether a load below the capacity is said not to be carried."""
    overload = summary.first_overload
    objective = {s.code for s in overload.shortfalls} >= {"objective"} if overload else False
    return bool(truth.capacity and overload and not objective and overload.clients < truth.capacity)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [steady, barely_saturated, slow_growth], ids=lambda k: k.__name__)
def test_the_capacity_is_never_claimed_too_high(tmp_path: Path, kind: Kind) -> None:
    """At most 5 of 100 runs claim more than the truth, or refuse what the box carries."""
    high = low = ceilings = wrong = 0
    for truth, summary in _runs(kind, tmp_path):
        high += _claims_too_much(truth, summary)
        low += _refuses_too_much(truth, summary)
        ceiling = summary.bracket.ceiling
        if ceiling and truth.capacity and not ceiling.of_the_clients:
            ceilings += 1
            true_per_s = truth.capacity * RATE
            wrong += not ceiling.low * 0.995 <= true_per_s <= ceiling.high * 1.005
        assert "INVALID" not in validity(summary)
    # At a rate of 5 %, five or more of 40 have a chance of 5 %.
    assert high <= 4
    assert low <= 4
    assert wrong <= max(2, 0.15 * ceilings), (wrong, ceilings)


@pytest.mark.slow
def test_an_outage_is_never_hidden(tmp_path: Path) -> None:
    """It is the first thing said; no lower bound, and its steps are not carried."""
    for _, summary in _runs(down, tmp_path):
        assert headline(summary).startswith("The endpoint was down ")
        assert "at least" not in headline(summary)
        for step in summary.outages[0].steps:
            assert summary.steps[step].state == "not carried"


@pytest.mark.slow
def test_a_stall_is_in_the_times_or_in_the_backlog(tmp_path: Path) -> None:
    """A box that stood still may carry its load on average, but never more than its capacity."""
    high = sum(_claims_too_much(truth, summary) for truth, summary in _runs(stalled, tmp_path))
    assert high <= 3


@pytest.mark.slow
def test_a_cold_start_is_named(tmp_path: Path) -> None:
    """Half of the first 60 answers were ten times as slow: a finding says so in each run."""
    from edgeload.read.analysis.findings import find  # noqa: PLC0415

    for _, summary in _runs(cold, tmp_path):
        assert "cold_answers" in {finding.code for finding in find(summary)}


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [late_generator, frozen_generator, busy_generator], ids=lambda k: k.__name__
)
def test_our_own_faults_are_never_the_endpoints(tmp_path: Path, kind: Kind) -> None:
    """INVALID, exit code 4, and no capacity from a step that they touched."""
    for _, summary in _runs(kind, tmp_path):
        assert validity(summary).startswith("INVALID")
        assert exit_code(summary) == 4
        assert summary.capacity is None or summary.steps[summary.capacity.step].valid


@pytest.mark.slow
@pytest.mark.parametrize("kind", [escalating, failing], ids=lambda k: k.__name__)
def test_failing_and_escalating_loads_are_not_carried(tmp_path: Path, kind: Kind) -> None:
    """No step of them is carried, and none is said to be served."""
    for _, summary in _runs(kind, tmp_path):
        assert summary.capacity is None
        text = headline(summary)
        assert text.startswith(("No load was carried", "This endpoint serves fewer than")) or (
            "unknown" in text
        )


@pytest.mark.slow
@pytest.mark.parametrize("kind", [all_escalated, all_failed], ids=lambda k: k.__name__)
def test_without_a_correct_answer_there_is_no_result(tmp_path: Path, kind: Kind) -> None:
    """NO RESULT is the first word, the bound is not met, and no exit code is 0."""
    for _, summary in _runs(kind, tmp_path):
        assert headline(summary).startswith("NO RESULT")
        assert {result.status for result in summary.objectives} == {"fail"}
        assert exit_code(summary) in (3, 4, 6)
