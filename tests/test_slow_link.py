"""A link that is too slow for the load, in a network namespace: named, and not the endpoint."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import pytest

LINK = "16mbit"
"""Pictures of 20 kB over it: about 95 per second."""


@pytest.mark.slow
def test_a_slow_link_is_the_limit(tmp_path: Path) -> None:
    """16 workers of 30 ms could answer 533/s; a link of 16 Mbit/s carries 95/s, and is named."""
    if not (shutil.which("unshare") and shutil.which("tc") and shutil.which("ip")):
        if os.environ.get("CI"):
            pytest.fail("unshare, ip and tc are needed (apt-get install iproute2)")
        pytest.skip("unshare, ip or tc is not installed")
    words = [sys.executable, "load_test.py", "--custom-ramp", "2,24", "--time-between-ramp", "7"]
    words += ["--requests-per-second", "5", "--log-file", f"{tmp_path}/run.log"]
    words += ["--output-dir", f"{tmp_path}/results", "--progress", "none"]
    words += ["--simulator-options", "'--inference-workers 16 --service-time 30ms'"]
    shape = f"tc qdisc add dev lo root tbf rate {LINK} burst 64kb latency 200ms"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", f"ip link set lo up && {shape} && {' '.join(words)}"],
        env=user.environment(),
        cwd=user.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("no right to make a network namespace")
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "results" / "summary.json").read_text())
    assert summary["limit"]["resource"] == "network", summary["limit"]
    said = " ".join(done.stdout.split())
    assert "The network's limit is about" in said
    assert "The endpoint's own limit was not reached." in said
    assert "Next: use a faster link" in said
