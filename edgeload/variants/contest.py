"""Which variant is measured next, which one leaves, and when it is over. Pure.

Rounds are interleaved: each has every variant once that is still in the contest, in a random order,
and every second round in the reverse of the order before it, so that what changes steadily on the
box hits all of them alike. After each round the worse half leaves (successive halving, Jamieson and
Talwalkar 2016), but four variants always get the three rounds that an interval needs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from edgeload.read.statistics.paired_ratios import LEAST_PAIRS
from edgeload.variants.measurement import Measurement
from edgeload.variants.ranking import best_first, is_told

Left = Literal["dropped", "not_applied", "not_measured"]
"""Why a variant left: it was among the worse half, its command failed, or it had no capacity."""

KEPT = 4
"""So many variants are kept until they have three rounds."""
USUAL_ROUNDS = 6
"""Rounds, unless the user wants another number."""
_TRIES = 2
"""A variant leaves when so many of its measurements have no capacity."""


@dataclass(frozen=True)
class Departure:
    """When and why a variant left; `after` is a number of rounds."""

    after: int
    why: Left


@dataclass(frozen=True)
class Contest:
    """A contest at one moment: what was measured in each round, and who has left."""

    names: tuple[str, ...]
    most_rounds: int = USUAL_ROUNDS
    seed: int = 1
    rounds: tuple[Mapping[str, Measurement], ...] = ()
    left: Mapping[str, Departure] = field(default_factory=dict)

    @property
    def standing(self) -> tuple[str, ...]:
        """The variants that are still in it, as the file has them."""
        return tuple(name for name in self.names if name not in self.left)

    @property
    def ranked(self) -> list[str]:
        """All variants with a capacity: those in the contest first, then by when they left."""
        rounds_of = {
            name: self.left[name].after if name in self.left else math.inf for name in self.names
        }
        best = best_first(self.rounds, self.names)
        return sorted(best, key=lambda name: -rounds_of[name])

    @property
    def told(self) -> bool:
        """Whether the best is told from all others that are still in the contest.

        With one look after every round from the third on, a single one would be wrong too often:
        it has to be so at two looks running, unless the others have left.
        """
        best = best_first(self.rounds, self.standing)
        if len(best) < 2:
            return bool(best) and len(self.standing) == 1
        looks = (self.rounds, self.rounds[:-1])
        return all(is_told(rounds, best) for rounds in looks)

    @property
    def unbounded(self) -> bool:
        """Whether all that are left carried every load: more rounds would not change that."""
        highs = [
            measured[name].high
            for measured in self.rounds
            for name in self.standing
            if name in measured and measured[name].counts
        ]
        return bool(highs) and all(high == math.inf for high in highs)

    @property
    def over(self) -> bool:
        """Whether no further round is needed or allowed."""
        done = len(self.rounds)
        enough = done >= LEAST_PAIRS and (self.told or len(self.standing) < 2 or self.unbounded)
        return not self.standing or done >= self.most_rounds or enough

    def order(self) -> tuple[str, ...]:
        """The variants of the next round in their order."""
        done = len(self.rounds)
        order = random.Random(f"variants {self.seed} {done // 2}").sample(
            self.names, len(self.names)
        )
        if done % 2:
            order.reverse()
        return tuple(name for name in order if name not in self.left)

    def most_turns(self) -> int:
        """How many measurements are left if no difference is told before the last round."""
        standing, turns = len(self.standing), 0
        for done in range(len(self.rounds) + 1, self.most_rounds + 1):
            turns += standing
            standing = min(standing, _staying(done, standing))
        return turns

    def after_round(self, measured: Mapping[str, Measurement], *, complete: bool = True) -> Contest:
        """The contest after one more round.

        None is dropped after the last round, nor after one that was broken off and lacks variants.
        """
        if not measured:
            return self
        rounds = (*self.rounds, measured)
        done, left = len(rounds), dict(self.left)
        for name in self.standing:
            if name in measured and measured[name].outcome == "not_applied":
                left[name] = Departure(done, "not_applied")
            elif _failures(rounds, name) >= _TRIES:
                left[name] = Departure(done, "not_measured")
        state = replace(self, rounds=rounds, left=left)
        best = best_first(rounds, state.standing)
        drops = complete and done < self.most_rounds
        for name in best[_staying(done, len(best)) :] if drops else ():
            left[name] = Departure(done, "dropped")
        return replace(state, left=left)


def _staying(rounds: int, standing: int) -> int:
    """How many of so many variants stay after a number of rounds."""
    return max(2 if rounds >= LEAST_PAIRS else KEPT, math.ceil(standing / 2))


def _failures(rounds: tuple[Mapping[str, Measurement], ...], name: str) -> int:
    return sum(name in measured and not measured[name].counts for measured in rounds)


@dataclass(frozen=True)
class ContestTurn:
    """One variant in one round: what was measured, and how long everything took."""

    round: int
    """From 1."""
    name: str
    measurement: Measurement
    seconds: float


@dataclass(frozen=True)
class ContestResult:
    """What a whole contest has shown, and how the box was left."""

    contest: Contest
    turns: tuple[ContestTurn, ...]
    seconds: float
    interrupted: str = ""
    """Name of the signal that ended it, for example SIGINT."""
    budget_spent: bool = False
    not_restored: str = ""
    """Why the box could not be restored; empty if it was, or if nothing was applied."""
    restored: bool = False
