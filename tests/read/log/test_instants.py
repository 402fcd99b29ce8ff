"""A wall clock that was set, whichever way and however often, gives the true axis back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeload.read.log.instants import (
    LATE_LINE_S,
    filled,
    in_seconds,
    latency_unit,
    pauses,
    without_back_jumps,
    without_pauses,
)
from edgeload.read.statistics.windows import Floats

_PERIOD_S = 0.2
_LATENCY_S = 0.05
_JUMPS_S = st.one_of(st.floats(5, 1e5), st.floats(-1e5, -5))


def _true_s(clients: int, requests: int) -> tuple[Floats, np.ndarray]:
    number, client = np.divmod(np.arange(clients * requests), clients)
    return 1e9 + number * _PERIOD_S + client * 0.01, client


@given(
    clients=st.integers(1, 5),
    jumps=st.lists(st.tuples(st.integers(40, 60), _JUMPS_S), max_size=6),
)
def test_jumps_are_taken_out(clients: int, jumps: list[tuple[int, float]]) -> None:
    """Each instant comes back, but for 2 s per jump, and no jump is made up.

    A jump of nearly whole quarters of an hour is taken for a change of zone; others are known to
    about a period.
    """
    true_s, client = _true_s(clients, 60 * (len(jumps) + 1))
    shown_s = true_s.copy()
    at = 0
    for lines, seconds in jumps:
        at += lines * clients
        shown_s[at:] += seconds
    straight = without_back_jumps(shown_s, np.zeros(len(shown_s)), client)
    ahead = pauses(straight.at_s - _LATENCY_S, straight.at_s, client, np.zeros(0))
    found_s = without_pauses(straight.at_s, ahead)
    assert len(straight.jumps) == sum(seconds < 0 for _, seconds in jumps)
    assert len(ahead) == sum(seconds > 0 for _, seconds in jumps)
    error_s = np.abs((found_s - found_s[0]) - (true_s - true_s[0]))
    assert error_s.max() <= len(jumps) * LATE_LINE_S + 1e-3


@given(st.integers(1, 5), st.lists(st.floats(0, 1.9), min_size=10, max_size=200))
def test_lines_written_late_are_no_jump(clients: int, late_s: list[float]) -> None:
    """Lines that are up to 2 s out of order keep their instants."""
    true_s, client = _true_s(clients, 200)
    order = np.argsort(true_s + np.resize(late_s, len(true_s)), kind="stable")
    straight = without_back_jumps(true_s[order], np.zeros(len(order)), client[order])
    assert straight.jumps == ()
    np.testing.assert_array_equal(straight.at_s, true_s[order])


@given(
    st.integers(2, 5),
    st.floats(10, 1000),
    st.sampled_from([1.0, 1e-3, 1e-6, 1e-9]),
    st.floats(0.01, 0.99),
)
def test_the_unit_of_latencies_is_found(
    requests: int, period_s: float, unit: float, busy: float
) -> None:
    """Latencies of clients that wait between 1 and 99 % of their time, in any unit."""
    true_s: Floats = np.arange(requests * 40, dtype=np.float64) * np.float64(period_s)
    latency = np.full(len(true_s), busy * period_s) / unit
    client = np.zeros(len(true_s), dtype=np.int64)
    assert latency_unit(latency, true_s, client, 1) == unit


@given(st.floats(1e9, 4e9), st.sampled_from([1.0, 1e-3, 1e-6, 1e-9]))
def test_the_unit_of_instants_is_found(instant: float, unit: float) -> None:
    """Of this century, whatever the unit."""
    seconds, finest = in_seconds(np.array([instant / unit]))
    assert finest == unit
    np.testing.assert_allclose(seconds, instant, rtol=1e-12)


def test_what_is_no_instant_is_not_known() -> None:
    """Negative, infinite, or beyond the year 5000 in nanoseconds; filled from the line before."""
    seconds, _ = in_seconds(np.array([np.nan, 5.0, -1.0, np.inf, 1e30, 7.0, np.nan]))
    np.testing.assert_array_equal(filled(seconds), [5, 5, 5, 5, 5, 7, 7])
