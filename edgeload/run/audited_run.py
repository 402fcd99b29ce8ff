"""A cache audit before its run: which pictures the endpoint sees, and the load that follows.

The queries before the run send the pictures that come again, and new ones that the run leaves out.
So the caches of most processes hold the former when the run begins, and its new pictures are new.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edgeload.audit_plan import (
    NEW_BEFORE,
    AuditLoad,
    audit_load,
    order_before,
    pair_of,
    picture_order,
)
from edgeload.plain_words import plural, rate_words
from edgeload.run.picture_file import PictureFile
from edgeload.run.pictures import PictureSets
from edgeload.run.preflight_rules import GOOD_IN_A_ROW, PreflightQuery
from edgeload.run.tasks import WorkerTask
from edgeload.settings import SettingError, Settings
from edgeload.settings.groups import GroupSettings

AUDIT_PLAN_NOTE = (
    "A cache audit takes about 60 s at most: one request at a time, at most 20 requests/s. The "
    "exact rate and length follow from the endpoint's first answers, unless --requests-per-second "
    "and --time-between-ramp set them. Nothing was sent."
)
_COLD = 4
"""So many of the last queries may still have met a process that was cold."""


@dataclass(frozen=True)
class AuditedRun:
    """The run of an audit: its settings, camera group and task, with the load that was chosen."""

    settings: Settings
    groups: tuple[GroupSettings, ...]
    pictures: PictureSets
    task: WorkerTask

    @property
    def intention(self) -> str:
        """What is about to be sent, in one line."""
        group, pictures = self.groups[0], self.settings.image_pool
        pairs = pair_of(self.task.plan.step_frames(self.task.plan.steps[0]) + 1)
        again = "one picture" if pictures == 1 else plural(pictures, "picture")
        return (
            f"Cache audit: {plural(pairs, 'pair')} of pictures, {again} that "
            f"{'comes' if pictures == 1 else 'come'} again and a new one each time, one request at "
            f"a time, {rate_words(group.load.rate)}, {self.task.plan.duration_s:g} s in all"
        )


def with_pictures_before(task: WorkerTask, again: int) -> WorkerTask:
    """The task for the queries before the run; of its pictures, the first `again` come again."""
    return _with_pictures(task, task.groups[0].pictures.in_order(order_before(again)))


def audited_run(
    settings: Settings,
    groups: Sequence[GroupSettings],
    task: WorkerTask,
    queries: Sequence[PreflightQuery],
    make: Callable[[Sequence[GroupSettings]], PictureSets],
    now: Callable[[], float] = time.monotonic,
) -> AuditedRun:
    """The run that suits an endpoint which answered these queries, with its pictures.

    Raises SettingError if there is no time in which each repeated picture comes again.
    """
    last = queries[-GOOD_IN_A_ROW:]
    times_s = [query.done_s - query.sent_s for query in last if query.good]
    again = settings.image_pool

    def load(spent_s: float, most_pairs: float = math.inf) -> AuditLoad:
        return audit_load(
            statistics.fmean(times_s[_COLD:] or times_s),
            most_pairs,
            last[-1].done_s - last[0].sent_s + spent_s,
            requests_per_second=_if_typed(settings, "requests_per_second"),
            seconds=_if_typed(settings, "time_between_ramp"),
        )

    longest = load(0.0)
    _check_pool(again, longest)
    wanted = NEW_BEFORE + longest.pairs
    began_s = now()
    groups = [replace(g, pictures=replace(g.pictures, new=wanted)) for g in groups]
    made = make(groups)
    file = made[groups[0].pictures].file
    new = len(file.sizes) - again - NEW_BEFORE
    chosen = settings.with_load(load(now() - began_s, new))
    ordered = file.in_order(picture_order(settings.seed, again, new))
    return AuditedRun(
        chosen,
        tuple(replace(group, load=chosen.groups()[0].load) for group in groups),
        made,
        replace(_with_pictures(task, ordered), plan=chosen.plan()),
    )


def _if_typed(settings: Settings, name: str) -> float | None:
    """A number that a user has set on the command line."""
    return float(getattr(settings, name)) if settings.typed(name) else None


def _check_pool(again: int, load: AuditLoad) -> None:
    """Raise SettingError if most of the pictures that are to come again would not."""
    if again > max(1, load.pairs // 2):
        seconds = math.ceil(4 * again / load.requests_per_second)
        raise SettingError(
            f"IMAGE_POOL = {again}: must be at most {max(1, load.pairs // 2)}, because the cache "
            f"audit sends {plural(load.pairs, 'pair')} of pictures in {load.seconds:g} s to this "
            f"endpoint, for example --time-between-ramp {seconds}s"
        )


def _with_pictures(task: WorkerTask, pictures: PictureFile) -> WorkerTask:
    return replace(task, groups=tuple(replace(group, pictures=pictures) for group in task.groups))
