"""How a long step ended, compared with how it began: numbers, no words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeload.read.statistics.windows import Window

ThrottleCause = Literal["thermal", "power"]
ChangeLocated = Literal["throttle_reasons", "change_point"]

BETTER_IF_HIGHER = ("throughput_per_s",)
TIMES = ("response_p50_s", "response_p95_s", "service_p50_s", "service_p95_s")
OF_THE_LOAD = (*BETTER_IF_HIGHER, *TIMES)
"""Quantities that clients feel; all others are the host's."""


@dataclass(frozen=True)
class ComparedEnds:
    """What of a long step is compared: the first quarter of its `head`, and its own last quarter.

    The head is the whole step, unless the change came so early that it lies in the first quarter.
    """

    head: Window
    whole: Window

    @property
    def first(self) -> Window:
        """How it began."""
        return self.head.split(4)[0]

    @property
    def last(self) -> Window:
        """How it ended."""
        return self.whole.split(4)[-1]


@dataclass(frozen=True)
class QuarterPair:
    """A quantity in the first and the last quarter of a step, its unit in its name.

    `about` is the GPU, or empty. `changed`: too much to be chance, and enough to matter; None: too
    few values to tell.
    """

    quantity: str
    first: float
    last: float
    changed: bool | None
    about: str = ""

    @property
    def change(self) -> float | None:
        """As a share of the first quarter's; None if that is 0."""
        return self.last / self.first - 1.0 if self.first else None

    @property
    def worse(self) -> bool:
        """Whether clients were served worse at the end."""
        lower = self.last < self.first
        return bool(self.changed) and lower == (self.quantity in BETTER_IF_HIGHER)


@dataclass(frozen=True)
class Throttling:
    """From `at_s` (run time) on heat, or its power limit, lowered a GPU's clock.

    `before` and `after` are the shares of its samples before and from then on that say so.
    """

    gpu: int
    cause: ThrottleCause
    at_s: float
    before: float
    after: float


@dataclass(frozen=True)
class Leak:
    """Memory that grew steadily: that of the host, of a GPU, or of a pod (`about`).

    `full_after_s` after the end of the step it would be used up, if its size is known.
    """

    memory: Literal["host", "gpu", "pod"]
    about: str
    bytes_per_s: float
    used_bytes: float
    limit_bytes: float | None
    full_after_s: float | None


@dataclass(frozen=True)
class Soak:
    """A step of ten minutes or more, its first quarter against its last.

    `at_s` is the run time from which on it was another, with 95 % limits, and `located` says by
    what that is known; None if nothing changed for clients, or at no moment. `gradual`: it changed
    all the time. `untested` are the quantities that clients feel and that had too few answers.
    """

    step: int
    span: Window
    ends: ComparedEnds
    pairs: tuple[QuarterPair, ...]
    throttling: Throttling | None = None
    at_s: float | None = None
    limits_s: tuple[float, float] | None = None
    located: ChangeLocated | None = None
    gradual: bool = False
    leaks: tuple[Leak, ...] = ()
    untested: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[QuarterPair, ...]:
        """What changed for clients."""
        return tuple(p for p in self.pairs if p.changed and p.quantity in OF_THE_LOAD)

    @property
    def flat(self) -> bool | None:
        """Whether it ended as it began; None if nothing was found, and not all could be tested."""
        if self.changes or self.throttling or self.leaks:
            return False
        return None if self.untested else True

    def pair(self, quantity: str, about: str = "") -> QuarterPair | None:
        """The pair of a quantity, if it was measured."""
        wanted = (p for p in self.pairs if p.quantity == quantity and p.about == about)
        return next(wanted, None)
