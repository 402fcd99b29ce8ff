"""Little's law as a check on the log: requests in flight against throughput and time. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeload.read.log.columns import Requests
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
    sent_s, done_s = requests.sent_s, requests.done_s
    overlap = np.minimum(done_s, window.end_s)
    overlap -= np.maximum(sent_s, window.start_s)
    area = float(overlap[overlap > 0].sum())
    del overlap  # of a long log it is large
    service_s = (done_s - sent_s)[window.holds(done_s) & ~np.isnan(sent_s)]
    if not len(service_s) or area <= 0:
        return LittlesLaw(None, None, None)
    edges = [
        int(((sent_s <= edge) & (done_s >= edge)).sum()) for edge in (window.start_s, window.end_s)
    ]
    product = float(service_s.sum())
    slack = max(edges) * float(service_s.mean())
    holds = abs(area - product) <= TOLERANCE * max(area, abs(product)) + slack
    return LittlesLaw(area / window.length_s, product / window.length_s, holds)
