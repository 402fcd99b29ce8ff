"""Whether an endpoint answers a repeated picture faster: new ones against it, pair by pair. Pure.

The unit is the pair of requests that were sent one after the other, in an order drawn by chance:
what slowly changes meets both, and neighbouring requests may be alike (method 13).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgeload.audit_plan import comes_again, pair_of
from edgeload.plan import Plan
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.log.columns import RunLog
from edgeload.read.statistics.signed_ranks import signed_rank_shift
from edgeload.read.statistics.two_samples import Shift
from edgeload.read.statistics.windows import Floats
from edgeload.settings.fields import Fields

AuditVerdict = Literal["cache", "no cache", "undecided", "not measured"]

LEAST_SAVED = 0.05
"""A cache that saves a smaller share of the service time is none worth the name."""
RULED_OUT = 0.10
""""No cache" says that none saves more than this, or what the interval says if that is less."""
USUAL_POOL: int = Fields.model_fields["image_pool"].default
"""Pictures of a load test that says nothing about them."""
PAIRS_TO_JUDGE = 10
FILLING_PAIRS = 20
"""So many pairs are left out, in which the caches of many processes fill, but at most a quarter."""
_NEARLY_SURE = 1.5
"""So many times the pairs that would just decide."""


@dataclass(frozen=True)
class Saving:
    """By which share the service time of a repeated picture is shorter, with 95 % limits.

    Below 0 it is longer.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class CacheAudit:
    """What an audit shows. Pairs count if both of their requests got a good answer."""

    repeated_pictures: int
    requests_per_s: float
    seconds: float
    """How long the audit was to take."""
    pairs: int
    filling_pairs: int
    """The first pairs, left out: the warm-up, in which caches fill."""
    lost_pairs: int
    """Pairs left out because a request failed, or was not sent."""
    due_s: Floats
    """When the first request of each of these pairs was due, in run time."""
    new_s: Floats
    """Service times of new pictures, in seconds, pair by pair."""
    again_s: Floats
    """Those of pictures that came again."""
    saving: Saving | None
    """None: not one pair counts."""
    verdict: AuditVerdict
    seconds_to_tell: float | None = None
    """About how long an audit would have to be to decide; None: it is decided, or nobody knows."""

    @property
    def decided(self) -> bool:
        """Whether it is known if there is a cache."""
        return self.verdict in ("cache", "no cache")


def find_cache_audit(log: RunLog, steps: Sequence[StepSummary]) -> CacheAudit | None:
    """What the run of a cache audit shows; None for any other run."""
    plan = log.plan
    if plan is None or not log.settings.get("audit_cache") or plan.groups[0].closed or not steps:
        return None
    step, repeated = steps[0], max(1, int(log.settings.get("image_pool") or 1))
    pairs, warm = _pairs_due(plan, step)
    filling = min(len(pairs), max(warm, repeated, min(FILLING_PAIRS, len(pairs) // 4)))
    due_s, new_s, again_s = _times(log, plan.seed, step, pairs[filling:])
    shift = signed_rank_shift(np.log(again_s) - np.log(new_s)) if len(new_s) else None
    verdict = _verdict(shift, len(new_s)) if step.valid else "not measured"
    per_s, seconds = plan.groups[0].rate, step.span.length_s
    return CacheAudit(
        repeated_pictures=repeated,
        requests_per_s=per_s,
        seconds=seconds,
        pairs=len(new_s),
        filling_pairs=filling,
        lost_pairs=len(pairs) - filling - len(new_s),
        due_s=due_s,
        new_s=new_s,
        again_s=again_s,
        saving=None if shift is None else _saving(shift),
        verdict=verdict,
        seconds_to_tell=_seconds_to_tell(shift, len(new_s), seconds)
        if verdict == "undecided"
        else None,
    )


def _pairs_due(plan: Plan, step: StepSummary) -> tuple[list[int], int]:
    """The pairs whose requests both fall due, in order; how many of them begin in the warm-up."""
    dues = [due for due in plan.client_dues(0) if due.due_s < step.window.end_s]
    requests = Counter(pair_of(due.number) for due in dues)
    pairs = sorted(pair for pair, count in requests.items() if count == 2)
    warm = {pair_of(due.number) for due in dues if due.due_s < step.window.start_s}
    return pairs, len(warm & set(pairs))


def _times(
    log: RunLog, seed: int, step: StepSummary, pairs: Sequence[int]
) -> tuple[Floats, Floats, Floats]:
    """Of those pairs that got two good answers: when they were due, and the service times of their
    new and of their repeated pictures.
    """
    requests = log.requests
    good = (requests.step == step.index) & requests.ok & (requests.done_s > requests.sent_s)
    rows = np.flatnonzero(good)
    service_s = requests.done_s[rows] - requests.sent_s[rows]
    times: tuple[dict[int, float], dict[int, float]] = ({}, {})
    due_s: dict[int, float] = {}
    columns = (requests.number[rows], requests.due_s[rows], service_s)
    for number, at_s, time_s in zip(*(each.tolist() for each in columns), strict=True):
        pair = pair_of(number)
        times[comes_again(seed, number)][pair] = time_s
        due_s[pair] = min(at_s, due_s.get(pair, at_s))
    both = [pair for pair in pairs if all(pair in kind for kind in times)]
    found = (np.array([known[pair] for pair in both]) for known in (due_s, *times))
    at, new, again = found
    return at, new, again


def _saving(shift: Shift) -> Saving:
    """A shift of the logarithm of the service time as a share of it."""
    value, low, high = (-math.expm1(each) for each in (shift.value, shift.high, shift.low))
    return Saving(value, low, high)


def _verdict(shift: Shift | None, pairs: int) -> AuditVerdict:
    """A cache if 5 % or more are saved, and surely half of that; none if 10 % are ruled out.

    Two equal sides differ by less than half of what counts, so it is that which must be exceeded
    (as in comparisons of runs). MLPerf's TEST04 draws its line at 10 %.
    """
    if shift is None:
        return "not measured"
    saving = _saving(shift)
    if pairs < PAIRS_TO_JUDGE:
        return "undecided"
    if saving.value >= LEAST_SAVED and saving.low > LEAST_SAVED / 2:
        return "cache"
    return "no cache" if saving.high <= RULED_OUT else "undecided"


def _seconds_to_tell(shift: Shift | None, pairs: int, seconds: float) -> float | None:
    """About how long an audit must be whose interval is narrow enough, if its middle stays."""
    if shift is None or not pairs:
        return None
    needed = PAIRS_TO_JUDGE * _NEARLY_SURE
    half = (shift.high - shift.low) / 2
    if math.isfinite(half):
        found = math.log1p(-LEAST_SAVED / 2) - shift.value
        none = shift.value - math.log1p(-RULED_OUT)
        room = max(found if _saving(shift).value >= LEAST_SAVED else 0.0, none)
        needed = max(needed, _NEARLY_SURE * pairs * (half / room) ** 2)
    return seconds * needed / pairs
