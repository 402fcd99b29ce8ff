"""A box that gets hot: from some time on, each service takes longer. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Slowdown:
    """From `after_s` seconds after the first query on, a service takes `factor` times as long."""

    after_s: float
    factor: float


class HotBox:
    """Remembers when the first query came."""

    def __init__(self, law: Slowdown) -> None:
        self._law = law
        self._first_s: float | None = None

    def service_s(self, service_s: float, arrival_s: float) -> float:
        """The time that a service takes which would take `service_s` on a cool box."""
        if self._first_s is None:
            self._first_s = arrival_s
        hot = arrival_s - self._first_s >= self._law.after_s
        return service_s * self._law.factor if hot else service_s
