"""What a ramp shows of the capacity, against boxes whose capacity is known."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.objectives import parse_objective
from edgeload.plan import Plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.words.headline import headline
from edgeload.read.words.limit import limit


def _run(path: Path, played: sl.Played) -> RunSummary:
    return analyse(read_log(sl.write(path / "log", played)))


def _ramp(path: Path, plan: Plan, service: sl.Service, servers: int = 4) -> RunSummary:
    return _run(path, sl.play(plan, servers=servers, service=service))


def test_the_bracket_holds_the_capacity_and_the_ceiling_measures_it(tmp_path: Path) -> None:
    """80/s: 40 clients at 2/s are carried, 41 are not, and an overloaded step shows the 80/s."""
    plan = sl.plan_of([36, 38, 39, 40, 41, 42, 44], 10, 2.0)
    bracket = _ramp(tmp_path, plan, sl.constant(0.05)).bracket
    assert bracket.carried is not None
    assert bracket.overload is not None
    assert (bracket.carried.clients, bracket.overload.clients) == (40, 41)
    assert bracket.ceiling is not None
    assert bracket.ceiling.low - 0.2 <= 80.0 <= bracket.ceiling.high + 0.2
    assert bracket.ceiling.clients == 44
    assert not bracket.ceiling.of_the_clients


def test_short_steps_claim_nothing(tmp_path: Path) -> None:
    """60 steps of 1 s on a box of 80/s: too short to tell, with the seconds that would."""
    summary = _ramp(tmp_path, sl.plan_of(range(1, 61), 1, 2.0), sl.constant(0.05))
    assert summary.capacity is None
    assert summary.scaling_law is None
    text = headline(summary)
    assert "serves" not in text
    assert "whether the endpoint keeps up: repeat with --time-between-ramp 4s or more" in text


def test_a_load_that_is_carried_above_one_that_is_not_is_not_believed(tmp_path: Path) -> None:
    """34 clients fail, 36 and 38 pass: the sure answer is 30, and the contradiction is said."""
    played = sl.play(
        sl.plan_of([30, 34, 36, 38], 10, 2.0),
        servers=8,
        service=sl.constant(0.05),
        outcome=lambda chance, sent_s: (
            "http_503" if 10 <= sent_s < 20 and chance.random() < 0.1 else "ok"
        ),
    )
    summary = _run(tmp_path, played)
    assert summary.capacity is not None
    assert summary.capacity.clients == 30
    assert summary.bracket.contradicting == (36, 38)
    text = headline(summary)
    assert text.startswith("This endpoint serves 30 clients at 2 requests/s each (60.0 answers/s")
    assert "Step 2 (34 clients) was not carried, although 36 and 38 clients were" in text


@pytest.mark.parametrize("limit_per_s", [50.0, 80.0])
def test_no_capacity_beyond_what_was_measured(tmp_path: Path, limit_per_s: float) -> None:
    """A hard limit, 2 to 14 clients at 5/s: throughput is min(offered, limit), not a USL curve."""
    plan = sl.plan_of(range(2, 22, 2), 10, 5.0)
    summary = _ramp(tmp_path, plan, sl.constant(1 / limit_per_s), servers=1)
    assert summary.scaling_law is None or summary.scaling_law.peak_clients is None
    ceiling = summary.bracket.ceiling
    assert ceiling is not None
    assert ceiling.per_s == pytest.approx(limit_per_s, rel=0.01)
    assert ceiling.low <= limit_per_s * 1.001


def test_clients_that_wait_for_their_own_answers_are_named_as_the_limit(tmp_path: Path) -> None:
    """150 ms answers, 10/s a client: no queue, but one client cannot have two in flight."""
    summary = _ramp(tmp_path, sl.plan_of([1, 4], 10, 10.0), sl.constant(0.15), servers=50)
    ceiling = summary.bracket.ceiling
    assert ceiling is not None
    assert ceiling.of_the_clients
    assert "limited by the clients themselves" in limit(summary)
    assert "queue on the endpoint" not in limit(summary)


def test_a_step_with_nothing_due_is_no_failure_of_the_endpoint(tmp_path: Path) -> None:
    """4 s at 0.1/s: nothing was asked, so nothing is unanswered; one answer is not nothing."""
    plan = sl.plan_of([1], 4, 0.1)
    nothing = _run(tmp_path / "0", sl.Played(plan))
    assert [step.state for step in nothing.steps] == ["not due"]
    assert "nothing was sent, so nothing was measured; no request was due" in headline(nothing)
    one = _run(tmp_path / "1", sl.Played(plan, [sl.request(0, 1, 0, 3.0, 3.0, 3.01)]))
    assert not one.no_result
    assert "NO RESULT" not in headline(one)


@pytest.mark.parametrize("stopped_s", [10.5, 11.9])
def test_a_step_that_was_cut_in_its_warm_up_is_no_failure_of_the_endpoint(
    tmp_path: Path, stopped_s: float
) -> None:
    """Nothing was measured about its objective: the load below is the sure answer."""
    played = sl.play(sl.plan_of([20, 30], 10, 2.0), servers=4, service=sl.constant(0.05))
    played.requests = [request for request in played.requests if request.sent_s <= stopped_s]
    end = sl.end_of(played, interrupted=True, stopped_s=stopped_s, at_s=stopped_s, reason="SIGINT")
    path = sl.write(tmp_path / "log", played, end=end)
    summary = analyse(read_log(path), [parse_objective("p95<300ms")])
    assert summary.bracket.overload is None
    assert [step.state for step in summary.steps] == ["carried", "cut"]
    assert "fewer than" not in headline(summary)


def test_unsettled_steps_are_named_but_do_not_hide_a_capacity(tmp_path: Path) -> None:
    """Scattering service far below the limit: carried, although its thirds differ."""
    chance = random.Random(4)
    times = [chance.choice([0.02] * 9 + [0.4]) for _ in range(100_000)]
    drawn = iter(times)
    summary = _ramp(tmp_path, sl.plan_of([10], 60, 2.0), lambda _: next(drawn), servers=8)
    assert summary.capacity is not None
    assert summary.steps[0].state == "carried"


def test_an_endpoint_that_hangs_has_no_ceiling(tmp_path: Path) -> None:
    """Nothing was answered, in all steps or in the last: no figure, and none below 0."""
    plan = sl.plan_of([4, 8], 6, 4.0)
    hung = [sl.request(c, 1, 0, 0.1, 0.1, 12.0 + c / 100, "timeout") for c in range(4)]
    missed = sl.play(plan, servers=1, service=sl.constant(100.0)).missed
    nothing = _run(tmp_path / "0", sl.Played(plan, hung, missed))
    assert nothing.bracket.ceiling is None
    assert headline(nothing).startswith("NO RESULT")
    good = sl.play(sl.plan_of([4, 8], 6, 4.0), servers=50, service=sl.constant(0.02))
    kept = [r for r in good.requests if r.step == 0]
    half = _run(tmp_path / "1", sl.Played(plan, kept))
    assert half.bracket.ceiling is None


def test_a_camera_without_an_answer_is_not_outvoted_by_the_others(tmp_path: Path) -> None:
    """One of 100 cameras always fails: 1 % of the requests, and not carried."""
    plan = sl.plan_of([100], 20, 2.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02))
    requests = [
        sl.request(
            r.worker_number, r.request_number, r.step, r.due_s, r.sent_s, r.done_s,
            "http_500" if r.worker_number == 7 else "ok",
        )
        for r in played.requests
    ]  # fmt: skip
    summary = _run(tmp_path, sl.Played(plan, requests))
    assert summary.capacity is None
    assert "1 client got no answer at all" in limit(summary)


def test_loads_that_are_all_overloaded_tell_clients_from_endpoint(tmp_path: Path) -> None:
    """150 ms answers, 10/s a client: throughput grows with the clients, so they are the limit.

    On a full box it does not grow, and service time does. One load alone tells neither.
    """
    own = _ramp(tmp_path / "own", sl.plan_of([2, 4], 10, 10.0), sl.constant(0.15), servers=50)
    assert own.bracket.ceiling is not None
    assert own.bracket.ceiling.of_the_clients is True
    assert "limited by the clients themselves" in limit(own)
    full = _ramp(tmp_path / "full", sl.plan_of([50, 80], 10, 2.0), sl.constant(0.05))
    assert full.bracket.ceiling is not None
    assert full.bracket.ceiling.of_the_clients is False
    assert "queue on the endpoint" in limit(full)
    alone = _ramp(tmp_path / "alone", sl.plan_of([50], 10, 2.0), sl.constant(0.05))
    assert "is unknown: run a much smaller load as well" in limit(alone)
