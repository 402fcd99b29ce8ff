"""When a running trial is looked at, and when it is decided. Pure.

A single look errs the more often, the more looks there are. So a verdict counts once two looks
running agree on it; only what is beyond doubt ends a trial at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.read.statistics.boundary import TrialVerdict

LOOKS_RATIO = 1.25
"""Each look comes so many times as late as the one before, counted from the trial's start."""


@dataclass(frozen=True)
class Look:
    """What a trial showed after `at_s` seconds. `clear`: so far off that no second look is needed.

    A failure is clear if the growth of the backlog is (`BacklogGrowth.clear`), or if the box broke.
    """

    at_s: float
    verdict: TrialVerdict
    clear: bool = False


def look_times(least_s: float, longest_s: float) -> tuple[float, ...]:
    """Seconds after a trial's start at which it is looked at; the last one ends it.

    `least_s` is the first at which anything can be told (`edgeload.plan.least_step_s`). A trial
    that may not even last that long has one look, at its end.
    """
    times = []
    at_s = least_s
    while at_s * LOOKS_RATIO**0.5 < longest_s:
        times.append(at_s)
        at_s *= LOOKS_RATIO
    return (*times, longest_s)


def decided(looks: Sequence[Look], last: bool) -> TrialVerdict | None:
    """The verdict of a trial after these looks; None: go on.

    `last`: its time is over. What two looks running did not agree on is undecided.
    """
    if not looks:
        return "undecided" if last else None
    latest = looks[-1]
    if latest.verdict == "invalid" or (latest.verdict == "fail" and latest.clear):
        return latest.verdict
    if latest.verdict != "undecided" and len(looks) > 1 and looks[-2].verdict == latest.verdict:
        return latest.verdict
    return "undecided" if last else None
