"""Times of what fell due in a window: the same for tables, curves and comparisons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeload.read.log.columns import Bools, RunLog
from edgeload.read.statistics.windows import Floats, Window


@dataclass(frozen=True)
class WindowTimes:
    """Times in seconds of the good answers to what fell due in a window, in the log's order.

    `service_s` is done - sent, `response_s` done - due; None if the log does not say when requests
    were due. `failed` requests were sent and got no correct answer; they are over every bound on
    service time. `unanswered` ones failed or were never sent; they are over every response time.
    """

    service_s: Floats
    response_s: Floats | None
    failed: int
    unanswered: int


def times_of(
    log: RunLog, rows: Bools | npt.NDArray[np.integer[Any]], missed: int | None
) -> WindowTimes:
    """Times of the requests in these rows (a mask, or row numbers), with `missed` more unsent."""
    requests = log.requests
    outcome = requests.outcome[rows]  # only of these rows: callers ask for many small windows
    ok = outcome == 0
    done_s, sent_s, due_s = (
        column[rows][ok] for column in (requests.done_s, requests.sent_s, requests.due_s)
    )
    failed = len(outcome) - int(np.count_nonzero(ok))
    return WindowTimes(
        service_s=done_s - sent_s,
        response_s=done_s - due_s if log.knows_due else None,
        failed=failed,
        unanswered=(missed or 0) + failed if log.knows_due else 0,
    )


def rows_due_in(log: RunLog, step: int, window: Window) -> Bools:
    """Which requests of a step fell due in a window (were sent in it, without due times)."""
    return np.asarray(log.requests.step == step, dtype=np.bool_) & window.holds(log.at_s)
