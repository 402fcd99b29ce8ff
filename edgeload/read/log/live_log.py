"""Reads a log while it is written: all of it so far, or the present trial of a search, as a log.

So a trial, or a run that goes on, is judged by the same analysis, and by the same lines, as in the
report.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import msgspec

from edgeload.plan import RampStep
from edgeload.read.log.columns import RunLog
from edgeload.read.log.open import run_log
from edgeload.read.log.stretches import Stretch
from edgeload.read.log.table_builder import TableBuilder, Tally
from edgeload.records import End, Row, StepEnd
from edgeload.runlog import read_records

_TAIL_BYTES = 1 << 16
_WRITTEN_WITHIN_S = 1.0
"""What has ended is in the log by then: workers write several times a second."""


class LiveLog:
    """The log of a run that goes on; also if its file loses its name meanwhile."""

    def __init__(self, path: Path) -> None:
        self._name = path
        self._file = path.open("rb")
        self._path = Path(f"/dev/fd/{self._file.fileno()}")
        self._offset = 0
        self._whole = Stretch()
        self._decoder = msgspec.json.Decoder(Row)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def new_trial(self) -> None:
        """Forget the requests so far: those of the trial that begins now are next."""
        self._read()
        self._whole.table, self._whole.tally = TableBuilder(), Tally()
        self._whole.workers.clear()

    def at(self, step: RampStep, at_s: float) -> RunLog:
        """The log as if the trial had ended at `at_s`; `step` is its step, as planned or ended.

        What had not ended by then is not in it. Its other steps have no requests.
        """
        self._read()
        ended = StepEnd("", 0.0, step.index, min(at_s, step.end_s), at_s, "")
        end = End("", 0.0, at_s, at_s, True, "", {})
        table = TableBuilder()  # a copy: columns in use keep a table from growing
        table.extend(self._whole.table)
        ends = [*self._whole.step_ends, ended]
        known = replace(self._whole, table=table, step_ends=ends, end=end)
        return run_log(known, self._name)

    def so_far(self) -> RunLog | None:
        """The log as if the run had been stopped a moment ago; as it is if the run has ended.

        None if there is no header or no request yet. Requests without an answer count as missed
        because the run was stopped.
        """
        self._read()
        whole = self._whole
        if whole.header is None or not len(whole.table):
            return None
        if whole.end is not None:
            return run_log(whole, self._name)
        table = TableBuilder()
        table.extend(whole.table)
        last_s = float(table.columns().done_s.max())
        last_s = max([last_s, *(sample.at_s for sample in whole.workers)])
        stopped_s = max(0.0, last_s - _WRITTEN_WITHIN_S)
        end = End("", 0.0, last_s, stopped_s, True, "", {})
        return run_log(replace(whole, table=table, end=end), self._name)

    def _read(self) -> None:
        """Take in the lines that were written since, as far as they are whole."""
        end = self._last_line_end()
        if end > self._offset:
            for chunk in read_records(self._path, self._decoder, self._offset, end):
                self._whole.add(chunk)
            self._offset = end

    def _last_line_end(self) -> int:
        """Behind the last newline of the file; our offset if there is none behind it."""
        size = os.fstat(self._file.fileno()).st_size
        with self._path.open("rb") as file:
            while size > self._offset:
                start = max(self._offset, size - _TAIL_BYTES)
                file.seek(start)
                found = file.read(size - start).rfind(b"\n")
                if found >= 0:
                    return start + found + 1
                size = start
        return self._offset
