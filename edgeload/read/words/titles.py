"""The titles of spectrum, failures and heat map: what each of them shows, in a sentence. Pure."""

from __future__ import annotations

import numpy as np

from edgeload.read.analysis.percentile_curves import Curve, Spectra
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import HeatMap
from edgeload.read.statistics.format import milliseconds, plural, share
from edgeload.read.statistics.percentiles import QUANTILES

_NAMES = {"p999": "p99.9"}


def spectrum_title(summary: RunSummary, drawn: Spectra) -> str:
    """How much slower the slow ones are than the middle, at the capacity or the smallest load."""
    curves = drawn.response or drawn.service
    name = "Response" if drawn.response else "Service"
    capacity = summary.capacity
    curve = next((c for c in curves if capacity and c.step == capacity.step), curves[0])
    text = f"{name} time at {plural(curve.clients, 'client')}: {_spread(curve)}"
    return text + ("" if summary.valid else " (run INVALID)")


def _spread(curve: Curve) -> str:
    """`p50 51.6 ms, p99 60.6 ms`: the middle and the last percentile that the sample bounds."""
    known = [name for name, q in QUANTILES.items() if q in curve.shares]
    ends = dict.fromkeys((known[0], known[-1]))
    return ", ".join(f"{_NAMES.get(name, name)} {_time(curve, QUANTILES[name])}" for name in ends)


def _time(curve: Curve, q: float) -> str:
    time_s = float(curve.times_s[np.searchsorted(curve.shares, q)])
    return milliseconds(time_s) + (" ms" if np.isfinite(time_s) else "")


def failures_title(summary: RunSummary) -> str:
    """How many failed, as what most of all, and from when to when."""
    totals, texts = summary.totals, summary.failure_texts
    if not totals.failed:
        return "No request failed"
    counts: dict[str, int] = {}
    for step in summary.steps:
        for outcome, count in step.failures.items():
            counts[outcome] = counts.get(outcome, 0) + count
    most = max(counts, key=lambda outcome: counts[outcome])
    parts = f"all as {most}" if len(counts) == 1 else f"{counts[most]:,} as {most}"
    first_s, last_s = min(t.first_s for t in texts), max(t.last_s for t in texts)
    return (
        f"{totals.failed:,} of {plural(totals.sent, 'request')} failed "
        f"({share(totals.failed / totals.sent)}), {parts}, from {first_s:.1f} to {last_s:.1f} s"
    )


def heat_map_title(summary: RunSummary, drawn: HeatMap) -> str:
    """Within which time half and nearly all of the good answers of the run came."""
    requests = summary.log.requests
    from_s = requests.sent_s if summary.log.plan is None else requests.due_s
    times_s = np.sort((requests.done_s - from_s)[requests.ok])
    middle, high = (
        milliseconds(float(np.quantile(times_s, q, method="inverted_cdf"))) for q in (0.5, 0.99)
    )
    text = (
        f"{drawn.kind.capitalize()} time over the run: half of the answers within {middle} ms, "
        f"99 % within {high} ms"
    )
    never = "; some never came" if drawn.never.any() else ""
    return text + never + ("" if summary.valid else " (run INVALID)")
