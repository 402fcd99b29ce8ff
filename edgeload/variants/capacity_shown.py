"""A run's summary -> what it shows of one variant's capacity. Pure."""

from __future__ import annotations

import math
from pathlib import Path

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.words.headline import headline, validity
from edgeload.variants.measurement import Measurement


def capacity_shown(summary: RunSummary, log_file: Path) -> Measurement:
    """The capacity in requests/s, in a mix in frames/s, as a ramp shows it.

    Without objectives, a clearly overloaded step measures the capacity itself. Otherwise it is the
    largest load that was carried, and lies between that and the least that was not.
    """
    bracket, ceiling = summary.bracket, summary.bracket.ceiling
    if any(not doubt.steps for doubt in summary.doubts):  # about the whole run
        return Measurement("invalid", why=validity(summary), log_file=log_file)
    has_ceiling = ceiling is not None and not ceiling.of_the_clients and ceiling.low > 0
    if ceiling is not None and has_ceiling and not summary.objectives:
        return Measurement("measured", ceiling.per_s, ceiling.low, ceiling.high, log_file=log_file)
    if bracket.carried is not None:
        per_s, high = bracket.carried.requests_per_s, math.inf
        if bracket.overload is not None:
            refused = next(s for s in summary.steps if s.index == bracket.overload.step)
            high = max(per_s, refused.rates.arrival_per_s or math.inf)
        return Measurement("measured", per_s, per_s, high, log_file=log_file)
    if summary.valid:
        return Measurement("unknown", why=headline(summary), log_file=log_file)
    return Measurement("invalid", why=validity(summary), log_file=log_file)
