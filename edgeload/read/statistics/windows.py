"""Spans of run time, and what falls into them: counts and rates. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """A span [start_s, end_s) of run time."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """Length in seconds, never below 0."""
        return max(0.0, self.end_s - self.start_s)

    def holds(self, at_s: Floats) -> npt.NDArray[np.bool_]:
        """For each instant, whether it falls into the window."""
        return (at_s >= self.start_s) & (at_s < self.end_s)

    def split(self, parts: int) -> list[Window]:
        """The window cut into `parts` windows of equal length."""
        edges = np.linspace(self.start_s, self.end_s, parts + 1)
        return [Window(float(a), float(b)) for a, b in pairwise(edges)]


def count_in(sorted_s: Floats, window: Window) -> int:
    """How many of the sorted instants fall into the window."""
    return int(np.searchsorted(sorted_s, window.end_s)) - int(
        np.searchsorted(sorted_s, window.start_s)
    )


def rate_in(sorted_s: Floats, window: Window) -> float | None:
    """Events per second of the window (method 5). None if the window has no length."""
    return count_in(sorted_s, window) / window.length_s if window.length_s > 0 else None
