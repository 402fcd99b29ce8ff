"""What the plots over time show: rates, percentiles and densities per window. Pure, few points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgeload.failure_classes import TIMEOUT
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.steps import dues_in
from edgeload.read.analysis.window_times import times_of
from edgeload.read.log.columns import Bools
from edgeload.read.statistics.grouped import in_half_the_room, in_parts
from edgeload.read.statistics.percentiles import rank
from edgeload.read.statistics.windows import Floats, Window, count_in

MOST_POINTS = 1200
MOST_BARS = 240
MOST_BANDS = 48
LONG_RUN_S = 120.0
"""From this length on, a heat map shows more than lines do."""

_LEAST_SAMPLES = 20
_MOST_CLASSES = 7
_SHORT_RUN_S = 30.0
_LEAST_BAND_S = 1e-5
_FASTEST = 0.002  # the few fastest share the lowest band, or empty bands would fill the picture
_WIDTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Rates:
    """Events per second in windows of one width; whole windows only. `missed` None: unknown."""

    width_s: float
    middle_s: Floats
    ok: Floats
    failed: Floats
    missed: Floats | None


@dataclass(frozen=True)
class Times:
    """Percentiles in seconds per window, by name; NaN: no sample, infinity: never answered."""

    middle_s: Floats
    service: dict[str, Floats]
    response: dict[str, Floats] | None


@dataclass(frozen=True)
class FailureRates:
    """Failures per second by class, in windows of one width; the most frequent class first."""

    width_s: float
    edges_s: Floats
    classes: dict[str, Floats]


@dataclass(frozen=True)
class HeatMap:
    """How the times of what fell due in each window spread over bands of time.

    `share[band, window]` is a share of everything due in the window. A column, `never` of the same
    window and the share of other failures add up to 1. Bands are evenly spaced on a log scale.
    """

    kind: str
    """"response", or "service" if the log does not say when requests were due."""
    edges_s: Floats
    bands_s: Floats
    share: Floats
    never: Floats


def end_of(summary: RunSummary) -> float:
    """Run time at which the last step that began ended, or was cut."""
    return max((step.window.end_s for step in summary.steps), default=0.0)


def rates(summary: RunSummary) -> Rates:
    """Good answers and failures per second by completion, missed requests by due time."""
    requests = summary.log.requests
    end_s = end_of(summary)
    width_s = window_width(end_s)
    windows = math.floor(end_s / width_s + 1e-9)
    edges = np.arange(windows + 1, dtype=np.float64) * width_s

    def per_second(at_s: Floats) -> Floats:
        return np.histogram(at_s, edges)[0] / width_s if windows else np.empty(0)

    return Rates(
        width_s=width_s,
        middle_s=edges[:-1] + width_s / 2,
        ok=per_second(requests.done_s[requests.ok]),
        failed=per_second(requests.done_s[~requests.ok]),
        missed=_missed(summary, per_second(requests.due_s), edges)
        if summary.log.knows_due
        else None,
    )


def _missed(summary: RunSummary, sent_per_s: Floats, edges: Floats) -> Floats:
    """Planned less sent, by due time: what a dead worker never wrote down is in it too."""
    plan = summary.log.plan
    planned = np.zeros(len(edges) - 1)
    if plan is None or not len(planned):
        return planned
    for step in summary.steps:
        dues = dues_in(summary.log, plan.steps[step.index], step.window.end_s)
        planned += np.histogram(np.zeros(0) if dues is None else dues, edges)[0] / (
            edges[1] - edges[0]
        )
    missed: Floats = np.maximum(planned - sent_per_s, 0.0)
    return missed


def window_width(span_s: float, most: int = MOST_POINTS) -> float:
    """The least round width, from 1 s, that cuts a span into at most `most` windows.

    A span that is too long even for the widest takes whole hours.
    """
    widest = 3600.0 * max(1, math.ceil(span_s / 3600.0 / most))
    return float(next((w for w in _WIDTHS_S if span_s / w <= most), widest))


def failure_rates(summary: RunSummary) -> FailureRates | None:
    """Failures per second by class and by completion, from the run's start to its last failure.

    Windows are narrower than a second in a short run. Nothing is left out: what ended after the
    last step has windows of its own. Past the seventh class, failures are "other". None: none.
    """
    requests = summary.log.requests
    failed = np.flatnonzero(~requests.ok)
    if not len(failed):
        return None
    last_s = float(requests.done_s[failed].max())
    end_s = max(end_of(summary), last_s)
    width_s = window_width(end_s, MOST_BARS) if end_s > _SHORT_RUN_S else 0.5
    windows = max(math.ceil(end_s / width_s - 1e-9), math.floor(last_s / width_s) + 1)
    column = np.maximum(requests.done_s[failed] // width_s, 0).astype(np.int64)
    outcome = requests.outcome[failed]
    counts = np.bincount(outcome, minlength=len(requests.outcomes))
    order = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code]]
    classes: dict[str, Floats] = {}
    for place, code in enumerate(order):
        few = place < _MOST_CLASSES or len(order) == _MOST_CLASSES + 1
        name = requests.outcomes[code] if few else "other"
        line = np.bincount(column[outcome == code], minlength=windows) / width_s
        classes[name] = classes.get(name, np.zeros(windows)) + line
    edges_s = np.arange(windows + 1, dtype=np.float64) * width_s
    return FailureRates(width_s, edges_s, classes)


def heat_map(summary: RunSummary) -> HeatMap | None:
    """The spread of times over the run, by due time; None: a short run, or no good answer."""
    log, requests, end_s = summary.log, summary.log.requests, end_of(summary)
    from_s = log.at_s
    ok = requests.ok & ~np.isnan(from_s)
    if end_s < LONG_RUN_S or not ok.any():
        return None
    width_s = window_width(end_s, MOST_BARS)
    edges_s = np.arange(math.ceil(end_s / width_s - 1e-9) + 1, dtype=np.float64) * width_s

    def time_s(rows: Bools | slice) -> Floats:
        return np.maximum(requests.done_s[rows] - from_s[rows], _LEAST_BAND_S)

    high = float(np.max(time_s(slice(None)), where=ok, initial=0.0))
    low = float(np.quantile(time_s(ok), _FASTEST, overwrite_input=True))
    bands_s = np.geomspace(low / 1.02, max(high, low * 1.5) * 1.02, MOST_BANDS + 1)
    counts = np.zeros((MOST_BANDS, len(edges_s) - 1))
    for part in in_parts(len(ok)):  # numpy needs a hundred bytes for each
        times = np.maximum(time_s(part), low)[ok[part]]
        counts += np.histogram2d(times, from_s[part][ok[part]], bins=(bands_s, edges_s))[0]
    timed_out = np.histogram(from_s[requests.having(TIMEOUT)], edges_s)[0]
    sent = np.histogram(from_s, edges_s)[0]
    missed = _missed(summary, sent / width_s, edges_s) * width_s if log.knows_due else 0.0 * sent
    due = np.maximum(sent + missed, 1.0)
    return HeatMap(
        kind="response" if log.knows_due else "service",
        edges_s=edges_s,
        bands_s=bands_s,
        share=counts / due,
        never=(missed + timed_out) / due,
    )


def times(summary: RunSummary) -> Times:
    """Percentiles by due time, in windows that begin anew in each step.

    A window is 1 s, or as long as twenty answers take, so sparse data does not look jagged.
    """
    parts = [_step_times(summary, step) for step in summary.steps]
    middle_s = np.concatenate([part.middle_s for part in parts]) if parts else np.empty(0)
    return Times(
        middle_s=middle_s,
        service=_joined([part.service for part in parts]),
        response=None
        if not summary.log.knows_due
        else _joined([part.response for part in parts if part.response is not None]),
    )


def _joined(parts: list[dict[str, Floats]]) -> dict[str, Floats]:
    return {
        name: np.concatenate([part[name] for part in parts]) if parts else np.empty(0)
        for name in PERCENTILES
    }


def _step_times(summary: RunSummary, step: StepSummary) -> Times:
    log, requests = summary.log, summary.log.requests
    span = Window(step.span.start_s, step.window.end_s)
    windows = span.split(_windows(step, span, window_width(end_of(summary))))
    rows = in_half_the_room(np.flatnonzero(requests.step == step.index))
    rows = rows[np.argsort(log.at_s[rows], kind="stable")]
    at_s = log.at_s[rows]
    dues = dues_in(log, log.plan.steps[step.index], span.end_s) if log.plan else None
    service, response = [], []
    for window in windows:
        first, last = np.searchsorted(at_s, (window.start_s, window.end_s)).tolist()
        inside = rows[first:last]
        missed = None if dues is None else max(0, count_in(dues, window) - len(inside))
        found = times_of(log, inside, missed)
        service.append(_percentiles(found.service_s, 0))
        if found.response_s is not None:
            response.append(_percentiles(found.response_s, found.unanswered))
    return Times(
        middle_s=np.array([(w.start_s + w.end_s) / 2 for w in windows]),
        service=_columns(service),
        response=_columns(response) if dues is not None else None,
    )


def _windows(step: StepSummary, span: Window, least_width_s: float) -> int:
    rate = step.rates.throughput_per_s or 0.0
    width_s = max(least_width_s, _LEAST_SAMPLES / rate) if rate else span.length_s
    return max(1, round(span.length_s / width_s)) if width_s > 0 else 1


def _percentiles(values: Floats, unanswered: int) -> list[float]:
    n = len(values) + unanswered
    if not n:
        return [math.nan] * len(PERCENTILES)
    ordered = np.sort(values)
    ranks = [rank(n, q) for q in PERCENTILES.values()]
    return [float(ordered[r - 1]) if r <= len(ordered) else math.inf for r in ranks]


def _columns(rows: list[list[float]]) -> dict[str, Floats]:
    return dict(zip(PERCENTILES, np.array(rows, dtype=np.float64).T, strict=True))
