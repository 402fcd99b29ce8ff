"""What groups do to each other as records of summary.json. Pure."""

from __future__ import annotations

import math

from edgeload.read.analysis.influence import Influence
from edgeload.read.analysis.interference import AloneFigures, Interference
from edgeload.read.output.experiment_schema import InterferenceRecord, RatioRecord
from edgeload.read.output.json_numbers import json_number
from edgeload.read.statistics.paired_ratios import PairedRatio


def interference_records(found: Interference) -> list[InterferenceRecord]:
    """A record for each group beside each other at each level."""
    alone = {figures.group: figures for figures in found.alone}
    return [_record(influence, alone[influence.group]) for influence in found.influences]


def _record(influence: Influence, alone: AloneFigures) -> InterferenceRecord:
    return InterferenceRecord(
        group=influence.group,
        beside=influence.beside,
        level=influence.level,
        cameras=influence.cameras,
        beside_cameras=influence.beside_cameras,
        rounds=influence.rounds,
        alone_throughput_per_s=json_number(alone.throughput_per_s),
        alone_p95_s=json_number(alone.p95_s),
        throughput_ratio=_ratio(influence.throughput),
        p95_ratio=_ratio(influence.p95),
        verdict=influence.verdict,
        rounds_to_tell=influence.rounds_to_tell,
    )


def _ratio(ratio: PairedRatio | None) -> RatioRecord | None:
    if ratio is None:
        return None
    value, low, high = (json_number(number) for number in (ratio.value, ratio.low, ratio.high))
    return RatioRecord(value=value, low=low, high=high, never=math.isinf(ratio.value))
