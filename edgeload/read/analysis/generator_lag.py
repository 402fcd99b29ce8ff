"""How late the generator itself sent its requests, and which others had to wait for that. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeload.generator_limits import late_limit_s
from edgeload.read.log.columns import Bools, Requests, RunLog
from edgeload.read.log.frames import group_indices
from edgeload.read.statistics.grouped import GroupNumbers, close_together, grouped, in_parts
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
    in_order = requests.clients_in_order
    order = None if in_order else np.argsort(requests.number, kind="stable")
    client, done_s = close_together(requests.client), requests.done_s
    lag: Floats = np.empty(len(requests))
    last_s = _nobody_yet(client)
    for part in in_parts(len(requests)):
        rows = part if order is None else order[part]
        own_s = np.maximum(_free_s(client[rows], done_s[rows], last_s), requests.due_s[rows])
        np.subtract(requests.sent_s[rows], own_s, out=own_s)
        lag[rows] = np.maximum(own_s, 0.0, out=own_s)
    if followers_s is not None:
        lag += followers_s
    late: Bools = np.asarray(lag > limit_s, dtype=np.bool_)
    if not late.any():  # as a rule
        return GeneratorLag(lag, late)
    limits_s = np.broadcast_to(np.asarray(limit_s, dtype=np.float64), lag.shape)
    order = np.arange(len(requests)) if order is None else order
    order = order[grouped(client[order]).order]
    free_s = _free_s(client[order], done_s[order], _nobody_yet(client))
    waited_s = np.maximum(free_s - requests.due_s[order], 0.0)  # for the client's previous request
    delay_s = np.empty_like(lag)
    delay_s[order] = _handed_on(lag[order], waited_s, free_s > -np.inf, limits_s[order])
    return GeneratorLag(lag, np.asarray(delay_s > limits_s, dtype=np.bool_))


def _nobody_yet(client: GroupNumbers) -> Floats:
    """When each client's last request was done, before its first one: never."""
    return np.full(int(client.max(initial=0)) + 2, -np.inf)


def _free_s(client: GroupNumbers, done_s: Floats, last_s: Floats) -> Floats:
    """For each of these rows, when its client's previous request was done; -infinity: it is the
    first.

    Each client's rows are in order. `last_s` has what was done last of the rows before these, and
    is brought up to date.
    """
    own = grouped(client)
    free_s = np.empty(len(client))
    free_s[own.order] = own.previous(done_s[own.order], last_s)
    return free_s


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
