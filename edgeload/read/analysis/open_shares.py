"""The bad requests that limit a capacity, or leave it open: the counts that show it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.read.analysis.objective_results import seconds_to_tell_share
from edgeload.read.statistics.boundary import Boundary, Trial, counted
from edgeload.read.statistics.share_boundary import ShareCount, pooled

_MAY_BE = 0.05


@dataclass(frozen=True)
class LoadShare:
    """The bad requests of all trials of one load together."""

    load: int
    count: ShareCount
    extra_seconds_needed: float | None
    """So much more of that load would tell its share from the bound; None: more than a day."""


def deciding_share(boundary: Boundary, trials: Sequence[Trial]) -> LoadShare | None:
    """The bad requests at the answer, or next to it; None if they do not matter.

    Of several kinds, the one whose share is the largest multiple of what may be. If perhaps not
    even the least load is carried, that is the load.
    """
    kinds = {kind for kind, count in pooled(counted(trials)).items() if count.bad}
    loads = sorted({load for load, count in counted(trials) if count.of and count.kind in kinds})
    if boundary.by_shares < _MAY_BE or not loads:
        return None
    answer = boundary.best or loads[0]
    load = min(loads, key=lambda each: abs(math.log(each / answer)))
    here = [trial for trial in trials if trial.load == load]
    counts = [count for kind, count in pooled(counted(here)).items() if kind in kinds]
    worst = max(counts, key=_excess)
    spent_s = sum(trial.seconds for trial in here)
    extra_s = seconds_to_tell_share(worst.bad / worst.of, worst.bound, worst.of, spent_s)
    return LoadShare(load, worst, extra_s)


def _excess(count: ShareCount) -> float:
    return count.bad / count.of / count.bound if count.bound else math.inf if count.bad else 0.0
