"""Percentile curves of two sides: loads that both have, beside each other."""

from __future__ import annotations

import math
from pathlib import Path

from mix_runs import MIX, mix_run
from test_compared import ramp

from edgeload.read.analysis.comparison import compare
from edgeload.read.figures.compared_curves import compared_curve_charts


def test_curves_of_both_sides_lie_on_one_x(tmp_path: Path) -> None:
    """Each keeps its own number of points, in order, and says side and sample size."""
    old, new = [ramp(tmp_path / "a", [10, 20])], [ramp(tmp_path / "b", [10, 20, 30])]
    (chart,) = compared_curve_charts(compare(old, new), old, new)
    assert [line.label for line in chart.lines] == [
        "10 clients before (n = 160)",
        "10 clients after (n = 160)",
        "20 clients before (n = 320)",
        "20 clients after (n = 320)",
    ]
    x = [at for at in chart.x if at is not None]
    assert x == sorted(x)
    for line in chart.lines:
        values = [value for value in line.values if value is not None]
        assert len(line.values) == len(chart.x)
        assert values == sorted(values)
        assert math.isclose(values[0], 50.0, rel_tol=0.01)


def test_loads_of_other_clients_are_compared_by_their_rate(tmp_path: Path) -> None:
    """10 clients at 4/s and 20 at 2/s are one load; the curves say how many clients made it."""
    old = [ramp(tmp_path / "a", [10, 20], rate=4.0)]
    new = [ramp(tmp_path / "b", [20, 40], rate=2.0)]
    (curves,) = compared_curve_charts(compare(old, new), old, new)
    assert [line.label.split(" (")[0] for line in curves.lines] == [
        "10 clients before", "20 clients after", "20 clients before", "40 clients after",
    ]  # fmt: skip
    assert curves.title.endswith("at 40 and 80 requests/s")


def test_nothing_in_common_is_no_chart(tmp_path: Path) -> None:
    """Sides without a common load have no curves to compare."""
    old, new = [ramp(tmp_path / "a", [10])], [ramp(tmp_path / "b", [20])]
    assert compared_curve_charts(compare(old, new), old, new) == ()


def test_each_group_of_a_mix_has_its_curves(tmp_path: Path) -> None:
    """Of its own answers, named by copies, under its own verdict."""
    old = [mix_run(tmp_path, "a", step_s=20.0)]
    new = [mix_run(tmp_path, "b", step_s=20.0, seed=2, slower={"person": 1.6})]
    found = compared_curve_charts(compare(old, new), old, new)
    assert [chart.name.rsplit("-", 1)[1] for chart in found] == [group.name for group in MIX]
    assert found[1].title == "person, worse: how times spread at 1 and 2 copies"
    assert [line.label for line in found[0].lines] == [
        f"{copies} {side} (n = {n})"
        for copies, n in (("1 copy", 360), ("2 copies", 720))
        for side in ("before", "after")
    ]
