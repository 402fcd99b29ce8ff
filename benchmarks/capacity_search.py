"""Which search finds the capacity in the least time? `python -m benchmarks.capacity_search`

Boxes of known capacity, simulated event by event, and five searches on the same boxes: a linear
ramp, doubling with bisection by trials of fixed length, MLRsearch (if it is installed: `pip
install MLRsearch==1.2.1`), an isotonic fit on the growth of the backlog, and ours. Judged by the
tool's own rules. A search must state an interval that holds the truth; then fewer seconds win.
Seconds are test time: trials, drains and gaps of 1 s.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from benchmarks.box_population import BY_THEORY, RAYS, Setting, box_number
from benchmarks.capacity_searches import SEARCHES, Answer
from benchmarks.simulated_trials import Bench
from benchmarks.table import markdown, parser, present


@dataclass(frozen=True)
class Score:
    """How one search did on one box."""

    held: bool
    width: float
    """Of the interval, in loads beyond what is asked for: 5 % of the truth, or one load."""
    seconds: float
    error: float
    """Of the point answer, as a share of the truth."""


def score(answer: Answer, setting: Setting) -> Score:
    """A box exactly at its full load may be counted as carried or not."""
    truths = [setting.truth, setting.truth - 1] if setting.ambiguous else [setting.truth]
    high = float("inf") if answer.high is None else answer.high
    return Score(
        held=any(answer.low <= truth <= high for truth in truths),
        width=high - answer.low - max(1.0, 0.05 * setting.truth),
        seconds=answer.seconds,
        error=abs(answer.best - setting.truth) / max(1, setting.truth),
    )


def _one(task: tuple[str, Setting, int]) -> Score:
    name, setting, seed = task
    bench = Bench(setting.box, setting.groups, seed, setting.objective)
    return score(SEARCHES[name](bench, setting), setting)


def _all(pool: ProcessPoolExecutor, name: str, setting: Setting, seeds: range) -> list[Score]:
    return list(pool.map(_one, [(name, setting, seed) for seed in seeds], chunksize=4))


def _cell(scores: Sequence[Score]) -> str:
    """`% held; % narrow; median seconds; median error`."""
    held = 100 * np.mean([s.held for s in scores])
    narrow = 100 * np.mean([s.width <= 0 for s in scores])
    seconds = np.median([s.seconds for s in scores])
    error = 100 * np.median([s.error for s in scores])
    return f"{held:.0f}; {narrow:.0f}; {seconds:.0f} s; {error:.1f} %"


def by_theory(pool: ProcessPoolExecutor, seeds: range, settings: Iterable[Setting]) -> str:
    """Settings whose capacity queueing theory gives: each search so many times on each."""
    rows = []
    for setting in settings:
        found = {name: _all(pool, name, setting, seeds) for name in SEARCHES}
        ramp_s, own_s = (np.median([s.seconds for s in found[n]]) for n in ("ramp", "ours"))
        cells = [_cell(scores) for scores in found.values()]
        rows.append([setting.name, str(setting.truth), *cells, f"{own_s / ramp_s:.2f}"])
    return markdown(["box", "truth", *SEARCHES, "ours / ramp"], rows)


def over_many(pool: ProcessPoolExecutor, boxes: Sequence[Setting]) -> str:
    """Many different boxes, one search of each kind on each; by what is special about them."""
    found = {
        name: list(pool.map(_one, [(name, box, i) for i, box in enumerate(boxes)], chunksize=4))
        for name in SEARCHES
    }
    order = sorted(range(len(boxes)), key=lambda i: boxes[i].kind)
    rows = []
    for kind, members in groupby(order, key=lambda i: boxes[i].kind):
        chosen = list(members)
        cells = [_cell([scores[i] for i in chosen]) for scores in found.values()]
        rows.append([kind, str(len(chosen)), *cells])
    rows.append(["all", str(len(boxes)), *(_cell(scores) for scores in found.values())])
    return markdown(["boxes", "number", *SEARCHES], rows)


def on_rays(pool: ProcessPoolExecutor, seeds: range) -> str:
    """Two groups of cameras on one pool: copies of three mixes, by our search."""
    rows = [[ray.name, str(ray.truth), _cell(_all(pool, "ours", ray, seeds))] for ray in RAYS]
    return markdown(["mix", "truth", "ours"], rows)


def main() -> None:
    """The command."""
    made = parser(__doc__ or "", rounds=20)
    made.add_argument("--boxes", type=int, default=200, help="different boxes")
    made.add_argument("--first-seed", type=int, default=0, help="other seeds: other chance")
    options = made.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.rounds)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        boxes = list(
            pool.map(box_number, range(options.first_seed, options.first_seed + options.boxes))
        )
        tables = (
            by_theory(pool, seeds, BY_THEORY),
            on_rays(pool, seeds),
            over_many(pool, boxes),
        )
    head = "% of intervals that hold the truth; % narrow enough; median test time; median error"
    present("Which search finds the capacity?", "\n\n".join([head, *tables]), options.output)


if __name__ == "__main__":
    main()
