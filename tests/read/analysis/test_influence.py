"""Verdicts on what one group does to another."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from edgeload.read.analysis.influence import Influence, judged
from edgeload.read.statistics.paired_ratios import PairedRatio, paired_ratio

ROUNDS = 10


def ratio(value: float, scatter: float = 0.0) -> PairedRatio:
    """A ratio measured in ten rounds that differ by about so much."""
    logs = math.log(value) + scatter * np.linspace(-1.5, 1.5, ROUNDS)
    found = paired_ratio(np.ones(ROUNDS), np.exp(logs), 1e9)
    assert found is not None
    return found


def influence(throughput: PairedRatio | None, p95: PairedRatio | None) -> Influence:
    return Influence(
        "door", "person", "full", 4, 6, ROUNDS, throughput, p95, False, "not measured", None
    )


def verdict(throughput: PairedRatio | None, p95: PairedRatio | None) -> str:
    return next(iter(judged([influence(throughput, p95)]))).verdict


@pytest.mark.parametrize(
    ("throughput", "p95", "expected"),
    [
        (ratio(1.0), ratio(1.0), "same"),
        (ratio(0.95, 0.02), ratio(1.05, 0.1), "same"),
        (ratio(1.0), ratio(2.0, 0.1), "worse"),
        (ratio(0.5, 0.05), ratio(1.0), "worse"),
        (ratio(0.5, 0.05), ratio(0.5, 0.05), "worse"),
        (ratio(1.0), ratio(0.5, 0.05), "better"),
        (ratio(1.3, 0.02), ratio(1.0), "better"),
        (ratio(1.0), ratio(1.0, 0.5), "undecided"),
        (ratio(1.0), ratio(1.5, 0.9), "undecided"),
        (ratio(0.9, 0.2), ratio(1.0), "undecided"),
        (ratio(1.0), None, "undecided"),
        (None, None, "not measured"),
    ],
)
def test_the_verdict_follows_from_both_ratios(
    throughput: PairedRatio | None, p95: PairedRatio | None, expected: str
) -> None:
    """One that is worse decides; same needs both intervals within their margins; without evidence
    there is no verdict.
    """
    assert verdict(throughput, p95) == expected


def test_a_change_of_no_more_than_ten_percent_is_none() -> None:
    """However surely it is measured: 9 % is the same, 12 % is worse."""
    assert verdict(ratio(1.0), ratio(1.09, 0.001)) == "same"
    assert verdict(ratio(1.0), ratio(1.12, 0.001)) == "worse"


def test_throughput_alone_counts_if_the_group_is_overloaded_alone() -> None:
    """Its p95 says how long the step was; throughput tells the rest."""
    alone = replace(influence(ratio(1.0), None), overloaded_alone=True)
    assert [each.verdict for each in judged([alone])] == ["same"]


def test_what_one_test_believes_twenty_may_not() -> None:
    """Among many sides a change must be clearer, or chance makes one of them worse (Holm 1979)."""
    barely = influence(ratio(1.0), ratio(1.25, 0.18))
    calm = influence(ratio(1.0), ratio(1.0, 0.3))
    assert next(iter(judged([barely]))).verdict == "worse"
    assert next(iter(judged([barely, *[calm] * 20]))).verdict == "undecided"


def test_more_rounds_are_named_for_what_is_undecided_only() -> None:
    """And more of them than there were."""
    found = next(iter(judged([influence(ratio(1.0), ratio(1.0, 0.5))])))
    assert found.verdict == "undecided"
    assert found.rounds_to_tell is not None
    assert found.rounds_to_tell > ROUNDS
    assert next(iter(judged([influence(ratio(1.0), ratio(2.0))]))).rounds_to_tell is None
