"""How late the generator itself sent its requests, and which others had to wait for that. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeload.read.log.columns import Bools, Requests
from edgeload.read.statistics.windows import Floats

LATE_LIMIT_S = 0.005
LATE_LIMIT_OF_PERIOD = 0.10


@dataclass(frozen=True)
class GeneratorLag:
    """Per request: the seconds by which it was sent late through the generator's own fault, and
    whether it is late by more than allowed, by its own lag or behind an earlier request's.
    """

    lag_s: Floats
    late: Bools


def late_limit_s(requests_per_second: float | None) -> float:
    """The lag that is allowed: 5 ms, or 10 % of a client's period if that is more (method 10)."""
    period_s = 1.0 / requests_per_second if requests_per_second else 0.0
    return max(LATE_LIMIT_S, LATE_LIMIT_OF_PERIOD * period_s)


def generator_lag(requests: Requests, requests_per_second: float | None) -> GeneratorLag:
    """The lag of each request: sent - max(due, done of the same client's previous request).

    A client has one request in flight, so waiting for the endpoint is not lag. But a request that
    waits behind one that we sent late waits for us: its client would have been free earlier. The
    delay handed on is the earlier request's delay, at most the time from when this one was due to
    when its client was free. Lags within the limit are not handed on: in a full queue they change
    nothing. Lag is NaN, and nothing late, if the due times are unknown.
    """
    order = np.argsort(
        (requests.client.astype(np.int64) << 32) + requests.number.astype(np.int64), kind="stable"
    )
    client = requests.client[order]
    follows = np.concatenate([[False], client[1:] == client[:-1]])[: len(order)]
    free_s = np.full(len(requests), -np.inf)
    free_s[order[follows]] = requests.done_s[order[:-1][follows[1:]]]
    lag: Floats = np.maximum(requests.sent_s - np.maximum(free_s, requests.due_s), 0.0)
    limit_s = late_limit_s(requests_per_second)
    waited_s = np.maximum(free_s - requests.due_s, 0.0)  # for the client's previous request
    delay_s = np.empty_like(lag)
    delay_s[order] = _handed_on(lag[order], waited_s[order], follows, limit_s)
    return GeneratorLag(lag, np.asarray(delay_s > limit_s, dtype=np.bool_))


def _handed_on(lag_s: Floats, waited_s: Floats, follows: Bools, limit_s: float) -> Floats:
    """Each request's delay by us, clients one after another: own lag + what is handed on.

    Delays spread from the late requests to those behind them, one place per turn, until none grows.
    """
    own_s = np.where(lag_s > limit_s, lag_s, 0.0)
    delay_s: Floats = own_s.copy()
    grown: npt.NDArray[np.intp] = np.flatnonzero(own_s)
    while len(grown):
        behind = grown[grown + 1 < len(delay_s)] + 1
        behind = behind[follows[behind]]
        new_s = own_s[behind] + np.minimum(delay_s[behind - 1], waited_s[behind])
        more = new_s > delay_s[behind] + 1e-9
        grown = behind[more]
        delay_s[grown] = new_s[more]
    return delay_s
