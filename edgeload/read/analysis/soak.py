"""Long steps: does the endpoint end as it began, and if not, since when and why? Pure.

Throughput and response times of the first quarter are compared with those of the last, and so is
the host if it was watched. A flat box gives no finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgeload.box_records import BoxResources
from edgeload.host.samples import HostSample
from edgeload.read.analysis.host_plateau import (
    SLOWED_CLOCK,
    HostValues,
    box_values,
    find_leaks,
    find_throttling,
    host_pairs,
    monitor_values,
)
from edgeload.read.analysis.soak_result import ComparedEnds, QuarterPair, Soak, Throttling
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.log.columns import RunLog
from edgeload.read.statistics.grouped import in_half_the_room
from edgeload.read.statistics.plateau import PARTS, SOAK_FALSE_ALARMS, onset, p_of_change
from edgeload.read.statistics.windows import Floats, Window

LEAST_SOAK_S = 600.0
"""A shorter step is no soak."""
_LEAST_HEAD = 0.9
"""Heads are cut to this share of it: a part of a step has lost its warm-up."""
_MATTERS = {"throughput_per_s": 0.05}
_TIMES_MATTER = 0.10
"""Changes below these shares are not worth a word, however sure they are."""
_QUANTILES = {"p50": 0.5, "p95": 0.95}
_LEAST_ANSWERS = {"p50": 5, "p95": 20}
_ANSWERS_A_PART = 20
_FINE_PARTS, _FINEST_PARTS, _FINE_S = 60, 120, 10.0
_SURE_S, _SURE_SHARE = 60.0, 0.1
"""A moment is named if it is known to a minute either way, or to a tenth of the step."""


@dataclass(frozen=True)
class _Answers:
    """Good answers of a step: sorted instants at which they came; when each was due, its times.

    `times_s` by kind: `service`, and `response` if the log says when requests were due.
    """

    done_s: Floats
    at_s: Floats
    times_s: Mapping[str, Floats]
    _known: dict[tuple[str, Window], dict[str, float]] = field(default_factory=dict)

    @property
    def quantities(self) -> tuple[str, ...]:
        """What is compared, the plainest first: a queue's service times are bounded by its clients,
        and show a change as a step where response times go on growing."""
        return ("throughput_per_s", *(f"{k}_{q}_s" for k in self.times_s for q in _QUANTILES))

    def values(self, windows: Sequence[Window], quantity: str) -> Floats:
        """A quantity in neighbouring windows; NaN for too few answers."""
        if quantity == "throughput_per_s":
            edges = [w.start_s for w in windows] + [windows[-1].end_s]
            lengths = np.array([w.length_s for w in windows])
            per_s: Floats = np.diff(np.searchsorted(self.done_s, edges)) / lengths
            return per_s
        kind, name, _ = quantity.split("_")
        return np.array([self._quantiles(kind, window)[name] for window in windows])

    def _quantiles(self, kind: str, window: Window) -> dict[str, float]:
        """All of them together: that takes little longer than one."""
        if (kind, window) not in self._known:
            first, last = np.searchsorted(self.at_s, (window.start_s, window.end_s)).tolist()
            times = self.times_s[kind][first:last]
            values = np.quantile(times, list(_QUANTILES.values())) if len(times) else [np.nan] * 2
            self._known[kind, window] = {
                name: float(value) if len(times) >= _LEAST_ANSWERS[name] else np.nan
                for name, value in zip(_QUANTILES, values, strict=True)
            }
        return self._known[kind, window]

    def series(self, windows: Sequence[Window], quantity: str) -> Floats:
        """The same to be tested: times as their logarithms."""
        values = self.values(windows, quantity)
        return values if quantity == "throughput_per_s" else np.log(np.maximum(values, 1e-9))


def find_soaks(
    log: RunLog,
    steps: Sequence[StepSummary],
    samples: Sequence[HostSample],
    told_by_box: Sequence[BoxResources] = (),
    least_s: float = LEAST_SOAK_S,
) -> tuple[Soak, ...]:
    """One entry for each valid step that went on for ten minutes or more."""
    long = [s for s in steps if s.valid and s.window.end_s - s.span.start_s >= least_s - 1e-6]
    if not long:
        return ()
    values = monitor_values(samples, log.wall_s) if samples else box_values(told_by_box)
    found = []
    for step in long:
        answers = _answers_of(log, step)
        soaks = [_soak(log, step, answers, ends, values, samples) for ends in _ends(step, least_s)]
        found.append(replace(_plainest(soaks), leaks=find_leaks(values, step.window)))
    return tuple(found)


def _ends(step: StepSummary, least_s: float) -> Iterator[ComparedEnds]:
    """The step, its first half, the first half of that, and so on: a change in the first minutes of
    hours lies in the first quarter of the whole."""
    window = step.window
    while True:
        yield ComparedEnds(window, step.window)
        window = Window(window.start_s, window.start_s + window.length_s / 2)
        if window.length_s < _LEAST_HEAD * least_s:
            return


def _plainest(found: Sequence[Soak]) -> Soak:
    """The one that knows a cause, else one whose beginning was over before the change, else the
    first that has changed, else that of the whole step."""
    changed = [soak for soak in found if soak.changes]
    clear = (s for s in changed if s.at_s is not None and s.at_s >= s.ends.first.end_s)
    explained = (soak for soak in found if soak.throttling)
    return next(explained, None) or next(clear, None) or next(iter(changed), found[0])


def _soak(
    log: RunLog,
    step: StepSummary,
    answers: _Answers,
    ends: ComparedEnds,
    values: HostValues,
    samples: Sequence[HostSample],
) -> Soak:
    pairs, untested = _load_pairs(answers, ends)
    pairs = (*pairs, *host_pairs(values, ends))
    soak = Soak(step.index, step.span, ends, pairs, untested=untested)
    seen = find_throttling(samples, log.wall_s, ends)
    slowing = next((each for each in seen if _matters(each, soak)), None)
    return _since_when(replace(soak, throttling=slowing), answers)


def _answers_of(log: RunLog, step: StepSummary) -> _Answers:
    requests = log.requests
    wanted = (requests.step == step.index) & requests.ok & np.isfinite(log.at_s)
    rows = in_half_the_room(np.flatnonzero(wanted))
    rows = rows[np.argsort(log.at_s[rows], kind="stable")]
    done_s = requests.done_s[rows]
    times_s = {"service": done_s - requests.sent_s[rows]}
    if log.knows_due:
        times_s["response"] = done_s - requests.due_s[rows]
    done_s.sort()
    return _Answers(done_s, log.at_s[rows], times_s)


def _load_pairs(
    answers: _Answers, ends: ComparedEnds
) -> tuple[tuple[QuarterPair, ...], tuple[str, ...]]:
    """Throughput and times, each by its own test, and which had too few answers for one."""
    parts, found, untested = ends.head.split(PARTS), [], []
    for quantity in answers.quantities:
        least = _MATTERS.get(quantity, _TIMES_MATTER)
        windows = (ends.first, ends.last, ends.head.split(4)[-1])
        first, last, then = (float(answers.values([w], quantity)[0]) for w in windows)
        p = p_of_change(answers.series(parts, quantity))
        if p is None:
            untested.append(quantity)
        if not np.isfinite([first, last]).all():
            continue
        moved = _moved(first, last, least)
        told = moved and _moved(first, then, least) and (last < first) == (then < first)
        changed = None if p is None else told and p < SOAK_FALSE_ALARMS
        found.append(QuarterPair(quantity, first, last, changed))
    return tuple(found), tuple(untested)


def _moved(first: float, last: float, least: float) -> bool:
    return max(first, last) > min(first, last) * (1.0 + least)


def _matters(throttling: Throttling, soak: Soak) -> bool:
    """Whether clients felt it, or the clock fell."""
    clock = soak.pair("sm_clock_mhz", f"GPU {throttling.gpu}")
    fell = clock is not None and clock.last < SLOWED_CLOCK * clock.first
    return fell or any(pair.worse for pair in soak.changes)


def _since_when(soak: Soak, answers: _Answers) -> Soak:
    """The soak with the moment of its change: that of the throttling, unless the load's differs."""
    own = _moment_of(soak, answers)
    throttling = soak.throttling
    if throttling is None or (own.at_s is not None and not _agree(own, throttling.at_s)):
        return own
    return replace(
        soak, at_s=throttling.at_s, limits_s=None, located="throttle_reasons", gradual=False
    )


def _agree(soak: Soak, at_s: float) -> bool:
    low, high = soak.limits_s or (at_s, at_s)
    slack_s = max(_SURE_S, _SURE_SHARE * soak.ends.head.length_s)
    return low - slack_s <= at_s <= high + slack_s


def _moment_of(soak: Soak, answers: _Answers) -> Soak:
    """By the throughput if it changed, else by the first of the times that did."""
    if not soak.changes:
        return soak
    window, quantity = soak.ends.head, soak.changes[0].quantity
    wanted = int(np.clip(window.length_s / _FINE_S, _FINE_PARTS, _FINEST_PARTS))
    enough = np.count_nonzero(window.holds(answers.at_s)) // _ANSWERS_A_PART
    parts = window.split(max(PARTS, min(wanted, enough)))
    place = onset(answers.series(parts, quantity))
    if place is None:
        return replace(soak, gradual=True)
    low, high = parts[place.low].start_s, parts[place.high].start_s
    if high - low > max(2 * _SURE_S, _SURE_SHARE * window.length_s):
        return soak
    return replace(soak, at_s=parts[place.at].start_s, limits_s=(low, high), located="change_point")
