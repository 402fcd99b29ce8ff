"""Laws of what is settled before a run begins, and of how it is announced."""

from __future__ import annotations

import pytest

from edgeload.plan import Plan, ramp_steps
from edgeload.run.session import intention, worker_count
from edgeload.settings import resolve


def plan_of(*clients: int) -> Plan:
    return Plan(ramp_steps(clients, 1.0), 1.0)


@pytest.mark.parametrize(
    ("options", "workers"),
    [
        ({"workers": "3"}, 3),
        ({"workers": "50"}, 10),
        ({"workers": "clients"}, 10),
        ({"client": "sdk", "workers": "3"}, 10),
    ],
)
def test_workers_are_as_set_and_never_more_than_clients(
    options: dict[str, object], workers: int
) -> None:
    """The SDK takes one process per client, whatever is set."""
    settings = resolve({}, {"detector_name": "d", **options}, {})
    assert worker_count(settings, plan_of(1, 10, 2)) == workers


@pytest.mark.parametrize(
    ("clients", "workers", "line"),
    [
        ((1,), 1, "1 client at 1 requests/s against U, 1 s in all, from 1 worker process"),
        (
            (4,),
            2,
            "4 clients at 1 requests/s each against U, 1 s in all, from 2 worker processes",
        ),
        (
            (3, 1),
            2,
            "3, 1 clients at 1 requests/s each against U, 2 s in all, from 2 worker processes",
        ),
    ],
)
def test_the_intention_is_announced_in_plain_words(
    clients: tuple[int, ...], workers: int, line: str
) -> None:
    """One client is no "clients", and one process no "processes"."""
    assert intention(plan_of(*clients), "U", workers) == line
