"""What one measurement of one variant shows of its capacity, and who makes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Outcome = Literal["measured", "unknown", "invalid", "not_ready", "not_applied", "interrupted"]
"""`unknown`: the run does not tell the capacity. `invalid`: because of our own machine."""


@dataclass(frozen=True)
class Measurement:
    """One variant, measured once: requests/s of the largest load that it carries.

    The capacity lies from `low` to `high` as far as this measurement alone tells; `high` is
    infinite if every load was carried. All three are None without a capacity, and `why` says why.
    """

    outcome: Outcome
    capacity_per_s: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""
    log_file: Path | None = None

    @property
    def counts(self) -> bool:
        """Whether it has a capacity, so that it can be compared with others."""
        return self.outcome == "measured"


MeasuredRounds = Sequence[Mapping[str, Measurement]]
"""What was measured in each round, by the variant's name."""


class MeasureVariant(Protocol):
    """Measures the box as it is configured now."""

    def __call__(self, log_file: Path, budget_s: float | None) -> Measurement:
        """The capacity; the requests are logged to a new file.

        It takes about `budget_s` seconds at most; None: as long as it needs. A signal ends it with
        the outcome `interrupted`. Raises Unreachable and SettingError, as a run does.
        """
