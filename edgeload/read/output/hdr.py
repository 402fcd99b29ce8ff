"""Percentile files that HdrHistogram's plotter reads, one a ramp step and kind of time."""

from __future__ import annotations

import importlib.util
import io
import math
import re

import numpy as np

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.window_times import rows_due_in, times_of
from edgeload.read.statistics.windows import Floats

DIGITS = 3
PATTERN = "*_step_*_clients.hgrm"
_US = 1e6
_HOUR_US = 3_600_000_000
_TICKS_PER_HALF = 5
_PRECISE_BITS = 11  # the library's buckets are exact to 2^-11 at three digits
_MISSING = "needs the package hdrhistogram: pip install -e '.[hdr]'"


def missing() -> str | None:
    """What to do if the library is not installed; None if it is."""
    return None if importlib.util.find_spec("hdrh") else _MISSING


def percentile_files(summary: RunSummary) -> dict[str, str]:
    """Name -> text, for each step that has answers: `response_step_1_10_clients.hgrm` and so on.

    Of a mix there is one for each camera group, `response_step_1_door_4_clients.hgrm`, because
    times of different detectors say nothing together. Times are those of the step's window, in
    milliseconds to three digits. In a response file, what was never answered counts: it is entered
    at the longest time that the step shows or the run allows (`timeout`), and a comment says how
    many. Needs hdrhistogram.
    """
    if summary.groups:
        return {
            name: text
            for group in summary.groups
            for name, text in _files(group, f"{_slug(group.group)}_").items()
        }
    return _files(summary)


def _slug(name: str) -> str:
    """A group's name as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", name)


def _timeout_s(summary: RunSummary) -> float:
    """The longest that a request of this run, or of this group, may take; 0 if that is unknown."""
    header = summary.log.header
    groups = header.plan.groups if header else []
    own = next((group.timeout_s for group in groups if group.name == summary.group), None)
    return float(own or summary.log.settings.get("timeout") or 0.0)


def _files(summary: RunSummary, group: str = "") -> dict[str, str]:
    files = {}
    for step in summary.steps:
        if not step.times.service.n:
            continue
        inside = rows_due_in(summary.log, step.index, step.window)
        times = times_of(summary.log, inside, step.within.missed)
        end = f"step_{step.index + 1}_{group}{step.clients}_clients.hgrm"
        files[f"service_{end}"] = percentile_text(times.service_s)
        if times.response_s is not None:
            least_s = _timeout_s(summary)
            files[f"response_{end}"] = percentile_text(times.response_s, times.unanswered, least_s)
    return files


def percentile_text(times_s: Floats, unanswered: int = 0, least_s: float = 0.0) -> str:
    """The percentile distribution in HdrHistogram's text form, milliseconds."""
    from hdrh.histogram import HdrHistogram  # noqa: PLC0415  an extra

    longest_s = max(float(times_s.max(initial=0.0)), least_s if unanswered else 0.0)
    histogram = HdrHistogram(1, max(_HOUR_US, math.ceil(longest_s * _US)), DIGITS)
    whole = np.maximum(np.rint(times_s * _US), 1).astype(np.int64)
    shift = np.maximum(np.frexp(whole.astype(np.float64))[1] - _PRECISE_BITS, 0)
    values, counts = np.unique((whole >> shift) << shift, return_counts=True)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        histogram.record_value(value, count)
    if unanswered:
        histogram.record_value(max(1, round(longest_s * _US)), unanswered)
    text = io.BytesIO()
    histogram.output_percentile_distribution(text, _US / 1000, _TICKS_PER_HALF)
    lines = text.getvalue().decode().splitlines()
    entered = np.concatenate([times_s, np.full(unanswered, longest_s)]) * 1000
    mean_line = next(i for i, line in enumerate(lines) if line.startswith("#[Mean"))
    # The library gives the deviation in its own unit, not in that of the output.
    lines[mean_line] = (
        f"#[Mean    = {entered.mean():12.3f}, StdDeviation   = {entered.std():12.3f}]"
    )
    if unanswered:
        lines.append(f"#[Never answered = {unanswered}, entered at {longest_s * 1000:.3f}]")
    return "\n".join(lines) + "\n"
