"""The charts of a cache audit: both kinds of pictures, by share and over the run."""

from __future__ import annotations

from pathlib import Path

import audit_runs as ar
import numpy as np
import pytest

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.audit_chart import audit_charts, audit_times_charts
from edgeload.read.figures.shown import prepare_figures


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    return ar.audited(tmp_path_factory.mktemp("audit") / "log", ar.lognormal(0.05), 0.5)


def test_each_curve_is_the_quantiles_of_its_kind(summary: RunSummary) -> None:
    """At a share of q stands the time that as many pictures took at most."""
    (chart,) = audit_charts(summary)
    assert summary.audit is not None
    x = np.array(chart.x, dtype=float)
    both = summary.audit.new_s, summary.audit.again_s
    for line, times_s in zip(chart.lines, both, strict=True):
        low, high = (
            np.quantile(1000 * times_s, np.clip(shares, 0, 1), method="inverted_cdf")
            for shares in (1.0 - 10.0**-x - 1e-5, 1.0 - 10.0**-x + 1e-5)
        )
        values = np.array(line.values, dtype=float)
        assert (low * 0.9999 <= values).all()
        assert (values <= high * 1.0001).all()
    assert "new" in chart.lines[0].label
    assert "repeated" in chart.lines[1].label


def test_medians_over_the_run_keep_all_pairs_in_order(summary: RunSummary) -> None:
    """Blocks of pairs, one after the other: their medians lie around that of all, at times that
    grow."""
    (chart,) = audit_times_charts(summary)
    assert summary.audit is not None
    x = np.array(chart.x, dtype=float)
    assert (np.diff(x) > 0).all()
    assert summary.audit.due_s[0] <= x[0]
    assert x[-1] <= summary.audit.due_s[-1]
    new, again = (np.array(line.values, dtype=float) for line in chart.lines)
    assert np.median(new) == pytest.approx(1000 * np.median(summary.audit.new_s), rel=0.15)
    assert (again < new).mean() > 0.9


def test_an_audit_shows_these_first_and_no_capacity(summary: RunSummary, tmp_path: Path) -> None:
    """Percentiles that mix both kinds are left out; without answers there is nothing to draw."""
    shown = {picture.file_name: picture.charts for picture in prepare_figures(summary)}
    assert [name for name, charts in shown.items() if charts][:2] == ["spectrum.png", "times.png"]
    assert not shown["capacity.png"]
    names = [chart.name for charts in shown.values() for chart in charts]
    assert len(names) == len(set(names))
    empty = ar.audited(tmp_path / "log", ar.constant(0.05), outcome=lambda number: "refused")
    assert audit_charts(empty) == audit_times_charts(empty) == ()
    assert prepare_figures(empty)
