"""The log of a search, read while it is written."""

from __future__ import annotations

from pathlib import Path

from simulated_search import Box, search
from synthetic_log import exponential

from edgeload.read.log.columns import COLUMN_TYPES
from edgeload.read.log.live_log import LiveLog
from edgeload.read.log.open import read_log


def test_half_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    """However the file grows, the rows of the present trial are those that a reader of the whole
    file finds; the last line counts once it has its newline.
    """
    whole = tmp_path / "whole"
    search(whole, Box(2, exponential(0.03)), most=4, rate=5.0)
    data, log = whole.read_bytes(), read_log(whole)
    first_end = data.index(b'"event":"step_end"')
    growing = tmp_path / "growing"
    growing.write_bytes(b"")
    live = LiveLog(growing)
    at = 0
    for size in range(700, first_end, 997):
        with growing.open("ab") as file:
            file.write(data[at:size])
        at = size
        if data[:size].count(b'"event":"ramp_step"'):
            seen = live.at(log.steps[0], 1000.0).requests
            rows = data[:size].rpartition(b"\n")[0].count(b'"event":"request"')
            assert len(seen) == rows
            for name in COLUMN_TYPES:
                expected = getattr(log.requests, name)[:rows]
                assert getattr(seen, name).tolist() == expected.tolist()
