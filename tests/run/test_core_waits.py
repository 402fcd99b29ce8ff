"""The kernel's account of the time for which a process had no core."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeload.cgroup_files import mounts
from edgeload.run import core_waits
from edgeload.run.core_waits import NOT_KNOWN, CoreWaitsReader

_BUSY = "import time\nend = time.monotonic() + 20\nwhile time.monotonic() < end: pass"
_ALWAYS_READY = """
import time
from edgeload.run.core_waits import CoreWaitsReader

reader = CoreWaitsReader()
before, began_s, cpu_s = reader.look(), time.monotonic(), time.process_time()
while time.monotonic() - began_s < 0.5:
    pass
after = reader.look()
print(time.monotonic() - began_s, time.process_time() - cpu_s, after.waited_s - before.waited_s)
print(after.times - before.times)
"""


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="Linux alone says so")
def test_who_is_always_ready_runs_or_waits() -> None:
    """What a process that never rests is without a core, it waits; beside others, most of it."""
    core = str(min(os.sched_getaffinity(0)))
    pinned = ["taskset", "-c", core, sys.executable, "-c"]
    others = [subprocess.Popen([*pinned, _BUSY]) for _ in range(3)]
    try:
        told = subprocess.run([*pinned, _ALWAYS_READY], capture_output=True, text=True, check=True)
    finally:
        for other in others:
            other.kill()
            other.wait()
    passed_s, cpu_s, waited_s, times = map(float, told.stdout.split())
    assert cpu_s + waited_s == pytest.approx(passed_s, rel=0.02, abs=0.005)
    assert waited_s > 0.5 * passed_s
    assert times > 10


@pytest.mark.parametrize("unified", [True, False])
def test_periods_of_the_limit_around_this_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unified: bool
) -> None:
    """As both versions of cgroups count them; of the tightest limit, if there are several."""
    cpu = tmp_path / "sys/fs/cgroup" / ("" if unified else "cpu")
    for folder, quota, stops in ((cpu / "box", 200_000, 1), (cpu / "box" / "load", 50_000, 46)):
        folder.mkdir(parents=True)
        (folder / "cpu.stat").write_text(f"nr_periods 66\nnr_throttled {stops}\n")
        (folder / "cpu.max").write_text(f"{quota} 100000\n")
        (folder / "cpu.cfs_quota_us").write_text(f"{quota}\n")
        (folder / "cpu.cfs_period_us").write_text("100000\n")
    if unified:
        (cpu / "cgroup.controllers").touch()
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/box/load\n1:cpu,cpuacct:/box/load\n")
    monkeypatch.setattr(core_waits, "mounts", lambda: mounts(tmp_path))
    told = CoreWaitsReader().look()
    assert (told.limit_periods, told.limit_stops) == (66, 46)


def test_a_system_without_that_account_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is no evidence, and no error."""
    monkeypatch.setattr(core_waits, "_ACCOUNT", "/proc/self/no-such-account")
    assert CoreWaitsReader().look() == NOT_KNOWN


def test_an_account_of_another_form_says_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Some sandboxes have the file and leave it empty."""
    (tmp_path / "account").touch()
    monkeypatch.setattr(core_waits, "_ACCOUNT", str(tmp_path / "account"))
    assert CoreWaitsReader().look() == NOT_KNOWN
