"""Host samples -> columns over time, thinned to as many points as a picture can show. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeload.host.quantities import GPU_QUANTITIES, HOST_QUANTITIES, slowing_reasons
from edgeload.host.samples import HostHeader, HostSample

_POINTS = 600
_GAP_AFTER = 1.75
"""Intervals without a sample; the last window may be longer than one by MIN_INTERVAL_S."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ThinnedLine:
    """A quantity over time. Each point is the mean and the extremes of neighbouring samples.

    NaN means no data and becomes a gap in the line.
    """

    at_s: _Floats
    low: _Floats
    mean: _Floats
    high: _Floats

    @property
    def has_data(self) -> bool:
        """Whether any point has a value."""
        return bool(np.isfinite(self.mean).any())


def thin(at_s: _Floats, values: _Floats, points: int = _POINTS) -> ThinnedLine:
    """Reduce a column to at most `points` points, each for the same number of samples.

    A point keeps the smallest, mean and largest value, so a peak of one sample in a day still
    shows. A point without any value among its samples has none either.
    """
    if len(at_s) <= points:
        return ThinnedLine(at_s, values, values, values)
    size = -(-len(at_s) // points)
    blocks = range(0, len(at_s), size)
    parts = [values[i : i + size][np.isfinite(values[i : i + size])] for i in blocks]

    def over(measure: Callable[[_Floats], Any]) -> _Floats:
        return np.array([measure(part) if len(part) else np.nan for part in parts])

    times = np.array([at_s[i : i + size].mean() for i in blocks])
    return ThinnedLine(times, over(np.min), over(np.mean), over(np.max))


@dataclass
class Columns:
    """Samples by column, at 8 bytes per value: days of samples fit into memory."""

    at_s: array[float] = field(default_factory=lambda: array("d"))
    host: dict[str, array[float]] = field(default_factory=dict)
    cores: list[array[float]] = field(default_factory=list)
    gpus: dict[int, dict[str, array[float]]] = field(default_factory=dict)
    programs: dict[str, array[float]] = field(default_factory=dict)
    """CPU of the processes of each name, in percent of one core."""
    taken: int = 0
    """Samples; a stretch that was skipped adds a point without data, so that lines have a gap."""
    failed_s: dict[int, array[float]] = field(default_factory=dict)
    """The times at which a GPU gave an error instead of figures."""

    @classmethod
    def of(cls, header: HostHeader, samples: Iterable[HostSample]) -> Columns:
        """Columns of all samples, which are read once. Times count from the start of sampling."""
        columns = cls()
        columns.host = {q.key: array("d") for q in HOST_QUANTITIES}
        keys = [q.key for q in GPU_QUANTITIES]
        columns.gpus = {g.index: {k: array("d") for k in [*keys, "slowed"]} for g in header.gpus}
        columns.failed_s = {g.index: array("d") for g in header.gpus}
        columns.cores = [array("d") for _ in range(header.cpu_count)]
        last_s = 0.0
        for sample in samples:
            at_s = sample.monotonic_s - header.monotonic_s
            if at_s - last_s > _GAP_AFTER * header.interval_s:
                columns._skip(at_s - header.interval_s)
            columns._add(sample, at_s)
            columns.taken, last_s = columns.taken + 1, at_s
        return columns

    def _skip(self, at_s: float) -> None:
        """A point without data."""
        nothing = float("nan")
        self.at_s.append(at_s)
        for column in self._every():
            column.append(nothing)

    def _every(self) -> Iterator[array[float]]:
        yield from self.host.values()
        yield from self.cores
        yield from self.programs.values()
        for gpu in self.gpus.values():
            yield from gpu.values()

    def _add(self, sample: HostSample, at_s: float) -> None:
        self.at_s.append(at_s)
        for quantity in HOST_QUANTITIES:
            self.host[quantity.key].append(_or_nan(quantity.read(sample)))
        told = sample.cpu_per_core_percent
        for number, column in enumerate(self.cores):
            column.append(_or_nan(told[number] if number < len(told) else None))
        told_of = {group.name: group.cpu_percent for group in sample.processes or ()}
        for name in told_of.keys() - self.programs.keys():
            self.programs[name] = array("d", [float("nan")] * (len(self.at_s) - 1))
        for name, column in self.programs.items():
            column.append(_or_nan(told_of.get(name)))
        for gpu in sample.gpus:
            column_of = self.gpus[gpu.index]
            for gpu_quantity in GPU_QUANTITIES:
                column_of[gpu_quantity.key].append(_or_nan(gpu_quantity.read(gpu)))
            column_of["slowed"].append(1.0 if slowing_reasons(gpu) else 0.0)
            if gpu.error is not None:
                self.failed_s[gpu.index].append(at_s)

    def line(self, column: array[float]) -> ThinnedLine:
        """A column, thinned for drawing."""
        return thin(np.asarray(self.at_s), np.asarray(column))


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)
