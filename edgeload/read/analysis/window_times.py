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

    `service_s` is done - sent of each request, `response_s` done - due of each frame; None if the
    log does not say when they were due. `failed` requests were sent and got no correct answer; they
    are over every bound on service time. `unanswered` frames failed or were never sent; they are
    over every response time. A frame is one request, unless it has a chain.
    """

    service_s: Floats
    response_s: Floats | None
    failed: int
    unanswered: int
    requests_failed: Bools | None = None
    """For each request of frames with a chain, in order, whether it failed; None if frames are
    requests."""
    chains_s: Floats | None = None
    """How long each frame with good answers took, from its first request to its last answer; None
    if frames are requests."""

    @property
    def frame_s(self) -> Floats:
        """The same, in any case."""
        return self.service_s if self.chains_s is None else self.chains_s


def times_of(
    log: RunLog, rows: Bools | npt.NDArray[np.integer[Any]], missed: int | None
) -> WindowTimes:
    """Times of the requests in these rows (a mask, or row numbers), with `missed` more unsent."""
    requests = log.requests
    ok = requests.outcome[rows] == 0  # only of these rows: callers ask for many small windows
    failed = len(ok) - int(np.count_nonzero(ok))
    good = rows
    if failed and rows.dtype == np.bool_:
        good = rows.copy()
        good[rows] = ok
    elif failed:
        good = rows[ok]
    done_s = requests.done_s[good]
    frame_s, response_s = requests.sent_s[good], None
    np.subtract(done_s, frame_s, out=frame_s)
    if log.knows_due:
        response_s = requests.due_s[good]
        np.subtract(done_s, response_s, out=response_s)
    service_s, requests_failed = (frame_s, None) if log.parts is None else _by_part(log, rows)
    return WindowTimes(
        service_s=service_s,
        response_s=response_s,
        failed=failed if requests_failed is None else int(np.count_nonzero(requests_failed)),
        requests_failed=requests_failed,
        unanswered=(missed or 0) + failed if log.knows_due else 0,
        chains_s=None if log.parts is None else frame_s,
    )


def _by_part(log: RunLog, rows: Bools | npt.NDArray[np.integer[Any]]) -> tuple[Floats, Bools]:
    """Service times of the good requests of these frames, and which of all of them failed."""
    requests = log.sent_requests
    chosen = np.zeros(len(log.requests), dtype=np.bool_)
    chosen[rows] = True
    own = chosen[log.frame_of_part]
    good = own & requests.ok
    service_s = requests.done_s[good] - requests.sent_s[good]
    return service_s, np.asarray(~requests.ok[own], dtype=np.bool_)


def rows_due_in(log: RunLog, step: int, window: Window) -> Bools:
    """Which requests of a step fell due in a window (were sent in it, without due times)."""
    return np.asarray(log.requests.step == step, dtype=np.bool_) & window.holds(log.at_s)
