"""Host samples -> columns over time, thinned to as many points as a figure can show."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeload.host.quantities import GPU_QUANTITIES, HOST_QUANTITIES, slowing_reasons
from edgeload.host.samples import HostHeader, HostSample

_POINTS = 600

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A quantity over time, with at most _POINTS points: the mean of each and its extremes.

    NaN is no data, which a line shows as a gap.
    """

    at_s: Floats
    low: Floats
    mean: Floats
    high: Floats

    @property
    def has_data(self) -> bool:
        """Whether there is anything to draw."""
        return bool(np.isfinite(self.mean).any())


def thin(at_s: Floats, values: Floats, points: int = _POINTS) -> Line:
    """At most `points` points, each the smallest, mean and largest of equally many samples.

    No extreme gets lost, so that a peak of one sample in a day is still in the figure. A point
    whose samples hold no data at all has none either.
    """
    if len(at_s) <= points:
        return Line(at_s, values, values, values)
    size = -(-len(at_s) // points)
    blocks = range(0, len(at_s), size)
    parts = [values[i : i + size][np.isfinite(values[i : i + size])] for i in blocks]

    def over(measure: Callable[[Floats], Any]) -> Floats:
        return np.array([measure(part) if len(part) else np.nan for part in parts])

    times = np.array([at_s[i : i + size].mean() for i in blocks])
    return Line(times, over(np.min), over(np.mean), over(np.max))


@dataclass
class Columns:
    """Samples by column; memory is 8 bytes a value, so that days of samples can be drawn."""

    at_s: array[float] = field(default_factory=lambda: array("d"))
    host: dict[str, array[float]] = field(default_factory=dict)
    cores: list[array[float]] = field(default_factory=list)
    gpus: dict[int, dict[str, array[float]]] = field(default_factory=dict)
    failed_s: dict[int, array[float]] = field(default_factory=dict)
    """When a GPU gave an error in place of figures."""

    @classmethod
    def of(cls, header: HostHeader, samples: Iterable[HostSample]) -> Columns:
        """Read every sample once. Times count from the start of sampling."""
        columns = cls()
        columns.host = {q.key: array("d") for q in HOST_QUANTITIES}
        keys = [q.key for q in GPU_QUANTITIES]
        columns.gpus = {g.index: {k: array("d") for k in [*keys, "slowed"]} for g in header.gpus}
        columns.failed_s = {g.index: array("d") for g in header.gpus}
        columns.cores = [array("d") for _ in range(header.cpu_count)]
        for sample in samples:
            columns._add(sample, sample.monotonic_s - header.monotonic_s)
        return columns

    def _add(self, sample: HostSample, at_s: float) -> None:
        self.at_s.append(at_s)
        for quantity in HOST_QUANTITIES:
            self.host[quantity.key].append(_or_nan(quantity.read(sample)))
        told = sample.cpu_per_core_percent
        for number, column in enumerate(self.cores):
            column.append(_or_nan(told[number] if number < len(told) else None))
        for gpu in sample.gpus:
            column_of = self.gpus[gpu.index]
            for gpu_quantity in GPU_QUANTITIES:
                column_of[gpu_quantity.key].append(_or_nan(gpu_quantity.read(gpu)))
            column_of["slowed"].append(1.0 if slowing_reasons(gpu) else 0.0)
            if gpu.error is not None:
                self.failed_s[gpu.index].append(at_s)

    def line(self, column: array[float]) -> Line:
        """A column, thinned for drawing."""
        return thin(np.asarray(self.at_s), np.asarray(column))


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)
