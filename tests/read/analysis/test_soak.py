"""Long steps: what changed, since when and why, if the truth is known; a flat box is silent."""

from __future__ import annotations

from pathlib import Path

import pytest
import soak_runs as runs
import synthetic_log as sl

from edgeload.box_records import BoxResources, Usage
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.soak_result import Soak
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.runlog import LogWriter

FLAT = runs.hot_from(0.0, 1.0)
HOT = runs.hot_from(runs.HOT_S, 1.6)
HEAT, CAP = "hw_thermal_slowdown", "sw_power_cap"


def hot_host(reason: str, at_s: float = runs.HOT_S) -> runs.Host:
    return runs.Host(reasons=lambda now_s: [reason] if now_s >= at_s else [])


def soak_of(summary: RunSummary) -> Soak:
    (soak,) = summary.soaks
    return soak


def codes(summary: RunSummary) -> set[str]:
    return {finding.code for finding in find(summary)}


@pytest.mark.parametrize(("reason", "cause"), [(HEAT, "thermal"), (CAP, "power")])
def test_throttling_is_found_with_its_second_and_its_cause(
    tmp_path: Path, reason: str, cause: str
) -> None:
    """By the reasons of the samples; it is also what limits, although half of the step was cool."""
    summary = runs.watched(runs.slowing_run(tmp_path, 15, HOT), hot_host(reason))
    soak = soak_of(summary)
    assert soak.throttling is not None
    assert soak.throttling.cause == cause
    assert soak.at_s == pytest.approx(runs.HOT_S, abs=1.0)
    assert soak.located == "throttle_reasons"
    assert summary.limit is not None
    assert (summary.limit.resource, summary.limit.confidence) == (cause, "high")
    throughput = soak.pair("throughput_per_s")
    assert throughput is not None
    assert throughput.last == pytest.approx(runs.SERVERS / 0.15 / 1.02 / 1.6, rel=0.02)


@pytest.mark.parametrize("factor", [1.2, 1.34, 1.6])
@pytest.mark.parametrize("minute", [6, 8, 11])
def test_without_a_monitor_the_minute_comes_from_the_load(
    tmp_path: Path, factor: float, minute: int
) -> None:
    """Within 30 s, whether the box still serves all (1.2 times), falls behind a little, or much."""
    at_s = minute * runs.MINUTE_S
    soak = soak_of(runs.slowing_run(tmp_path, 15, runs.hot_from(at_s, factor)))
    assert soak.located == "change_point"
    assert soak.at_s == pytest.approx(at_s, abs=30.0)
    assert soak.throttling is None
    assert all(pair.worse for pair in soak.changes)


def test_a_flat_box_is_silent(tmp_path: Path) -> None:
    """No finding, with a monitor and without; what was measured is there all the same."""
    summary = runs.slowing_run(tmp_path, 15, FLAT)
    for each in (summary, runs.watched(summary, runs.Host())):
        assert soak_of(each).flat
        assert not codes(each) & {"soak", "soak_unclear"}
        assert soak_of(each).pair("throughput_per_s") is not None
    assert soak_of(runs.watched(summary, runs.Host())).pair("temperature_c", "GPU 0") is not None


@pytest.mark.parametrize("factor", [1.0, 50.0])
def test_too_few_answers_are_neither_flat_nor_changed(tmp_path: Path, factor: float) -> None:
    """Three answers in each twentieth of the step tell no median: not even one of 5 s."""
    soak = soak_of(runs.sparse_run(tmp_path, 10, 0.1, runs.hot_from(300.0, factor)))
    assert soak.flat is None
    assert "response_p50_s" in soak.untested
    assert "response_p95_s" in soak.untested
    median, throughput = soak.pair("response_p50_s"), soak.pair("throughput_per_s")
    assert median is not None
    assert throughput is not None
    assert (median.changed, throughput.changed) == (None, False)


def test_what_had_too_few_answers_is_not_marked_by_what_had_enough(tmp_path: Path) -> None:
    """At 18 answers in each twentieth the median is proven, and the p95 is not known."""
    soak = soak_of(runs.sparse_run(tmp_path, 30, 0.2, runs.hot_from(900.0, 30.0)))
    assert soak.flat is False
    assert {p.quantity for p in soak.changes} == {"service_p50_s", "response_p50_s"}
    assert soak.untested == ("service_p95_s", "response_p95_s")


@pytest.mark.slow
def test_twenty_flat_boxes_are_silent(tmp_path: Path) -> None:
    """At three quarters of the capacity, with random service times and sensors."""
    for seed in range(20):
        summary = runs.slowing_run(tmp_path, 10, FLAT, seed=seed)
        assert soak_of(runs.watched(summary, runs.Host())).flat


def test_a_gpu_that_was_at_its_limit_from_the_start_has_not_changed(tmp_path: Path) -> None:
    """Nor one that is throttled now and then."""
    summary = runs.slowing_run(tmp_path, 15, FLAT)
    always = runs.Host(reasons=lambda at_s: [CAP])
    at_times = runs.Host(reasons=lambda at_s: [CAP] if at_s % 5 == 0 else [])
    assert soak_of(runs.watched(summary, always)).flat
    assert soak_of(runs.watched(summary, at_times)).flat


def test_throttling_that_clients_do_not_feel_yet_is_said(tmp_path: Path) -> None:
    """The clock fell; the load is small."""
    soak = soak_of(runs.watched(runs.slowing_run(tmp_path, 15, FLAT), hot_host(HEAT)))
    assert soak.throttling is not None
    assert not soak.changes
    assert not soak.flat


def test_throttling_at_another_time_is_not_the_cause(tmp_path: Path) -> None:
    """The load changed in minute 8, and the GPU got hot in minute 11: each has its own moment."""
    late = hot_host(HEAT, 11 * runs.MINUTE_S)
    soak = soak_of(runs.watched(runs.slowing_run(tmp_path, 15, HOT), late))
    assert soak.throttling is not None
    assert soak.throttling.at_s == pytest.approx(660.0, abs=1.0)
    assert soak.located == "change_point"
    assert soak.at_s == pytest.approx(480.0, abs=30.0)


def test_what_slows_down_bit_by_bit_has_no_minute(tmp_path: Path) -> None:
    """From end to end."""
    soak = soak_of(runs.slowing_run(tmp_path, 15, lambda at_s: 1.0 + 0.25 * at_s / 900.0))
    assert soak.gradual
    assert soak.at_s is None
    assert soak.changes


def test_memory_that_grows_is_said_with_its_rate_and_its_end(tmp_path: Path) -> None:
    """Host, GPU and pod, the first to be full first; within 5 %."""
    per_s = runs.GIB / 3600
    host = runs.Host(memory_per_s=per_s, vram_per_s=2 * per_s, pod_per_s=0.5 * per_s)
    summary = runs.watched(runs.slowing_run(tmp_path, 15, FLAT), host)
    pod, gpu, own = soak_of(summary).leaks
    assert (pod.memory, pod.about) == ("pod", "serving")
    assert (gpu.memory, gpu.about) == ("gpu", "GPU 0")
    assert own.bytes_per_s == pytest.approx(per_s, rel=0.05)
    assert gpu.bytes_per_s == pytest.approx(2 * per_s, rel=0.05)
    assert pod.full_after_s == pytest.approx((2 - 1 - 0.125) * 2 * 3600, rel=0.05)
    assert gpu.full_after_s == pytest.approx((12 - 4 - 0.5) / 2 * 3600, rel=0.05)
    assert own.full_after_s == pytest.approx((16 - 6 - 0.25) * 3600, rel=0.05)


def test_a_leak_by_the_boxs_own_word(tmp_path: Path) -> None:
    """Without a monitor; copies of a figure are not steadiness."""
    path = tmp_path / "1.log"
    runs.slowing_run(tmp_path, 15, FLAT)
    told = [
        BoxResources(
            sl.WALL_S + at_s, float(at_s), 0.1,
            ram_bytes=Usage(8e9 + 1e6 * (at_s // 15 * 15)), ram_total_bytes=16e9,
        )
        for at_s in range(0, 900, 2)
    ]  # fmt: skip
    writer = LogWriter(path)
    writer.append(told)
    writer.close()
    (leak,) = soak_of(analyse(read_log(path))).leaks
    assert leak.bytes_per_s == pytest.approx(1e6, rel=0.05)
    assert leak.full_after_s == pytest.approx(7.1e9 / 1e6, rel=0.05)


def test_a_shorter_step_is_no_soak(tmp_path: Path) -> None:
    """Nine minutes and a half: its drift is said as before. That of a soak is not said twice."""
    short = runs.slowing_run(tmp_path, 9.5, runs.hot_from(300.0, 1.25))
    assert short.soaks == ()
    assert "drift" in codes(short)
    long = codes(runs.slowing_run(tmp_path, 15, runs.hot_from(300.0, 1.25)))
    assert "soak" in long
    assert "drift" not in long


@pytest.mark.parametrize("seen", [True, False])
def test_what_changed_in_the_first_minutes_of_a_long_soak_is_found(
    tmp_path: Path, *, seen: bool
) -> None:
    """Its first quarter is mostly hot, so the comparison begins with less of it."""
    at_s = 4 * runs.MINUTE_S
    summary = runs.slowing_run(tmp_path, 40, runs.hot_from(at_s, 1.2))
    if seen:
        summary = runs.watched(summary, hot_host(HEAT, at_s))
    soak = soak_of(summary)
    assert soak.at_s == pytest.approx(at_s, abs=1.0 if seen else 30.0)
    assert (soak.throttling is not None) == seen
    assert soak.ends.first.end_s < at_s
    median = soak.pair("response_p50_s")
    assert median is not None
    assert median.worse
