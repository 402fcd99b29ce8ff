"""Laws of waiting: never early, woken by sockets, and exact where asked."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable

import pytest

from edgeload.run.poller import (
    FIRST_LEAD_S,
    PUNCTUAL,
    READABLE,
    THRIFTY,
    WRITABLE,
    EpollPoller,
    Lead,
    Poller,
    SelectorPoller,
)

POLLERS = [SelectorPoller] + ([EpollPoller] if sys.platform == "linux" else [])


@pytest.mark.parametrize("make", POLLERS)
@pytest.mark.parametrize("timeout_s", [0.0, 0.0004, 0.0107])
def test_with_nothing_ready_it_waits_the_time(make: type[Poller], timeout_s: float) -> None:
    """Exact waits end at or after the instant, never before; with an empty answer."""
    poller = make()
    for _ in range(20):
        start_s = time.monotonic()
        assert poller.wait(timeout_s, exact=True) == []
        assert time.monotonic() - start_s >= timeout_s - (
            0.0 if make is not SelectorPoller else 2e-3
        )


@pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")
def test_epoll_is_exact() -> None:
    """The best of 50 waits is within 0.1 ms of its instant: epoll's own timer has 1 ms ticks."""
    poller = EpollPoller()
    late = []
    for _ in range(50):
        until_s = time.monotonic() + 0.00251
        poller.wait(0.00251, exact=True)
        late.append(time.monotonic() - until_s)
    assert min(late) < 1e-4


@pytest.mark.parametrize("lead", [THRIFTY, PUNCTUAL])
@pytest.mark.parametrize(
    "late",
    [
        lambda chance: chance.gauss(28e-6, 8e-6),
        lambda chance: chance.expovariate(1 / 20e-6),
        lambda chance: chance.choice([12e-6] * 199 + [900e-6]),
    ],
    ids=["gauss", "exponential", "seldom very late"],
)
def test_the_lead_covers_its_share_of_the_timers_delays(
    late: Callable[[random.Random], float],
    lead: Lead,
) -> None:
    """Whatever their distribution, and however late the latest are: a spin must stay short."""
    chance, lead_s, leads, covered = random.Random(1), FIRST_LEAD_S, [], 0
    for number in range(12_000):
        delay_s = late(chance)
        if number >= 2000:
            leads.append(lead_s)
            covered += delay_s <= lead_s
        lead_s = lead.next_s(lead_s, delay_s)
    assert covered / len(leads) == pytest.approx(lead.covered_share, abs=0.02)
    assert max(leads) <= lead.most_s


@pytest.mark.parametrize("lead", [THRIFTY, PUNCTUAL])
def test_the_lead_stays_within_its_bounds(lead: Lead) -> None:
    """A timer that is always late does not make the spin ever longer, nor an exact one none."""
    lead_s = FIRST_LEAD_S
    for _ in range(1000):
        lead_s = lead.next_s(lead_s, 1.0)
    assert lead_s == pytest.approx(lead.most_s)
    for _ in range(60_000):
        lead_s = lead.next_s(lead_s, 0.0)
    assert lead_s == pytest.approx(5e-6)


@pytest.mark.parametrize("make", POLLERS)
def test_a_ready_descriptor_ends_the_wait(make: type[Poller]) -> None:
    """What is ready is named with its event; what is forgotten is not."""
    poller = make()
    reading, writing = os.pipe()
    poller.watch(reading, READABLE)
    os.write(writing, b"!")
    start_s = time.monotonic()
    assert poller.wait(30.0, exact=False) == [(reading, READABLE)]
    assert time.monotonic() - start_s < 10
    os.read(reading, 1)
    assert poller.wait(0.0, exact=True) == []
    poller.watch(writing, READABLE)
    poller.change(writing, WRITABLE)
    assert poller.wait(30.0, exact=True) == [(writing, WRITABLE)]
    poller.forget(writing)
    assert poller.wait(0.0, exact=False) == []
    poller.forget(reading)
    os.close(reading)
    os.close(writing)
