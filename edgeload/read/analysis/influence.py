"""What a group is beside another one, and the verdict on it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edgeload.interference_plan import Level
from edgeload.read.statistics.paired_ratios import PairedRatio
from edgeload.read.statistics.two_samples import holm

InfluenceVerdict = Literal["worse", "better", "same", "undecided", "not measured"]

CHANGE = 0.10
"""A smaller change of throughput or p95 is none."""
SAME_WITHIN = {"throughput": 0.10, "p95": 0.25}
"""What the interval must rule out for "same". A p95 of a few hundred frames is not better known."""


@dataclass(frozen=True)
class Influence:
    """What a group is beside another one at a level, as ratios to what it is alone.

    `throughput` and `p95` are None if no round shows them: p95 also if the group alone is so
    overloaded that its p95 is never answered (`overloaded_alone`), and only throughput counts then.
    `rounds_to_tell` is about how many rounds would decide what is undecided; None: unknown.
    """

    group: str
    beside: str
    level: Level
    cameras: int
    beside_cameras: int
    rounds: int
    throughput: PairedRatio | None
    p95: PairedRatio | None
    overloaded_alone: bool
    verdict: InfluenceVerdict
    rounds_to_tell: int | None

    @property
    def slowed(self) -> bool:
        """Whether p95 is clearly longer."""
        return self.p95 is not None and _is_worse(self.p95)

    @property
    def starved(self) -> bool:
        """Whether throughput is clearly less."""
        return self.throughput is not None and _is_worse(self.throughput.inverse)


def judged(found: Sequence[Influence]) -> Iterator[Influence]:
    """Each with its verdict. Changes are believed if all of them together survive Holm's test."""
    tested = [ratio for influence in found for ratio in _slowdowns(influence).values()]
    believed = iter(holm([_p_of_change(ratio) for ratio in tested]))
    for influence in found:
        slowdowns = _slowdowns(influence)
        verdicts = {
            name: _verdict(name, ratio, believed=next(believed))
            for name, ratio in slowdowns.items()
        }
        verdict = _together(influence, set(verdicts.values()))
        needed = [
            _rounds_to_tell(name, slowdowns[name])
            for name, said in verdicts.items()
            if said == "undecided"
        ]
        yield replace(
            influence,
            verdict=verdict,
            rounds_to_tell=max((n for n in needed if n), default=None)
            if verdict == "undecided"
            else None,
        )


def _slowdowns(influence: Influence) -> dict[str, PairedRatio]:
    """Both ratios, turned so that more than 1 is worse."""
    found = {}
    if influence.throughput is not None:
        found["throughput"] = influence.throughput.inverse
    if influence.p95 is not None:
        found["p95"] = influence.p95
    return found


def _p_of_change(slowdown: PairedRatio) -> float:
    """The two-sided p-value of a change by no more than half of what counts as one.

    Steps of an unchanged endpoint differ by a few percent, so a change that is merely not 0 is too
    little (as in comparisons of runs).
    """
    least = 1.0 + CHANGE / 2
    return min(1.0, 2.0 * min(slowdown.p_at_most(least), slowdown.p_at_least(1.0 / least)))


def _verdict(name: str, slowdown: PairedRatio, *, believed: bool) -> InfluenceVerdict:
    if believed and slowdown.value > 1.0 + CHANGE:
        return "worse"
    if believed and slowdown.value < 1.0 / (1.0 + CHANGE):
        return "better"
    most = 1.0 + SAME_WITHIN[name]
    low, high = slowdown.low, slowdown.high
    if low is not None and high is not None and 1.0 / most <= low and high <= most:
        return "same"
    return "undecided"


def _is_worse(slowdown: PairedRatio) -> bool:
    return slowdown.value > 1.0 + CHANGE and (slowdown.low or 0.0) > 1.0


def _together(influence: Influence, verdicts: set[InfluenceVerdict]) -> InfluenceVerdict:
    """The verdict on a group from those on its throughput and its p95."""
    if not verdicts:
        return "not measured"
    if "worse" in verdicts:
        return "worse"
    if "undecided" in verdicts or (influence.p95 is None and not influence.overloaded_alone):
        return "undecided"
    return "better" if "better" in verdicts else "same"


def _rounds_to_tell(name: str, slowdown: PairedRatio) -> int | None:
    """As many as would show a change, if it seems to be one, or else that there is none."""
    changed = abs(slowdown.log_mean) > math.log(1.0 + CHANGE)
    bound = 1.0 + (CHANGE / 2 if changed else SAME_WITHIN[name])
    return slowdown.pairs_to_tell(1.0 / bound if slowdown.log_mean < 0 else bound)
