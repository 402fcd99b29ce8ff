"""Five ways to search for the capacity, on a simulated box."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import interpolate, optimize

from benchmarks.box_population import Setting
from benchmarks.simulated_trials import GAP_S, Bench
from edgeload.read.statistics.backlog import NEGLIGIBLE
from edgeload.read.statistics.boundary import Trial
from edgeload.search.strategy import Decision, SearchOptions, next_trial

LONGEST_S = 120.0
BUDGET_S = 1800.0
_FIXED_S = 20.0


@dataclass(frozen=True)
class Answer:
    """The largest load that is carried, its interval, and the test time that it took."""

    best: int
    low: int
    high: int | None
    seconds: float


Search = Callable[[Bench, Setting], Answer]


def ours(bench: Bench, _: Setting) -> Answer:
    """The tool's own."""
    options = SearchOptions(least_s=bench.least_s, longest_s=LONGEST_S, gap_s=GAP_S)
    trials: list[Trial] = []
    while True:
        asked = next_trial(trials, options, BUDGET_S - bench.now_s)
        if isinstance(asked, Decision):
            found = asked.boundary
            return Answer(found.best or 0, found.low, found.high, bench.now_s)
        trials.append(bench.trial(asked.load, asked.longest_s, asked.shortest_s))


def ramp(bench: Bench, setting: Setting) -> Answer:
    """Steps of 5 % of the truth, or of one load, each until it is decided; no gaps between them.

    It ends when two loads running are not carried. It is told the truth, to choose its steps.
    """
    step = max(1, round(0.05 * setting.truth))
    load, carried, gaps_s = 0, 0, 0.0
    failed: list[int] = []
    while len(failed) < 2 and bench.now_s < 4 * BUDGET_S:
        load += step
        trial = bench.trial(load, LONGEST_S)
        gaps_s += GAP_S
        if trial.verdict == "fail":
            failed.append(load)
        elif trial.verdict == "pass":
            failed, carried = [], load
    high = failed[0] - 1 if failed else None
    return Answer(carried, carried, high, bench.now_s - gaps_s)


def _fixed_s(bench: Bench) -> float:
    """20 s, or what is needed to see anything of cameras that send seldom."""
    return max(_FIXED_S, 1.2 * bench.least_s)


def bisection(bench: Bench, _: Setting) -> Answer:
    """Doubling, then halving, with trials of 20 s; what did not fail is taken for carried."""
    low, high = 0, 1
    while bench.fixed_trial(high, _fixed_s(bench)).verdict != "fail":
        low, high = high, 2 * high
    while high - low > 1 and high - low > 0.05 * low:
        middle = (low + high) // 2
        if bench.fixed_trial(middle, _fixed_s(bench)).verdict == "fail":
            high = middle
        else:
            low = middle
    return Answer(low, low, high - 1, bench.now_s)


def isotonic(bench: Bench, _: Setting) -> Answer:
    """Doubling, then eight trials of 20 s about the ceiling, and an isotonic fit of the growth.

    The boundary is where the fit, with a monotone curve through it (PCHIP), passes 0.5 %; its
    interval comes from 200 fits to growths that are drawn with their errors.
    """
    trials = [bench.fixed_trial(1, bench.least_s)]
    while trials[-1].verdict != "fail":
        trials.append(bench.fixed_trial(2 * trials[-1].load, bench.least_s))
    about = trials[-1].ceiling.value if trials[-1].ceiling else trials[-1].load / 1.5
    for share in (0.7, 0.8, 0.88, 0.95, 1.02, 1.1, 1.2, 1.35):
        trials.append(bench.fixed_trial(max(1, round(about * share)), _fixed_s(bench)))
    told = sorted(
        (t.load, *shown) for t in trials if (shown := _shown(t, bench.objective is not None))
    )
    if len({load for load, _, _ in told}) < 2:
        return Answer(0, 0, None, bench.now_s)
    loads, values, errors = (
        np.array(column, dtype=np.float64) for column in zip(*told, strict=True)
    )
    chance = np.random.default_rng(1)
    drawn = values + errors * chance.standard_normal((200, len(told)))
    crossings = [_crossing(loads, each, errors) for each in [values, *drawn]]
    low, high = np.quantile(crossings[1:], [0.025, 0.975])
    return Answer(int(crossings[0]), int(low), int(high), bench.now_s)


def _shown(trial: Trial, by_margin: bool) -> tuple[float, float] | None:
    """How far over the line a trial was, and the error of that."""
    if by_margin:
        return (-trial.margin.value, trial.margin.error) if trial.margin else None
    if trial.ceiling is None:
        return None
    over = 1 - trial.ceiling.value / trial.load - NEGLIGIBLE
    return over, (trial.ceiling.high - trial.ceiling.low) / 4 / trial.load


def _crossing(loads: Any, values: Any, errors: Any) -> float:
    weights = 1 / (errors + 1e-3) ** 2
    fit = optimize.isotonic_regression(values, weights=weights).x
    places, first = np.unique(loads, return_index=True)
    curve = interpolate.PchipInterpolator(places, fit[first])
    fine = np.linspace(places[0], places[-1], 2000)
    over = np.flatnonzero(curve(fine) > 0)
    return float(fine[over[0]]) if len(over) else float(fine[-1])


def mlrsearch(bench: Bench, setting: Setting) -> Answer:
    """FD.io's multiple loss ratio search: what is not answered in a trial is lost.

    It begins at the largest load, so it is told four times the truth.
    """
    library = importlib.import_module("MLRsearch")
    rate = setting.groups[0].rate

    class Measurer(library.AbstractMeasurer):  # type: ignore[misc, name-defined]
        def measure(self, intended_duration: float, intended_load: float) -> Any:
            load = max(1, round(intended_load / rate))
            planned, good = bench.counted(load, max(intended_duration, bench.least_s))
            return library.MeasurementResult(
                intended_duration=intended_duration,
                intended_load=intended_load,
                intended_count=planned,
                offered_count=planned,
                forwarding_count=good,
            )

    config = library.Config()
    config.goals = [
        library.SearchGoal(
            loss_ratio=0.01 if bench.objective is None else 0.05,
            relative_width=0.05,
            initial_trial_duration=4.0,
            final_trial_duration=_FIXED_S,
            duration_sum=3 * _FIXED_S,
            fail_fast=False,
        )
    ]
    config.min_load = rate * 0.9
    config.max_load = 4 * max(1, setting.truth) * rate
    config.warmup_duration = 0.0
    found = next(iter(library.MultipleLossRatioSearch(config).search(Measurer()).values()))
    low = 0 if found.relevant_lower_bound is None else float(found.relevant_lower_bound)
    high = None if found.relevant_upper_bound is None else float(found.relevant_upper_bound)
    best = round(low / rate)
    return Answer(
        best, best, None if high is None else max(best, round(high / rate) - 1), bench.now_s
    )


SEARCHES: dict[str, Search] = {
    "ours": ours,
    "ramp": ramp,
    "bisection": bisection,
    "isotonic": isotonic,
}
if importlib.util.find_spec("MLRsearch"):
    SEARCHES["MLRsearch"] = mlrsearch
