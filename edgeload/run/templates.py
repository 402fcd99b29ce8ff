"""The request templates of a worker: for each camera group, its first and its further requests."""

from __future__ import annotations

import ssl
from typing import NamedTuple

from edgeload.run.model_watch import ModelWatch, ModelWatches
from edgeload.run.request_template import RequestTemplate
from edgeload.run.tasks import DetectorTask, GroupTask, WorkerTask
from edgeload.run.wire import request_head


class GroupTemplates(NamedTuple):
    """What the clients of one group send."""

    first: RequestTemplate
    followers: tuple[RequestTemplate, ...]
    """One for each further request of a frame; empty without a chain."""


def templates_of(task: WorkerTask, watches: ModelWatches) -> tuple[GroupTemplates, ...]:
    """The templates of all groups, in their order. Groups with the same pictures share them.

    `watches` notice which models answer.
    """
    tls = task.trust.ssl_context() if task.target.scheme == "https" else None
    maps = {group.pictures: group.pictures.map() for group in task.groups}
    made: dict[tuple[int, DetectorTask], RequestTemplate] = {}

    def template(index: int, group: GroupTask, detector: DetectorTask) -> RequestTemplate:
        key = index, detector
        if key not in made:
            watch = watches.of(detector.detector_id)
            made[key] = _template(task, tls, index, detector, maps[group.pictures], watch)
        return made[key]

    return tuple(
        GroupTemplates(
            template(index, group, group.detector),
            tuple(template(index, group, detector) for detector in group.followers()),
        )
        for index, group in enumerate(task.groups)
    )


def _template(
    task: WorkerTask,
    tls: ssl.SSLContext | None,
    index: int,
    detector: DetectorTask,
    images: list[memoryview],
    watch: ModelWatch,
) -> RequestTemplate:
    group = task.groups[index]
    return RequestTemplate(
        task.target,
        tls,
        request_head(task.target.authority, detector.detector_id, task.token, group.pictures.sizes),
        images,
        detector.detector_id,
        task.run_id,
        detector.confidence_threshold,
        index,
        group.timeout_s,
        detector.expected,
        watch,
    )
