"""When a run ends by itself: counters made here, judged as a step's."""

from __future__ import annotations

import pytest

from edgeload.objectives import parse_abort
from edgeload.run import counters
from edgeload.run.abort_conditions import breached


def slots(ok_s: list[float], failed: int = 0, missed: int = 0) -> list[int]:
    """Counters of answers with these response times, and of failures and missed requests."""
    block = [0] * counters.SLOTS
    block[counters.OK], block[counters.FAILED] = len(ok_s), failed
    block[counters.MISSED] = missed
    for kind in (counters.service_histogram, counters.response_histogram):
        first = kind(range(counters.SLOTS))[0]
        for response_s in ok_s:
            block[first + counters.bucket(response_s)] += 1
    return block


@pytest.mark.parametrize(
    ("text", "counted", "ends"),
    [
        ("errors>50%", slots([0.1] * 10, failed=10), False),
        ("errors>50%", slots([0.1] * 10, failed=11), True),
        ("errors>50%", slots([], failed=19), False),
        ("errors>0%", slots([0.1] * 100, failed=1), True),
        ("missed>20%", slots([0.1] * 80, missed=20), False),
        ("missed>20%", slots([0.1] * 79, missed=21), True),
        ("p95>1s", slots([0.1] * 95 + [2.0] * 5), False),
        ("p95>1s", slots([0.1] * 94 + [2.0] * 6), True),
        ("p95>1s", slots([0.1] * 94, failed=6), True),
        ("p95>1s", slots([2.0] * 19), False),
        ("p99>1s", slots([2.0] * 99), False),
        ("p99>1s", slots([2.0] * 100), True),
        ("p95 service>1s", slots([2.0] * 20), True),
    ],
)
def test_a_run_ends_where_its_condition_says(text: str, counted: list[int], ends: bool) -> None:
    """Beyond the bound and not at it, never on fewer requests than can tell, failures as never."""
    said = breached([parse_abort(text)], counted)
    assert (said is not None) == ends
    if said:
        assert said.startswith(f"--abort-on {text}: ")


def test_without_a_condition_nothing_ends() -> None:
    """Whatever happens."""
    assert breached([], slots([], failed=1000)) is None
