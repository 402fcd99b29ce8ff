"""How busy the box was over the run: the points of the joined figure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import synthetic_log as sl

from edgeload.box_records import BoxGpu, BoxResources, Usage
from edgeload.host.samples import GpuSample, HostSample, Memory
from edgeload.read.analysis.host_series import (
    CORE,
    CPU,
    GPU,
    MEMORY,
    series_of_box,
    series_of_monitor,
)


def sample(
    at_s: float, cpu: float | None = 20.0, gpus: tuple[float | None, ...] = ()
) -> HostSample:
    return HostSample(
        ts=sl.WALL_S + at_s,
        asctime="",
        monotonic_s=at_s,
        interval_s=1.0,
        cpu_percent=cpu,
        cpu_per_core_percent=[] if cpu is None else [cpu, cpu + 10],
        load_average=None,
        memory=Memory(None, None, 40.0),
        network=None,
        gpus=[
            GpuSample(index=i, uuid=None, name=None, utilization_percent=busy)
            for i, busy in enumerate(gpus)
        ],
    )


def test_the_busiest_gpu_and_no_data() -> None:
    """One line for all GPUs; what a sample does not know is a gap, and an unknown line is none."""
    samples = [sample(2.0, None, (None, 50.0)), sample(1.0, 20.0, (90.0, 50.0))]
    found = series_of_monitor(samples, sl.WALL_S, clocks_agree=True)
    assert found is not None
    np.testing.assert_allclose(found.at_s, [1.0, 2.0], atol=1e-6)
    np.testing.assert_array_equal(found.lines[CPU], [20.0, np.nan])
    np.testing.assert_array_equal(found.lines[CORE], [30.0, np.nan])
    np.testing.assert_array_equal(found.lines[GPU], [90.0, 50.0])
    assert set(found.lines) == {CPU, CORE, GPU, MEMORY}
    assert series_of_monitor([], sl.WALL_S, clocks_agree=True) is None


def test_long_runs_are_thinned_to_means() -> None:
    """A day of samples is a few hundred points, whose mean is that of all."""
    samples = [sample(float(t), float(t % 100)) for t in range(6000)]
    found = series_of_monitor(samples, sl.WALL_S, clocks_agree=False)
    assert found is not None
    assert len(found.at_s) == 600
    assert np.mean(found.lines[CPU]) == np.mean([t % 100 for t in range(6000)])


def test_a_container_is_shown_against_its_limit() -> None:
    """100 % is what it may use."""
    limited = replace(sample(1.0, 12.5), cpu_of_limit_percent=100.0)
    found = series_of_monitor([limited], sl.WALL_S, clocks_agree=True)
    assert found is not None
    assert found.lines[CPU].tolist() == [100.0]


def test_the_boxs_copies_are_left_out() -> None:
    """It renews CPU and memory every 15 s: what it repeats is no sample; its GPU is new."""
    told = [
        BoxResources(
            0.0,
            float(t),
            0.1,
            cpu_percent=Usage(10.0 + t // 15),
            ram_bytes=Usage(4.0),
            ram_total_bytes=8.0,
            gpus=[BoxGpu(0, gpu_percent=float(t))],
        )
        for t in range(0, 40, 5)
    ]
    found = series_of_box(told)
    assert found is not None
    assert np.isfinite(found.lines[CPU]).sum() == 3
    assert np.isfinite(found.lines[GPU]).sum() == 8
    assert found.lines[MEMORY][0] == 50.0
    assert series_of_box([]) is None
