"""The utilisation law against hosts whose demands the test made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import synthetic_log as sl

import parse_load_test_logs
from edgeload.host.samples import (
    Gpu,
    GpuSample,
    HostHeader,
    HostSample,
    Memory,
    SampleWriter,
)
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse, with_host
from edgeload.read.analysis.utilisation_law import fit_demands
from edgeload.read.log.open import read_log
from edgeload.read.words.finding_words import message

LOADS = (5, 10, 15, 20, 25, 30, 35)
CPU_S, GPU_S, IDLE = 0.004, 0.012, 0.05


def _log(tmp_path: Path, loads: tuple[int, ...] = LOADS) -> Path:
    played = sl.play(sl.plan_of(loads, 8, 2.0), servers=8, service=sl.constant(0.02))
    return sl.write(tmp_path / "load.log", played)


def _samples(
    offset_s: float = 0.0, noise: float = 0.02, steps: int = 7, seed: int = 1
) -> list[HostSample]:
    """Twice a second: CPU and GPU as busy as the load of that moment makes them."""
    chance = np.random.default_rng(seed)
    found = []
    for i in range(steps * 16):
        at_s = 0.5 * (i + 1)
        rate = 2.0 * LOADS[min(int((at_s - 0.5) / 8), len(LOADS) - 1)]
        cpu, gpu = (
            100 * (IDLE + demand_s * rate) * (1 + noise * chance.normal())
            for demand_s in (CPU_S, GPU_S)
        )
        found.append(
            HostSample(
                ts=sl.WALL_S + at_s + offset_s, asctime="", monotonic_s=at_s, interval_s=0.5,
                cpu_percent=cpu, cpu_per_core_percent=[cpu, None], load_average=None,
                memory=Memory(1, 1, 50.0), network=None,
                gpus=[GpuSample(index=0, uuid=None, name=None, utilization_percent=gpu)],
            )
        )  # fmt: skip
    return found


def _summary(tmp_path: Path, samples: list[HostSample]) -> RunSummary:
    return with_host(analyse(read_log(_log(tmp_path))), samples)


def test_demands_are_found_and_the_first_to_be_full_comes_first(tmp_path: Path) -> None:
    """12 ms of GPU and 4 ms of CPU an answer: the GPU is full at 79/s, and stands first."""
    demands = _summary(tmp_path, _samples()).demands
    assert demands
    by_name = {demand.resource: demand for demand in demands}
    assert demands[0].resource == "GPU 0, kernels"
    for name, truth_s in (("GPU 0, kernels", GPU_S), ("CPU, all cores", CPU_S)):
        found = by_name[name]
        assert found.demand_s.value == pytest.approx(truth_s, rel=0.05)
        assert found.idle_share == pytest.approx(IDLE, abs=0.02)
        assert found.loads == len(LOADS)
    assert demands[0].full_at_per_s == pytest.approx((1 - IDLE) / GPU_S, rel=0.05)


def test_the_limits_hold_the_truth_as_promised(tmp_path: Path) -> None:
    """95 % limits, over 60 noisy hosts and both resources."""
    summary = analyse(read_log(_log(tmp_path)))
    covered = 0
    for seed in range(60):
        for demand in fit_demands(summary.steps, _samples(seed=seed), summary.log.wall_s):
            truth_s = GPU_S if demand.resource.startswith("GPU") else CPU_S
            if demand.resource != "CPU, busiest core":
                covered += demand.demand_s.low <= truth_s <= demand.demand_s.high
    assert covered / 120 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 120)


def test_what_does_not_grow_with_the_load_is_no_demand(tmp_path: Path) -> None:
    """Noise alone has no slope."""
    flat = [
        HostSample(
            ts=s.ts, asctime="", monotonic_s=s.monotonic_s, interval_s=0.5,
            cpu_percent=20 + 5 * float(np.sin(i * 1.7)), cpu_per_core_percent=[],
            load_average=None, memory=s.memory, network=None, gpus=[],
        )
        for i, s in enumerate(_samples())
    ]  # fmt: skip
    assert _summary(tmp_path, flat).demands == ()


def _said(summary: RunSummary) -> dict[str, str]:
    return {finding.code: message(finding) for finding in find(summary)}


def test_too_few_loads_and_samples_of_another_time_are_told_apart(tmp_path: Path) -> None:
    """Five steps sampled: six are needed. Samples of another hour: when they were taken."""
    few = _summary(tmp_path, _samples(steps=5))
    assert few.demands == ()
    assert "they cover 5 loads, and 6 are needed" in _said(few)["no_demand"]
    for offset_s, when in ((3 * 3600.0, "hours after it ended"), (-7200.0, "hours before it")):
        (tmp_path / "load.log").unlink()
        other = _summary(tmp_path, _samples(offset_s=offset_s))
        assert other.demands == ()
        assert "no_demand" not in _said(other)
        assert "none of the host's 112 samples is from the time of the run" in (
            said := _said(other)["host_other_time"]
        )
        assert when in said
    assert "host_other_time" not in _said(few)


@pytest.mark.parametrize(
    ("cpu", "core", "said"),
    [
        (23.0, 40.0, "it was not the host's CPU that limited step 1: 23 % busy"),
        (25.0, 99.0, "the host's CPU was 25 % busy, but one core was nearly full"),
        (97.0, 99.0, "the host's CPU was nearly full: 97 % busy"),
    ],
)
def test_one_overloaded_step_says_whether_the_cpu_limited_it(
    tmp_path: Path, cpu: float, core: float, said: str
) -> None:
    """A fit takes six loads, but one step with room left on all cores rules the CPU out."""
    played = sl.play(sl.plan_of((60,), 40, 2.0), servers=4, service=sl.constant(0.05))
    samples = [
        HostSample(
            ts=sl.WALL_S + at_s, asctime="", monotonic_s=float(at_s), interval_s=1.0,
            cpu_percent=cpu, cpu_per_core_percent=[core, 10.0], load_average=None,
            memory=Memory(1, 1, 50.0), network=None, gpus=[],
        )
        for at_s in range(1, 40)
    ]  # fmt: skip
    log = read_log(sl.write(tmp_path / "overloaded.log", played))
    assert said in _said(with_host(analyse(log), samples))["host_use"]
    # Samples of three of its forty seconds say nothing about the step.
    assert "host_use" not in _said(with_host(analyse(log), samples[4:7]))


def test_a_step_that_was_carried_says_nothing_about_what_limits(tmp_path: Path) -> None:
    """There is no limit to explain."""
    assert "host_use" not in _said(_summary(tmp_path, _samples()))


def test_the_script_reads_the_monitors_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--host FILE: the finding is printed; a file that is none is one line and exit code 2."""
    writer = SampleWriter(tmp_path / "host.jsonl")
    writer.write(
        HostHeader(
            format_version=1, ts=sl.WALL_S, asctime="", monotonic_s=0.0, interval_s=0.5,
            duration_s=60, machine={}, cpu_model=None, cpu_count=2, cpu_physical_count=None,
            memory_total_bytes=1, network_interfaces=[], gpus=[Gpu(0, None, None)],
            driver_version=None, gpu_notice=None,
        )
    )  # fmt: skip
    for sample in _samples():
        writer.write(sample)
    writer.close()
    log = str(_log(tmp_path))
    common = [log, "--output-dir", str(tmp_path / "r"), "--host"]
    assert parse_load_test_logs.main([*common, str(tmp_path / "host.jsonl")]) == 0
    assert "GPU 0, kernels: each answer takes 1" in capsys.readouterr().out
    for bad in ("absent", "load.log"):
        assert parse_load_test_logs.main([*common, str(tmp_path / bad)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
