"""CPU and GPU lines of a log of the older form as samples of the host."""

from __future__ import annotations

from typing import Any

from edgeload.host.quantities import memory_percent
from edgeload.read.log.older_host import empty_lines, host_samples

Values = dict[str, Any]


def _cpu(percent: Any, memory: Any = 50.0) -> Values:
    return {"event": "cpu", "cpu_percent": percent, "memory_percent": memory}


def test_a_figure_is_over_the_time_since_the_one_before() -> None:
    """In order of time, whatever the order of the lines; CPU and GPU each by themselves."""
    gpu = {"event": "gpu", "gpu_utilization": 70.0, "vram_utilization": 30.0}
    lines = [(12.0, _cpu(20.0)), (10.0, _cpu(10.0)), (10.5, gpu), (11.5, gpu)]
    found = list(host_samples(lines))
    assert [(s.ts, s.interval_s, s.cpu_percent) for s in found if not s.gpus] == [
        (10.0, 0.0, 10.0),
        (12.0, 2.0, 20.0),
    ]
    assert [(s.ts, s.interval_s, s.gpus[0].utilization_percent) for s in found if s.gpus] == [
        (10.5, 0.0, 70.0),
        (11.5, 1.0, 70.0),
    ]
    assert {s.memory.used_percent for s in found} == {50.0, None}


def test_copies_are_no_samples() -> None:
    """The box renews its CPU figure every 15 s: the next new one is over all that time."""
    lines = [(float(at), _cpu(10.0 + at // 15)) for at in range(31)]
    found = list(host_samples(lines))
    assert [(s.ts, s.interval_s) for s in found] == [(0.0, 0.0), (15.0, 15.0), (30.0, 15.0)]


def test_zeros_of_a_dead_metrics_server_are_no_data() -> None:
    """No host uses 0 % of its memory. An idle CPU, or an idle GPU with memory in use, is one."""
    none: list[Values] = [
        _cpu(0.0, 0.0),
        _cpu(None, None),
        {"event": "gpu", "gpu_utilization": 0.0, "vram_utilization": 0.0},
        {"event": "gpu"},
    ]
    assert list(host_samples((1.0, values) for values in none)) == []
    idle: list[Values] = [_cpu(0.0), {"event": "gpu", "gpu_utilization": 0, "vram_utilization": 5}]
    assert len(list(host_samples((1.0, values) for values in idle))) == 2


def test_each_gpu_has_its_own_figure() -> None:
    """Where a line names them; a strange entry costs itself only."""
    each = [{"id": 0, "name": "A", "gpu_utilization": 40}, {"id": 1, "gpu_utilization": "80"}, 7]
    [sample] = host_samples([(1.0, {"event": "GPU", "gpu_utilization": 60, "gpus": each})])
    assert [(g.index, g.name, g.utilization_percent) for g in sample.gpus] == [
        (0, "A", 40.0),
        (1, None, 80.0),
    ]


def test_memory_is_told_in_percent_or_by_its_size() -> None:
    """Of both kinds of memory; a used memory of 0, and a size of 0, are no data."""
    lines: list[tuple[float, Values]] = [
        (1.0, {"event": "cpu", "cpu_percent": 5.0, "ram_used_gb": 8.0, "ram_total_gb": 32.0}),
        (2.0, {"event": "gpu", "gpu_utilization": 5.0, "vram_used_gb": 6.0, "vram_total_gb": 24.0}),
        (3.0, {"event": "gpu", "gpu_utilization": 5.0, "vram_utilization": 41.5}),
        (4.0, {"event": "gpu", "gpu_utilization": 5.0, "vram_used_gb": 0.0, "vram_total_gb": 24.0}),
        (5.0, {"event": "cpu", "cpu_percent": 6.0, "ram_used_gb": 8.0, "ram_total_gb": 0.0}),
    ]
    found = list(host_samples(lines))
    assert [s.memory.used_percent for s in found] == [25.0, None, None, None, None]
    assert [memory_percent(s.gpus[0]) for s in found if s.gpus] == [25.0, 41.5, None]


def test_lines_without_figures_are_counted() -> None:
    """Those of a GPU too, unless no line shows that the box has one."""
    gone, there = _cpu(0.0, 0.0), _cpu(3.0)
    no_gpu = {"event": "gpu", "gpu_utilization": 0.0, "vram_utilization": 0.0}
    gpu = {"event": "gpu", "gpu_utilization": 0.0, "vram_utilization": 7.0}
    assert empty_lines([there, no_gpu, gone, no_gpu]) == 1
    assert empty_lines([there, gpu, gone, no_gpu]) == 2
