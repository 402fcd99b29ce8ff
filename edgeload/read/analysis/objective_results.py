"""Objectives against what was measured: pass, fail, or undecided and for how much longer. Pure.

An objective passes if the whole 95 % interval is inside the bound, fails if the interval is wholly
outside, and is undecided otherwise (method 7).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from typing import Literal

import numpy as np
from scipy import special

from edgeload.objectives import Objective
from edgeload.read.analysis.age_bound import T_95, JudgedAge, judge_age, least_answers
from edgeload.read.analysis.camera_age import BATCHES, AgeWindow
from edgeload.read.analysis.window_times import WindowTimes
from edgeload.read.log.columns import Bools
from edgeload.read.statistics.effective_size import (
    LEAST_INDEPENDENT,
    SAME,
    independent_share,
)
from edgeload.read.statistics.percentiles import (
    CONFIDENCE,
    quantile_limits,
    rank,
    share_limits,
    share_of_windows,
)
from edgeload.read.statistics.windows import Floats, Window, count_in

Status = Literal["pass", "fail", "undecided"]

_Z_95 = float(special.ndtri(CONFIDENCE))
_SURE = 0.98
_LONGEST_S = 24 * 3600.0
_NONE: Floats = np.zeros(0)


@dataclass(frozen=True)
class Sample:
    """The requests that fell due in one window or several, in the log's order.

    `failed` has an entry for each request sent, `not_edge` one for each answer that named its
    source. `outage_s` are the least and the most that the longest outage may have lasted; None:
    nothing was sent. `overloaded`: the backlog of a window grew. `done` and `due` are answers and
    requests due in each of a number of batches of time. `missed` and `due` are None if the log
    cannot say.
    """

    length_s: float
    times: WindowTimes
    missed: int | None
    failed: Bools
    not_edge: Bools
    outage_s: tuple[float, float] | None
    overloaded: bool
    done: Floats
    due: Floats | None
    step_s: float
    """How long the step is, with its warm-up; of several the longest."""
    cuts: tuple[int, ...] = ()
    """Places in `failed` at which one of several windows ends and the next begins."""
    request_cuts: tuple[int, ...] = ()
    """The same in `times.requests_failed`."""
    ages: tuple[AgeWindow, ...] = ()
    """The ages of the cameras' newest answers, for each window; none: not known, or not needed."""


@dataclass(frozen=True)
class LoadStatus:
    """A load, in clients or copies of a mix, and whether an objective was met at it."""

    load: int
    status: Status


@dataclass(frozen=True)
class ObjectiveResult:
    """An objective, the quantity that it bounds with its limits, and what follows.

    Values are in the bound's unit: seconds (infinity: never answered), or a share. A value is None
    if nothing was measured: then the objective is not met. A limit is None if the sample is too
    small for it. `step` is the step that was judged, None for the run; `n` the size of the sample.
    `extra_seconds_needed` of the same load would decide an undecided objective; None if it is
    decided, or if that would take more than a day. `step_s_to_tell` is how long each step would
    have to be for that; None also if the load is too large, because times grow with its step.
    `overloaded`: the times were within the bound so far, but the backlog grew, so they will not
    stay there. `never_share` is the share of the sample that got no good answer, if the objective
    bounds a percentile of a time. `loads` are those of a ramp at which an objective that names none
    was judged, from the least on, and `load` is the one whose figures these are; empty and None for
    any other objective.
    """

    objective: Objective
    step: int | None
    status: Status
    value: float | None
    low: float | None
    high: float | None
    n: int
    extra_seconds_needed: float | None
    overloaded: bool = False
    step_s_to_tell: float | None = None
    never_share: float | None = None
    loads: tuple[LoadStatus, ...] = ()
    load: int | None = None


def batches(window: Window, ok_done_s: Floats) -> Floats:
    """Good answers in each tenth of a window; `ok_done_s` are sorted instants."""
    counts = [count_in(ok_done_s, part) for part in window.split(BATCHES)]
    return np.array(counts, dtype=np.float64)


def merged(samples: Iterable[Sample]) -> Sample:
    """Several windows as one sample: distributions are merged, never averaged (method 6)."""
    parts = list(samples)
    missed = [part.missed for part in parts]
    return Sample(
        length_s=sum(part.length_s for part in parts),
        times=WindowTimes(
            service_s=_joined(part.times.service_s for part in parts),
            response_s=_all_or_none([part.times.response_s for part in parts]),
            failed=sum(part.times.failed for part in parts),
            unanswered=sum(part.times.unanswered for part in parts),
            requests_failed=_flags([part.times.requests_failed for part in parts]),
        ),
        request_cuts=_cuts(part.times.requests_failed for part in parts),
        missed=None if None in missed else sum(count or 0 for count in missed),
        failed=np.concatenate([np.zeros(0, dtype=np.bool_), *(part.failed for part in parts)]),
        not_edge=np.concatenate([np.zeros(0, dtype=np.bool_), *(part.not_edge for part in parts)]),
        outage_s=_longest(part.outage_s for part in parts),
        overloaded=any(part.overloaded for part in parts),
        done=_joined(part.done for part in parts),
        due=_all_or_none([part.due for part in parts]),
        step_s=max((part.step_s for part in parts), default=0.0),
        cuts=_cuts(part.failed for part in parts),
        ages=tuple(chain.from_iterable(part.ages for part in parts)),
    )


def _longest(spans: Iterable[tuple[float, float] | None]) -> tuple[float, float] | None:
    known = [span for span in spans if span is not None]
    return (max(s[0] for s in known), max(s[1] for s in known)) if known else None


def _joined(arrays: Iterable[Floats]) -> Floats:
    return np.concatenate([_NONE, *arrays])


def _all_or_none(arrays: Sequence[Floats | None]) -> Floats | None:
    known = [array for array in arrays if array is not None]
    return _joined(known) if len(known) == len(arrays) else None


def _flags(arrays: Sequence[Bools | None]) -> Bools | None:
    """Flags of several windows in a row; None if frames are requests."""
    known = [array for array in arrays if array is not None]
    return np.concatenate(known) if known else None


def _cuts(arrays: Iterable[Bools | None]) -> tuple[int, ...]:
    """Where one of several windows ends and the next begins."""
    lengths = [0 if array is None else len(array) for array in arrays]
    return tuple(accumulate(lengths[:-1]))


def result_of(objective: Objective, sample: Sample, step: int | None = None) -> ObjectiveResult:
    """What a sample says about an objective."""
    result = _result_of(objective, sample, step)
    grows = sample.overloaded and (objective.is_time or objective.quantity == "age")
    if result.extra_seconds_needed is None or grows:
        return result
    steps = len(sample.cuts) + 1
    longer_s = sample.step_s + result.extra_seconds_needed / steps
    return replace(result, step_s_to_tell=longer_s)


def _result_of(objective: Objective, sample: Sample, step: int | None) -> ObjectiveResult:
    if objective.is_time:
        result = _time_result(objective, sample, step)
        return _refused(result) if sample.overloaded else result
    if objective.quantity == "age":
        result = _age_result(objective, sample, step)
        grows = sample.overloaded and any(window.queued for window in sample.ages)
        return _refused(result) if grows else result
    if objective.quantity == "outage":
        return _outage_result(objective, sample, step)
    if objective.quantity == "throughput":
        return _throughput_result(objective, sample, step)
    return _share_result(objective, sample, step)


def _refused(result: ObjectiveResult) -> ObjectiveResult:
    """What was met only so far, because a backlog grew, is not met."""
    return replace(result, status="fail", overloaded=True) if result.status == "pass" else result


def unknown(objective: Objective, step: int | None = None) -> ObjectiveResult:
    """An objective about which nothing was measured: it is not met."""
    return ObjectiveResult(objective, step, "fail", None, None, None, 0, None)


def _time_result(objective: Objective, sample: Sample, step: int | None) -> ObjectiveResult:
    """A percentile of the times, by order statistics.

    A request without a correct edge answer is over every bound, whatever became of it. A sample
    that is worth too few independent values never passes. It fails if even those few show with
    98 % confidence that the bound is exceeded, as an overloaded step does.
    """
    response = objective.quantity == "response"
    values = sample.times.response_s if response else sample.times.service_s
    unanswered = sample.times.unanswered if response else sample.times.failed
    if values is None or objective.quantile is None or len(values) + unanswered == 0:
        return unknown(objective, step)
    n = len(values) + unanswered
    ordered = np.sort(values)
    at = rank(n, objective.quantile)
    value = float(ordered[at - 1]) if at <= len(ordered) else math.inf
    failed, cuts = sample.failed, sample.cuts
    if not response and sample.times.requests_failed is not None:
        failed, cuts = sample.times.requests_failed, sample.request_cuts
    sent_s = np.full(len(failed), np.inf)
    sent_s[~failed] = values
    windows = np.split(sent_s, cuts)
    size = max(1, math.floor(n * share_of_windows(windows, (SAME * value, objective.bound))))
    low, high = quantile_limits(ordered, n, objective.quantile, size)
    if size < LEAST_INDEPENDENT:
        low, high = quantile_limits(ordered, n, objective.quantile, size, _SURE)[0], None
    fails = low is not None and low > objective.bound
    status = _status(fails, high is not None and high <= objective.bound)
    beyond = int(np.count_nonzero(values > objective.bound)) + unanswered
    extra_s = seconds_to_tell_share(
        beyond / n, 1.0 - objective.quantile, size, sample.length_s, LEAST_INDEPENDENT
    )
    return ObjectiveResult(
        objective,
        step,
        status,
        value,
        low,
        high,
        n,
        extra_s if status == "undecided" else None,
        never_share=unanswered / n,
    )


def _age_result(objective: Objective, sample: Sample, step: int | None) -> ObjectiveResult:
    """A percentile of the ages of the newest answers, over the time of all cameras."""
    if objective.quantile is None:
        return unknown(objective, step)
    frames = len(sample.failed) + (sample.missed or 0)
    judged = judge_age(sample.ages, objective.quantile, objective.bound, frames)
    if judged is None:
        return unknown(objective, step)
    status = _status(judged.exceeded, judged.held)
    extra_s = _extra_s_of_age(judged, objective.quantile, sample.length_s)
    return ObjectiveResult(
        objective,
        step,
        status,
        judged.value_s,
        judged.low_s,
        judged.high_s,
        judged.n,
        extra_s if status == "undecided" else None,
    )


def _extra_s_of_age(judged: JudgedAge, quantile: float, length_s: float) -> float | None:
    """Seconds more until both the batches and the number of answers tell."""
    share, allowed = judged.share_above, 1.0 - quantile
    if share == allowed or not judged.size:
        return None
    by_number_s = seconds_to_tell_share(
        share, allowed, judged.size, length_s, least_answers(quantile)
    )
    by_batches = (judged.half / (share - allowed)) ** 2
    if by_number_s is None:
        return None
    return _at_most_a_day(max(by_number_s, (by_batches - 1.0) * length_s))


def _share_result(objective: Objective, sample: Sample, step: int | None) -> ObjectiveResult:
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
    status = _status(low > allowed, high <= allowed or (allowed == 0 and hits == 0))
    extra_s = (
        seconds_to_tell_share(share, allowed, size, sample.length_s)
        if status == "undecided"
        else None
    )
    if objective.at_least:
        share, low, high = 1.0 - share, 1.0 - high, 1.0 - low
    return ObjectiveResult(objective, step, status, share, low, high, n, extra_s)


def _bad_ones(objective: Objective, sample: Sample) -> tuple[int, int, float] | None:
    """How many were bad, of how many, and what share of these tells anything new."""
    if objective.quantity == "missed":
        if sample.missed is None:
            return None
        return sample.missed, sample.missed + len(sample.failed), 1.0
    series = sample.failed if objective.quantity == "errors" else sample.not_edge
    return int(series.sum()), len(series), independent_share(series)


def _throughput_result(objective: Objective, sample: Sample, step: int | None) -> ObjectiveResult:
    """Answers as a share of what was due: the mean over batches of time, with Student's t.

    One answer a batch may fall on the other side of a batch's edge: that scatters, and is in the
    interval.
    """
    if sample.due is None or not len(sample.due) or sample.due.min() <= 0:
        return unknown(objective, step)
    shares = sample.done / sample.due
    value = float(sample.done.sum() / sample.due.sum())
    error = float(shares.std(ddof=1)) / math.sqrt(len(shares))
    low, high = value - T_95 * error, value + T_95 * error
    status = _status(high < objective.bound, low >= objective.bound)
    extra_s = None
    if status == "undecided" and value != objective.bound:
        needed = (T_95 * error / (value - objective.bound)) ** 2
        extra_s = _at_most_a_day((needed - 1.0) * sample.length_s)
    return ObjectiveResult(
        objective, step, status, value, low, high, int(sample.due.sum()), extra_s
    )


def _outage_result(objective: Objective, sample: Sample, step: int | None) -> ObjectiveResult:
    """The longest outage; how long it lasted is known up to the gaps between requests."""
    if sample.outage_s is None:
        return unknown(objective, step)
    low, high = sample.outage_s
    status = _status(low >= objective.bound, high < objective.bound)
    return ObjectiveResult(objective, step, status, high, low, high, len(sample.failed), None)


def _status(fails: bool, passes: bool) -> Status:
    if fails:
        return "fail"
    return "pass" if passes else "undecided"


def seconds_to_tell_share(
    share: float, allowed: float, size: int, length_s: float, least: int = 0
) -> float | None:
    """Seconds more until a share as seen is told from the one allowed, at this rate.

    From the normal approximation of the binomial, n = z^2 p (1 - p) / (p - allowed)^2, and at
    least what no breach at all takes, n = ln 0.05 / ln (1 - allowed). `size` and `least`, the
    fewest that may decide, count independent requests.
    """
    if share == allowed or not 0 < allowed < 1:
        return None
    near = min(max(share, allowed), 0.5)
    needed = _Z_95**2 * near * (1.0 - near) / (share - allowed) ** 2
    needed = max(needed, math.log(0.05) / math.log(1.0 - allowed), least)
    return _at_most_a_day((needed / size - 1.0) * length_s)


def _at_most_a_day(seconds: float) -> float | None:
    """At least a second; None if it would take more than a day."""
    return max(1.0, seconds) if seconds <= _LONGEST_S else None
