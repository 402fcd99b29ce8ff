"""Which share of the service time requests spent on their way to the endpoint, at least. Pure.

The workers write down for how long the kernel held data of theirs that was not yet acknowledged
(`run/tcp_account.py`). A box that is busy acknowledges at once and answers late; behind a slow link
the acknowledgement itself is late. The last segment of a request may be acknowledged together with
the answer, or after 40 ms (Linux's TCP_DELACK_MIN), so this is taken off each request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edgeload.read.analysis.littles_law import time_in_flight
from edgeload.read.log.columns import Requests
from edgeload.read.statistics.windows import Window
from edgeload.records import WorkerSample

DELAYED_ACKNOWLEDGEMENT_S = 0.04


@dataclass(frozen=True)
class NetworkShare:
    """The part of the network in a step's window.

    `share` of the service time at least, 0 to 1. `round_trip_s`: median of what the workers saw;
    `retransmits`: segments sent again.
    """

    share: float
    round_trip_s: float
    retransmits: int


def network_share(
    samples: Iterable[WorkerSample], requests: Requests, window: Window
) -> NetworkShare | None:
    """What a window shows of the network; None if the kernel said nothing about its connections."""
    of_worker: dict[int, list[WorkerSample]] = {}
    for sample in samples:
        of_worker.setdefault(sample.worker, []).append(sample)
    on_the_way_s = retransmits = 0.0
    rounds: list[float] = []
    for told in of_worker.values():
        seconds, again = _inside(told, window)
        on_the_way_s += seconds
        retransmits += again
        rounds += [
            s.round_trip_s
            for s in told
            if s.round_trip_s is not None and window.start_s <= s.at_s <= window.end_s
        ]
    service_s = time_in_flight(requests, window)
    if not rounds or service_s <= 0:
        return None
    acknowledged = int(window.holds(requests.done_s).sum())
    least_s = on_the_way_s - DELAYED_ACKNOWLEDGEMENT_S * acknowledged
    return NetworkShare(
        share=min(1.0, max(0.0, least_s / service_s)),
        round_trip_s=float(np.median(rounds)),
        retransmits=round(retransmits),
    )


def _inside(told: Sequence[WorkerSample], window: Window) -> tuple[float, float]:
    """(seconds on the way, retransmits) of one worker inside a window, of all its connections.

    What happened between two looks is spread evenly over the time between them.
    """
    seconds = again = 0.0
    for before, after in pairwise(sorted(told, key=lambda sample: sample.at_s)):
        length_s = after.at_s - before.at_s
        inside_s = min(after.at_s, window.end_s) - max(before.at_s, window.start_s)
        if length_s <= 0 or inside_s <= 0 or not after.asked_connections:
            continue
        weight = inside_s / length_s * after.open_connections / after.asked_connections
        seconds += weight * (after.on_the_way_s - before.on_the_way_s)
        again += weight * (after.retransmits - before.retransmits)
    return seconds, again
