"""Objectives against what was measured: pass, fail, or undecided and for how much longer. Pure.

An objective passes when the limit of the figure that is worse for it, at 95 % confidence, is still
within the bound; it fails when the better limit is beyond; between the two, the sample does not
tell (method 7).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgeload.objectives import Objective
from edgeload.read.log.columns import Bools
from edgeload.read.statistics.percentiles import (
    independent_share,
    quantile_limits,
    rank,
    share_limits,
)
from edgeload.read.statistics.windows import Floats, Window, count_in

Verdict = Literal["pass", "fail", "undecided"]

_BATCHES = 10
_T_95 = 1.833  # Student's t, one-sided 95 %, 9 degrees of freedom
_Z_95 = 1.645
_LONGEST_S = 24 * 3600.0
_NONE: Floats = np.zeros(0)


@dataclass(frozen=True)
class Sample:
    """The requests that fell due in one window or several, in the log's order; times in seconds.

    `service_s` and `response_s` are of the good answers; `timeouts` and `missed` had none, and are
    above every bound on response time. `failed` has a place for each request sent, `not_edge` for
    each answer that said where it came from. `done` and `due` are answers and requests due in each
    of a number of batches of time. None: the log cannot say.
    """

    length_s: float
    service_s: Floats
    response_s: Floats | None
    timeouts: int
    missed: int | None
    failed: Bools
    not_edge: Bools
    done: Floats
    due: Floats | None


@dataclass(frozen=True)
class Judged:
    """An objective, the figure that it bounds with its limits, and what follows.

    Figures are in the bound's unit: seconds (infinity: never), or a share; a limit that the sample
    is too small for is None. `step` is the step it was judged on, None
    for the run; `n` the size of the sample; `more_s` how many seconds more of the same load would
    decide, None where nothing undecided is left or no time would do.
    """

    objective: Objective
    step: int | None
    verdict: Verdict
    value: float | None
    low: float | None
    high: float | None
    n: int
    more_s: float | None


def batches(window: Window, ok_done_s: Floats) -> Floats:
    """Good answers in each tenth of a window; `ok_done_s` are sorted instants."""
    counts = [count_in(ok_done_s, part) for part in window.split(_BATCHES)]
    return np.array(counts, dtype=np.float64)


def merged(samples: Iterable[Sample]) -> Sample:
    """Several windows as one sample: distributions are merged, never averaged (method 6)."""
    parts = list(samples)
    missed = [part.missed for part in parts]
    return Sample(
        length_s=sum(part.length_s for part in parts),
        service_s=_joined(part.service_s for part in parts),
        response_s=_all_or_none([part.response_s for part in parts]),
        timeouts=sum(part.timeouts for part in parts),
        missed=None if None in missed else sum(count or 0 for count in missed),
        failed=np.concatenate([np.zeros(0, dtype=np.bool_), *(part.failed for part in parts)]),
        not_edge=np.concatenate([np.zeros(0, dtype=np.bool_), *(part.not_edge for part in parts)]),
        done=_joined(part.done for part in parts),
        due=_all_or_none([part.due for part in parts]),
    )


def _joined(arrays: Iterable[Floats]) -> Floats:
    return np.concatenate([_NONE, *arrays])


def _all_or_none(arrays: Sequence[Floats | None]) -> Floats | None:
    known = [array for array in arrays if array is not None]
    return _joined(known) if len(known) == len(arrays) else None


def judge(objective: Objective, sample: Sample, step: int | None = None) -> Judged:
    """What a sample says about an objective."""
    if objective.is_time:
        return _judge_time(objective, sample, step)
    if objective.figure == "throughput":
        return _judge_throughput(objective, sample, step)
    return _judge_share(objective, sample, step)


def unknown(objective: Objective, step: int | None = None) -> Judged:
    """An objective about which nothing was measured."""
    return Judged(objective, step, "undecided", None, None, None, 0, None)


def _judge_time(objective: Objective, sample: Sample, step: int | None) -> Judged:
    """A percentile of the times, by order statistics."""
    response = objective.figure == "response"
    values = sample.response_s if response else sample.service_s
    never = (sample.missed or 0) + sample.timeouts if response else 0
    if values is None or objective.share is None or len(values) + never == 0:
        return unknown(objective, step)
    n = len(values) + never
    over = values > objective.bound
    size = max(1, math.floor(n * independent_share(over)))
    ordered = np.sort(values)
    low, high = quantile_limits(ordered, n, objective.share, size)
    at = rank(n, objective.share)
    value = float(ordered[at - 1]) if at <= len(ordered) else math.inf
    fails = low is not None and low > objective.bound
    verdict = _verdict(fails, high is not None and high <= objective.bound)
    beyond = int(over.sum()) + never
    more_s = _more_s(beyond / n, 1.0 - objective.share, size, sample.length_s)
    return Judged(
        objective, step, verdict, value, low, high, n, more_s if verdict == "undecided" else None
    )


def _judge_share(objective: Objective, sample: Sample, step: int | None) -> Judged:
    """A share of requests; what the objective counts as bad is what is counted here."""
    bad = _bad_ones(objective, sample)
    if bad is None or bad[1] == 0:
        return unknown(objective, step)
    hits, n, worth = bad
    size = max(1, math.floor(n * worth))
    share, allowed = hits / n, objective.bound
    low = share_limits(math.floor(share * size), size)[0]
    high = share_limits(math.ceil(share * size), size)[1]
    if objective.at_least:
        allowed = 1.0 - allowed
    # Where nothing at all was bad, and nothing may be, no sample would be large enough.
    verdict = _verdict(low > allowed, high <= allowed or (allowed == 0 and hits == 0))
    more_s = _more_s(share, allowed, size, sample.length_s) if verdict == "undecided" else None
    if objective.at_least:
        share, low, high = 1.0 - share, 1.0 - high, 1.0 - low
    return Judged(objective, step, verdict, share, low, high, n, more_s)


def _bad_ones(objective: Objective, sample: Sample) -> tuple[int, int, float] | None:
    """How many were bad, of how many, and what share of these tells anything new."""
    if objective.figure == "missed":
        if sample.missed is None:
            return None
        return sample.missed, sample.missed + len(sample.failed), 1.0
    series = sample.failed if objective.figure == "errors" else sample.not_edge
    return int(series.sum()), len(series), independent_share(series)


def _judge_throughput(objective: Objective, sample: Sample, step: int | None) -> Judged:
    """Answers as a share of what was due: the mean over batches of time, with Student's t.

    One answer a batch may fall on the other side of a batch's edge: that scatters, and is in the
    interval.
    """
    if sample.due is None or not len(sample.due) or sample.due.min() <= 0:
        return unknown(objective, step)
    shares = sample.done / sample.due
    value = float(sample.done.sum() / sample.due.sum())
    error = float(shares.std(ddof=1)) / math.sqrt(len(shares))
    low, high = value - _T_95 * error, value + _T_95 * error
    verdict = _verdict(high < objective.bound, low >= objective.bound)
    more_s = None
    if verdict == "undecided" and value != objective.bound:
        needed = (_T_95 * error / (value - objective.bound)) ** 2
        more_s = _at_most_a_day((needed - 1.0) * sample.length_s)
    return Judged(objective, step, verdict, value, low, high, int(sample.due.sum()), more_s)


def _verdict(fails: bool, passes: bool) -> Verdict:
    if fails:
        return "fail"
    return "pass" if passes else "undecided"


def _more_s(share: float, allowed: float, size: int, length_s: float) -> float | None:
    """Seconds more until a share as seen is told from the one allowed, at this rate.

    From the normal approximation of the binomial, n = z^2 p (1 - p) / (p - allowed)^2, and at
    least what no breach at all takes, n = ln 0.05 / ln (1 - allowed).
    """
    if share == allowed or not 0 < allowed < 1:
        return None
    near = min(max(share, allowed), 0.5)
    needed = _Z_95**2 * near * (1.0 - near) / (share - allowed) ** 2
    needed = max(needed, math.log(0.05) / math.log(1.0 - allowed))
    return _at_most_a_day((needed / size - 1.0) * length_s)


def _at_most_a_day(seconds: float) -> float | None:
    """At least a second; None where it would take longer than anybody runs a load test."""
    return max(1.0, seconds) if seconds <= _LONGEST_S else None
