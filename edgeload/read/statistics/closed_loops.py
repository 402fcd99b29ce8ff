"""What clients in a closed loop would have asked while they waited for an answer. Pure.

A client that waits asks nothing, so that a standstill of 20 s is one slow request of each client
among thousands (coordinated omission, method 1). It is counted as if the client had gone on asking
as often as usual, and got all of these answers when the wait was over: the correction of
HdrHistogram (Tene), `recordValueWithExpectedInterval`. Only waits that are clearly longer than
those before are corrected: others are usual, and show by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeload.read.statistics.windows import Floats, Window


@dataclass(frozen=True)
class ClosedWaits:
    """The requests of clients in closed loops: whose, from when on, and for how many seconds each
    waited, whether its answer was good or not."""

    client: npt.NDArray[np.int64]
    from_s: Floats
    wait_s: Floats


_LONGER = 2.0
NO_WAITS = ClosedWaits(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))


def unasked(waits: ClosedWaits, usual: Window, least_s: float) -> tuple[Floats, Floats]:
    """The requests that were not asked because of long waits: due times, and seconds to an answer.

    Long are those of `least_s` or more, and of twice the longest one that was over within `usual`.
    How often each client asks is taken from there too; of a client that asked nothing there, it is
    the mean of the others. Without any there is nothing to go by, and nothing is added.
    """
    over = usual.holds(waits.from_s) & (waits.from_s + waits.wait_s <= usual.end_s)
    least_s = max(least_s, _LONGER * float(np.max(waits.wait_s[over], initial=0.0)))
    clients, of_row = np.unique(waits.client, return_inverse=True)
    every_s = _intervals_s(waits, of_row, len(clients), usual)[of_row]
    long = (waits.wait_s >= least_s) & (every_s > 0)
    count = np.zeros(len(long), dtype=np.int64)
    count[long] = np.maximum(np.floor(waits.wait_s[long] / every_s[long] + 1e-9) - 1, 0)
    row = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + 1
    later_s = place * every_s[row]
    return waits.from_s[row] + later_s, waits.wait_s[row] - later_s


def _intervals_s(
    waits: ClosedWaits, of_row: npt.NDArray[np.intp], clients: int, usual: Window
) -> Floats:
    """The mean time from request to request of each client; 0 if nobody asked in the window."""
    rows = usual.holds(waits.from_s)
    asked = np.bincount(of_row[rows], minlength=clients)
    first, last = np.full(clients, np.inf), np.full(clients, -np.inf)
    np.minimum.at(first, of_row[rows], waits.from_s[rows])
    np.maximum.at(last, of_row[rows], waits.from_s[rows])
    known = (asked >= 2) & (last > first)
    if not known.any():
        return np.zeros(clients)
    every_s = np.zeros(clients)
    every_s[known] = (last[known] - first[known]) / (asked[known] - 1)
    every_s[~known] = every_s[known].mean()
    return every_s
