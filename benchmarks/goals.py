"""Goals of speed and accuracy, and whether a figure meets its goal."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.core_share import TOO_NOISY

MET, NOT_MET = "met", "not met"
LEFT_OUT = "only without --quick"


@dataclass(frozen=True)
class GoalRow:
    """One figure beside its goal."""

    figure: str
    goal: str
    measured: str
    verdict: str

    def cells(self) -> list[str]:
        """As a row of a table."""
        return [self.figure, self.goal, self.measured, self.verdict]


def verdict(value: float | None, most: float, *, disturbed: bool = False) -> str:
    """Whether a figure is at most its goal.

    None or nan: there is no figure, because of the noise. `disturbed`: others may have added to it,
    but nothing that they do makes it smaller.
    """
    if value is None or math.isnan(value):
        return TOO_NOISY
    if value <= most:
        return MET
    return TOO_NOISY if disturbed else NOT_MET


def together(*verdicts: str) -> str:
    """Of several figures: met if all are, not met if one is not."""
    if NOT_MET in verdicts:
        return NOT_MET
    return TOO_NOISY if TOO_NOISY in verdicts else MET
