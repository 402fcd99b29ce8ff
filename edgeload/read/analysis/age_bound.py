"""Whether the ages of the cameras' newest answers hold a bound. Pure.

`age p95<1s` says: in at most 5 % of the time of all cameras, the age is above 1 s. Two limits bound
that share, and the wider one counts. One is Student's t over batches of time, which sees how the
share varies. The other takes each answer for a try, at their effective number (Clopper and
Pearson), because batches that have seen few breaches seem to vary less than they do. All ages that
the limits do not refute make up the interval of the percentile, so interval and verdict agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from edgeload.read.analysis.camera_age import BATCHES, AgeWindow
from edgeload.read.statistics.age import AgeSpans, joined_spans
from edgeload.read.statistics.effective_size import LEAST_INDEPENDENT, SAME
from edgeload.read.statistics.percentiles import CONFIDENCE, share_limits, share_of_windows

T_95 = float(special.stdtrit(BATCHES - 1, CONFIDENCE))
"""Student's t for limits that each hold with 95 %, from ten batches (more make them wider)."""

_HALVINGS = 50
_SURE = 0.98
_ROUNDING = 1e-9


@dataclass(frozen=True)
class JudgedAge:
    """A percentile of the ages in seconds (infinity: no answer yet) with its 95 % limits.

    `low_s` or `high_s` is None if the sample is too small for it. `exceeded`: the bound is, with
    95 % confidence; `held`: it is not. `n` answers came, worth `size` independent ones. The age was
    above the bound for `share_above` of the time, give or take `half` by the batches.
    """

    value_s: float
    low_s: float | None
    high_s: float | None
    exceeded: bool
    held: bool
    n: int
    size: int
    share_above: float
    half: float


@dataclass(frozen=True)
class _Evidence:
    """Batches of time, the share of it that an age may be above, and how many independent answers
    and frames there were.
    """

    batches: Sequence[AgeSpans]
    whole: AgeSpans
    allowed: float
    answers: int
    frames: int

    def above(self, age_s: float) -> tuple[float, float]:
        """The share of the time above an age, and the half of its interval by the batches."""
        shares = [batch.share_above(age_s) for batch in self.batches]
        error = float(np.std(shares, ddof=1)) / math.sqrt(len(shares))
        return self.whole.share_above(age_s), T_95 * error

    def refutes(self, age_s: float) -> bool:
        """Whether the percentile is above this age; fewer than 59 frames must show it by 98 %."""
        share, half = self.above(age_s)
        confidence = CONFIDENCE if self.frames >= LEAST_INDEPENDENT else _SURE
        hits = math.floor(share * self.frames + _ROUNDING)
        fewest = share_limits(hits, self.frames, confidence)[0]
        return min(share - half, fewest) > self.allowed

    def confirms(self, age_s: float) -> bool:
        """Whether it is not above this age."""
        share, half = self.above(age_s)
        hits = math.ceil(share * self.answers - _ROUNDING)
        most = share_limits(hits, self.answers)[1]
        return max(share + half, most) <= self.allowed


def judge_age(
    windows: Sequence[AgeWindow], quantile: float, bound_s: float, frames: int
) -> JudgedAge | None:
    """A percentile of the ages against a bound in seconds; None: no camera counted in any batch.

    `frames` were due: each is a chance for an answer, so many of them without one refute a bound.
    A bound is confirmed only by as many independent answers as any percentile needs (method 6): 59
    for p95, 299 for p99. Answers after ages like those of their neighbours count for less, as times
    do.
    """
    batches = [batch for window in windows for batch in window.batches if batch.time_s > 0]
    if not batches:
        return None
    whole = joined_spans(batches)
    value_s = whole.quantile(quantile)
    peaks = [window.peaks_s for window in windows]
    n = sum(map(len, peaks))
    worth = share_of_windows(peaks, (SAME * value_s, bound_s))
    size = math.floor(n * worth)
    evidence = _Evidence(
        batches, whole, 1.0 - quantile, size, max(1, math.floor(max(n, frames) * worth))
    )
    known = len(batches) >= BATCHES
    enough = known and size >= least_answers(quantile)
    low_s, high_s = _limits(evidence, bound_s) if known else (None, None)
    share, half = evidence.above(bound_s) if known else (whole.share_above(bound_s), math.inf)
    return JudgedAge(
        value_s=value_s,
        low_s=low_s,
        high_s=high_s if enough else None,
        exceeded=known and evidence.refutes(bound_s),
        held=enough and evidence.confirms(bound_s),
        n=n,
        size=size,
        share_above=share,
        half=half,
    )


def least_answers(quantile: float) -> int:
    """So many independent answers, at the least, confirm a bound on this percentile."""
    return max(LEAST_INDEPENDENT, math.ceil(math.log(1.0 - CONFIDENCE) / math.log(quantile)))


def _limits(evidence: _Evidence, bound_s: float) -> tuple[float, float]:
    """The age up to which all are refuted, and that from which all are confirmed."""
    answered = 1.0 - evidence.whole.share_above(math.inf)
    longest_s = evidence.whole.quantile(answered)
    if math.isinf(longest_s):
        return (math.inf if evidence.refutes(bound_s) else 0.0), math.inf

    def edge(holds: Callable[[float], bool]) -> float:
        return math.inf if holds(longest_s) else _edge(holds, 0.0, longest_s, bound_s)

    return edge(evidence.refutes), edge(lambda age_s: not evidence.confirms(age_s))


def _edge(holds: Callable[[float], bool], low_s: float, high_s: float, first_s: float) -> float:
    """Where what holds for small ages ends, by bisection that begins at `first_s`."""
    middle_s = first_s if low_s < first_s < high_s else (low_s + high_s) / 2
    for _ in range(_HALVINGS):
        low_s, high_s = (middle_s, high_s) if holds(middle_s) else (low_s, middle_s)
        middle_s = (low_s + high_s) / 2
    return middle_s
