"""A whole search against the embedded endpoint, as a user makes it."""

from __future__ import annotations

from pathlib import Path

import as_a_user as user
import pytest


@pytest.mark.slow
def test_a_search_finds_the_capacity_of_the_embedded_endpoint(tmp_path: Path) -> None:
    """4 workers that take 50 ms serve 80 requests/s: 8 clients at 10/s, inside its interval.

    Its log, read again, gives the same summary.json to the byte.
    """
    done = user.run(
        tmp_path, "load_test.py", "--find-capacity", "--requests-per-second", "10",
        "--slo", "p95<400ms", "--budget", "80s",
    )  # fmt: skip
    user.check_done(tmp_path, done)
    summary = user.summary(tmp_path)
    written = (tmp_path / "results" / "summary.json").read_bytes()
    again = user.run(tmp_path, "parse_load_test_logs.py", str(tmp_path / "run.log"))
    assert again.code == done.code
    assert (tmp_path / "results" / "summary.json").read_bytes() == written
    assert "trial 1, 1 client (going up): " in done.err
    if done.code:  # this machine was too busy to send on time, which ends a search
        assert summary["search"]["ended"] == "invalid"
        assert "our own machine was the limit" in done.out.replace("\n", " ")
        return
    assert done.out.startswith("CAPACITY ")
    capacity = summary["capacity"]
    assert capacity["low"] <= 8
    assert capacity["high"] >= 7  # at 8, exactly as much is due as is served
    assert summary["search"]["seconds"] <= 90
