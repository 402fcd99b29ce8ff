"""Laws of a cache audit before its run: what the endpoint has seen, and the load that follows."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgeload.audit_plan import NEW_BEFORE, comes_again
from edgeload.edge.location import Target
from edgeload.edge.trust import TlsTrust
from edgeload.failure_classes import SUCCESS, TIMEOUT
from edgeload.run.audited_run import AuditedRun, audited_run, with_pictures_before
from edgeload.run.pictures import PictureSets, make_pictures
from edgeload.run.preflight_rules import PreflightQuery
from edgeload.run.request_template import image_index
from edgeload.run.tasks import DetectorTask, GroupTask, WorkerTask
from edgeload.run.wire import RequestResult
from edgeload.settings import SettingError, Settings, resolve
from edgeload.settings.groups import GroupSettings

TARGET = Target("http", "127.0.0.1", 1, socket.AF_INET, "127.0.0.1")


def settings_of(**options: str) -> Settings:
    given = {"audit_cache": True, "detector_name": "d", **options}
    return resolve({}, given, {})


def queries_of(*times_s: float, outcome: str = SUCCESS) -> list[PreflightQuery]:
    """One after the other."""
    found, at_s = [], 1000.0
    for number, time_s in enumerate(times_s, 1):
        result = RequestResult(outcome, outcome == SUCCESS, None)
        found.append(PreflightQuery(number, at_s, at_s + time_s, 200, result, "det"))
        at_s += time_s
    return found


class Before:
    """An audit that has asked its endpoint; `taking_s` is the time that making pictures takes."""

    def __init__(
        self, settings: Settings, stack: contextlib.ExitStack, taking_s: float = 0.0
    ) -> None:
        self.settings = settings
        self.stack = stack
        self.groups = settings.groups()
        self.pictures = make_pictures(self.groups, settings.seed, stack)
        file = self.pictures[self.groups[0].pictures].file
        group = GroupTask("cameras", DetectorTask("det"), file, 10.0)
        self.task = WorkerTask(
            0, 1, settings.plan(), "run", TARGET, "t", TlsTrust(True), (group,), Path("log")
        )
        self._clock = iter((50.0, 50.0 + taking_s))

    def run(self, queries: Sequence[PreflightQuery]) -> AuditedRun:
        def make(groups: Sequence[GroupSettings]) -> PictureSets:
            return make_pictures(groups, self.settings.seed, self.stack)

        return audited_run(
            self.settings, self.groups, self.task, queries, make, lambda: next(self._clock)
        )


def sent(task: WorkerTask, numbers: range) -> list[bytes]:
    """The pictures of the requests with these numbers, as the client chooses them."""
    pictures = task.groups[0].pictures.map()
    return [bytes(pictures[image_index(0, number, len(pictures))]) for number in numbers]


@pytest.mark.parametrize("again", [1, 5])
def test_the_pictures_that_come_again_were_seen_and_the_others_were_not(again: int) -> None:
    """Of all requests before the run and in it: a new picture is sent once, ever."""
    with contextlib.ExitStack() as stack:
        before = Before(settings_of(image_pool=str(again)), stack)
        asked = sent(with_pictures_before(before.task, again), range(1, 1 + 2 * NEW_BEFORE))
        run = before.run(queries_of(*[0.2] * 16))
        step = run.task.plan.steps[0]
        numbers = range(1, 1 + run.task.plan.step_frames(step))
        in_run = sent(run.task, numbers)
        seed = run.settings.seed
        repeated = {p for n, p in zip(numbers, in_run, strict=True) if comes_again(seed, n)}
        new = [p for n, p in zip(numbers, in_run, strict=True) if not comes_again(seed, n)]
    assert len(repeated) == again
    assert repeated <= set(asked)
    assert len(set(new)) == len(new)
    assert not set(new) & (set(asked) | repeated)
    assert len({len(picture) for picture in (*asked, *in_run)}) == 1


def test_the_load_follows_from_the_last_answers() -> None:
    """A first answer of 5 s is of a cold process and does not count: 0.6 x 1 / 0.1 s. The plan, the
    settings and the group agree, and the time that making pictures took is taken off.
    """
    with contextlib.ExitStack() as stack:
        before = Before(settings_of(), stack, taking_s=7.0)
        run = before.run(queries_of(5.0, *[0.1] * 16))
    plan = run.task.plan
    assert plan.groups[0].rate == run.groups[0].load.rate == 6.0
    assert run.settings.requests_per_second == 6.0
    assert plan.duration_s == run.settings.time_between_ramp == 41.0  # 50 - 1.6 - 7, whole seconds
    assert run.pictures[run.groups[0].pictures].facts["count"] >= 1 + NEW_BEFORE + 123
    assert "123 pairs of pictures, one picture that comes again" in run.intention
    assert "6 requests/s, 41 s in all" in run.intention


def test_failed_queries_say_nothing_of_the_time() -> None:
    """A query that timed out between good ones is left out of the mean."""
    with contextlib.ExitStack() as stack:
        good = queries_of(*[0.1] * 15)
        run = Before(settings_of(), stack).run([*queries_of(2.0, outcome=TIMEOUT), *good])
    assert run.task.plan.groups[0].rate == 6.0


def test_a_pool_that_would_not_come_again_is_refused() -> None:
    """One line names how many can, and what length would do; nothing has been sent then."""
    with contextlib.ExitStack() as stack:
        before = Before(settings_of(image_pool="64"), stack)
        with pytest.raises(SettingError) as refused:
            before.run(queries_of(*[1.0] * 8))
    (line,) = str(refused.value).splitlines()
    assert line.startswith("IMAGE_POOL = 64: must be at most ")
    assert "for example --time-between-ramp " in line
