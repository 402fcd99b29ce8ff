"""The kernel's account of each CPU."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil
import pytest

from edgeload.cpu_times import busy_between, cpu_times, mean_stolen_s

STAT = """cpu  300 0 100 900 10 5 5 60 20 0
cpu0 100 10 50 400 10 5 5 20 20 0
cpu3 200 0 50 500 0 0 0 40 0 0
intr 48931257 0 0
ctxt 1
"""


def test_each_field_counts_once(tmp_path: Path) -> None:
    """Guests are a part of user time, and waiting for a disk is no computing."""
    (tmp_path / "stat").write_text(STAT)
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    found = cpu_times(tmp_path / "stat")
    assert found.keys() == {0, 3}
    assert found[0].busy_s == pytest.approx(170 * tick_s)
    assert found[3].busy_s == pytest.approx(250 * tick_s)
    assert found[3].stolen_s == pytest.approx(40 * tick_s)
    assert mean_stolen_s(found, {0, 3, 7}) == pytest.approx(30 * tick_s)
    assert mean_stolen_s(found, {7}) is None


def test_a_system_without_the_file_tells_nothing(tmp_path: Path) -> None:
    """No data is none: a file of another kind, too."""
    assert cpu_times(tmp_path / "none") == {}
    (tmp_path / "stat").write_text("cpu0 1 2 3\n")
    assert cpu_times(tmp_path / "stat") == {}


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux says it")
def test_the_account_agrees_with_that_of_psutil() -> None:
    """Of all CPUs together, since the start of the machine."""
    found = cpu_times()
    theirs = psutil.cpu_times()
    busy_s = theirs.user + theirs.nice + theirs.system + theirs.irq + theirs.softirq
    assert sum(each.busy_s for each in found.values()) == pytest.approx(busy_s, rel=0.01, abs=0.5)
    assert sum(each.stolen_s for each in found.values()) == pytest.approx(theirs.steal, abs=0.5)


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux says it")
def test_what_this_process_computes_is_in_it() -> None:
    """A tenth of a second of one core, give or take a tick of each."""
    before, began_s = cpu_times(), time.process_time()
    while time.process_time() - began_s < 0.1:
        pass
    assert sum(busy_between(before, cpu_times()).values()) > 0.07
