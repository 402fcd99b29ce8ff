"""What fits beside a mix as records of summary.json. Pure."""

from __future__ import annotations

from edgeload.read.analysis.headroom_result import GroupHeadroom, HeadroomResult, TierHeadroom
from edgeload.read.analysis.search_result import SearchResult
from edgeload.read.output.json_numbers import rounded
from edgeload.read.output.search_schema import HeadroomRecord
from edgeload.read.output.summary_parts import shortfall_records


def headroom_records(found: HeadroomResult) -> list[HeadroomRecord]:
    """A record for each group and tier."""
    return [
        _record(tier, group, search)
        for tier in found.tiers
        for group, search in zip(tier.groups, found.searches, strict=True)
    ]


def _record(tier: TierHeadroom, group: GroupHeadroom, search: SearchResult) -> HeadroomRecord:
    binding = group.capacity.binding
    return HeadroomRecord(
        group=group.group,
        tier=tier.tier.name or None,
        cameras=group.cameras,
        requests_per_s=group.rate,
        base_carried=tier.carried,
        more=group.more,
        low=group.low,
        high=group.high,
        binding=shortfall_records([binding])[0] if binding else None,
        kind=group.capacity.kind,
        trials=len(search.trials),
        seconds=rounded(search.seconds),
    )
