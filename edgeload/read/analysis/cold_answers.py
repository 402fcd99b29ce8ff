"""Answers that were slow because something was still cold. Pure (method 20).

A box warms up by requests, not by seconds: each of its processes is cold by itself, and so may be
each connection. A few slow answers among many fast ones do not move a median, but they are the
whole tail of a short step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.log.columns import Bools, Ints, RunLog
from edgeload.read.statistics.grouped import close_together
from edgeload.read.statistics.percentiles import nearest_rank
from edgeload.read.statistics.windows import Floats

_TIMES_WARM = 2.0
_LEAST_SLOW = 5
_LEAST_ANSWERS = 100
_TIMES_AS_OFTEN = 5.0
_SURE = 10.0
_FROM_THE_START = 50
_BY_CHANCE = 1e-4


@dataclass(frozen=True)
class ColdAnswers:
    """`slow` of the first `answers` took `fastest_s` to `slowest_s`; later, p95 was `warm_p95_s`.

    `until_s` is the run time at which the last of them was sent; None: they are the first answers
    of clients, whenever these began.
    """

    slow: int
    answers: int
    fastest_s: float
    slowest_s: float
    warm_p95_s: float
    until_s: float | None


def find_cold_answers(log: RunLog, steps: Sequence[StepSummary]) -> tuple[ColdAnswers, ...]:
    """Slow answers at the start of the run, and first answers of clients that are slow.

    Slow is more than twice the p95 of the second half of the answers; overloaded steps are left
    out, because a queue has its own slow ones.
    """
    calm = [step.index for step in steps if not step.overloaded]
    requests = log.requests
    rows = np.flatnonzero(requests.ok & np.isin(requests.step, calm))
    if len(rows) < _LEAST_ANSWERS:
        return ()
    rows = rows[np.argsort(requests.sent_s[rows], kind="stable")]
    time_s: Floats = requests.done_s[rows] - requests.sent_s[rows]
    warm_p95_s = nearest_rank(time_s[len(rows) // 2 :], 0.95)
    slow = time_s > _TIMES_WARM * warm_p95_s
    found = []
    if size := _start(np.flatnonzero(slow), len(rows)):
        early = time_s[:size][slow[:size]]
        found.append(
            ColdAnswers(
                slow=len(early),
                answers=size,
                fastest_s=float(early.min()),
                slowest_s=float(early.max()),
                warm_p95_s=warm_p95_s,
                until_s=float(requests.sent_s[rows[size - 1]]),
            )
        )
    firsts = _firsts(requests.client[rows])
    firsts[: found[0].answers if found else 0] = False  # those are named already
    if _more_often(slow[firsts], slow[~firsts]):
        early = time_s[firsts & slow]
        found.append(
            ColdAnswers(
                slow=len(early),
                answers=int(firsts.sum()),
                fastest_s=float(early.min()),
                slowest_s=float(early.max()),
                warm_p95_s=warm_p95_s,
                until_s=None,
            )
        )
    return tuple(found)


def _start(slow: npt.NDArray[np.intp], answers: int) -> int:
    """How many answers of a run are its cold start: 0, or up to one of the slow ones.

    `slow` are the places of the slow answers. Of all places at which their rate may have dropped
    for good, the likeliest is taken (the change point of a Poisson process), if the drop is at
    least fivefold and its log-likelihood ratio at least 10.
    """
    total = len(slow)
    if total < _LEAST_SLOW:
        return 0
    before = np.arange(1, total + 1)
    size = slow + 1.0
    rest, left = answers - size, total - before
    early = before / size
    late = np.divide(left, rest, out=np.zeros(total), where=rest > 0)
    gain = special.xlogy(before, early) + special.xlogy(left, late)
    gain -= special.xlogy(total, total / answers)
    gain[(before < _LEAST_SLOW) | (early < _TIMES_AS_OFTEN * late)] = -math.inf
    if slow[0] >= _FROM_THE_START:  # a stall later on is none of coldness
        return 0
    best = int(np.argmax(gain))
    return int(size[best]) if gain[best] >= _SURE else 0


def _firsts(client: Ints) -> Bools:
    """Which rows are the first of their clients."""
    client = close_together(client)
    first_row = np.full(int(client.max()) + 2, len(client))  # of client -1, too
    first_row[client[::-1]] = np.arange(len(client))[::-1]  # of several, the last stays
    firsts = np.zeros(len(client) + 1, dtype=np.bool_)
    firsts[first_row] = True
    return firsts[:-1]


def _more_often(firsts: Bools, others: Bools) -> bool:
    """Whether the first answers of clients are slow more often than the others, not by chance."""
    hits = int(firsts.sum())
    if hits < _LEAST_SLOW or not len(others):
        return False
    usual = (int(others.sum()) + 1) / (len(others) + 1)
    chance = float(special.bdtrc(hits - 1, len(firsts), usual))
    return chance < _BY_CHANCE and hits / len(firsts) >= _TIMES_AS_OFTEN * usual
