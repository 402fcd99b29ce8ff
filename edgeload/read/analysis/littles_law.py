"""Little's law as a check on the log: requests in flight against throughput and time. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeload.read.log.columns import Requests
from edgeload.read.statistics.grouped import in_parts
from edgeload.read.statistics.windows import Window

TOLERANCE = 0.05


@dataclass(frozen=True)
class LittlesLaw:
    """Mean requests in flight, and throughput times mean service time: equal by Little's law.

    `holds` is None if the window saw nothing. All requests count, answered well or not.
    """

    in_flight: float | None
    product: float | None
    holds: bool | None


def littles_law(requests: Requests, window: Window) -> LittlesLaw:
    """Mean in flight against throughput times mean service time over one window (method 9).

    More than 5 % apart is a broken record, beyond what the requests cut by the window's two edges
    explain: at most those in flight there, each by a mean service time. Those that ended just at
    an edge count too: in a log of whole seconds they are many.
    """
    if window.length_s <= 0:
        return LittlesLaw(None, None, None)
    service_s, ended, open_at = 0.0, 0, np.zeros(2, dtype=np.int64)
    edges_s = np.array([[window.start_s], [window.end_s]])
    for part in in_parts(len(requests)):
        sent_s, done_s = requests.sent_s[part], requests.done_s[part]
        own_s = (done_s - sent_s)[window.holds(done_s) & ~np.isnan(sent_s)]
        service_s += float(own_s.sum())
        ended += len(own_s)
        open_at += ((sent_s <= edges_s) & (done_s >= edges_s)).sum(axis=1)
    area = time_in_flight(requests, window)
    if not ended or area <= 0:
        return LittlesLaw(None, None, None)
    slack = int(open_at.max()) * service_s / ended
    holds = abs(area - service_s) <= TOLERANCE * max(area, abs(service_s)) + slack
    return LittlesLaw(area / window.length_s, service_s / window.length_s, holds)


def time_in_flight(requests: Requests, window: Window) -> float:
    """The time inside a window in which requests were in flight, of all together, in seconds."""
    total_s = 0.0
    for part in in_parts(len(requests)):
        overlap = np.minimum(requests.done_s[part], window.end_s)
        overlap -= np.maximum(requests.sent_s[part], window.start_s)
        total_s += float(overlap[overlap > 0].sum())
    return total_s
