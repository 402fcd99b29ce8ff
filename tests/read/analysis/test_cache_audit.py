"""What a cache audit shows, in simulated runs whose truth is known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import audit_runs as ar
import numpy as np
import pytest
import synthetic_log as sl

from edgeload import exit_codes
from edgeload.audit_plan import comes_again
from edgeload.read.analysis.cache_audit import (
    FILLING_PAIRS,
    PAIRS_TO_JUDGE,
    RULED_OUT,
    CacheAudit,
)
from edgeload.read.analysis.findings import OF_LONG_STEPS, find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.results.run_results import exit_code

LAWS: dict[str, Callable[[float], ar.Law]] = {
    "constant": ar.constant,
    "lognormal": ar.lognormal,
    "bimodal": ar.bimodal,
    "exponential": ar.exponential,
}
RUNS = 20
DECIDABLE = ("constant", "bimodal", "lognormal")
"""Times that spread so little that a minute finds a fifth of 50 ms."""


def found_in(summary: RunSummary) -> CacheAudit:
    assert summary.audit is not None
    return summary.audit


def saved(found: CacheAudit) -> tuple[float, float, float]:
    assert found.saving is not None
    return found.saving.value, found.saving.low, found.saving.high


def verdicts(
    folder: Path, law: ar.Law, saves: float, runs: int = RUNS, **changes: Any
) -> Counter[str]:
    """Of so many runs, each with its own order and its own times."""
    counts: Counter[str] = Counter()
    for seed in range(1, runs + 1):
        summary = ar.audited(folder / f"log{seed}", law, saves, seed=seed, **changes)
        counts[found_in(summary).verdict] += 1
    return counts


# --- 19 of 20 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", DECIDABLE)
def test_a_cache_that_saves_a_fifth_is_found(tmp_path: Path, law: str) -> None:
    """In at least 19 of 20 runs of a minute, and it is never denied."""
    counts = verdicts(tmp_path, LAWS[law](0.05), 0.2)
    assert counts["cache"] >= 19
    assert not counts["no cache"]


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
def test_none_is_found_without_one(tmp_path: Path, law: str) -> None:
    """In at least 57 of 60 runs; where times hardly spread, it is as often ruled out."""
    counts = verdicts(tmp_path, LAWS[law](0.05), 0.0, runs=60)
    assert counts["cache"] <= 3
    if law in ("constant", "bimodal"):
        assert counts["no cache"] >= 57


@pytest.mark.slow
@pytest.mark.parametrize("query_s", [0.05, 0.5])
def test_what_cannot_be_told_is_undecided(tmp_path: Path, query_s: float) -> None:
    """Exponential times hide a fifth from a minute's requests: then no cache is denied."""
    counts = verdicts(tmp_path, ar.exponential(query_s), 0.2, runs=60, query_s=query_s)
    assert counts["no cache"] <= 3
    assert counts["undecided"] >= 10


@pytest.mark.slow
def test_drift_and_neighbours_that_are_alike_fool_nobody(tmp_path: Path) -> None:
    """A box that gets three times as slow within the run, in waves of 5 s, is neither a cache nor
    hides one: in each pair both kinds meet the same state."""

    def waves(at_s: float) -> float:
        return 1.0 + at_s / 25.0 + 0.5 * math.sin(2 * math.pi * at_s / 5.0)

    for saves, wanted in ((0.0, "no cache"), (0.2, "cache")):
        counts: Counter[str] = Counter()
        for seed in range(1, RUNS + 1):
            summary = ar.audited(
                tmp_path / f"log{saves}{seed}", ar.constant(0.05), saves, seed=seed, slowed=waves
            )
            counts[found_in(summary).verdict] += 1
        assert counts[wanted] >= 19


@pytest.mark.slow
@pytest.mark.parametrize("processes", [8, 32])
def test_processes_with_a_cache_each_have_filled_theirs(tmp_path: Path, processes: int) -> None:
    """Each of them answers its first repeated picture as slowly; what is left of that does not
    hide the cache."""
    counts = verdicts(tmp_path, ar.constant(0.05), 0.2, processes=processes)
    assert counts["cache"] >= 19


# --- figures --------------------------------------------------------------------------------------


def test_the_saving_is_that_of_the_whole_service_time(tmp_path: Path) -> None:
    """A cache that saves a fifth of 50 ms saves 10 of 51.7 ms, network included: 19.3 %."""
    found = found_in(ar.audited(tmp_path / "log", ar.constant(0.05), 0.2))
    value, low, high = saved(found)
    assert low <= value <= high
    assert value == pytest.approx(0.01 / (0.05 + ar.OVERHEAD_S + 0.0002), abs=0.002)
    assert found.verdict == "cache"
    assert found.seconds_to_tell is None


@pytest.mark.parametrize(
    ("saves", "verdict"), [(0.0, "no cache"), (0.02, "no cache"), (0.07, "cache"), (0.9, "cache")]
)
def test_a_saving_below_five_percent_is_no_cache(
    tmp_path: Path, saves: float, verdict: str
) -> None:
    """It is told how large it may be, though; and a larger one is a cache however small its
    interval is."""
    found = found_in(ar.audited(tmp_path / "log", ar.constant(0.05), saves))
    assert found.verdict == verdict
    _, low, high = saved(found)
    assert low - 0.002 <= saves * 0.05 / 0.0517 <= high + 0.002
    if verdict == "no cache":
        assert high <= RULED_OUT


def test_a_pool_is_repeated_picture_by_picture(tmp_path: Path) -> None:
    """The first time that each of 64 is sent is left out, because no cache has seen it then."""
    found = found_in(ar.audited(tmp_path / "log", ar.constant(0.05), 0.3, repeated=64))
    assert (found.repeated_pictures, found.filling_pairs) == (64, 64)
    assert found.verdict == "cache"
    assert saved(found)[0] == pytest.approx(0.3 * 0.05 / 0.0517, abs=0.003)


def test_pairs_count_if_both_requests_were_answered(tmp_path: Path) -> None:
    """Every pair that is due is counted, left out at the beginning, or lost."""
    whole = found_in(ar.audited(tmp_path / "whole", ar.constant(0.05), 0.2))
    assert (whole.filling_pairs, whole.lost_pairs) == (FILLING_PAIRS, 0)
    summary = ar.audited(
        tmp_path / "log",
        ar.constant(0.05),
        0.2,
        outcome=lambda number: "http_503" if number % 10 == 0 else "ok",
    )
    found = found_in(summary)
    assert found.pairs + found.lost_pairs == whole.pairs
    assert found.lost_pairs == pytest.approx(whole.pairs / 5, abs=1)
    assert found.pairs == len(found.new_s) == len(found.again_s) == len(found.due_s)
    assert (np.diff(found.due_s) > 0).all()
    assert found.verdict == "cache"


def test_times_are_those_of_the_log(tmp_path: Path) -> None:
    """Each time stands in the log, with the kind that the plan drew for its number."""
    path = ar.audit_log(tmp_path / "log", ar.lognormal(0.05), 0.2, seed=3)
    log = read_log(path)
    found = found_in(analyse(log))
    requests = log.requests
    kinds = np.array([comes_again(3, number) for number in requests.number.tolist()])
    service_s = requests.done_s - requests.sent_s
    first = 2 * found.filling_pairs
    numbers = requests.number
    for kind, times_s in ((True, found.again_s), (False, found.new_s)):
        of_kind = service_s[(kinds == kind) & (numbers > first)]
        assert times_s.tolist() == of_kind[: len(times_s)].tolist()


# --- what is not known ----------------------------------------------------------------------------


def test_too_few_pairs_are_undecided(tmp_path: Path) -> None:
    """However clear they are; and the length that would do is named."""
    summary = ar.audited(tmp_path / "log", ar.constant(1.0), 0.5, query_s=1.0, seconds=12.0)
    found = found_in(summary)
    assert 0 < found.pairs < PAIRS_TO_JUDGE
    assert found.verdict == "undecided"
    assert found.seconds_to_tell is not None
    assert found.seconds_to_tell >= 12.0 * PAIRS_TO_JUDGE / found.pairs
    assert exit_code(summary) == exit_codes.NO_RESULT


@pytest.mark.slow
def test_the_length_that_is_asked_for_decides(tmp_path: Path) -> None:
    """Of runs that left it open, repeated for as long as they say, 9 of 10 decide it."""
    asked = decided = 0
    for seed in range(1, 31):
        law = ar.exponential(0.05)
        short = found_in(ar.audited(tmp_path / f"short{seed}", law, 0.2, seed=seed))
        if short.verdict == "undecided" and short.seconds_to_tell and short.seconds_to_tell < 600:
            asked += 1
            longer = ar.audited(
                tmp_path / f"long{seed}", law, 0.2, seed=100 + seed, seconds=short.seconds_to_tell
            )
            decided += found_in(longer).verdict == "cache"
    assert asked >= 5
    assert decided >= 0.7 * asked


def test_without_an_answer_nothing_is_measured(tmp_path: Path) -> None:
    """No pair is no verdict, and no exit code of success."""
    summary = ar.audited(tmp_path / "log", ar.constant(0.05), outcome=lambda number: "refused")
    found = found_in(summary)
    assert (found.verdict, found.saving, found.pairs) == ("not measured", None, 0)
    assert exit_code(summary) == exit_codes.NO_RESULT


def test_an_invalid_run_measures_nothing(tmp_path: Path) -> None:
    """Its times may be our own machine's, so they are not judged."""
    path = ar.audit_log(tmp_path / "log", ar.constant(0.05), 0.2)
    plan = read_log(path).plan
    assert plan is not None
    busy = sl.cpu_samples(plan, cores=0.95)
    summary = ar.audited(tmp_path / "busy", ar.constant(0.05), 0.2, workers=busy)
    assert not summary.valid
    assert found_in(summary).verdict == "not measured"
    assert exit_code(summary) == exit_codes.INVALID


@pytest.mark.parametrize("saves", [0.0, 0.2])
def test_a_decided_audit_succeeds_and_has_no_capacity(tmp_path: Path, saves: float) -> None:
    """Both answers are answers; and one client shows no capacity, nor what long steps show."""
    summary = ar.audited(tmp_path / "log", ar.constant(0.05), saves)
    assert exit_code(summary) == exit_codes.OK
    assert summary.capacity is None
    assert not [f.code for f in find(summary) if f.code in (*OF_LONG_STEPS, "not_saturated")]


def test_any_other_run_is_no_audit(tmp_path: Path) -> None:
    """A ramp of one client has the same plan, and its log does not say that it was an audit."""
    played = sl.play(sl.plan_of([1], 20, 10.0), servers=1, service=sl.constant(0.05))
    assert analyse(read_log(sl.write(tmp_path / "log", played))).audit is None
    assert analyse(read_log(sl.write(tmp_path / "no", played, audit_cache=False))).audit is None
