"""How often do our intervals hold the truth in a queue? `python -m benchmarks.coverage`

Simulates ramp steps of queues exactly, as many as asked, and has each summarised as a log's step
would be. The truth is the queue's stationary distribution. A 95 % interval should hold it in 95 of
100 steps, or not be stated. "Wrong" counts stated intervals that miss, as a share of all steps. An
objective whose bound is the true percentile itself should be called met, or not met, in at most 5
of 100 steps each.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import product

import numpy as np

from benchmarks.queues import Queue, response_times
from benchmarks.table import beginning, markdown, parser, present
from edgeload.objectives import Objective, parse_objective
from edgeload.read.analysis.objective_results import Sample, result_of
from edgeload.read.analysis.window_times import WindowTimes
from edgeload.read.statistics.percentiles import QUANTILES, distribution, enough
from edgeload.read.statistics.windows import Floats

CAPACITY_PER_S = 80.0
WARM_UP_S = 2.0
_NAMES = ("p50", "p95", "p99")
_SETTLING_S = 60.0
_TRUTH_RUNS, _TRUTH_S = 500, 300.0

QUEUES = (
    Queue("M/M/1", 1, "M", "exponential"),
    Queue("M/M/4", 4, "M", "exponential"),
    Queue("M/D/4", 4, "M", "constant"),
    Queue("G/G/4", 4, "G", "lognormal"),
    Queue("M/M/16", 16, "M", "exponential"),
)


@dataclass(frozen=True)
class Case:
    """Steps of one queue, load and length, on servers that carry 80 requests per second together.

    A cold one starts empty and leaves out 2 s, as a ramp's first step does.
    """

    queue: Queue
    load: float
    seconds: float
    cold: bool = False

    @property
    def rate_per_s(self) -> float:
        """Arrivals per second."""
        return self.load * CAPACITY_PER_S

    @property
    def size(self) -> int:
        """Requests in the window: all but the warm-up."""
        return round((self.seconds - WARM_UP_S) * self.rate_per_s)

    def times_s(self, runs: int, seed: int) -> Floats:
        """Response times of so many steps (columns)."""
        settling_s = WARM_UP_S if self.cold else _SETTLING_S
        settling = round(settling_s * self.rate_per_s)
        _, times = response_times(self.queue, self.load, self.size, settling, runs, seed)
        return times * (self.queue.servers / CAPACITY_PER_S)


@cache
def true_percentiles(queue: Queue, load: float) -> dict[str, float]:
    """Of the stationary response time in seconds, from 500 long runs."""
    times = Case(queue, load, _TRUTH_S).times_s(_TRUTH_RUNS, seed=1)
    return {name: float(np.quantile(times, QUANTILES[name])) for name in _NAMES}


@dataclass(frozen=True)
class Found:
    """What one step says about one percentile; None: no interval. And the objective's status."""

    covers: bool | None
    status: str


def judge_step(times: Floats, truth: dict[str, float], seconds: float) -> dict[str, Found]:
    """The product's own interval and objective for each percentile that the step can bound."""
    summary, sample = distribution(times), _sample(times, seconds)
    found = {}
    for name in _NAMES:
        quantile = summary.quantile(name)
        if quantile is None:
            continue
        covers = None
        if quantile.low is not None and quantile.high is not None:
            covers = quantile.low <= truth[name] <= quantile.high
        status = result_of(_objective(name, truth[name]), sample).status
        found[name] = Found(covers, status)
    return found


def _objective(name: str, bound_s: float) -> Objective:
    return parse_objective(f"{name}<{bound_s * 1000:.9g}ms")


def _sample(times: Floats, seconds: float) -> Sample:
    none = np.zeros(len(times), dtype=np.bool_)
    return Sample(
        length_s=seconds - WARM_UP_S,
        times=WindowTimes(times, times, failed=0, unanswered=0),
        missed=0,
        failed=none,
        not_edge=none,
        outage_s=(0.0, 0.0),
        overloaded=False,
        done=np.zeros(0),
        due=None,
        step_s=seconds,
    )


def judge(case: Case, steps: int, seed: int) -> dict[str, list[Found]]:
    """All steps of a case, by percentile."""
    truth = true_percentiles(case.queue, case.load)
    times = case.times_s(steps, seed)
    judged = [judge_step(column, truth, case.seconds) for column in times.T.copy()]
    return {
        name: [found[name] for found in judged]
        for name in _NAMES
        if enough(case.size, QUANTILES[name])
    }


def row(case: Case, found: dict[str, list[Found]]) -> list[str]:
    """One line of the table; percent."""
    cells = [case.queue.name, f"{case.load:.0%}", f"{case.seconds:g} s", f"{case.size:,}"]
    for name in _NAMES:
        steps = found.get(name)
        if steps is None:
            cells += ["-", "-"]
            continue
        stated = [step for step in steps if step.covers is not None]
        covered = sum(step.covers is True for step in stated)
        holds = f"{100 * covered / len(stated):.1f}" if stated else "-"
        wrong = 100 * (len(stated) - covered) / len(steps)
        met, not_met = (
            100 * sum(step.status == status for step in steps) / len(steps)
            for status in ("pass", "fail")
        )
        cells += [
            f"{holds} of {100 * len(stated) / len(steps):.0f}, wrong {wrong:.1f}",
            f"{met:.1f} / {not_met:.1f}",
        ]
    return cells


def _row_of(case: Case, steps: int, seed: int) -> list[str]:
    return row(case, judge(case, steps, seed))


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=1)
    options.add_argument("--steps", type=int, default=1000, help="simulated steps of each case")
    options.add_argument("--lengths", default="8,20,60,300", help="seconds of a step")
    options.add_argument("--loads", default="50,70,90", help="percent of the capacity")
    options.add_argument(
        "--only", default="", help="only queues whose names start with this, e.g. M/M"
    )
    options.add_argument("--cold", action="store_true", help="steps start with an empty queue")
    options.add_argument("--processes", type=int, default=2, help="simulate in so many")
    given = options.parse_args()
    queues = beginning(options, given.only, QUEUES)
    loads = [float(load) / 100 for load in given.loads.split(",")]
    lengths = [float(length) for length in given.lengths.split(",")]
    cases = [Case(*case, cold=given.cold) for case in product(queues, loads, lengths)]
    rows: list[list[str]] = []
    with ProcessPoolExecutor(given.processes) as pool:
        for number in range(given.rounds):
            rows += pool.map(partial(_row_of, steps=given.steps, seed=2 + number), cases)
    head = ["queue", "load", "step", "n"]
    for name in _NAMES:
        head += [f"{name} holds % of % stated", f"{name} met / not met, %"]
    title = f"95 % intervals and objectives at the true percentile, {given.steps:,} steps a row"
    present(title, markdown(head, rows), given.output)


if __name__ == "__main__":
    main()
