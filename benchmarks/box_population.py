"""Boxes for the search for the capacity: nine by theory, three mixes, and many different ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.simulated_boxes import (
    BIMODAL,
    CONSTANT,
    EXPONENTIAL,
    Cameras,
    Draws,
    SimulatedBox,
    lognormal,
)
from benchmarks.simulated_trials import true_capacity
from edgeload.objectives import Objective, parse_objective


@dataclass(frozen=True)
class Setting:
    """A box, what loads it, and the largest load that it carries."""

    name: str
    box: SimulatedBox
    groups: tuple[Cameras, ...]
    truth: int
    ambiguous: bool = False
    kind: str = "plain"
    objective: Objective | None = None


def _by_theory(name: str, servers: int, mean_s: float, draws: Draws, rate: float) -> Setting:
    box, groups = SimulatedBox(name, servers, mean_s, draws), (Cameras(rate),)
    return Setting(name, box, groups, box.carried(groups), box.ambiguous(groups))


BY_THEORY = (
    _by_theory("1 x 10 ms constant, 4.9/s", 1, 0.010, CONSTANT, 4.9),
    _by_theory("1 x 20 ms exponential, 1.95/s", 1, 0.020, EXPONENTIAL, 1.95),
    _by_theory("2 x 25 ms lognormal 0.5, 1.98/s", 2, 0.025, lognormal(0.5), 1.98),
    _by_theory("4 x 50 ms constant, 2/s", 4, 0.050, CONSTANT, 2.0),
    _by_theory("4 x 50 ms exponential, 2/s", 4, 0.050, EXPONENTIAL, 2.0),
    _by_theory("8 x 100 ms lognormal 0.5, 4.9/s", 8, 0.100, lognormal(0.5), 4.9),
    _by_theory("16 x 100 ms exponential, 4.92/s", 16, 0.100, EXPONENTIAL, 4.92),
    _by_theory("16 x 200 ms lognormal 1, 1.9/s", 16, 0.200, lognormal(1.0), 1.9),
    _by_theory("1 x 200 ms constant, 0.48/s", 1, 0.200, CONSTANT, 0.48),
)

_DOOR, _PERSON = Cameras(2.0), Cameras(1.0, work=3.0)


def _ray(name: str, doors: int, persons: int) -> Setting:
    """4 servers, lognormal; frontier: doors x 2/s x 30 ms + persons x 1/s x 90 ms = 4."""
    box = SimulatedBox(name, 4, 0.030, lognormal(0.5))
    wanted = (replace(_DOOR, number=doors), replace(_PERSON, number=persons))
    groups = tuple(group for group in wanted if group.number)
    return Setting(name, box, groups, box.carried(groups), box.ambiguous(groups))


RAYS = (_ray("3 door", 3, 0), _ray("1 door, 1 person", 1, 1), _ray("1 door, 3 person", 1, 3))

_KINDS = (
    "plain",
    "plain",
    "plain",
    "objective",
    "objective",
    "stall",
    "noisy neighbour",
    "drifts",
    "heats up",
    "slower in overload",
    "119 connections",
)
_DRAWS: dict[str, Draws] = {
    "constant": CONSTANT,
    "lognormal 0.1": lognormal(0.1),
    "lognormal 0.5": lognormal(0.5),
    "lognormal 1": lognormal(1.0),
    "exponential": EXPONENTIAL,
    "bimodal": BIMODAL,
}


def box_number(index: int) -> Setting:
    """One of many different boxes, the same ones each time."""
    chance, kind = np.random.default_rng([1, index]), _KINDS[index % len(_KINDS)]
    servers = int(chance.choice([1, 2, 4, 8, 16]))
    mean_s = float(np.exp(chance.uniform(np.log(0.01), np.log(0.2))))
    shapes = list(_DRAWS)[:3] if kind == "slower in overload" else list(_DRAWS)
    shape = str(chance.choice(shapes))
    box = SimulatedBox(shape, servers, mean_s, _DRAWS[shape])
    loads = float(chance.uniform(4, 60))
    if kind == "119 connections":
        servers, loads = 16, float(chance.uniform(130, 250))
        box = replace(box, servers=servers, most_clients=119)
    changes: dict[str, dict[str, float]] = {
        "stall": {"stall_every_s": 60.0},
        "noisy neighbour": {"slow_every_s": 20.0},
        "drifts": {"wave": 0.03},
        "heats up": {"heats": 0.15},
        "slower in overload": {"slowed": 0.2},
    }
    box = replace(box, **changes.get(kind, {}))  # type: ignore[arg-type]  # all floats
    rate = min(20.0, 0.4 / mean_s, max(0.5, box.per_s / loads))  # a camera waits for its answer
    objective = None
    if kind == "objective":
        bound_ms = round(1000 * mean_s * float(chance.uniform(4, 8)) + 5)
        objective = parse_objective(f"p95<{bound_ms}ms")
    cameras = Cameras(round(rate, 3))
    truth = true_capacity(box, cameras, objective)
    ambiguous = box.ambiguous((cameras,))
    return Setting(shape, box, (cameras,), truth, ambiguous, kind, objective)
