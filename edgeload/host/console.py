"""What the host monitor shows in a terminal: progress while it samples, a table at the end."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edgeload.host.quantities import GPU_QUANTITIES, HOST_QUANTITIES, Quantity, display_unit
from edgeload.host.samples import HostSample
from edgeload.host.summary import GpuSummary, HostSummary, Spread

_CORES_SHOWN = 8
_PLAIN_WIDTH = 100
_LINE_EVERY_S = 10.0
_UTILIZATION_NOTE = (
    "GPU utilisation is the share of the last 1/6 to 1 s in which some kernel ran: 100 % is not"
    " saturation. Read it beside the memory controller, power against its limit, clock and heat."
)


class Progress:
    """One line on stderr: rewritten at each sample on a terminal, every 10 s on a pipe."""

    def __init__(self, duration_s: float, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._duration_s = duration_s
        self._live = self._stream.isatty()
        self._next_s = 0.0
        self._width = 0

    def show(self, elapsed_s: float, sample: HostSample) -> None:
        """A sample has been taken, `elapsed_s` after the start."""
        line = status_line(elapsed_s, self._duration_s, sample)
        if self._live:
            line = line[: shutil.get_terminal_size().columns - 1]  # a wrapped line would stay
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        elif elapsed_s >= self._next_s:
            self._next_s += _LINE_EVERY_S
            self._stream.write(line + "\n")
        self._stream.flush()

    def say(self, line: str) -> None:
        """A line that stays."""
        self.finish()
        self._stream.write(line + "\n")
        self._stream.flush()

    def finish(self) -> None:
        """End the rewritten line, so that what follows starts on its own."""
        if self._width:
            self._stream.write("\n")
            self._width = 0


def status_line(elapsed_s: float, duration_s: float, sample: HostSample) -> str:
    """A sample in one line: `12 of 60 s  CPU 34 %  memory 41 %  GPU 0 98 %`."""
    parts = [f"{elapsed_s:.0f} of {duration_s:g} s", f"CPU {_percent(sample.cpu_percent)}"]
    parts.append(f"memory {_percent(sample.memory.used_percent)}")
    parts += [f"GPU {gpu.index} {_percent(gpu.utilization_percent)}" for gpu in sample.gpus]
    return "  ".join(parts)


def _percent(value: float | None) -> str:
    return "no data" if value is None else f"{value:.0f} %"


def print_table(summary: HostSummary, stream: TextIO | None = None) -> None:
    """The min / mean / max table with its notes: coloured on a terminal, plain text on a pipe."""
    console = Console(file=stream or sys.stdout, highlight=False)
    terminal = console.is_terminal
    if not terminal:
        console.width = _PLAIN_WIDTH
    table = Table(box=box.SIMPLE_HEAD if terminal else None, pad_edge=False, show_edge=False)
    table.add_column("")
    for heading in ("samples", "min", "mean", "max"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    _add_rows(table, HOST_QUANTITIES, summary.values)
    if len(summary.cpu_per_core_percent) <= _CORES_SHOWN:
        for number, core in enumerate(summary.cpu_per_core_percent):
            _add_row(table, f"CPU, core {number}", "%", core)
    for gpu in summary.gpus:
        table.add_row()
        table.add_row(f"[bold]GPU {gpu.index}[/bold] {escape(gpu.name or 'of unknown name')}")
        _add_rows(table, GPU_QUANTITIES, gpu.values)
    console.print(table)
    for note in notes(summary):
        console.print(escape(note))


def notes(summary: HostSummary) -> list[str]:
    """What a reader of the table has to know beside its numbers, in whole sentences."""
    counted = f"{summary.samples_taken} samples over {summary.sampled_s:.1f} s"
    if summary.samples_skipped:
        counted += f", {summary.samples_skipped} due times skipped because a sample took too long"
    if summary.interrupted:
        counted += ", interrupted"
    lines = [counted + "."]
    if summary.network_errors or summary.network_drops:
        lines.append(
            f"Network: {summary.network_errors} errors and {summary.network_drops} drops (packets)."
        )
    for gpu in summary.gpus:
        lines += _gpu_notes(gpu, summary.samples_taken)
    if summary.gpus:
        lines.append(_UTILIZATION_NOTE)
    return lines


def _gpu_notes(gpu: GpuSummary, samples: int) -> Iterable[str]:
    for reason, count in gpu.slowed_samples.items():
        yield f"GPU {gpu.index}: clock held down by {reason} in {count} of {samples} samples."
    if gpu.first_error is not None:
        yield (
            f"GPU {gpu.index}: no figures in {gpu.failed_samples} of {samples} samples, first"
            f" after {gpu.first_error_s:.1f} s: {gpu.first_error}."
        )


def _add_rows(table: Table, quantities: Iterable[Quantity[Any]], values: dict[str, Spread]) -> None:
    for quantity in quantities:
        _add_row(table, quantity.label, quantity.unit, values[quantity.key])


def _add_row(table: Table, label: str, unit: str, spread: Spread) -> None:
    if not spread.n:
        table.add_row(label, "0", "no data", "no data", "no data", unit)
        return
    divisor, shown = display_unit(unit, spread.max)
    table.add_row(
        label,
        str(spread.n),
        *(number_text(v, divisor) for v in (spread.min, spread.mean, spread.max)),
        shown,
    )


def number_text(value: float | None, divisor: float = 1.0) -> str:
    """Three digits or more: 0.42, 7.31, 93.5, 1755; `no data` for None."""
    if value is None:
        return "no data"
    value /= divisor
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{decimals}f}"
