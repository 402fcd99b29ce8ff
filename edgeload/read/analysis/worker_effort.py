"""What the worker processes spent inside a window, by the samples that they took. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeload.read.statistics.windows import Floats, Window
from edgeload.records import MachineSample, WorkerSample

_Figure = Callable[[WorkerSample], float]
_LEAST_OF_WINDOW = 0.5


def cpu_cores(samples: Sequence[WorkerSample], window: Window) -> float | None:
    """CPU of the busiest worker process in a window, in cores; None: not known."""
    spent = _spent(samples, window, lambda sample: sample.cpu_s)
    return max((cpu_s / length_s for length_s, (cpu_s,) in spent), default=None)


def core_wait_s(samples: Sequence[WorkerSample], window: Window) -> float | None:
    """For how long a worker process waited until it was given a core: the mean of a window, of
    the worker that waited longest. None: not known.
    """
    told = [sample for sample in samples if sample.core_wait_s is not None]
    spent = _spent(
        told, window, lambda sample: sample.core_wait_s or 0.0, lambda sample: sample.core_waits
    )
    return max((waited_s / times for _, (waited_s, times) in spent if times > 0), default=None)


def core_wait_share(samples: Sequence[WorkerSample], window: Window) -> float | None:
    """In which share of a window a worker process was ready to run and had no core: of the worker
    that waited longest. None: not known.
    """
    told = [sample for sample in samples if sample.core_wait_s is not None]
    spent = _spent(told, window, lambda sample: sample.core_wait_s or 0.0)
    return max((waited_s / length_s for length_s, (waited_s,) in spent), default=None)


def stolen_share(samples: Sequence[MachineSample], window: Window) -> float | None:
    """In which share of a window a hypervisor kept the workers' CPUs from computing what they had
    to, of the machine that lost most. None: not known.
    """
    shares = []
    for node in {sample.node for sample in samples}:
        own = sorted((s for s in samples if s.node == node), key=lambda s: s.at_s)
        stolen_s = np.array([sample.stolen_s for sample in own])
        for length_s, (lost_s,) in _grown(np.array([s.at_s for s in own]), [stolen_s], window):
            shares.append(lost_s / length_s)
    return max(shares, default=None)


@dataclass(frozen=True)
class LimitStops:
    """How often a CPU limit stopped a worker process: in so many of its periods."""

    stops: int
    periods: int


def limit_stops(samples: Sequence[WorkerSample], window: Window) -> LimitStops | None:
    """Of the worker that was stopped most often in a window; None if no worker has a limit."""
    told = [sample for sample in samples if sample.limit_periods]
    spent = _spent(
        told, window, lambda sample: sample.limit_stops, lambda sample: sample.limit_periods
    )
    counted = [LimitStops(round(stops), round(periods)) for _, (stops, periods) in spent]
    return max(counted, key=lambda each: each.stops, default=None)


def _spent(
    samples: Sequence[WorkerSample], window: Window, *figures: _Figure
) -> Iterator[tuple[float, list[float]]]:
    """Of each worker, the seconds that are known of a window, and by how much figures grew in them.

    Figures are interpolated between samples. A worker whose samples cover less than half of the
    window is left out.
    """
    for worker in sorted({sample.worker for sample in samples}):
        own = sorted((s for s in samples if s.worker == worker), key=lambda s: s.at_s)
        known = [np.array([figure(sample) for sample in own]) for figure in figures]
        yield from _grown(np.array([sample.at_s for sample in own]), known, window)


def _grown(
    at_s: Floats, known: Sequence[Floats], window: Window
) -> Iterator[tuple[float, list[float]]]:
    """The seconds that are known of a window, and by how much figures grew in them; nothing if that
    is less than half of it.
    """
    start_s, end_s = max(window.start_s, at_s[0]), min(window.end_s, at_s[-1])
    if end_s - start_s > _LEAST_OF_WINDOW * window.length_s:
        grown = [np.interp(end_s, at_s, k) - np.interp(start_s, at_s, k) for k in known]
        yield float(end_s - start_s), list(map(float, grown))
