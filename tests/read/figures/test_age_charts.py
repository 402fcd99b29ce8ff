"""Laws of the chart of ages over time."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.age_charts import age_charts
from edgeload.read.log.open import read_log


def _summary(folder: Path, *groups: CameraGroup) -> RunSummary:
    plan = mix_plan(groups, [1], 12.0)
    pools = {group.name: sl.Pool(50, sl.constant(0.1)) for group in groups}
    log = sl.write(folder / "log", sl.play_mix(plan, pools), workers=sl.cpu_samples(plan))
    return analyse(read_log(log))


def test_ages_of_steady_cameras_are_spread_evenly_between_two_answers(tmp_path: Path) -> None:
    """Period P and response R: the age goes evenly from R to R + P, and so do its percentiles."""
    chart, *others = age_charts(_summary(tmp_path, CameraGroup("door", 10, 2.0, late="latest")))
    lines = {line.label: line.values for line in chart.lines}
    assert not others
    for place in range(2, len(chart.x)):
        assert lines["p50"][place] == pytest.approx(100 + 0.5 * 500, rel=0.02)
        assert lines["p95"][place] == pytest.approx(100 + 0.95 * 500, rel=0.02)
        assert lines["max"][place] == pytest.approx(100 + 500, rel=0.02)


def test_only_cameras_that_keep_their_newest_frame_have_a_chart(tmp_path: Path) -> None:
    """Each such group has one, named after it, all on one scale."""
    groups = (
        CameraGroup("door", 4, 2.0, late="latest"),
        CameraGroup("gate", 4, 2.0),
        CameraGroup("yard", 4, 0.5, late="latest"),
    )
    charts = age_charts(_summary(tmp_path, *groups))
    assert [chart.part for chart in charts] == ["door", "yard"]
    assert [chart.title.split(":")[0] for chart in charts] == ["door", "yard"]
    assert len({(chart.y_axis.low, chart.y_axis.high) for chart in charts}) == 1
    assert len({chart.name for chart in charts}) == 2
    assert age_charts(_summary(tmp_path / "gate", CameraGroup("gate", 4, 2.0))) == ()
