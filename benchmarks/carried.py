"""How often does the rule for a carried load err? `python -m benchmarks.carried`

An exact simulation of cameras (fixed period, one request in flight, late requests sent late) in
front of boxes with several servers. Offered load over capacity is `rho`. Three tables: how often a
step of each length is called carried, undecided (too short) or not carried; how often the bracket
of a ramp holds the true capacity; and how often the interval of the ceiling does.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.table import markdown, parser, present
from edgeload.plan import Plan, RampStep, cut_to_tell_s, one_group_plan
from edgeload.read.statistics.backlog import BacklogGrowth, backlog_growth
from edgeload.read.statistics.windows import Window

_CLIENTS, _RATE = 40, 2.0
_LOADS = (0.5, 0.8, 0.9, 0.95, 0.98, 1.01, 1.02, 1.05, 1.1, 1.5)
_LENGTHS_S = (8, 20, 60)
_RAMP = range(10, 27)
_RAMP_CAPACITY_CLIENTS = 20.5
_CUT_S = 2.0

Draw = Callable[[random.Random], float]


@dataclass(frozen=True)
class Box:
    """Servers whose service times have a mean of 1; stalls and slow spells come by the clock."""

    name: str
    servers: int
    draw: Draw
    stall_every_s: float = math.inf
    """Nothing starts for 1 s, so often."""
    slow_every_s: float = math.inf
    """Service takes 1.3 times as long for 5 s, so often."""

    def capacity(self, servers_per_s: float) -> float:
        """Answers per second in the long run, if one server of mean service gives so many."""
        stalled = 1.0 / self.stall_every_s
        slow = 5.0 / self.slow_every_s
        return servers_per_s * self.servers * (1 - stalled) * (1 - slow + slow / 1.3)


def _lognormal(spread: float) -> Draw:
    sigma = math.sqrt(math.log(1 + spread**2))
    return lambda chance: chance.lognormvariate(-(sigma**2) / 2, sigma)


def _constant(chance: random.Random) -> float:
    return 1.0


BOXES = (
    Box("constant", 4, _constant),
    Box("constant, 1 server", 1, _constant),
    Box("lognormal, cv 0.1", 4, _lognormal(0.1)),
    Box("lognormal, cv 0.5", 4, _lognormal(0.5)),
    Box("lognormal, cv 1", 4, _lognormal(1.0)),
    Box("exponential", 4, lambda chance: chance.expovariate(1.0)),
    Box("bimodal", 4, lambda chance: 0.5 if chance.random() < 0.9 else 5.5),
    Box("stall of 1 s a minute", 4, _constant, stall_every_s=60.0),
    Box("slow for 5 s of 20 s", 4, _constant, slow_every_s=20.0),
)


def steps(box: Box, plan: Plan, capacity_per_s: float, seed: int) -> Iterator[BacklogGrowth]:
    """The growth of the backlog in each step of a plan; a queue outlives its step."""
    chance = random.Random(seed)
    base_s = box.capacity(1.0) / capacity_per_s
    offset_s = chance.uniform(0, 60)
    free = [0.0] * box.servers
    for step in plan.steps:
        yield _step(box, plan, step, base_s, offset_s, free, chance)


def _step(
    box: Box,
    plan: Plan,
    step: RampStep,
    base_s: float,
    offset_s: float,
    free: list[float],
    chance: random.Random,
) -> BacklogGrowth:
    dues = [list(plan.step_dues(client, step)) for client in range(step.clients)]
    ready = [(due[0], client, 0) for client, due in enumerate(dues) if due]
    heapq.heapify(ready)
    done = []
    while ready:
        sent_s, client, number = heapq.heappop(ready)
        begun_s = max(sent_s, heapq.heappop(free))
        clock_s = begun_s + offset_s
        if clock_s % box.stall_every_s < 1.0 and math.isfinite(box.stall_every_s):
            begun_s += 1.0 - clock_s % box.stall_every_s
        slow = clock_s % box.slow_every_s < 5.0 and math.isfinite(box.slow_every_s)
        done_s = begun_s + base_s * box.draw(chance) * (1.3 if slow else 1.0)
        heapq.heappush(free, done_s)
        done.append(done_s)
        if number + 1 < len(dues[client]):
            next_s = max(dues[client][number + 1], done_s)
            if next_s < step.end_s:
                heapq.heappush(ready, (next_s, client, number + 1))
    period_s = plan.groups[0].period_s
    due_s = np.array([at_s for each in dues for at_s in each])
    span = Window(step.start_s, step.end_s)
    cut_s = cut_to_tell_s(_CUT_S, period_s)
    return backlog_growth(due_s, np.array(done), span, cut_s, period_s)


def _ramp(clients: Sequence[int], step_s: float, seed: int) -> Plan:
    spans = [RampStep(i, n, i * step_s, (i + 1) * step_s) for i, n in enumerate(clients)]
    return one_group_plan(tuple(spans), _RATE, seed=seed)


def error_rates(runs: int) -> str:
    """Carried / undecided / not carried, in % of runs, for each length and load."""
    rows = []
    for length_s in _LENGTHS_S:
        for box in BOXES:
            cells = []
            for load in _LOADS:
                found = Counter(
                    next(steps(box, plan, _CLIENTS * _RATE / load, seed)).verdict
                    for seed in range(runs)
                    for plan in [_ramp([_CLIENTS], length_s, seed)]
                )
                shares = (found[name] for name in ("carried", "too_short", "not_carried"))
                cells.append("/".join(f"{100 * count / runs:.0f}" for count in shares))
            rows.append([f"{length_s} s", box.name, *cells])
    return markdown(["step", "box", *(f"rho {load:g}" for load in _LOADS)], rows)


def brackets(runs: int) -> str:
    """% of ramps whose bracket holds the true capacity, and the median bracket."""
    rows = []
    for box in BOXES:
        cells = []
        for length_s in (10, 20, 60):
            found = [_bracket(box, length_s, seed) for seed in range(runs)]
            low, high = (int(np.median(ends)) for ends in zip(*found, strict=True))
            held = sum(low < _RAMP_CAPACITY_CLIENTS < high for low, high in found)
            over = sum(low > _RAMP_CAPACITY_CLIENTS for low, _ in found)
            cells.append(
                f"{100 * held / runs:.0f} (too high {100 * over / runs:.0f}); {low}-{high}"
            )
        rows.append([box.name, *cells])
    return markdown(["box", "steps of 10 s", "20 s", "60 s"], rows)


def _bracket(box: Box, length_s: float, seed: int) -> tuple[int, int]:
    """The largest load carried below the least that was not, and that load."""
    plan = _ramp(list(_RAMP), length_s, seed)
    carried, refused = [0], [_RAMP.stop]
    found = steps(box, plan, _RAMP_CAPACITY_CLIENTS * _RATE, seed)
    for clients, growth in zip(_RAMP, found, strict=True):
        if growth.verdict == "not_carried":
            refused.append(clients)
        elif growth.verdict == "carried":
            carried.append(clients)
    return max(c for c in carried if c < min(refused)), min(refused)


def ceilings(runs: int) -> str:
    """% of clear overloads whose interval holds the capacity, and its median half width."""
    rows = []
    for box in BOXES:
        cells = []
        for length_s in _LENGTHS_S:
            held, halves = 0, []
            for seed in range(runs):
                plan = _ramp([_CLIENTS], length_s, seed)
                capacity = _CLIENTS * _RATE / 1.2
                growth = next(steps(box, plan, capacity, seed))
                if growth.clear and growth.low is not None and growth.high is not None:
                    low, high = ((1 - g) * _CLIENTS * _RATE for g in (growth.high, growth.low))
                    held += low <= capacity * 1.002 and high >= capacity * 0.998
                    halves.append((high - low) / 2 / capacity)
            share = f"{100 * held / len(halves):.0f} of {len(halves)}" if halves else "none clear"
            cells.append(f"{share}; ±{100 * float(np.median(halves)):.1f} %" if halves else share)
        rows.append([box.name, *cells])
    return markdown(["box", *(f"{length_s} s" for length_s in _LENGTHS_S)], rows)


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=100).parse_args()
    runs = options.rounds
    text = "\n\n".join(
        [
            "Carried / undecided / not carried, % of runs",
            error_rates(runs),
            f"Ramps of {_RAMP.start} to {_RAMP.stop - 1} clients, capacity {_RAMP_CAPACITY_CLIENTS}"
            " clients: % whose bracket holds it; the median bracket",
            brackets(runs),
            "Ceiling measured at 120 % of the capacity: % of intervals that hold it",
            ceilings(runs),
        ]
    )
    present("Is a load carried? The rule against boxes of known capacity", text, options.output)


if __name__ == "__main__":
    main()
