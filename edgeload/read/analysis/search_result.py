"""What a search shows: the capacity of each tier with its interval, and what binds it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edgeload.objectives import Tier
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.open_shares import LoadShare, deciding_share
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.boundary import Boundary, Trial, TrialVerdict, failed_at
from edgeload.records import SearchRecord
from edgeload.search_axis import SearchAxis

BoundaryKind = Literal["cliff", "slope", "none_found"]
SearchAnswer = Literal["found", "wide", "at_least", "none", "unknown"]
WITH_CAPACITY: tuple[SearchAnswer, ...] = ("found", "wide", "at_least")
"""Answers that name a capacity, if only a lower bound of it."""
SearchEnd = Literal["finished", "budget", "interrupted", "invalid", "broke", "killed"]

_CLIFF = 3.0
"""From the capacity to the least load beyond it, what binds grows so many times: a cliff. If the
backlog binds, the p95 that a camera feels."""
_SUDDEN = {"failures", "down", "not_edge", "client_unserved", "no_answers"}
"""Shortfalls that come at once: below the load at which they begin, there is nothing of them."""


@dataclass(frozen=True)
class SearchTrial:
    """One trial of a search: a step, its load in what the search counts, and its verdicts.

    `verdicts` and `reasons` have one entry for each tier. A `broken` trial does not count: the
    endpoint broke, was given time, and was asked again.
    """

    step: int
    load: int
    start_s: float
    end_s: float
    seconds: float
    """What it cost, with its drain and the pause before it."""
    verdicts: tuple[TrialVerdict, ...]
    reasons: tuple[tuple[Finding, ...], ...]
    broken: bool
    repeated: bool = False
    """It was INVALID, and does not count: our own machine was given a second chance."""

    @property
    def counts(self) -> bool:
        """Whether its verdict counts."""
        return not (self.broken or self.repeated)


@dataclass(frozen=True)
class TierCapacity:
    """The capacity of one tier of objectives.

    `trials` are those that count. `at` is the step that shows the answer best: that of the largest
    load tried up to it which did not fail. `beyond` is the step of the least load above the answer
    that failed. Both are judged by this tier alone; None: there is no such trial.
    """

    tier: Tier
    boundary: Boundary
    trials: tuple[Trial, ...]
    at: StepSummary | None
    at_load: int | None
    beyond: StepSummary | None
    beyond_load: int | None
    answer: SearchAnswer
    """"found": the interval is as narrow as asked for. "wide": the search ended before. "at_least":
    no load failed. "none": not even the least load is carried. "unknown": no trial tells."""

    @property
    def binding(self) -> Finding | None:
        """What the load beyond the capacity fell short of: the weightiest reason."""
        return next(iter(weightiest_first(self.beyond.shortfalls if self.beyond else ())), None)

    @property
    def kind(self) -> BoundaryKind:
        """Whether things get worse at once beyond the capacity, or little by little."""
        binding = self.binding
        if binding is None or self.at is None:
            return "none_found"
        if binding.code in _SUDDEN:
            return "cliff"
        before, after = (value_that_binds(step, binding) for step in (self.at, self.beyond))
        if before is None or after is None or before <= 0:
            return "slope"
        return "cliff" if after >= _CLIFF * before else "slope"

    @property
    def by_share(self) -> LoadShare | None:
        """The bad requests at the answer, if they limit it or leave it open."""
        return deciding_share(self.boundary, self.trials)

    @property
    def shown_carried(self) -> bool:
        """Whether the trial that shows the answer passed, and is not just undecided."""
        return self.at is not None and self.at.valid and not self.at.shortfalls


@dataclass(frozen=True)
class SearchResult:
    """A search as a whole; `tiers` has one entry, without a name, if no tiers were named."""

    axis: SearchAxis
    record: SearchRecord
    tiers: tuple[TierCapacity, ...]
    trials: tuple[SearchTrial, ...]
    seconds: float
    """From the first trial's start to the end of the last."""
    ended: SearchEnd
    """"finished": nothing more was to be told. "budget": that left no room for another trial.
    "interrupted": by a signal, or by a condition of ABORT_ON. "invalid": by a trial in which our
    own machine was the limit. "broke": the endpoint broke and did not become ready again. "killed":
    its log has no end."""
    judged_anew: bool = False
    """Its trials were chosen for other objectives than those by which it is judged here."""

    @property
    def stopped_by_us(self) -> bool:
        """Whether an INVALID trial ended it: our own machine was the limit."""
        return self.ended == "invalid"


def answer_of(boundary: Boundary, trials: Sequence[Trial], resolution: float) -> SearchAnswer:
    """What these trials come to.

    If not the backlog alone decides, a capacity is only found if a trial of it passed, or of so
    little less that it stands for it. That no load is carried takes a failure of the least one. If
    no trial passed, nothing is known of a load that is carried, wherever others failed. Nor is
    anything known if bad requests leave it open whether the least load is.
    """
    passed = any(trial.verdict == "pass" for trial in trials)
    if boundary.high is None:
        return "at_least" if passed and boundary.low else "unknown"
    best = boundary.best
    if best is None or not any(map(_speaks_for_its_load, trials)):
        least = min((trial.load for trial in trials), default=0)
        failed = failed_at(trials, least)
        if failed and (boundary.high == 0 or not passed):
            return "none"
        return "wide" if passed and best is not None else "unknown"
    if not any(trial.verdict == "pass" or trial.by_backlog for trial in trials):
        return "unknown"
    width = max(1, math.floor(resolution * best))
    told = any(
        trial.verdict == "pass" or trial.by_backlog
        for trial in trials
        if best - width <= trial.load <= best
    )
    return "found" if told and boundary.high - boundary.low <= width else "wide"


def _speaks_for_its_load(trial: Trial) -> bool:
    """Whether a trial is evidence that its load is carried, if it does not prove it."""
    measured = trial.by_backlog and trial.verdict != "fail"
    return (
        trial.verdict == "pass" or measured or (trial.margin is not None and trial.margin.value > 0)
    )


def at_least_what_passed(boundary: Boundary, trials: Sequence[Trial]) -> Boundary:
    """Where no load failed, the lower bound is a load that passed.

    A trial that was stopped, or was too short, shows neither that its load is carried nor that it
    is not.
    """
    if boundary.high is not None:
        return boundary
    passed = max((trial.load for trial in trials if trial.verdict == "pass"), default=0)
    best, low = min(boundary.best or 0, passed), min(boundary.low, passed)
    return replace(boundary, best=best or None, low=low)


def weightiest_first(reasons: Iterable[Finding]) -> list[Finding]:
    """The reasons that are the endpoint's doing: an outage, which explains all others, then the
    objectives that were asked for, then answers that came from elsewhere, which are failures as
    well, then the rest.
    """
    order = {"down": 0, "objective": 1, "not_edge": 2}
    found = [reason for reason in reasons if reason.severity == "warning"]
    return sorted(found, key=lambda reason: order.get(reason.code, 3))


def value_that_binds(step: StepSummary | None, binding: Finding) -> float | None:
    """The quantity that binds, as one step measured it; None: it was not measured.

    If no objective binds but the backlog, that is the p95 that a camera feels.
    """
    if step is None:
        return None
    parts = [part for part in (step, *step.groups) if part.group == binding.group]
    for part in parts:
        if binding.code == "backlog_grows":
            p95 = part.times.felt.quantile("p95")
            return None if p95 is None else math.inf if p95.never else p95.value
        for result in part.objectives:
            if result.objective.condition == binding.numbers.get("objective"):
                return result.value
    return None
