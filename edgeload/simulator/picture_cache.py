"""A cache of pictures: a query whose picture it has seen takes less time. Pure.

On a real box, pipelines named `generic-cached-*` cache the features of a picture by its bytes, in
each process of the pod by itself.
"""

from __future__ import annotations

import random
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class CacheLaw:
    """A hit takes the service time x (1 - `saves`).

    So many `processes` have a cache each, and each query goes to one of them by chance, as the
    kernel spreads connections over the processes that accept them.
    """

    saves: float
    processes: int = 1


class PictureCache:
    """What the processes of each pool have seen; nothing is ever dropped."""

    def __init__(self, law: CacheLaw, chance: random.Random) -> None:
        self._law = law
        self._chance = chance
        self._seen: set[tuple[str, int, Hashable]] = set()

    def asked(self, pool: str, picture: Hashable) -> bool:
        """Whether the process of the pool that gets this picture has seen it before."""
        key = pool, self._chance.randrange(self._law.processes), picture
        hit = key in self._seen
        self._seen.add(key)
        return hit

    def service_s(self, service_s: float, *, hit: bool) -> float:
        """The time that a service takes which would take `service_s` without a cache."""
        return service_s * (1.0 - self._law.saves) if hit else service_s
