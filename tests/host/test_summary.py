"""Samples summed up: laws of min, mean and max, and of what is missing."""

from __future__ import annotations

import statistics

import host_examples
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeload.host.json_records import encode_document
from edgeload.host.quantities import GPU_QUANTITIES, HOST_QUANTITIES
from edgeload.host.samples import Network
from edgeload.host.summary import Spread, summarise

windows = st.lists(st.tuples(st.floats(0.1, 10.0), st.floats(0.0, 100.0)), min_size=1, max_size=30)


@settings(deadline=None)
@given(windows)
def test_mean_cpu_is_busy_time_over_time(parts: list[tuple[float, float]]) -> None:
    """However unequal the windows, the mean is all busy time over all time, as the kernel would
    have it for the whole run."""
    samples = [
        host_examples.sample(0.0, interval_s=length_s, cpu_percent=percent)
        for length_s, percent in parts
    ]
    spread = summarise(host_examples.header(), samples).values["cpu_percent"]
    busy_s = sum(length_s * percent / 100 for length_s, percent in parts)
    assert spread.n == len(parts)
    assert spread.mean == pytest.approx(100 * busy_s / sum(length_s for length_s, _ in parts))
    assert (spread.min, spread.max) == (min(p for _, p in parts), max(p for _, p in parts))


@given(st.lists(st.one_of(st.none(), st.floats(0.0, 500.0)), max_size=30))
def test_missing_values_are_not_zeros(watts: list[float | None]) -> None:
    """Null values change neither n nor min, mean and max of the others; all null is null."""
    samples = [
        host_examples.sample(k + 1.0, gpus=[host_examples.gpu(0, power_w=power_w)])
        for k, power_w in enumerate(watts)
    ]
    spread = summarise(host_examples.header(gpus=1), samples).gpus[0].values["power_w"]
    known = [power_w for power_w in watts if power_w is not None]
    if known:
        mean = pytest.approx(statistics.fmean(known))
        assert (spread.n, spread.min, spread.max) == (len(known), min(known), max(known))
        assert spread.mean == mean
    else:
        assert spread == Spread(0, None, None, None)


def test_no_sample_at_all() -> None:
    """Stopped before the first sample: every quantity is there, and each is null."""
    summary = summarise(host_examples.header(gpus=1), [], interrupted=True)
    assert (summary.samples_taken, summary.ended_at, summary.sampled_s) == (0, None, 0.0)
    assert set(summary.values) == {quantity.key for quantity in HOST_QUANTITIES}
    assert set(summary.gpus[0].values) == {quantity.key for quantity in GPU_QUANTITIES}
    assert all(spread.mean is None for spread in summary.values.values())
    assert summary.network_errors is None
    assert b"NaN" not in encode_document(summary)


def test_a_core_that_comes_later_counts_from_then() -> None:
    """Cores without data are left out; each core has its own n."""
    samples = [
        host_examples.sample(1.0, cores=[10.0]),
        host_examples.sample(2.0, cores=[None, None]),
        host_examples.sample(3.0, cores=[30.0, 90.0]),
    ]
    summary = summarise(host_examples.header(), samples)
    assert summary.cpu_per_core_percent == [Spread(2, 10, 20, 30), Spread(1, 90, 90, 90)]
    assert summary.values["busiest_core_percent"] == Spread(2, 10, 50, 90)


def test_network_faults_are_totals() -> None:
    """Errors and drops add up over the samples that have them."""
    networks = [Network(0, 0, 1, 2), None, Network(0, 0, 3, 0)]
    samples = [host_examples.sample(k + 1.0, network=n) for k, n in enumerate(networks)]
    summary = summarise(host_examples.header(), samples)
    assert (summary.network_errors, summary.network_drops) == (4, 2)
    assert summary.values["network_sent_bytes_per_s"].n == 2


def test_a_lost_gpu_is_told_with_its_time() -> None:
    """Its figures are those of the samples in which it answered; the first error has its time."""
    samples = [
        host_examples.sample(
            at_s,
            gpus=[
                host_examples.gpu(0, throttle_reasons=["gpu_idle", "sw_power_cap"]),
                host_examples.gpu(1) if at_s < 3 else host_examples.lost_gpu(1),
            ],
        )
        for at_s in (1.0, 2.0, 3.0, 4.0)
    ]
    healthy, lost = summarise(host_examples.header(gpus=2), samples).gpus
    assert (healthy.failed_samples, healthy.first_error, healthy.first_error_s) == (0, None, None)
    assert (lost.failed_samples, lost.first_error, lost.first_error_s) == (2, "GPU is lost", 3.0)
    assert (healthy.values["power_w"].n, lost.values["power_w"].n) == (4, 2)
    assert healthy.values["memory_used_percent"].mean == 25.0
    assert healthy.slowed_samples == {"sw_power_cap": 4}


def test_the_monitors_own_cost_is_a_share_of_a_core() -> None:
    """0.02 s of CPU in 4 s are 0.5 %; without a sample, or unmeasured, it is not known."""
    samples = [host_examples.sample(second) for second in (1.0, 4.0)]
    header = host_examples.header()
    assert summarise(header, samples, own_cpu_s=0.02).own_cpu_percent == pytest.approx(0.5)
    assert summarise(header, samples).own_cpu_percent is None
    assert summarise(header, [], own_cpu_s=0.02).own_cpu_percent is None
