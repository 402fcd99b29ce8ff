"""Samples of the host's monitor on the clock of the run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl

from edgeload.box_records import HostClock, MonitorLine
from edgeload.host.samples import HostSample, Memory
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse, with_host
from edgeload.read.log.host_axis import host_axis, joined_samples
from edgeload.read.log.open import read_log
from edgeload.read.output.summary_json import summary_values
from edgeload.runlog import LogWriter

AHEAD_S = 5000.0
"""The host's monotonic clock less run time."""


def line(run_s: float, ahead_s: float = AHEAD_S, **changes: Any) -> MonitorLine:
    """A sample at this run time, by the host's clocks; its wall clock is an hour off."""
    sample = HostSample(
        ts=sl.WALL_S + run_s + 3600.0,
        asctime="",
        monotonic_s=run_s + ahead_s,
        interval_s=1.0,
        cpu_percent=50.0,
        cpu_per_core_percent=[50.0],
        load_average=None,
        memory=Memory(None, None, None),
        network=None,
        gpus=[],
    )
    return MonitorLine(run_s + 0.5, {"event": "host_sample", **asdict(sample), **changes})


def clock(run_s: float, ahead_s: float = AHEAD_S, bound_s: float = 0.001) -> HostClock:
    return HostClock(0.0, run_s, ahead_s, bound_s, 3600.0)


def test_the_hosts_clock_is_taken_out() -> None:
    """Whatever its wall clock says, a sample lies at its run time."""
    found = joined_samples([clock(0.0), line(3.0), line(1.0)], sl.WALL_S)
    assert [sample.ts - sl.WALL_S for sample in found] == pytest.approx([1.0, 3.0], abs=1e-6)


def test_a_clock_that_runs_fast_is_followed() -> None:
    """Between two looks the offset moves in a straight line: 10 ms in 100 s, 5 ms in the middle."""
    looks = [clock(0.0), clock(100.0, AHEAD_S + 0.010)]
    (found,) = joined_samples([*looks, line(50.0, AHEAD_S + 0.005)], sl.WALL_S)
    assert found.ts - sl.WALL_S == pytest.approx(50.0, abs=1e-4)
    axis = host_axis(looks)
    assert axis is not None
    assert axis.drift_s == pytest.approx(0.008)  # less both bounds


def test_the_tightest_look_is_told() -> None:
    """Its bound is the bound; looks that agree within theirs are no drift."""
    axis = host_axis([clock(0.0, AHEAD_S + 0.004, 0.005), clock(1.0)])
    assert axis is not None
    assert (axis.offset_s, axis.bound_s, axis.looks, axis.drift_s) == (AHEAD_S, 0.001, 2, 0.0)
    assert host_axis([]) is None


def test_lines_that_are_no_samples_are_left_out() -> None:
    """A header, another version's line; and samples whose clock is not known."""
    broken = line(1.0, cpu_percent="much")
    header = MonitorLine(0.0, {"event": "host_header"})
    assert joined_samples([clock(0.0), header, broken], sl.WALL_S) == ()
    assert joined_samples([line(1.0)], sl.WALL_S) == ()


def test_a_log_with_samples_needs_nothing_else(tmp_path: Path) -> None:
    """The summary has them, and how well their clock was known."""
    played = sl.play(sl.plan_of([2, 12], 10.0, 5.0), servers=4, service=sl.constant(0.1))
    path = sl.write(tmp_path / "log", played)
    writer = LogWriter(path)
    writer.append([clock(0.0), *(line(float(t)) for t in range(21))])
    writer.close()
    log = read_log(path)
    summary = with_host(analyse(log), log.host)
    host = summary_values(summary, find(summary))["host"]
    assert host["samples"] == 21
    assert (host["clock_offset_s"], host["clock_bound_s"]) == (AHEAD_S, 0.001)
    assert host["first_s"] == pytest.approx(0.0, abs=1e-4)
    assert summary.limit is not None
    assert (summary.limit.resource, summary.limit.confidence) == ("inference_workers", "high")
