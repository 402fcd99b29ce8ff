"""Camera groups, the detectors that were found and the pictures -> tasks and records. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.records import ChainRecord, GroupRecord
from edgeload.run.pictures import PictureSets
from edgeload.run.reaching import FoundDetector, Reached
from edgeload.run.tasks import ChainTask, DetectorTask, GroupTask
from edgeload.settings.groups import GroupSettings


def group_tasks(
    groups: Sequence[GroupSettings], reached: Reached, pictures: PictureSets
) -> tuple[GroupTask, ...]:
    """What the workers have to know about each group."""
    return tuple(
        GroupTask(
            group.load.name,
            _task(reached.detectors[group.detector]),
            pictures[group.pictures].file,
            group.timeout_s,
            tuple(
                ChainTask(_task(reached.detectors[link.detector]), link.requests)
                for link in group.then
            ),
        )
        for group in groups
    )


def group_records(
    groups: Sequence[GroupSettings], reached: Reached, pictures: PictureSets
) -> list[GroupRecord]:
    """What the log's header says about each group."""
    return [_record(group, reached, pictures) for group in groups]


def _task(found: FoundDetector) -> DetectorTask:
    return DetectorTask(found.detector.id, found.detector.confidence_threshold)


def _record(group: GroupSettings, reached: Reached, pictures: PictureSets) -> GroupRecord:
    found, load = reached.detectors[group.detector], group.load
    detector = found.detector
    return GroupRecord(
        name=load.name,
        cameras=load.cameras,
        requests_per_second=load.requests_per_second,
        arrivals=load.arrivals,
        late=load.late,
        detector_id=detector.id,
        timeout_s=group.timeout_s,
        detector_name=detector.name,
        detector_query=detector.query,
        confidence_threshold=detector.confidence_threshold,
        edge_only=found.configuration.edge_only,
        always_edge=found.configuration.always_edge,
        images=pictures[group.pictures].facts,
        slo=list(group.slo),
        then=[
            ChainRecord(
                reached.detectors[link.detector].detector.id,
                link.requests,
                reached.detectors[link.detector].detector.name,
                reached.detectors[link.detector].detector.confidence_threshold,
            )
            for link in group.then
        ],
    )
