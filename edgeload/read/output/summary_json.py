"""A run's summary as plain values for other programs: summary.json and steps.csv. Pure."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from edgeload.read.analysis.capacity import Breach, Capacity
from edgeload.read.analysis.failures import failure_classes
from edgeload.read.analysis.objective_results import Judged
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.steps import StepSummary
from edgeload.read.output.summary_form import SCHEMA_VERSION
from edgeload.read.statistics.percentiles import QUANTILES, Distribution
from edgeload.read.statistics.scaling_law import Estimate, ScalingLaw
from edgeload.read.statistics.windows import Window
from edgeload.read.words.finding_words import Finding


def summary_json(summary: RunSummary, findings: Sequence[Finding]) -> str:
    """The text of summary.json: the same log gives the same text."""
    return json.dumps(summary_values(summary, findings), indent=2, allow_nan=False) + "\n"


def summary_values(summary: RunSummary, findings: Sequence[Finding]) -> dict[str, Any]:
    """The run as JSON values; seconds and per second everywhere, null for no data.

    A percentile is null where the sample is too small to claim it and where it falls on requests
    that were never answered; the latter are named in `never`.
    """
    log, header = summary.log, summary.log.header
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": header.run_id if header else None,
        "log": log.path.name,
        "log_form": header.format_version if header else "older",
        "command": (header.command or None) if header else None,
        "started_at": utc(log.wall_s),
        "ended_at": utc(log.wall_s + summary.ended_s),
        "interrupted": summary.interrupted,
        "validity": {
            "verdict": "VALID" if summary.valid else "INVALID",
            "reasons": [
                {
                    "code": reason.doubt.code,
                    "message": reason.doubt.message,
                    "advice": reason.doubt.advice,
                    "steps": list(reason.steps),
                }
                for reason in summary.reasons
            ],
        },
        "capacity": _capacity(summary.capacity, summary.broke),
        "scaling_law": _scaling_law(summary.scaling_law),
        "demands": None
        if summary.demands is None
        else [
            {
                "resource": demand.resource,
                "loads": demand.loads,
                "demand_s": _estimate(demand.demand_s),
                "idle_share": _figure(demand.idle_share),
                "full_at_per_s": _figure(demand.full_at_per_s),
            }
            for demand in summary.demands
        ],
        "objectives": [_judged(judged) for judged in summary.objectives],
        "totals": asdict(summary.totals),
        "steps": [step_values(step) for step in summary.steps],
        "findings": [asdict(finding) for finding in findings],
        "failure_classes": [
            {
                "outcome": c.outcome,
                "count": c.count,
                "first_s": c.first_s,
                "last_s": c.last_s,
                "texts": c.texts,
            }
            for c in failure_classes(summary.failure_texts)
        ],
        "failure_texts": [asdict(text) for text in summary.failure_texts],
        "out_of_order": summary.out_of_order,
        "damaged_lines": log.damage.lines,
        "workers_died": [
            {"worker": d.worker, "at_s": d.at_s, "exit_code": d.exit_code, "signal": d.signal}
            for d in log.deaths
        ],
        "requests_per_second": log.requests_per_second,
        "settings": header.settings if header else None,
        "endpoint": header.endpoint if header else None,
        "machine": header.machine if header else None,
        "versions": header.versions if header else None,
        "images": header.images if header else None,
    }


def step_values(step: StepSummary) -> dict[str, Any]:
    """One step as JSON values."""
    return {
        "index": step.index,
        "clients": step.clients,
        "start_s": _figure(step.span.start_s),
        "end_s": _figure(step.span.end_s),
        "complete": step.complete,
        "warmup_s": _figure(step.window.start_s - step.span.start_s),
        "window": _window(step.window),
        "arrival_rate_per_s": _figure(step.arrival_rate_per_s),
        "throughput_per_s": _figure(step.throughput_per_s),
        "goodput_per_s": _figure(step.goodput_per_s),
        "planned": step.planned,
        "sent": step.sent,
        "ok": step.ok,
        "failed": step.failed,
        "missed": step.missed,
        "failures": step.failures,
        "missed_reasons": step.missed_reasons,
        "edge_purity": _figure(step.edge_purity),
        "steady": step.steadiness.steady,
        "valid": step.valid,
        "service_time_s": _distribution(step.service),
        "response_time_s": _distribution(step.response),
        "generator_lag_s": _distribution(step.lag),
        "late_share": _figure(step.late_share),
        "generator_cpu_cores": _figure(step.generator_cpu),
        "mean_in_flight": _figure(step.little.in_flight),
        "littles_law_holds": step.little.holds,
        "settled_s": _figure(step.settled_s),
        "drift": {"first_s": _figure(step.drift.first_s), "last_s": _figure(step.drift.last_s)}
        if step.drift
        else None,
        "objectives": [_judged(judged) for judged in step.objectives],
    }


def steps_csv(summary: RunSummary) -> str:
    """The steps as a table for spreadsheets: one row a step, empty for no data."""
    rows = [_row(step) for step in summary.steps]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


_PLAIN = (
    "index",
    "clients",
    "start_s",
    "end_s",
    "warmup_s",
    "arrival_rate_per_s",
    "throughput_per_s",
    "goodput_per_s",
    "planned",
    "sent",
    "ok",
    "failed",
    "missed",
    "edge_purity",
    "steady",
    "valid",
    "late_share",
    "generator_cpu_cores",
    "mean_in_flight",
)
_TIMES = ("service_time_s", "response_time_s", "generator_lag_s")
_FIGURES = ("n", *QUANTILES, "max")
_COLUMNS = [*_PLAIN, *(f"{t[:-2]}_{f}{'' if f == 'n' else '_s'}" for t in _TIMES for f in _FIGURES)]


def _row(step: StepSummary) -> dict[str, Any]:
    values = step_values(step)
    times = [(values[name] or {}).get(figure) for name in _TIMES for figure in _FIGURES]
    return dict(zip(_COLUMNS, [*(values[name] for name in _PLAIN), *times], strict=True))


def _capacity(capacity: Capacity | None, broke: Breach | None) -> dict[str, Any] | None:
    if capacity is None:
        return None
    return {
        "clients": capacity.clients,
        "requests_per_s": _figure(capacity.requests_per_s),
        "step": capacity.step,
        "limited": capacity.limited,
        "broke": None
        if broke is None
        else {
            "step": broke.step,
            "clients": broke.clients,
            "reasons": [{"code": s.code, "message": s.message} for s in broke.shortfalls],
        },
    }


def _scaling_law(law: ScalingLaw | None) -> dict[str, Any] | None:
    if law is None:
        return None
    return {
        "loads": law.loads,
        "rate_per_s": _estimate(law.rate_per_s),
        "contention": _estimate(law.contention),
        "coherency": _estimate(law.coherency),
        "peak_clients": _figure(law.peak_clients),
        "misfit": round(law.misfit, 4),
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    value, low, high = (float(f"{v:.4g}") for v in (estimate.value, estimate.low, estimate.high))
    return {"value": value, "limits": (low, high)}


def _judged(judged: Judged) -> dict[str, Any]:
    """An objective: times in seconds, everything else as a share of 1; null for no limit."""
    return {
        "objective": judged.objective.text,
        "figure": judged.objective.figure,
        "quantile": judged.objective.share,
        "bound": judged.objective.bound,
        "step": judged.step,
        "verdict": judged.verdict,
        "value": _figure(judged.value),
        "limits": [_figure(judged.low), _figure(judged.high)],
        "n": judged.n,
        "more_s": _figure(judged.more_s),
    }


def _distribution(sample: Distribution | None) -> dict[str, Any] | None:
    """Percentiles, their 95 % limits (null: none), and how many were never answered."""
    if sample is None:
        return None
    known = {name: sample.quantile(name) for name in QUANTILES}
    return {
        "n": sample.n,
        **{name: _figure(q.value) if q else None for name, q in known.items()},
        "max": _figure(sample.max),
        "mean": _figure(sample.mean),
        "limits": {
            name: [_figure(q.low), _figure(q.high)] if q else None for name, q in known.items()
        },
        "never_answered": sample.never,
        "never": [name for name, q in known.items() if q and q.never],
    }


def _window(window: Window) -> dict[str, float | None]:
    return {"start_s": _figure(window.start_s), "end_s": _figure(window.end_s)}


def _figure(value: float | None) -> float | None:
    """To the tenth of a microsecond: below that, figures are noise of the clock."""
    return None if value is None or not math.isfinite(value) else round(value, 7)


def utc(wall_s: float) -> str:
    """Seconds since the Unix epoch as RFC 3339 in UTC, to the millisecond."""
    instant = datetime.fromtimestamp(wall_s, timezone.utc)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
