"""Host samples -> pictures: one of CPU, memory and network, and one of the GPUs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from edgeload.host.columns import Columns, ThinnedLine
from edgeload.host.quantities import (
    GPU_QUANTITIES,
    display_unit,
)
from edgeload.host.samples import Gpu, HostHeader, SampleFile
from edgeload.palette import HEAT, PALETTE, WHITE
from edgeload.plain_words import plural
from edgeload.png_style import new_figure, save, style
from edgeload.time_words import time_unit

HOST_FIGURE = "host_usage.png"
GPU_FIGURE = "host_gpu_usage.png"

_CORE_LINES = 8
_PROGRAM_LINES = 4
_COLOURS = ("blue", "vermilion", "green", "orange", "purple", "sky", "grey", "black")
_GPU_ROWS = (
    (
        "utilization_percent",
        "Utilisation: share of time in which any kernel ran (100 % is not always saturated)",
    ),
    ("memory_controller_percent", "Memory controller: share of time in which it was busy"),
    ("memory_used_bytes", "Memory used (full height: memory of the largest GPU)"),
    ("power_w", "Power (dashed: power limit)"),
    ("temperature_c", "Temperature"),
    ("sm_clock_mhz", "SM clock"),
)


def draw_host_figures(samples: Path, folder: Path) -> list[Path]:
    """Draw the file of samples into `folder`; the paths of the pictures.

    Pictures of an earlier run are deleted first. Nothing is drawn without samples, and the picture
    of GPUs only if there are some. Raises OSError, and ValueError if it is not a file of samples.
    """
    for name in (HOST_FIGURE, GPU_FIGURE):
        (folder / name).unlink(missing_ok=True)
    file = SampleFile(samples)
    columns = Columns.of(file.header, file.samples())
    if not columns.at_s:
        return []
    with style():
        paths = [save(host_figure(file.header, columns), folder / HOST_FIGURE)]
        if file.header.gpus:
            paths.append(save(gpu_figure(file.header, columns), folder / GPU_FIGURE))
    return paths


def host_figure(header: HostHeader, columns: Columns) -> Figure:
    """CPU in total and by core, memory, and network if there is any; the title says the peaks."""
    traffic = {
        "received": columns.line(columns.host["network_received_bytes_per_s"]),
        "sent": columns.line(columns.host["network_sent_bytes_per_s"]),
    }
    available = columns.line(columns.host["memory_available_bytes"])
    reported = {
        "memory": available.has_data and header.memory_total_bytes is not None,
        "network": any(line.has_data for line in traffic.values()),
    }
    waits = {
        resource: line
        for resource in ("cpu", "memory", "io")
        if (line := columns.line(columns.host[f"{resource}_pressure_percent"])).has_data
    }
    disk = {
        "written": columns.line(columns.host["disk_written_bytes_per_s"]),
        "read": columns.line(columns.host["disk_read_bytes_per_s"]),
    }
    programs = _busiest_programs(columns)
    more = [bool(programs), bool(waits), any(line.has_data for line in disk.values())]
    figure, (cpu, cores, *others) = new_figure(
        2 + sum(reported.values()) + sum(more), title=_host_title(header, columns)
    )
    busiest = columns.line(columns.host["busiest_core_percent"])
    _plot(cpu, busiest, PALETTE["sky"], "busiest core")
    _plot(cpu, columns.line(columns.host["cpu_percent"]), PALETTE["blue"], "all cores")
    of_limit = columns.line(columns.host["cpu_of_limit_percent"])
    if of_limit.has_data:
        label = f"this container, of its {header.cpu_limit_cores or 0:g} cores"
        _plot(cpu, of_limit, PALETTE["orange"], label)
    _finish(cpu, "CPU", "%", top=100)
    _draw_cores(cores, columns)
    if reported["memory"]:
        _draw_memory(others[0], header.memory_total_bytes or 0, available)
    rest = iter(others[reported["memory"] :])
    if programs:
        _draw_lines(next(rest), "CPU of programs, in percent of one core", "%", programs)
    if waits:
        names = {"cpu": "CPU", "memory": "memory", "io": "disk"}
        lines = {names[resource]: line for resource, line in waits.items()}
        _draw_lines(
            next(rest), "Pressure: share of time in which some task waits for …", "%", lines
        )
    if more[-1]:
        scale, unit = display_unit("B/s", _largest(disk.values()))
        _draw_lines(next(rest), "Disks", unit, disk, scale)
    if reported["network"]:
        _draw_network(next(rest), header, traffic)
    last = [cores, *others][-1]
    _time_axis(last, header, columns)
    figure.align_ylabels()
    if absent := [name for name, is_there in reported.items() if not is_there]:
        last.set_xlabel(f"{last.get_xlabel()}\nNot reported here: {', '.join(absent)}")
    return figure


def _busiest_programs(columns: Columns) -> dict[str, ThinnedLine]:
    """Up to four programs, by the CPU that they took in all."""
    lines = {name: columns.line(column) for name, column in columns.programs.items()}
    known = [name for name, line in lines.items() if line.has_data]
    known.sort(key=lambda name: -float(np.nansum(lines[name].mean)))
    return {name: lines[name] for name in known[:_PROGRAM_LINES]}


def _draw_lines(
    axis: Axes, title: str, unit: str, lines: dict[str, ThinnedLine], scale: float = 1.0
) -> None:
    for (label, line), colour in zip(lines.items(), _COLOURS, strict=False):
        _plot(axis, line, PALETTE[colour], label, scale)
    _finish(axis, title, unit)


def _draw_memory(axis: Axes, total: int, available: ThinnedLine) -> None:
    scale, unit = display_unit("B", total)
    in_use = ThinnedLine(
        available.at_s, total - available.high, total - available.mean, total - available.low
    )
    _plot(axis, in_use, PALETTE["blue"], None, scale)
    _finish(axis, f"Memory in use, of {total / scale:.1f} {unit}", unit, top=total / scale)


def _draw_network(axis: Axes, header: HostHeader, traffic: dict[str, ThinnedLine]) -> None:
    scale, unit = display_unit("B/s", _largest(traffic.values()))
    for (label, line), colour in zip(traffic.items(), ("blue", "orange"), strict=True):
        _plot(axis, line, PALETTE[colour], label, scale)
    _finish(axis, f"Network, {', '.join(header.network_interfaces)}", unit)


def gpu_figure(header: HostHeader, columns: Columns) -> Figure:
    """A row for every quantity that some GPU reports; each GPU has the same colour in all rows."""
    reported = {
        key: {g.index: columns.line(columns.gpus[g.index][key]) for g in header.gpus}
        for key, _ in _GPU_ROWS
    }
    rows = [(k, t) for k, t in _GPU_ROWS if any(line.has_data for line in reported[k].values())]
    absent = [q.label for q in GPU_QUANTITIES if q.key in reported and q.key not in dict(rows)]
    figure, axes = new_figure(max(1, len(rows)), title=_gpu_title(header, columns))
    for axis, (key, title) in zip(axes, rows, strict=False):
        _draw_gpu_row(axis, key, title, reported[key], columns)
    for gpu in header.gpus:
        axes[0].plot([], [], color=_colour(gpu.index), label=_gpu_label(gpu))
    axes[0].legend(loc="lower left", bbox_to_anchor=(-0.01, 1.12), ncols=2, borderaxespad=0)
    if not rows:
        axes[0].set_title("No GPU reported any value")
    _time_axis(axes[-1], header, columns)
    figure.align_ylabels()
    if absent:
        axes[-1].set_xlabel(f"{axes[-1].get_xlabel()}\nNot reported here: {', '.join(absent)}")
    return figure


def _draw_gpu_row(
    axis: Axes, key: str, title: str, lines: dict[int, ThinnedLine], columns: Columns
) -> None:
    unit = next(q.unit for q in GPU_QUANTITIES if q.key == key)
    scale, unit = display_unit(unit, _largest(lines.values()))
    for index, line in lines.items():
        _plot(axis, line, _colour(index), None, scale)
        if key == "power_w":
            limit = columns.line(columns.gpus[index]["power_limit_w"])
            axis.plot(limit.at_s, limit.mean, "--", color=_colour(index), linewidth=1)
        if columns.failed_s[index]:
            axis.axvline(columns.failed_s[index][0], color=_colour(index), linestyle=":")
    if key == "sm_clock_mhz":
        _mark_slowed(axis, columns)
    full = 100.0 if unit == "%" else None
    if key == "memory_used_bytes":
        totals = [_peak(columns.gpus[index]["memory_total_bytes"]) for index in lines]
        full = max((total for total in totals if total), default=0.0) / scale or None
    _finish(axis, title, unit, top=full)


def _mark_slowed(axis: Axes, columns: Columns) -> None:
    """Marks along the bottom, in a row for each GPU, while its clock was lowered."""
    label: str | None = "lowered by power, heat or hardware"
    for place, (index, gpu) in enumerate(columns.gpus.items()):
        line = columns.line(gpu["slowed"])
        held = line.at_s[line.high > 0]
        if len(held):
            heights = np.full(len(held), 0.05 + 0.07 * place)
            axis.plot(
                held,
                heights,
                "s",
                transform=axis.get_xaxis_transform(),
                color=_colour(index),
                markersize=3,
                label=label,
            )
            label = None


def _draw_cores(axis: Axes, columns: Columns) -> None:
    """A line for each of up to eight cores; a heat map of more, whose lines would look alike."""
    lines = [columns.line(core) for core in columns.cores]
    if len(lines) <= _CORE_LINES:
        for number, line in enumerate(lines):
            means = ThinnedLine(
                line.at_s, line.mean, line.mean, line.mean
            )  # eight bands would cover each other
            _plot(axis, means, PALETTE[_COLOURS[number]], str(number))
        _finish(axis, "CPU, each core by its number", "%", top=100)
        return
    at_s = lines[0].at_s
    edges = np.concatenate([[0.0], at_s])
    colours = LinearSegmentedColormap.from_list("busy", [WHITE, *HEAT], bad=PALETTE["orange"])
    image = axis.pcolormesh(
        edges,
        np.arange(len(lines) + 1) - 0.5,
        np.ma.masked_invalid([line.mean for line in lines]),
        cmap=colours,
        vmin=0,
        vmax=100,
        rasterized=True,
    )
    axis.grid(False)
    axis.set_title("CPU, each core", y=1.0)  # without y it moves above the scale
    axis.set_ylabel("core")
    scale = axis.inset_axes((0.62, 1.05, 0.27, 0.07))
    axis.figure.colorbar(image, cax=scale, orientation="horizontal", ticks=[])
    for place, text, side in ((-0.02, "0 %", "right"), (1.02, "100 % busy", "left")):
        scale.text(place, 0.4, text, transform=scale.transAxes, ha=side, va="center", fontsize=9)


def _plot(
    axis: Axes, line: ThinnedLine, colour: str, label: str | None, scale: float = 1.0
) -> None:
    """The mean as a line, and a band from smallest to largest if points stand for many samples."""
    single = "o" if len(line.at_s) == 1 else None  # a line through one point would be invisible
    axis.plot(line.at_s, line.mean / scale, color=colour, label=label, marker=single)
    if line.low is not line.high:
        axis.fill_between(
            line.at_s, line.low / scale, line.high / scale, color=colour, alpha=0.25, linewidth=0
        )


def _finish(axis: Axes, title: str, unit: str, top: float | None = None) -> None:
    """Title, unit, a y axis from 0, and a legend above the axes, where it hides nothing."""
    axis.set_title(title)
    axis.set_ylabel(unit)
    axis.set_ylim(0, axis.dataLim.y1 * 1.1 or 1.0 if top is None else top * 1.04)
    axis.yaxis.set_major_locator(_round_ticks(5))
    labels = axis.get_legend_handles_labels()[1]
    if labels:
        axis.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 1.01),
            ncols=len(labels),
            borderaxespad=0,
            handlelength=1.2,
            columnspacing=1.0,
        )


def _time_axis(axis: Axes, header: HostHeader, columns: Columns) -> None:
    start = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(header.ts))
    last_s = columns.at_s[-1] * 1.01
    unit = time_unit(last_s)
    places = np.asarray(_round_ticks(10).tick_values(0, last_s / unit.seconds))
    axis.set_xlim(0, last_s)
    axis.set_xticks(places * unit.seconds, [f"{place:g}" for place in places])
    axis.set_xlim(0, last_s)
    axis.set_xlabel(f"{unit.name} since {start}")


def _round_ticks(most: int) -> MaxNLocator:
    """At 1, 2 or 5 times a power of ten apart."""
    return MaxNLocator(most, steps=[1, 2, 5, 10])


def _host_title(header: HostHeader, columns: Columns) -> str:
    cpu = np.asarray(columns.host["cpu_percent"])
    peak = f"CPU peaked at {np.nanmax(cpu):.0f} %" if np.isfinite(cpu).any() else "CPU unknown"
    cores = f"{header.cpu_count} core{'s' * (header.cpu_count != 1)}"
    available = np.asarray(columns.host["memory_available_bytes"])
    if header.memory_total_bytes is None or not np.isfinite(available).any():
        return f"{peak} of {cores}; memory unknown"
    scale, unit = display_unit("B", header.memory_total_bytes)
    total = header.memory_total_bytes / scale
    used = total - np.nanmin(available) / scale
    return f"{peak} of {cores}; memory in use reached {used:.1f} of {total:.1f} {unit}"


def _gpu_title(header: HostHeader, columns: Columns) -> str:
    parts = []
    for key, wording in (
        ("utilization_percent", "GPU utilisation peaked at {:.0f} %"),
        ("memory_used_percent", "GPU memory at most {:.0f} % full"),
    ):
        peaks = {g.index: _peak(columns.gpus[g.index][key]) for g in header.gpus}
        known = {index: peak for index, peak in peaks.items() if peak is not None}
        if known:
            most = max(known, key=lambda index: known[index])
            where = f" (GPU {most})" if len(header.gpus) > 1 else ""
            parts.append(wording.format(known[most]) + where)
    for index, failed in columns.failed_s.items():
        if failed and list(failed) == list(columns.at_s[-len(failed) :]):
            parts.append(f"GPU {index} gave no figures from {failed[0]:.1f} s on")
        elif failed:
            taken = plural(columns.taken, "sample")
            parts.append(f"GPU {index} failed in {len(failed)} of {taken}")
    return "; ".join(parts) or "The GPUs report neither utilisation nor memory"


def _peak(column: Sequence[float]) -> float | None:
    values = np.asarray(column)
    return float(np.nanmax(values)) if np.isfinite(values).any() else None


def _largest(lines: Iterable[ThinnedLine]) -> float | None:
    return max((float(np.nanmax(line.high)) for line in lines if line.has_data), default=None)


def _colour(index: int) -> str:
    return PALETTE[_COLOURS[index % len(_COLOURS)]]


def _gpu_label(gpu: Gpu) -> str:
    return f"GPU {gpu.index}: {gpu.name or 'name unknown'}"
