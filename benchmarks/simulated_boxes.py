"""Boxes of known capacity: servers behind one queue, and what disturbs them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgeload.read.analysis.shortfalls import BAD_SHARE
from edgeload.read.statistics.windows import Floats


@dataclass(frozen=True)
class Draws:
    """Draws service times, whose mean is 1; `spread` is their standard deviation, if lognormal."""

    shape: Literal["constant", "lognormal", "exponential", "bimodal"]
    spread: float = 0.0

    def __call__(self, chance: np.random.Generator, n: int) -> Floats:
        """So many of them. Bimodal ones are 0.5, and one in ten 5.5."""
        if self.shape == "constant":
            return np.ones(n)
        if self.shape == "exponential":
            return chance.exponential(1.0, n)
        if self.shape == "bimodal":
            return np.where(chance.random(n) < 0.9, 0.5, 5.5)
        sigma = math.sqrt(math.log(1 + self.spread**2))
        return chance.lognormal(-(sigma**2) / 2, sigma, n)


CONSTANT, EXPONENTIAL, BIMODAL = Draws("constant"), Draws("exponential"), Draws("bimodal")


def lognormal(spread: float) -> Draws:
    """A lognormal distribution."""
    return Draws("lognormal", spread)


@dataclass(frozen=True)
class SimulatedBox:
    """Servers with a mean service time, and what disturbs them, by the clock or by the load."""

    name: str
    servers: int
    mean_s: float
    draws: Draws
    stall_every_s: float = math.inf
    """Nothing starts for 1 s, so often."""
    slow_every_s: float = math.inf
    """Service takes 1.3 times as long for 5 s, so often."""
    wave: float = 0.0
    """Service times drift up and down by this share, once in 300 s."""
    heats: float = 0.0
    """Under full load, service becomes longer by this share in the end: within a minute."""
    slowed: float = 0.0
    """Service takes longer by this share for requests that waited for more than a second."""
    most_clients: int | None = None
    """The clients after the first so many get an error at once: a limit of connections."""

    @property
    def per_s(self) -> float:
        """Answers per second in the long run."""
        stalled, slow = 1.0 / self.stall_every_s, 5.0 / self.slow_every_s
        usual = self.servers / self.mean_s / (1 + self.heats)
        return usual * (1 - stalled) * (1 - slow + slow / 1.3)

    def carried(self, groups: Sequence[Cameras]) -> int:
        """The largest number of copies of these cameras that it carries, by theory."""
        work_per_s = sum(group.number * group.rate * group.work for group in groups)
        by_time = math.floor(self.per_s / work_per_s * (1 + 1e-9))
        if self.most_clients is None:
            return by_time
        return min(by_time, math.floor(self.most_clients / (1 - BAD_SHARE) + 1e-9))

    def ambiguous(self, groups: Sequence[Cameras]) -> bool:
        """Whether its full load is exactly a load that can be sent, which theory leaves open."""
        work_per_s = sum(group.number * group.rate * group.work for group in groups)
        loads = self.per_s / work_per_s
        return abs(loads - round(loads)) < 1e-6 * loads

    @property
    def plain(self) -> bool:
        """Whether service times depend on nothing but chance."""
        return not (self.heats or self.slowed or self.wave) and all(
            math.isinf(every) for every in (self.stall_every_s, self.slow_every_s)
        )


@dataclass(frozen=True)
class Cameras:
    """Cameras of one kind in each copy of a load: how many, how often each sends."""

    rate: float
    number: int = 1
    work: float = 1.0
    """Service takes so many times the box's mean."""
