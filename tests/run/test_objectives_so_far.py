"""The state of objectives so far: cautious beside the report."""

from __future__ import annotations

import math
import random

import fake_progress as fake
import numpy as np
import pytest

from edgeload.objectives import parse_objective
from edgeload.read.statistics.percentiles import share_limits
from edgeload.run.counters import COUNTED_CLASSES, LiveCounts
from edgeload.run.objectives_so_far import Batch, SoFar, batch_of, merged_batches, so_far


def judged(text: str, counts: LiveCounts, waiting: int = 0, *, grows: bool = False) -> SoFar:
    """What a step of ten alike seconds says, as many as `counts`."""
    objective = parse_objective(text)
    whole = batch_of(objective, counts, counts.done)
    tenth = Batch(whole.bad // 10, whole.n // 10)
    return so_far(objective, counts, [tenth] * 10, waiting=waiting, grows=grows)


def test_a_clear_sample_is_met_or_not_met() -> None:
    """Each kind of quantity, in the unit of its bound."""
    fast, failing = fake.counts_of(2000), fake.counts_of(1800, failures=[100, 100])
    assert judged("p95<300ms", fast).state == "met"
    assert judged("p95<10ms", fast).state == "not met"
    assert judged("p95 service<300ms", fast).value == pytest.approx(0.05, rel=0.02)
    assert judged("errors<2%", fast) == SoFar(parse_objective("errors<2%"), "met", 0.0)
    assert judged("errors<2%", failing).state == "not met"
    assert judged("errors<2%", failing).value == pytest.approx(0.1)
    assert judged("missed<1%", fast).state == "met"
    assert judged("throughput>=95%", fast).state == "met"
    escalated = [0] * len(COUNTED_CLASSES)
    escalated[COUNTED_CLASSES.index("escalated")] = 200
    assert judged("edge>=99%", fake.counts_of(1800, failures=escalated)).state == "not met"
    assert judged("edge>=99%", fast).state == "met"


def test_a_percentile_among_failures_is_never() -> None:
    """A request without an answer is over every bound."""
    found = judged("p95<300ms", fake.counts_of(900, failures=[100]))
    assert (found.state, found.value) == ("not met", math.inf)


def test_nothing_is_undecided() -> None:
    """No answer yet, and what live counts cannot tell."""
    for text in ("p95<300ms", "errors<2%", "throughput>=95%", "edge>=99%", "missed<1%"):
        found = so_far(parse_objective(text), fake.counts_of(0), [], waiting=3, grows=False)
        assert (found.state, found.value) == ("undecided", None)
    for text in ("outage<1s", "age p95<1s"):
        assert judged(text, fake.counts_of(2000)).state == "undecided"


def test_what_still_waits_counts_as_bad_for_met_only() -> None:
    """The report will know what became of it."""
    fast = fake.counts_of(2000)
    assert judged("p95<300ms", fast, waiting=300).state == "undecided"
    assert judged("p95<300ms", fast, waiting=5).state == "met"


def test_while_the_backlog_grows_no_time_is_met() -> None:
    """The report refuses times that are within the bound only because the step ended."""
    assert judged("p95<300ms", fake.counts_of(2000), grows=True).state == "not met"
    assert judged("errors<2%", fake.counts_of(2000), grows=True).state == "met"


def test_met_is_met_in_the_report_too() -> None:
    """Whatever the share and the sample: its 95 % interval lies inside, with half the sample."""
    chance = random.Random(3)
    objective = parse_objective("errors<2%")
    met = 0
    for _ in range(1000):
        n = chance.randrange(20, 2000)
        bad = round(0.015 * n * chance.random())
        counts = fake.counts_of(n - bad, failures=[bad])
        if so_far(objective, counts, [], waiting=0, grows=False).state == "met":
            met += 1
            assert share_limits(math.ceil(bad / n * (n // 2)), n // 2)[1] <= 0.02
    assert met > 50


def test_failures_in_bursts_count_as_fewer() -> None:
    """The same share is undecided if it comes in one second of ten, and decided if spread."""
    objective, counts = parse_objective("errors<2%"), fake.counts_of(9600, failures=[400])
    spread = [Batch(40, 1000)] * 10
    burst = [Batch(400, 1000), *[Batch(0, 1000)] * 9]
    assert so_far(objective, counts, spread, waiting=0, grows=False).state == "not met"
    assert so_far(objective, counts, burst, waiting=0, grows=False).state == "undecided"


def test_many_batches_are_merged_and_add_up() -> None:
    """A step of an hour costs no more than one of minutes."""
    kept: list[Batch] = []
    for second in range(3600):
        kept = merged_batches([*kept, Batch(second % 2, 10)])
    assert len(kept) <= 256
    assert np.sum([[b.bad, b.n] for b in kept], axis=0).tolist() == [1800, 36000]
