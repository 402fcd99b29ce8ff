"""The answer of a search in words, on logs whose truth is known by queueing theory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import searched_log as searches
import synthetic_log as sl

from edgeload.objectives import parse_objective
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.words.finding_words import advice, message_with_steps
from edgeload.read.words.headline import headline, validity
from edgeload.read.words.limit import limit
from edgeload.records import BROKE_FOR_GOOD, SearchRecord

UP_TO_20 = SearchRecord(over="clients", most=20, resolution=0.05)
OVER_RATE = SearchRecord(over="rate", most=10_000, resolution=0.05, start=100, clients=20)
SHORT = ((8, 6), (32, 10), (64, 6))
"""Trials that leave the capacity, 40, between two loads."""


def box(path: Path, trials: Sequence[tuple[int, float]] = searches.BOX_TRIALS, **more: Any) -> Any:
    """The summary of a search on the box that carries 40 clients."""
    of_search = {
        name: more.pop(name) for name in ("record", "outcome", "lag", "broken") & more.keys()
    }
    return searches.summary_of(path, searches.box_search(trials, **of_search), **more)


def words_of(summary: RunSummary) -> str:
    """The whole answer on one line."""
    return f"{headline(summary)} {limit(summary)}".replace("\n", " ")


def numbers_in(text: str, pattern: str) -> list[float]:
    """The numbers that a pattern finds."""
    found = re.search(pattern, text)
    assert found, text
    return [float(number.replace(",", "")) for number in found.groups()]


def test_the_answer_has_the_load_its_rate_and_what_fails_beyond(tmp_path: Path) -> None:
    """4 servers that take 50 ms carry 80 requests/s, which is 40 clients at 2/s."""
    text = words_of(box(tmp_path / "s.log"))
    clients, rate, due = numbers_in(
        text, r"^CAPACITY (\d+) clients × ([\d.]+)/s \(([\d.]+)/s\)  p95"
    )
    assert clients * rate == due
    assert 38 <= clients <= 40
    low, high = numbers_in(
        text, r"The true capacity is (\d+) to (\d+) clients, with 95 % confidence"
    )
    assert low <= 40 <= high
    beyond, growth = numbers_in(text, r"   (\d+) → fails \(backlog grows ([\d.]+) %\)")
    assert beyond > clients
    assert growth == pytest.approx(100 * (1 - 40 / beyond), abs=0.5)
    assert "Found in 10 trials and" in text
    assert "requests queue on the endpoint" in text


def test_each_tier_has_a_line_of_its_own(tmp_path: Path) -> None:
    """No answer takes less than 50 ms, so gold has no capacity; silver has the box's own."""
    slo = ["gold: p95<40ms", "silver: p95<300ms"]
    gold, silver = headline(box(tmp_path / "s.log", slo=slo)).split("\n")
    assert gold.startswith("CAPACITY gold: none   1 client × 2.0/s (2.00/s) → fails (p95 50")
    assert silver.startswith("CAPACITY silver: ")
    assert re.search(r"  p95 \d[\d.]* ms( \[.*\])? ≤ 300 ms", silver)


def test_a_rate_is_said_for_each_client(tmp_path: Path) -> None:
    """20 clients share 80 requests/s: 4/s each, and the search counts hundredths of 2/s."""
    trials = ((100, 6), (200, 10), (400, 6), (196, 20), (206, 20))
    text = words_of(box(tmp_path / "s.log", trials, record=OVER_RATE))
    each, due = numbers_in(text, r"^CAPACITY (?:about )?20 clients × ([\d.]+)/s \(([\d.]+)/s\)")
    assert each * 20 == pytest.approx(due, abs=0.05)
    assert due == pytest.approx(80, rel=0.03)
    low, high = numbers_in(
        text, r"true capacity is ([\d.]+) to ([\d.]+) requests/s for each of 20 clients"
    )
    assert low <= 4.0 <= high
    assert " with the rate, so" in text


def test_copies_name_the_group_that_binds(tmp_path: Path) -> None:
    """Three copies of the mix have 18 cameras of person, of which 20 are carried; four have 24."""
    found = searches.mix_search(((1, 6), (2, 10), (4, 10), (3, 25)), "copies")
    text = words_of(searches.summary_of(tmp_path / "s.log", found))
    assert text.startswith("CAPACITY 3 copies of the mix (96.0 frames/s)")
    assert "4 → fails (person: backlog grows 17 %)" in text
    assert "At 4 copies, for person, the endpoint answered 40.0/s of 48.0/s due" in text
    assert "The limit of person is about" in text


def test_cameras_of_a_group_stand_beside_the_others(tmp_path: Path) -> None:
    """The other group keeps its one copy, and is named."""
    found = searches.mix_search(((6, 6), (12, 10), (24, 6), (19, 20), (21, 25)), "group")
    text = words_of(searches.summary_of(tmp_path / "s.log", found))
    cameras, due = numbers_in(
        text, r"(\d+) person cameras × 2.0/s \(([\d.]+)/s\) beside 4 door cam"
    )
    assert cameras * 2 == due
    low, high = numbers_in(text, r"true capacity is (\d+) to (\d+) person cameras")
    assert low <= 20
    assert high >= 19  # at 20 exactly as much is due as is served


def test_a_lower_bound_says_what_would_tell(tmp_path: Path) -> None:
    """If the largest load that was allowed is carried, a larger one has to be allowed."""
    text = words_of(box(tmp_path / "s.log", ((8, 6), (16, 10), (20, 20)), record=UP_TO_20))
    assert text.startswith("CAPACITY at least 20 clients × 2.0/s (40.0/s)")
    assert "No load that was tried fails." in text
    assert "--max-clients 80" in text


def test_no_capacity_says_what_the_least_load_falls_short_of(tmp_path: Path) -> None:
    """One client is not carried within 10 ms if an answer takes 50 ms."""
    text = words_of(box(tmp_path / "s.log", ((1, 20),), slo=["p95<10ms"]))
    assert text.startswith("CAPACITY none   1 client × 2.0/s (2.00/s) → fails (p95 50")
    assert "p95<10ms is not met" in text
    assert "a wider --slo" in text


def test_nothing_is_claimed_if_no_trial_tells(tmp_path: Path) -> None:
    """Two seconds tell nothing of a client that sends twice a second."""
    text = words_of(box(tmp_path / "s.log", ((1, 2), (2, 2))))
    assert text.startswith("CAPACITY unknown: ")


@pytest.mark.parametrize(
    ("ended", "record", "said"),
    [
        ({"interrupted": True, "reason": "stopped by SIGINT"}, searches.OVER_CLIENTS,
         "The search ended early (stopped by SIGINT)"),
        ({}, SearchRecord(over="clients", most=1000, resolution=0.05, budget_s=30.0),
         " s left were too short for another trial. "),
        ({"reason": BROKE_FOR_GOOD}, searches.OVER_CLIENTS, "the endpoint broke and was not ready"),
        (None, searches.OVER_CLIENTS, "The search was killed before it came to its end"),
    ],
)  # fmt: skip
def test_why_a_search_ended_early_is_said(
    tmp_path: Path, ended: Any, record: SearchRecord, said: str
) -> None:
    """With the interval that it had reached, and what would tell more."""
    text = words_of(box(tmp_path / "s.log", SHORT, ended=ended, record=record))
    assert said in text
    low, high = numbers_in(text, r"The true capacity is (\d+) to (\d+) clients")
    assert low <= 40 <= high
    assert re.search(r"CAPACITY about \d+ clients.*p95 50.0 ms \(\d+ estimated, 32 tried\)", text)


def test_our_own_limit_makes_the_answer_a_lower_bound(tmp_path: Path) -> None:
    """A trial in which we sent late says nothing against the endpoint; the advice is about us."""
    summary = box(tmp_path / "s.log", SHORT, lag=lambda load: 0.3 if load == 64 else 0.0)
    assert validity(summary).startswith(
        "INVALID: the generator sent 100 % of the requests late (tri"
    )
    text = words_of(summary)
    assert text.startswith("CAPACITY at least 32 clients")
    assert "our own machine was the limit, not the endpoint" in text
    assert "what stands above is a lower bound" in text
    assert "more cores (--workers)" in text


def test_a_trial_that_broke_and_was_tried_again_is_said(tmp_path: Path) -> None:
    """It does not count, and nothing is concluded from it."""
    trials = ((8, 6), (32, 10), (64, 6), (64, 6), (39, 20), (41, 25))
    found = searches.box_search(trials, broken=(2,))
    for place, one in enumerate(found.requests):
        if one.step == 2:
            found.requests[place] = sl.request(
                one.worker_number, one.request_number, 2, one.due_s, one.sent_s, one.done_s, "reset"
            )
    text = words_of(searches.summary_of(tmp_path / "s.log", found))
    assert "In trial 3 (64 clients) the endpoint broke; it became ready again" in text
    low, high = numbers_in(text, r"The true capacity is (\d+) to (\d+) clients")
    assert low <= 40 <= high


@pytest.mark.parametrize("breaks_at", [1000, 44])
@pytest.mark.parametrize(
    "slo", [[], ["p95<60ms", "errors<1%"], ["gold: p95<58ms", "silver: p99<1s"]]
)
def test_a_search_never_asks_for_longer_steps(
    tmp_path: Path, slo: list[str], breaks_at: int
) -> None:
    """It decides itself how long a trial is; and its steps are called trials."""

    def outcome(load: int, in_trial_s: float) -> str:
        return "http_503" if load >= breaks_at and in_trial_s > 2 else "ok"

    summary = box(tmp_path / "s.log", slo=slo, outcome=outcome)
    findings = find(summary)
    assert summary.search is not None
    reasons = [each for t in summary.search.trials for own in t.reasons for each in own]
    texts = [words_of(summary), validity(summary)]
    for finding in (*findings, *reasons):
        texts += [message_with_steps(finding), advice(finding)]
    for text in texts:
        assert "--time-between-ramp" not in text
        assert not re.search(r"\bsteps?\b", text), text


def test_other_objectives_than_its_own_judge_its_trials_anew(tmp_path: Path) -> None:
    """As --slo does: the trials stay where the search had made them, and the answer says so."""
    own = box(tmp_path / "s.log")
    anew = analyse(own.log, [parse_objective("p95<55ms")])
    assert own.search is not None
    assert anew.search is not None
    assert (own.search.judged_anew, anew.search.judged_anew) == (False, True)
    assert "chosen for other objectives" in words_of(anew)
    assert "39 → fails (p95 59" in headline(anew)


def test_a_search_without_tiers_is_judged_by_tiers_as_well(tmp_path: Path) -> None:
    """A name before an objective that no camera group has is a tier, as in the search itself."""
    own = box(tmp_path / "s.log")
    anew = analyse(own.log, [parse_objective(text) for text in ("gold: p95<56ms", "fast: p95<2s")])
    first, second = headline(anew).split("\n")
    assert first.startswith("CAPACITY gold: ")
    assert second.startswith("CAPACITY fast: ")


def test_a_search_is_held_to_the_objectives_of_all_tiers(tmp_path: Path) -> None:
    """Each tier at its own capacity: that is what summary.json, the page and the exit code say."""
    summary = box(tmp_path / "s.log", slo=searches.TIERS)
    assert summary.search is not None
    steps = [tier.at.index for tier in summary.search.tiers if tier.at is not None]
    assert [(each.objective.text, each.step) for each in summary.objectives] == list(
        zip(searches.TIERS, steps, strict=True)
    )


def test_a_repeated_trial_is_not_hidden_by_valid(tmp_path: Path) -> None:
    """Our own machine was the limit in it, so that it never was is not said."""
    own = box(tmp_path / "s.log")
    assert own.search is not None
    first, *others = own.search.trials
    search = replace(own.search, trials=(replace(first, repeated=True), *others))
    assert "was never the bottleneck" in validity(own)
    assert "not the bottleneck in any trial that counts" in validity(replace(own, search=search))


def test_an_undecided_answer_is_not_called_a_contradiction(tmp_path: Path) -> None:
    """A trial of one second of 32 clients decides nothing about a p95 so near to its bound."""
    text = words_of(box(tmp_path / "s.log", ((8, 20), (32, 1), (64, 12)), slo=["p95<51ms"]))
    assert "No trial of 32 clients was long enough to decide" in text
    assert "differ from trial to trial" not in text
