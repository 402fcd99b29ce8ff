"""A run's steps -> steps.csv: one row per step for spreadsheets, empty for no data. Pure."""

from __future__ import annotations

import csv
import io
from typing import Any

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.output.summary_json import step_values
from edgeload.read.statistics.percentiles import QUANTILES

_PLAIN = (
    "index",
    "clients",
    "copies",
    "group",
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
_QUANTITIES = ("n", *QUANTILES, "max")
_COLUMNS = [
    *_PLAIN,
    *(f"{time[:-2]}_{q}{'' if q == 'n' else '_s'}" for time in _TIMES for q in _QUANTITIES),
]


def steps_csv(summary: RunSummary) -> str:
    """The text of steps.csv; the columns are fields of a step in summary.json.

    In a mix, each step is followed by a row for each camera group, in which `clients` are the
    group's cameras. `group` is empty for the step itself.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=_COLUMNS, lineterminator="\n")
    writer.writeheader()
    rows = (row for step in summary.steps for row in (step, *step.groups))
    writer.writerows(map(_row, rows))
    return text.getvalue()


def _row(step: StepSummary) -> dict[str, Any]:
    values = {**step_values(step), "group": step.group or None}
    times = [(values[time] or {}).get(quantity) for time in _TIMES for quantity in _QUANTITIES]
    return dict(zip(_COLUMNS, [*(values[name] for name in _PLAIN), *times], strict=True))
