"""Cold starts are found by requests, and what is only scatter is not."""

from __future__ import annotations

import random
from pathlib import Path

import synthetic_log as sl

from edgeload.read.analysis.cold_answers import ColdAnswers, find_cold_answers
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log


def _found(path: Path, played: sl.Played) -> tuple[ColdAnswers, ...]:
    summary = analyse(read_log(sl.write(path, played)))
    return find_cold_answers(summary.log, summary.steps)


def test_ten_cold_answers_in_sixteen_seconds_are_found(tmp_path: Path) -> None:
    """Eight processes, each cold by itself: 10 answers of 130 to 370 ms up to 16 s, p95 34 ms."""
    chance = random.Random(1)
    plan = sl.plan_of([4], 60, 4.0)
    played = sl.play(plan, servers=8, service=lambda c: c.uniform(0.025, 0.034))
    early = [r for r in played.requests if r.sent_s < 16.0]
    cold = {id(r) for r in [*chance.sample(early[:-1], 9), early[-1]]}
    requests = [
        sl.request(
            r.worker_number,
            r.request_number,
            r.step,
            r.due_s,
            r.sent_s,
            r.sent_s + (chance.uniform(0.13, 0.37) if id(r) in cold else r.done_s - r.sent_s),
        )
        for r in played.requests
    ]
    (found,) = _found(tmp_path / "log", sl.Played(plan, requests))
    assert (found.slow, found.until_s) == (10, early[-1].sent_s)
    assert 0.13 <= found.fastest_s <= found.slowest_s <= 0.37
    assert found.warm_p95_s < 0.034


def test_scatter_is_not_cold(tmp_path: Path) -> None:
    """Heavy tails all through the run, in 100 runs: at most 2 are called cold."""
    called = 0
    for seed in range(100):
        played = sl.play(
            sl.plan_of([4], 30, 4.0),
            servers=8,
            service=lambda chance: 0.02 if chance.random() < 0.96 else chance.uniform(0.1, 0.4),
            seed=seed,
        )
        called += bool(_found(tmp_path / str(seed), played))
    assert called <= 2


def test_first_answers_of_clients_that_are_slow_are_found(tmp_path: Path) -> None:
    """Each new connection begins with an answer of 200 ms, in every step of a ramp."""
    plan = sl.plan_of([2, 4, 6, 8, 10, 12], 10, 2.0)
    played = sl.play(plan, servers=20, service=sl.constant(0.02))
    requests = [
        sl.request(
            r.worker_number, r.request_number, r.step, r.due_s, r.sent_s,
            r.sent_s + (0.2 if r.request_number == 1 else 0.02),
        )
        for r in played.requests
    ]  # fmt: skip
    (found,) = _found(tmp_path / "log", sl.Played(plan, requests))
    assert (found.slow, found.answers, found.until_s) == (12, 12, None)


def test_a_load_that_grows_is_not_cold(tmp_path: Path) -> None:
    """A ramp up to and over the capacity: times grow late, so nothing was cold."""
    played = sl.play(sl.plan_of([10, 30, 38, 60], 10, 2.0), servers=4, service=sl.exponential(0.05))
    assert _found(tmp_path / "log", played) == ()
