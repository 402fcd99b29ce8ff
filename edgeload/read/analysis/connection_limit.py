"""Failures that look like the limit of the endpoint's proxy: in a run that came near it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeload.edge_facts import MAX_CONNECTIONS
from edgeload.failure_classes import RESET, STALE_CONNECTION, http_failure
from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.log.columns import ErrorText, Ints, Requests
from edgeload.read.statistics.windows import Floats

IN_FLIGHT_NEAR_LIMIT = 100


def find_connection_limit(requests: Requests) -> Iterator[Finding]:
    """Failures that look like the proxy's limit, if most of them came near it.

    The signs are nginx's own 500, which is HTML, and a reset. A server that resets requests at any
    load, because it restarts, is no evidence of the limit: half of them must have been sent with
    nearly as many requests in flight as the proxy takes.
    """
    html = [i for i, error in enumerate(requests.errors) if _is_nginx_500(error)]
    is_500 = np.isin(requests.error, html)
    is_reset = requests.having(RESET) | requests.having(STALE_CONNECTION)
    signs = is_500 | is_reset
    if not signs.any():
        return
    in_flight = in_flight_at(requests.sent_s[signs], requests)
    near = in_flight >= IN_FLIGHT_NEAR_LIMIT
    if 2 * np.count_nonzero(near) < len(near):
        return
    near_rows = np.flatnonzero(signs)[near]
    numbers: dict[str, Evidence] = {
        "clients": IN_FLIGHT_NEAR_LIMIT,
        "limit": MAX_CONNECTIONS,
        "http_500": int(np.count_nonzero(is_500[near_rows])),
        "reset": int(np.count_nonzero(is_reset[near_rows])),
        "in_flight": (int(in_flight[near].min()), int(in_flight[near].max())),
    }
    steps = tuple(sorted({int(step) for step in requests.step[near_rows]}))
    yield Finding("connection_limit", "warning", steps, numbers)


def _is_nginx_500(error: ErrorText) -> bool:
    return error.outcome == http_failure(500) and error.text.lstrip().lower().startswith("<html")


def in_flight_at(at_s: Floats, requests: Requests) -> Ints:
    """How many requests were in flight at each instant, one that was sent then included."""
    sent = np.searchsorted(np.sort(requests.sent_s), at_s, side="right")
    return np.asarray(sent - np.searchsorted(np.sort(requests.done_s), at_s, side="right"))
