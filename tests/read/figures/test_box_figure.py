"""The box beside the load: one figure, one axis of time."""

from __future__ import annotations

from pathlib import Path

import soak_runs as runs
import synthetic_log as sl

from edgeload.box_records import BoxGpu, BoxResources, Usage
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.box_figure import box_charts
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.open import read_log
from edgeload.runlog import LogWriter


def charts(tmp_path: Path, *, watched: bool) -> list[tuple[str, str, float]]:
    played = sl.play(sl.plan_of([2, 12], 40.0, 5.0), servers=4, service=sl.constant(0.1))
    path = sl.write(tmp_path / "log", played)
    if watched:
        writer = LogWriter(path)
        writer.append(
            [
                BoxResources(
                    0.0,
                    float(t),
                    0.1,
                    cpu_percent=Usage(20.0 + t // 15),
                    gpus=[BoxGpu(0, gpu_percent=30.0 if t < 40 else 97.0)],
                )
                for t in range(80)
            ]
        )
        writer.close()
    pictures = prepare_figures(analyse(read_log(path)))
    (box,) = [picture for picture in pictures if picture.file_name == "box.png"]
    assert {chart.name for chart in box.charts} <= {chart.name for chart in charts_of(pictures)}
    return [(chart.name, chart.title, chart.x_axis.high) for chart in box.charts]


def test_load_times_and_use_share_one_axis(tmp_path: Path) -> None:
    """The title says how busy the box was where it was the limit."""
    found = charts(tmp_path, watched=True)
    assert [(name, title) for name, title, _ in found] == [
        ("box_throughput", "Load"),
        ("box_response", "Times"),
        ("box_use", "CPU 24 % and GPU 97 % busy at 12 clients"),
    ]
    assert len({high for *_, high in found}) == 1


def test_without_figures_of_the_box_there_is_none(tmp_path: Path) -> None:
    """Nothing measured, nothing drawn."""
    assert charts(tmp_path, watched=False) == []


def test_a_line_stands_where_a_gpu_began_to_throttle(tmp_path: Path) -> None:
    """With its cause in the key; without throttling there is none."""
    summary = runs.slowing_run(tmp_path, 15, runs.hot_from(runs.HOT_S, 1.6))
    heat = runs.Host(reasons=lambda at_s: ["hw_thermal_slowdown"] if at_s >= runs.HOT_S else [])
    use = box_charts(runs.watched(summary, heat))[-1]
    assert [(mark.x, mark.label) for mark in use.marks] == [
        (runs.HOT_S, "GPU 0 throttles on temperature")
    ]
    assert [key.label for key in use.keys] == ["GPU 0 throttles on temperature"]
    assert box_charts(runs.watched(summary, runs.Host()))[-1].marks == ()
