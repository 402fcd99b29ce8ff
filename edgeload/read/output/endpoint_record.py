"""The parts of a run that its endpoints are -> their records in summary.json. Pure."""

from __future__ import annotations

from edgeload.read.analysis.endpoint_part import EndpointPart
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.output.json_numbers import json_number
from edgeload.read.output.summary_parts import distribution_record, growth_record
from edgeload.read.output.summary_record import EndpointRecord, EndpointStepRecord


def endpoint_record(part: EndpointPart) -> EndpointRecord:
    """One of several endpoints, step by step."""
    return EndpointRecord(
        url=part.url,
        nodes=list(part.nodes),
        clients=part.clients,
        steps=[_step(part, step) for step in part.steps],
    )


def _step(part: EndpointPart, step: StepSummary) -> EndpointStepRecord:
    counts, times = step.counts, step.times
    growth = step.growth if part.judged else None
    return EndpointStepRecord(
        step=step.index,
        clients=step.clients,
        planned=counts.planned,
        sent=counts.sent,
        ok=counts.ok,
        failed=counts.failed,
        missed=counts.missed,
        throughput_per_s=json_number(step.rates.throughput_per_s),
        service_time_s=distribution_record(times.service),
        response_time_s=distribution_record(times.response) if times.response else None,
        backlog_growth=growth_record(growth) if growth else None,
        state=part.state(step),
    )
