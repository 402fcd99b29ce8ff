"""How surely is a change found in a history of runs? `python -m benchmarks.change_points`

Simulates histories of runs with 2 % noise, as `--history` reads them: flat ones, ones with a step
of 5 % somewhere, and ones that grow run by run after such a step. Beside them stands the CUSUM
chart that knows level, noise, size and direction, which no chart beats (Moustakides 1986): with one
false alarm in 100 histories of 30 runs that are looked at after every run, even that one does not
find 95 of 100 steps in the first three runs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.table import markdown, parser, present
from edgeload.read.statistics.change_point import ChangePoint, last_change

Floats = npt.NDArray[np.float64]

RUNS = 30
NOISE = 0.02
STEP = 0.05
NEAR = 3
"""A change is found if it is placed so few runs from the true place."""


def history(chance: np.random.Generator, runs: int = RUNS, step_at: int | None = None) -> Floats:
    """One value for each run: 100, from `step_at` on 105, with 2 % noise."""
    level = np.full(runs, 100.0)
    if step_at is not None:
        level[step_at:] *= 1.0 + STEP
    values: Floats = level * (1.0 + NOISE * chance.standard_normal(runs))
    return values


def is_near(found: ChangePoint | None, step_at: int) -> bool:
    """Whether a change was found, and within three runs of the true place."""
    return found is not None and abs(found.at - step_at) <= NEAR


def alarms(chance: np.random.Generator, histories: int) -> float:
    """Share of flat histories that are said to have changed."""
    return float(np.mean([last_change(history(chance)) is not None for _ in range(histories)]))


def found_near(chance: np.random.Generator, histories: int, step_at: int) -> float:
    """Share of histories whose step is found within three runs of its place."""
    found = (last_change(history(chance, step_at=step_at)) for _ in range(histories))
    return float(np.mean([is_near(each, step_at) for each in found]))


def found_after(chance: np.random.Generator, histories: int, most: int) -> list[float]:
    """Share of histories of 30 runs whose step is found one, two … runs after it, or before."""
    by = np.zeros(most)
    for _ in range(histories):
        values = history(chance, RUNS + most, RUNS)
        first = next((n for n in range(1, most + 1) if last_change(values[: RUNS + n])), None)
        if first is not None:
            by[first - 1 :] += 1
    return [float(share) for share in by / histories]


def cusum_after(chance: np.random.Generator, histories: int, most: int) -> list[float]:
    """The same for the best chart there is, with one false alarm in 100 histories of 30 runs."""
    limit = np.quantile(_cusum(chance.standard_normal((histories, RUNS))).max(axis=1), 0.99)
    values = chance.standard_normal((histories, RUNS + most))
    values[:, RUNS:] += STEP / NOISE
    above = _cusum(values)[:, RUNS:] > limit
    return [float(above[:, : n + 1].any(axis=1).mean()) for n in range(most)]


def _cusum(values: Floats) -> Floats:
    """Page's chart of each row, for a step of known size upwards."""
    chart, level = np.zeros(values.shape), np.zeros(len(values))
    for i in range(values.shape[1]):
        level = np.maximum(0.0, level + values[:, i] - STEP / NOISE / 2)
        chart[:, i] = level
    return chart


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=1)
    options.add_argument("--histories", type=int, default=2000, help="histories for each row")
    given = options.parse_args()
    chance = np.random.default_rng(1)
    histories, most = given.histories * given.rounds, 6
    rows = [["30 runs, no step: said to have one", f"{alarms(chance, histories):.1%}"]]
    for step_at in (5, 10, 15, 20, 25):
        share = found_near(chance, histories, step_at)
        rows.append(
            [f"30 runs, step after {step_at}: found within {NEAR} runs of it", f"{share:.1%}"]
        )
    after = zip(
        found_after(chance, histories, most), cusum_after(chance, histories, most), strict=True
    )
    for n, (ours, best) in enumerate(after, 1):
        rows.append([f"step {n} runs ago, of {RUNS + n}: found by now", f"{ours:.1%} ({best:.1%})"])
    title = (
        f"A step of {STEP:.0%} in {NOISE:.0%} noise; in brackets a CUSUM chart that knows both, "
        "with 1 false alarm in 100 histories looked at after every run"
    )
    present(title, markdown(["history", "share"], rows), given.output)


if __name__ == "__main__":
    main()
