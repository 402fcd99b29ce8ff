"""Thinning of long runs: what a figure must not lose."""

from __future__ import annotations

from dataclasses import replace

import host_examples
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeload.host.columns import Columns, thin
from edgeload.host.samples import ProcessGroup

values_or_gaps = st.lists(st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)), min_size=1)


@settings(deadline=None)
@given(values_or_gaps, st.integers(1, 20))
def test_no_extreme_is_lost(values: list[float], points: int) -> None:
    """However thin, there are at most as many points as asked for, and the smallest and largest
    value are among their extremes; no data stays no data."""
    column = np.array(values)
    line = thin(np.arange(len(column), dtype=float), column, points)
    assert len(line.at_s) == len(line.low) == len(line.mean) == len(line.high) <= points
    assert line.has_data == bool(np.isfinite(column).any())
    if line.has_data:
        assert np.nanmin(line.low) == np.nanmin(column)
        assert np.nanmax(line.high) == np.nanmax(column)
        known = np.isfinite(line.mean)
        assert (line.low[known] <= line.mean[known] + 1e-6).all()
        assert (line.mean[known] <= line.high[known] + 1e-6).all()


def test_a_gap_stays_a_gap() -> None:
    """A stretch without data, as of a lost GPU, is drawn as nothing: not bridged, not 0."""
    line = thin(np.arange(100.0), np.array([1.0] * 40 + [np.nan] * 40 + [3.0] * 20), 10)
    assert np.isnan(line.mean[4:8]).all()
    assert line.mean[:4].tolist() == [1.0] * 4
    assert line.mean[8:].tolist() == [3.0] * 2


def test_columns_count_from_the_start() -> None:
    """Times are seconds since the header's instant; null is NaN; errors keep their times."""
    samples = [
        host_examples.sample(1.0, gpus=[host_examples.gpu(0)], cores=[10.0, None]),
        host_examples.sample(2.5, gpus=[host_examples.lost_gpu(0)], cores=[30.0]),
    ]
    columns = Columns.of(host_examples.header(gpus=1, cores=2), samples)
    assert list(columns.at_s) == pytest.approx([1.0, 2.5])
    assert list(columns.cores[0]) == [10.0, 30.0]
    assert np.isnan(columns.cores[1]).all()
    assert columns.gpus[0]["power_w"][0] == 200.0
    assert np.isnan(columns.gpus[0]["power_w"][1])
    assert list(columns.failed_s[0]) == pytest.approx([2.5])


def test_a_skipped_sample_is_a_gap() -> None:
    """Samples at 1, 2, 5 and 6 s, a second apart: between 2 and 5 s there is a point without data
    in every column, and it counts as no sample."""
    samples = [
        host_examples.sample(
            at_s, interval_s=3.0 if at_s == 5 else 1.0, gpus=[host_examples.gpu(0)]
        )
        for at_s in (1.0, 2.0, 5.0, 6.0)
    ]
    columns = Columns.of(host_examples.header(gpus=1), samples)
    assert list(columns.at_s) == [1.0, 2.0, 4.0, 5.0, 6.0]
    assert columns.taken == 4
    for column in (*columns.host.values(), *columns.cores, *columns.gpus[0].values()):
        assert len(column) == 5
        assert np.isnan(column[2])
    assert columns.host["cpu_percent"][3] == 50.0


def test_programs_come_and_go() -> None:
    """A program's column has as many points as there are samples, without data while it is away."""
    nginx = ProcessGroup("nginx", 2, 30.0, 20.0, 1000)
    samples = [
        replace(host_examples.sample(float(second)), processes=told)
        for second, told in enumerate(([], [nginx], None, [nginx]), start=1)
    ]
    columns = Columns.of(host_examples.header(), samples)
    assert np.array_equal(columns.programs["nginx"], [np.nan, 30, np.nan, 30], equal_nan=True)
