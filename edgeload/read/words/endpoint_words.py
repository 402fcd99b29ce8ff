"""The part of each endpoint of a run, step by step, as the texts of a table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.plain_words import some_of
from edgeload.read.analysis.endpoint_part import EndpointPart
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import milliseconds, number
from edgeload.read.statistics.percentiles import Distribution

_QUANTILES = ("p50", "p95", "p99")
ENDPOINT_HEADS = (
    *("step", "endpoint", "clients", "done/s", "failed", "missed"),
    *_QUANTILES,
    "state",
)
ENDPOINT_TEXTS = ("endpoint", "state")
"""Columns of words, which stand on the left."""
ENDPOINTS_TITLE = "Requests by endpoint, with response times in ms"
ENDPOINTS_HEAD = f"{ENDPOINTS_TITLE}:"
_MOST_ROWS = 24


@dataclass(frozen=True)
class EndpointRow:
    """An endpoint in a step: the step's number from 1, whether it is the first row of that step,
    and the texts of all columns behind it.
    """

    step: int
    first: bool
    cells: tuple[str, ...]


def endpoint_rows(summary: RunSummary) -> list[EndpointRow]:
    """All rows; none for a single endpoint."""
    return [
        EndpointRow(summary.steps[place].index + 1, not number_, _cells(part, part.steps[place]))
        for place in range(len(summary.steps))
        for number_, part in enumerate(summary.endpoints)
    ]


def few_endpoint_rows(summary: RunSummary) -> tuple[list[EndpointRow], str]:
    """The rows of a table that is read from top to bottom, and what it leaves out, in a sentence.

    Of many, those of the largest load; of many endpoints, those that fare worst.
    """
    rows = endpoint_rows(summary)
    if len(rows) <= _MOST_ROWS:
        return rows, ""
    place = max(range(len(summary.steps)), key=lambda p: (summary.steps[p].clients, p))
    parts = sorted(summary.endpoints, key=lambda part: _badness(part, part.steps[place]))
    step = summary.steps[place].index + 1
    shown = parts[:_MOST_ROWS]
    kept = [
        EndpointRow(step, not at, _cells(part, part.steps[place])) for at, part in enumerate(shown)
    ]
    left = (
        f", and the {len(shown)} slowest of {len(parts)} endpoints" if parts[len(shown) :] else ""
    )
    return kept, f"This is the largest load{left}; all others are in summary.json."


def _badness(part: EndpointPart, step: StepSummary) -> tuple[bool, float]:
    """Sorts endpoints: first those that did not carry their parts, then by the median."""
    quantile = step.times.felt.quantile("p50")
    return part.state(step) in (None, "carried"), -(quantile.value if quantile else 0.0)


def _cells(part: EndpointPart, step: StepSummary) -> tuple[str, ...]:
    counts = step.counts
    return (
        part.url,
        f"{step.clients:,}",
        number(step.rates.throughput_per_s),
        f"{counts.failed:,}",
        "-" if counts.missed is None else f"{counts.missed:,}",
        *(_time(step.times.felt, name) for name in _QUANTILES),
        part.state(step) or "-",
    )


def _time(sample: Distribution, name: str) -> str:
    if sample.is_never(name):
        return "never"
    quantile = sample.quantile(name)
    return milliseconds(quantile.value if quantile else None, "few" if sample.n else "-")


def all_urls(endpoints: Sequence[EndpointPart]) -> str:
    """The URLs of several endpoints, the first ones of many; empty for a single one."""
    return some_of([part.url for part in endpoints])


def who_serves(endpoints: Sequence[EndpointPart]) -> str:
    """The subject of the headline, with its verb."""
    if not endpoints:
        return "This endpoint serves"
    return f"These {len(endpoints)} endpoints together serve"
