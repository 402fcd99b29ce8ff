"""Does the contest of `--variants` find the best of 12 settings? `python -m benchmarks.variants`

Simulates the contest, whose schedule and statistics are the tool's own, on boxes of known capacity.
A measurement is the true capacity times two errors. One is independent from measurement to
measurement: a configuration comes up a little differently each time, and a short run scatters. Its
standard deviation is 1, 2, 3 or 5 %. The other is how fast the box is at that time, common to
neighbours: an AR(1) process with a standard deviation of 3 % and a correlation of 0.9 from one
measurement to the next. Each measurement states an interval of ±1 % for itself. Applying, warming
up and measuring take equally long for all variants, so that time is counted in measurements; the
full grid measures all 12 in each of six rounds.

The landscapes, as multiples of the best capacity: `ladder`, each 5 % below the one before;
`plateau`, five at 0.95 and others down to 0.4; `random`, uniform from 0.3 to 0.95; and `two equal`,
where the best two are equal and the others have half, so that whatever is told is false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.table import markdown, parser, present
from edgeload.variants.contest import USUAL_ROUNDS, Contest
from edgeload.variants.measurement import Measurement
from edgeload.variants.ranking import best_first, capacity_ratio

VARIANTS = 12
NOISES = (0.01, 0.02, 0.03, 0.05)
DRIFT = 0.03
MEMORY = 0.9
OWN = 0.01
LANDSCAPES = ("ladder", "plateau", "random", "two equal")
BEST_PER_S = 100.0


class Box:
    """A box with variants of known capacity, and the noise of its measurements."""

    def __init__(self, landscape: str, noise: float, seed: int) -> None:
        self._chance = np.random.default_rng([seed, LANDSCAPES.index(landscape)])
        shares = self._chance.permutation(_shares(landscape, self._chance))
        self.names = tuple(f"variant {number}" for number in range(VARIANTS))
        self.true = dict(zip(self.names, (BEST_PER_S * shares).tolist(), strict=True))
        self.measurements = 0
        self._noise = noise
        self._drift = DRIFT * self._chance.standard_normal()

    def measure(self, name: str) -> Measurement:
        """One variant, measured once."""
        self.measurements += 1
        fresh = (1.0 - MEMORY**2) ** 0.5 * DRIFT * self._chance.standard_normal()
        self._drift = MEMORY * self._drift + fresh
        error = self._drift + self._noise * self._chance.standard_normal()
        per_s = self.true[name] * float(np.exp(error))
        return Measurement("measured", per_s, per_s * (1 - OWN), per_s * (1 + OWN))

    def is_best(self, name: str) -> bool:
        """Whether no variant has a larger capacity."""
        return bool(self.true[name] == max(self.true.values()))


def _shares(landscape: str, chance: np.random.Generator) -> npt.NDArray[np.float64]:
    """The capacities as multiples of the best."""
    if landscape == "ladder":
        return np.asarray(0.95 ** np.arange(VARIANTS))
    if landscape == "plateau":
        return np.array([1.0, *[0.95] * 5, 0.9, 0.9, 0.7, 0.7, 0.4, 0.4])
    if landscape == "two equal":
        return np.array([1.0, 1.0, *[0.5] * (VARIANTS - 2)])
    return np.append(1.0, chance.uniform(0.3, 0.95, VARIANTS - 1))


@dataclass(frozen=True)
class ContestShown:
    """What one simulated contest came to."""

    best_first: bool
    time: float
    """As a share of the full grid."""
    told: bool
    falsely_told: bool
    covered: bool | None
    """Whether the interval of the second's ratio holds the truth; None without an interval."""
    grid_best_first: bool
    """The same box in the full grid."""


def contest_shown(landscape: str, noise: float, seed: int) -> ContestShown:
    """One contest, and the full grid on another day of the same box."""
    box = Box(landscape, noise, seed)
    contest = Contest(box.names, seed=seed)
    while not contest.over:
        contest = contest.after_round({name: box.measure(name) for name in contest.order()})
    time = box.measurements / (VARIANTS * USUAL_ROUNDS)
    first, second = contest.ranked[:2]
    ratio = capacity_ratio(contest.rounds, second, first)
    truth = box.true[second] / box.true[first]
    covered = None
    if ratio is not None and ratio.low is not None and ratio.high is not None:
        covered = ratio.low <= truth <= ratio.high
    return ContestShown(
        best_first=box.is_best(first),
        time=time,
        told=contest.told,
        falsely_told=contest.told and (not box.is_best(first) or truth == 1.0),
        covered=covered,
        grid_best_first=box.is_best(_grid_first(box, seed)),
    )


def _grid_first(box: Box, seed: int) -> str:
    """The best of the full grid, in the orders that the contest would have."""
    rounds: list[Mapping[str, Measurement]] = []
    for _ in range(USUAL_ROUNDS):
        order = Contest(box.names, seed=seed, rounds=tuple(rounds)).order()
        rounds.append({name: box.measure(name) for name in order})
    return best_first(rounds, box.names)[0]


def main() -> None:
    """Print the table."""
    options = parser("The best of 12 simulated settings, and in which time.", 500).parse_args()
    rows: list[Sequence[str]] = []
    for landscape in LANDSCAPES:
        for noise in NOISES:
            shown = [contest_shown(landscape, noise, seed) for seed in range(options.rounds)]
            covered = [each.covered for each in shown if each.covered is not None]
            rows.append(
                (
                    landscape,
                    f"{100 * noise:g} %",
                    _percent([each.best_first for each in shown]),
                    _percent([each.grid_best_first for each in shown]),
                    f"{100 * np.mean([each.time for each in shown]):.0f} %",
                    f"{100 * max(each.time for each in shown):.0f} %",
                    _percent([each.told for each in shown]),
                    _percent([each.falsely_told for each in shown]),
                    _percent(covered),
                )
            )
    heads = (
        "landscape", "noise", "best first", "in the full grid", "time of the grid, mean", "most",
        "told from the second", "falsely told", "ratio in its interval",
    )  # fmt: skip
    title = f"{options.rounds} simulated contests of {VARIANTS} variants a row."
    present(title, markdown(heads, rows), options.output)


def _percent(held: Sequence[bool]) -> str:
    return f"{100 * float(np.mean(held)):.1f} %"


if __name__ == "__main__":
    main()
