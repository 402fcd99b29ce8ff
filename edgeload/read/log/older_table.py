"""The requests of a log of the older form -> the columns that the analysis reads. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgeload.failure_classes import ESCALATED, SUCCESS
from edgeload.read.log.columns import Ints, Requests
from edgeload.read.log.older_rows import OlderRows
from edgeload.read.log.older_times import TimedRows
from edgeload.read.log.table_builder import TableBuilder
from edgeload.records import RequestRow

_ROWS_A_BATCH = 10_000
_SUCCEEDED = (SUCCESS, None)


def older_table(
    rows: OlderRows,
    timed: TimedRows,
    wall_s: float,
    starts_s: Sequence[float],
    parts: Ints | None = None,
) -> Requests:
    """One row per request. `starts_s` is when each step began in run time, `parts` which request
    of its frame each row is; None: all are whole frames.

    A request belongs to the step that it was sent in.
    """
    table = TableBuilder()
    done_s = timed.done_s - wall_s
    sent_s = done_s - timed.latency_s
    began_s = np.where(np.isnan(sent_s), done_s, sent_s)
    step = np.maximum(np.searchsorted(starts_s, began_s, side="right") - 1, 0)
    part = np.zeros(len(done_s), dtype=np.int64) if parts is None else parts
    told = (rows.client, rows.number, rows.from_edge)
    known = (step.tolist(), part.tolist(), sent_s.tolist(), done_s.tolist())
    batch: list[RequestRow] = []
    for i, (client, number, said, in_step, in_frame, sent, done) in enumerate(
        zip(*told, *known, strict=True)
    ):
        outcome, error = rows.failures.get(i, _SUCCEEDED)
        batch.append(
            RequestRow(
                worker_number=client,
                request_number=number,
                error=error,
                step=in_step,
                due_s=math.nan,
                sent_s=sent,
                done_s=done,
                status=None,
                outcome=outcome,
                from_edge=False if outcome == ESCALATED else True if said > 0 else None,
                bytes=0,
                part=in_frame,
            )
        )
        if len(batch) == _ROWS_A_BATCH:
            table.add(batch)
            batch.clear()
    table.add(batch)
    return table.columns()
