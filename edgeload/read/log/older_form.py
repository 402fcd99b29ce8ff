"""Reads logs of the older form: JSON request lines between plain lines `RAMP <n> [ts=<epoch>]`."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from edgeload.plan import RampStep
from edgeload.read.log.columns import RunLog
from edgeload.read.log.older_rows import OlderRows
from edgeload.read.log.older_table import older_table
from edgeload.read.log.older_times import timed_rows
from edgeload.read.statistics.windows import Floats


def older_log(rows: OlderRows, name: Path, requests_per_second: float | None) -> RunLog:
    """The rows of an older log as a RunLog that is called `name`.

    Such a log says when a request was done and how long it took, so sent = done - latency. When it
    was due it does not say: due times are NaN, and nothing can be known about response time,
    generator lag or requests missed. A request belongs to the step it was sent in.
    """
    timed = timed_rows(rows)
    first_sent = float((timed.done_s - np.nan_to_num(timed.latency_s)).min())
    last_done = float(timed.done_s.max())
    wall_s, steps = _steps(rows, timed.marks_s, first_sent, last_done)
    return RunLog(
        path=name,
        header=None,
        plan=None,
        steps=steps,
        requests_per_second=requests_per_second,
        wall_s=wall_s,
        last_s=last_done - wall_s,
        requests=older_table(rows, timed, wall_s, [step.start_s for step in steps]),
        missed={},
        workers=(),
        deaths=(),
        end=None,
        damage=rows.tally.total,
        repairs=timed.repairs,
        host=timed.host,
    )


def _steps(
    rows: OlderRows, marks_s: Floats, first_sent: float, last_done: float
) -> tuple[float, tuple[RampStep, ...]]:
    """Wall-clock second of run time 0, and the steps in run time.

    The log does not say when the last step was to end. The steps before it were of one length, as
    a rule, so it ends after their median length, or with the last answer if that is earlier.
    """
    clients = [mark.clients for mark in rows.marks] or [len(set(rows.client))]
    starts = [first_sent if math.isnan(at_s) else at_s for at_s in marks_s.tolist()]
    starts = starts or [first_sent]
    starts = [max(starts[: i + 1]) for i in range(len(starts))]
    lengths = [b - a for a, b in pairwise(starts)]
    final = min(last_done, starts[-1] + median(lengths)) if lengths else last_done
    ends = [*starts[1:], max(final, starts[-1])]
    return starts[0], tuple(
        RampStep(i, count, start - starts[0], end - starts[0])
        for i, (count, start, end) in enumerate(zip(clients, starts, ends, strict=True))
    )
