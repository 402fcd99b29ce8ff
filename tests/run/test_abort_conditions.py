"""When a run ends by itself: counts made here, checked as those of a step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeload.objectives import parse_abort
from edgeload.run.abort_conditions import breached
from edgeload.run.counters import BUCKETS, NO_COUNTS, LiveCounts, bucket


def counts(ok_s: list[float], failed: int = 0, missed: int = 0) -> LiveCounts:
    """Counts of answers with these times, and of failed and missed requests."""
    histogram = [0] * BUCKETS
    for time_s in ok_s:
        histogram[bucket(time_s)] += 1
    return replace(
        NO_COUNTS,
        ok=len(ok_s),
        failed=failed,
        missed=missed,
        service=tuple(histogram),
        response=tuple(histogram),
    )


@pytest.mark.parametrize(
    ("text", "step", "ends"),
    [
        ("errors>50%", counts([0.1] * 10, failed=10), False),
        ("errors>50%", counts([0.1] * 10, failed=11), True),
        ("errors>50%", counts([], failed=19), False),
        ("errors>0%", counts([0.1] * 100, failed=1), True),
        ("missed>20%", counts([0.1] * 80, missed=20), False),
        ("missed>20%", counts([0.1] * 79, missed=21), True),
        ("p95>1s", counts([0.1] * 95 + [2.0] * 5), False),
        ("p95>1s", counts([0.1] * 94 + [2.0] * 6), True),
        ("p95>1s", counts([0.1] * 95, failed=5), False),
        ("p95>1s", counts([0.1] * 94, failed=6), True),
        ("p95>1s", counts([2.0] * 19), False),
        ("p99>1s", counts([2.0] * 99), False),
        ("p99>1s", counts([2.0] * 100), True),
        ("p95 service>1s", counts([2.0] * 20), True),
    ],
)
def test_a_run_ends_beyond_the_bound(text: str, step: LiveCounts, ends: bool) -> None:
    """Beyond the bound and not at it, and never on too few requests; failures are never fast."""
    said = breached([parse_abort(text)], step)
    assert (said is not None) == ends
    if said:
        assert said.startswith(f"--abort-on {text}: ")


def test_a_percentile_among_failures_has_no_time() -> None:
    """No time was measured there, so none is printed: the line says that requests failed."""
    said = breached([parse_abort("p95>5s")], counts([0.1] * 28, failed=12))
    assert said == (
        "--abort-on p95>5s: p95 of response time falls among failed requests (12 of 40 in this "
        "step failed), and counts as infinitely slow"
    )


@pytest.mark.parametrize(
    ("text", "step", "said"),
    [
        (
            "errors>50%",
            counts([0.1] * 9, failed=11),
            "11 of 20 requests in this step failed (55 %)",
        ),
        (
            "missed>20%",
            counts([0.1] * 79, missed=21),
            "21 of 100 requests due in this step were missed (21 %)",
        ),
        (
            "p99.9 service>1s",
            counts([2.0] * 1000),
            "p99.9 of service time is 2 s over 1,000 requests in this step",
        ),
    ],
)
def test_the_reason_names_the_figures(text: str, step: LiveCounts, said: str) -> None:
    """Which condition, how many requests of how many, and what was measured."""
    assert breached([parse_abort(text)], step) == f"--abort-on {text}: {said}"


def test_without_a_condition_nothing_ends() -> None:
    """Whatever happens."""
    assert breached([], counts([], failed=1000)) is None
