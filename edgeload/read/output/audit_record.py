"""A cache audit as a record of summary.json. Pure."""

from __future__ import annotations

from edgeload.read.analysis.cache_audit import CacheAudit
from edgeload.read.output.experiment_schema import CacheAuditRecord, SavingRecord
from edgeload.read.output.json_numbers import json_number, rounded
from edgeload.read.output.summary_parts import distribution_record
from edgeload.read.statistics.percentiles import distribution


def audit_record(found: CacheAudit) -> CacheAuditRecord:
    """What an audit shows; shares from 0 to 1."""
    saving = found.saving
    return CacheAuditRecord(
        verdict=found.verdict,
        saving=None
        if saving is None
        else SavingRecord(
            value=rounded(saving.value),
            low=json_number(saving.low),
            high=json_number(saving.high),
        ),
        repeated_pictures=found.repeated_pictures,
        pairs=found.pairs,
        filling_pairs=found.filling_pairs,
        lost_pairs=found.lost_pairs,
        requests_per_s=rounded(found.requests_per_s),
        seconds=rounded(found.seconds),
        new_s=distribution_record(distribution(found.new_s)),
        repeated_s=distribution_record(distribution(found.again_s)),
        seconds_to_tell=json_number(found.seconds_to_tell),
    )
