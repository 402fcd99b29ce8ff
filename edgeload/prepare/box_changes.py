"""What changes in the configuration of the box, and what changes back. Pure.

`edge.edge_config` reads it and puts it. What others have there stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from edgeload.edge.edge_config import (
    EdgeConfig,
    configured_name,
    has_preset,
    with_name,
    with_preset,
    without_detectors,
    without_names,
)
from edgeload.edge.json_values import as_object
from edgeload.prepare.note import NotedBox, NotedEntry


def with_no_cloud(
    config: EdgeConfig, detector_ids: Iterable[str], noted: NotedBox | None
) -> tuple[dict[str, Any], NotedBox | None]:
    """The configuration in which the box alone answers for these detectors, and what to note.

    `noted` is what was noted of changes before, which stays: what a detector had before the first
    of them is what it gets back.
    """
    missing = [each for each in detector_ids if not has_preset(config, each, "no_cloud")]
    if not missing:
        return dict(config), noted
    changed = with_preset(config, missing, "no_cloud")
    known = {entry.detector_id: entry for entry in (noted.entries if noted else ())}
    for each in missing:
        given = configured_name(changed, each) or ""
        first = known.get(each, NotedEntry(each, configured_name(config, each), given))
        known[each] = NotedEntry(each, first.before, given)
    new = set(_names(changed)) - set(_names(config))
    added = dict.fromkeys([*(noted.added if noted else ()), *sorted(new)])
    return changed, NotedBox(tuple(known.values()), tuple(added))


def undone(
    config: EdgeConfig, noted: NotedBox, made: Collection[str]
) -> tuple[dict[str, Any], list[str]]:
    """The configuration without what was changed, and a line for each entry that stays as it is.

    `made` are the detectors that prepare has made: they go, whatever they have by now. Of all
    others, what somebody has changed since then stays.
    """
    changed, remarks = dict(config), []
    for entry in noted.entries:
        now = configured_name(changed, entry.detector_id)
        if now is None:
            continue
        if entry.detector_id not in made and now != entry.given:
            remarks.append(
                f"{entry.detector_id} has the configuration {now!r} by now, so that stays"
            )
        elif entry.before is None or entry.detector_id in made:
            changed = without_detectors(changed, [entry.detector_id])
        elif entry.before in _names(changed):
            changed = with_name(changed, entry.detector_id, entry.before)
        else:
            remarks.append(
                f"{entry.detector_id} keeps {now!r}, because the box has no configuration "
                f"{entry.before!r} any more"
            )
    return without_names(changed, noted.added), remarks


def _names(config: EdgeConfig) -> list[str]:
    return [str(name) for name in as_object(config.get("edge_inference_configs"))]
