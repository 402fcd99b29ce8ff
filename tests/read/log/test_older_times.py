"""Lines of a log of the older form on one time axis."""

from __future__ import annotations

import json
from pathlib import Path

from edgeload.read.log.older_rows import older_rows
from edgeload.read.log.older_times import timed_rows


def test_a_ts_that_is_no_instant_tells_no_zone(tmp_path: Path) -> None:
    """It stands beside a local time; the lines with a local time alone are read all the same."""
    path = tmp_path / "log"
    lines = [
        {"asctime": f"2026-11-27 18:30:0{i}", "latency": 0.1, "success": True} for i in range(3)
    ]
    lines[0]["ts"] = 1e300
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done_s = timed_rows(older_rows(path, path)).done_s
    assert (done_s[2] - done_s[1]) == 1.0
