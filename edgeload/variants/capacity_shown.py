"""A run's summary -> what it shows of one variant's capacity. Pure."""

from __future__ import annotations

import math
from pathlib import Path

from edgeload.plan import Plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import WITH_CAPACITY, SearchResult
from edgeload.read.analysis.shortfalls import BAD_SHARE
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.words.headline import headline, validity
from edgeload.variants.measurement import Measurement


def capacity_shown(summary: RunSummary, log_file: Path) -> Measurement:
    """The capacity in requests/s, in a mix in frames/s, as a search or a ramp shows it."""
    if any(not doubt.steps for doubt in summary.doubts):  # about the whole run
        return Measurement("invalid", why=validity(summary), log_file=log_file)
    if summary.search is not None and summary.log.plan is not None:
        return _of_search(summary, summary.search, summary.log.plan, log_file)
    return _of_ramp(summary, log_file)


def _of_ramp(summary: RunSummary, log_file: Path) -> Measurement:
    """Without objectives, what a clearly overloaded step measures: see `_of_step`.

    Otherwise the largest load that was carried: the capacity lies between that and the least that
    was not. A run in which our own machine did not keep up gives no lower bound: in another round
    it might be a capacity, and both cannot be compared.
    """
    bracket, ceiling = summary.bracket, summary.bracket.ceiling
    if not summary.objectives and not (ceiling and ceiling.of_the_clients):
        limits = _in_overload(summary)
        if limits is not None:
            return Measurement("measured", *limits, log_file=log_file)
    if bracket.carried is not None and (bracket.overload is not None or summary.valid):
        per_s, high = bracket.carried.requests_per_s, math.inf
        if bracket.overload is not None:
            refused = next(s for s in summary.steps if s.index == bracket.overload.step)
            high = max(per_s, refused.rates.arrival_per_s or math.inf)
        return Measurement("measured", per_s, per_s, high, log_file=log_file)
    if not summary.valid:
        return Measurement("invalid", why=validity(summary), log_file=log_file)
    return Measurement("unknown", why=headline(summary), log_file=log_file)


def _of_search(
    summary: RunSummary, search: SearchResult, plan: Plan, log_file: Path
) -> Measurement:
    """The boundary of a search: the largest load that is carried is one of `low` to `high`.

    Of several tiers of objectives, the first one counts.
    """
    tier, per_load = search.tiers[0], search.axis.per_load(plan)
    if search.stopped_by_us and tier.answer != "found":
        return Measurement("invalid", why=headline(summary), log_file=log_file)
    found = tier.boundary
    if tier.answer not in WITH_CAPACITY or not found.best:
        return Measurement("unknown", why=headline(summary), log_file=log_file)
    high = math.inf if found.high is None else (found.high + 1) * per_load
    low = found.low * per_load
    return Measurement("measured", found.best * per_load, low, high, log_file=log_file)


def _in_overload(summary: RunSummary) -> tuple[float, float, float] | None:
    """Answers/s in the clearest overload, with their 95 % limits; None without one.

    Unlike `Ceiling`, this needs no answer to what fell due in the step: in a far overload, all of
    them come later.
    """
    shown = [limits for step in summary.steps if (limits := _of_step(step)) is not None]
    return min(shown, key=lambda limits: limits[2] / limits[1], default=None)


def _of_step(step: StepSummary) -> tuple[float, float, float] | None:
    """Arrival rate times 1 - growth of the backlog, as a share of what falls due."""
    growth, counts, due_per_s = step.growth, step.counts, step.rates.arrival_per_s
    if not (step.valid and growth and growth.clear and due_per_s and counts.ok):
        return None
    if counts.failed > BAD_SHARE * counts.sent:
        return None
    assert growth.value is not None and growth.low is not None and growth.high is not None
    limits = tuple(due_per_s * (1.0 - share) for share in (growth.value, growth.high, growth.low))
    return (limits[0], limits[1], limits[2]) if min(limits) > 0 else None
