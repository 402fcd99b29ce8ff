"""What the host monitor prints: progress while it samples, and a table at the end."""

from __future__ import annotations

import math
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from edgeload.host.quantities import GPU_QUANTITIES, HOST_QUANTITIES, HostQuantity, display_unit
from edgeload.host.samples import HostSample
from edgeload.host.summary import GpuSummary, HostSummary, Spread
from edgeload.plain_words import plural
from edgeload.untrusted_text import printable

_Row = tuple[str, ...]

_CORES_SHOWN = 8
_PROGRAMS_SHOWN = 3
_PIPE_WIDTH = 100
_LINE_EVERY_S = 10.0
_UTILIZATION_NOTE = (
    "GPU utilisation is the share of the last 1/6 to 1 s in which at least one kernel ran: a GPU at"
    " 100 % is not necessarily saturated. Look at the memory controller, power, clock and"
    " temperature as well."
)


class SamplingProgress:
    """Progress on stderr: one line that is rewritten on a terminal, a line every 10 s on a pipe."""

    def __init__(self, duration_s: float, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._duration_s = duration_s
        self._live = self._stream.isatty()
        self._next_s = 0.0
        self._width = 0

    def show(self, elapsed_s: float, sample: HostSample) -> None:
        """Show a sample that was taken `elapsed_s` after the start."""
        line = status_line(elapsed_s, self._duration_s, sample)
        if self._live:
            line = line[
                : shutil.get_terminal_size().columns - 1
            ]  # a wrapped line could not be rewritten
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        elif elapsed_s >= self._next_s:
            self._next_s += _LINE_EVERY_S
            self._stream.write(line + "\n")
        self._stream.flush()

    def say(self, line: str) -> None:
        """Print a line that is not rewritten."""
        self.finish()
        self._stream.write(line + "\n")
        self._stream.flush()

    def finish(self) -> None:
        """End the line that is rewritten; the next output starts on a new one."""
        if self._width:
            self._stream.write("\n")
            self._width = 0


def status_line(elapsed_s: float, duration_s: float, sample: HostSample) -> str:
    """A sample in one line: `12 of 60 s  CPU 34 %  memory 41 %  GPU 0 98 %`."""
    end = f" of {duration_s:g}" if math.isfinite(duration_s) else ""
    parts = [f"{elapsed_s:.0f}{end} s", f"CPU {_percent(sample.cpu_percent)}"]
    parts.append(f"memory {_percent(sample.memory.used_percent)}")
    parts += [f"GPU {gpu.index} {_percent(gpu.utilization_percent)}" for gpu in sample.gpus]
    return "  ".join(parts)


def _percent(value: float | None) -> str:
    return "no data" if value is None else f"{value:.0f} %"


def print_table(summary: HostSummary, stream: TextIO | None = None) -> None:
    """Print the min / mean / max table and the notes below it, as plain text."""
    stream = stream or sys.stdout
    width = shutil.get_terminal_size().columns - 1 if stream.isatty() else _PIPE_WIDTH
    lines = table_lines(summary)
    for note in notes(summary):
        lines += textwrap.wrap(note, width)
    stream.write("\n".join(lines) + "\n")


def table_lines(summary: HostSummary) -> list[str]:
    """A heading, then a line for each quantity; a GPU has its name above its lines."""
    rows: list[_Row] = [("", "samples", "min", "mean", "max", "unit")]
    seen = [q for q in HOST_QUANTITIES if not q.if_seen or summary.values[q.key].max]
    rows += _rows(seen, summary.values)
    if len(summary.cpu_per_core_percent) <= _CORES_SHOWN:
        for number, core in enumerate(summary.cpu_per_core_percent):
            rows.append(_row(f"CPU, core {number}", "%", core))
    for program in summary.programs[:_PROGRAMS_SHOWN]:
        rows.append(_row(f"{printable(program.name)}, CPU", "% of a core", program.cpu_percent))
    for gpu in summary.gpus:
        name = printable(gpu.name) if gpu.name else "(name unknown)"
        rows += [(), (f"GPU {gpu.index} {name}",), *_rows(GPU_QUANTITIES, gpu.values)]
    cells = [row for row in rows if len(row) > 1]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [_line(row, widths) for row in rows]


def _line(row: _Row, widths: Sequence[int]) -> str:
    """The cells of a row under those of the others: text to the left, numbers to the right."""
    padded = [
        cell.ljust(width) if place in (0, len(widths) - 1) else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=False))
    ]
    return "  ".join(padded).rstrip()


def notes(summary: HostSummary) -> list[str]:
    """What a reader must know besides the numbers: counts, faults, throttling, lost GPUs."""
    counted = f"{plural(summary.samples_taken, 'sample')} over {summary.sampled_s:.1f} s"
    if summary.samples_skipped:
        counted += f", {summary.samples_skipped} skipped because the one before took too long"
    if summary.interrupted:
        counted += ", interrupted"
    lines = [counted + "."]
    if summary.own_cpu_percent is not None:
        lines.append(f"The monitor itself took {summary.own_cpu_percent:.2f} % of one core.")
    if summary.network_errors or summary.network_drops:
        lines.append(
            f"Network: {_packets(summary.network_errors)} with errors,"
            f" {_packets(summary.network_drops)} dropped."
        )
    lines += _limits(summary)
    for gpu in summary.gpus:
        lines += _gpu_notes(gpu, summary.samples_taken)
    if summary.gpus:
        lines.append(_UTILIZATION_NOTE)
    return lines


def _limits(summary: HostSummary) -> Iterable[str]:
    """What this container may use, which is less than what the machine has."""
    cores, memory = (summary.machine.get(k) for k in ("cpu_limit_cores", "memory_limit_bytes"))
    told = [] if cores is None else [f"{cores:g} of {summary.machine['cpu_count']} cores"]
    if memory is not None:
        divisor, unit = display_unit("B", memory)
        told.append(f"{number_text(memory, divisor)} {unit} of memory")
    if told:
        yield (
            f'This container may use {" and ".join(told)}. "CPU, all cores" and "memory in use"'
            " are those of the whole machine."
        )


def _packets(count: int | None) -> str:
    return f"{count or 0} packet{'' if count == 1 else 's'}"


def _gpu_notes(gpu: GpuSummary, samples: int) -> Iterable[str]:
    taken = plural(samples, "sample")
    for reason, count in gpu.slowed_samples.items():
        yield f"GPU {gpu.index}: {reason} lowered the clock in {count} of {taken}."
    if gpu.first_error is not None:
        yield (
            f"GPU {gpu.index}: no figures in {gpu.failed_samples} of {taken}, first"
            f" after {gpu.first_error_s:.1f} s: {gpu.first_error}."
        )


def _rows(quantities: Iterable[HostQuantity[Any]], values: dict[str, Spread]) -> Iterable[_Row]:
    return [_row(quantity.label, quantity.unit, values[quantity.key]) for quantity in quantities]


def _row(label: str, unit: str, spread: Spread) -> _Row:
    divisor, shown = display_unit(unit, spread.max)
    numbers = [number_text(value, divisor) for value in (spread.min, spread.mean, spread.max)]
    return (label, str(spread.n), *numbers, shown)


def number_text(value: float | None, divisor: float = 1.0) -> str:
    """A number with at least three digits: 0.42, 7.31, 93.5, 1755. None is "no data"."""
    if value is None:
        return "no data"
    value /= divisor
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{decimals}f}"
