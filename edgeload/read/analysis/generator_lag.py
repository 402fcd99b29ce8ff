"""How late the generator itself sent its requests, and which others had to wait for that. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeload.generator_limits import late_limit_s
from edgeload.read.log.columns import Bools, Requests, RunLog
from edgeload.read.log.frames import group_indices
from edgeload.read.statistics.grouped import in_order
from edgeload.read.statistics.windows import Floats


@dataclass(frozen=True)
class GeneratorLag:
    """Per frame: the seconds by which it was sent late through the generator's own fault, and
    whether it is late by more than allowed, by its own lag or behind an earlier frame's.
    """

    lag_s: Floats
    late: Bools


def lag_limit_s(log: RunLog) -> Floats | float:
    """The lag that is allowed to the requests of a log, or to each: it depends on the period."""
    plan = log.plan
    if plan is None or not plan.is_mix:
        return late_limit_s(log.requests_per_second)
    limits = np.array([late_limit_s(group.requests_per_second) for group in plan.groups])
    allowed_s: Floats = limits[group_indices(log.requests.client, plan)]
    return allowed_s


def generator_lag(
    requests: Requests, limit_s: Floats | float, followers_s: Floats | None = None
) -> GeneratorLag:
    """The lag of each request: sent - max(due, done of the same client's previous request).

    If a row is a frame of several requests, `followers_s` says for each how late the further ones
    were sent after the first answer; that adds to the frame's lag.

    A client has one request in flight, so waiting for the endpoint is not lag. But a request that
    waits behind one that we sent late waits for us: its client would have been free earlier. The
    delay handed on is the earlier request's delay, at most the time from when this one was due to
    when its client was free. Lags within the limit are not handed on: in a full queue they change
    nothing. `limit_s` is the lag that is allowed, to all requests or to each. Lag is NaN, and
    nothing late, if the due times are unknown.
    """
    order = in_order(requests.client, requests.number)
    client = requests.client[order]
    follows = np.concatenate([[False], client[1:] == client[:-1]])[: len(order)]
    free_s = np.full(len(requests), -np.inf)
    free_s[order[follows]] = requests.done_s[order[:-1][follows[1:]]]
    lag: Floats = np.maximum(free_s, requests.due_s)
    np.subtract(requests.sent_s, lag, out=lag)
    np.maximum(lag, 0.0, out=lag)
    if followers_s is not None:
        lag += followers_s
    if not np.any(lag > limit_s):  # as a rule
        return GeneratorLag(lag, np.zeros(len(lag), dtype=np.bool_))
    limits_s = np.broadcast_to(np.asarray(limit_s, dtype=np.float64), lag.shape)
    waited_s = np.maximum(free_s - requests.due_s, 0.0)  # for the client's previous request
    delay_s = np.empty_like(lag)
    delay_s[order] = _handed_on(lag[order], waited_s[order], follows, limits_s[order])
    return GeneratorLag(lag, np.asarray(delay_s > limits_s, dtype=np.bool_))


def _handed_on(lag_s: Floats, waited_s: Floats, follows: Bools, limit_s: Floats) -> Floats:
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
