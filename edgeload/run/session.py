"""From settings to a finished log: finds the endpoint, makes the pictures, drives the plan."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from edgeload.child_processes import MONITOR_SECRET
from edgeload.core_plan import SWITCHED_OFF, CorePlan, NotPinned
from edgeload.edge.detectors import NoSuchDetector
from edgeload.edge.location import Unreachable
from edgeload.machine import open_as_many_files_as_allowed
from edgeload.plan import Plan
from edgeload.run.announcement import (
    announcement,
    copy_table,
    detector_words,
    intention,
    monitor_words,
    ramp_remarks,
    search_intention,
)
from edgeload.run.answers_alone import AnswersAlone, usual_s
from edgeload.run.asking_alone import ask_alone
from edgeload.run.audited_run import audited_run, with_pictures_before
from edgeload.run.box_watch import BoxWatch, SaidBefore, WatchTask
from edgeload.run.clean_box import against_clean_box
from edgeload.run.core_look import CoreLook, is_own_address, workers_of_auto
from edgeload.run.embedded_endpoint import endpoint_of, say_sentence
from edgeload.run.fleet import about_endpoint, endpoint_tasks, named_endpoint, reach_all
from edgeload.run.group_setup import group_records, group_tasks
from edgeload.run.journal import PreparedRun
from edgeload.run.keeping import KeptRun
from edgeload.run.live import LiveView
from edgeload.run.load_ahead import load_ahead
from edgeload.run.log_place import held_log
from edgeload.run.phases import Ending, RunOutcome
from edgeload.run.pictures import PictureSets, make_pictures
from edgeload.run.preflight import check_before_run, check_cacert, largest_load
from edgeload.run.preflight_queries import HttpSender, SdkSender, Sender, ask_until_certain
from edgeload.run.preflight_rules import PreflightQuery, Subject
from edgeload.run.reaching import Reached, as_setting, choices
from edgeload.run.supervisor import RunProgress, Supervisor
from edgeload.run.tasks import GroupTask, WorkerTask, mean_picture_bytes
from edgeload.run.workers import Cluster
from edgeload.settings import SettingError, Settings
from edgeload.settings.cluster_settings import is_this_machine
from edgeload.settings.groups import DetectorChoice, GroupSettings
from edgeload.signals import Stopped, StopSignals

Drive = Callable[
    [PreparedRun, Settings, StopSignals, Console, Callable[[RunProgress], None]], RunOutcome
]
"""Sends the load of a run that is prepared. The last argument exports its progress."""


def run_session(
    settings: Settings,
    console: Console,
    drive: Drive | None = None,
    kept: KeptRun | None = None,
    no_cloud_set: Sequence[str] = (),
    cluster: Cluster | None = None,
) -> RunOutcome:
    """Carry out one load test; what it measured is in `settings.log_file`.

    `console` shows the progress, on stderr. `drive` sends the load, by default as the plan says.
    `kept` is where the log is kept as well. `no_cloud_set` are the detectors that were configured
    so for this run, which the log says. With a `cluster`, its nodes make the load.
    Raises SettingError if this system cannot carry out the settings, Unreachable if the endpoint,
    the detector or the simulator is not available, and `images.ImageError` if the picture cannot be
    used.
    """
    look = CoreLook()
    plan = settings.plan()
    workers = worker_count(settings, plan) if cluster is None else cluster.worker_count(plan)
    check_before_run(settings, plan, workers, cluster.open_files if cluster else None)
    open_as_many_files_as_allowed()
    try:
        with (
            held_log(settings.log_file),
            _exported(settings.prometheus_port) as export,
            StopSignals() as stop,
            contextlib.ExitStack() as stack,
        ):
            with stop.raised():
                prepared, chosen = _prepare(settings, plan, workers, console, stack)
            cores = SWITCHED_OFF if cluster else plan_of_cores(look, chosen, prepared.task)
            prepared = replace(prepared, kept=kept, cluster=cluster, cores=cores)
            if no_cloud_set:
                prepared.endpoint["no_cloud_set"] = list(no_cloud_set)
            return (drive or _follow_plan)(prepared, chosen, stop, console, export)
    except Stopped as signal:
        return RunOutcome(Ending.NOTHING_SENT, f"stopped by {signal} before the load began")


def plan_of_cores(look: CoreLook, settings: Settings, task: WorkerTask) -> CorePlan | NotPinned:
    """Where the workers of this machine are to run."""
    here = is_own_address(task.target.address)
    return look.plan(task.workers, pin=settings.pin, endpoint_here=here)


@contextlib.contextmanager
def _exported(port: int | None) -> Iterator[Callable[[RunProgress], None]]:
    """Yields what takes in the progress of the run; with a port, Prometheus is told about it."""
    if port is None:
        yield lambda progress: None
        return
    from edgeload.run.prometheus import exported  # noqa: PLC0415  (its library is an extra)

    with exported(port) as exporter:
        yield exporter.show


def _follow_plan(
    prepared: PreparedRun,
    settings: Settings,
    stop: StopSignals,
    console: Console,
    export: Callable[[RunProgress], None],
) -> RunOutcome:
    objectives = settings.objectives()
    with LiveView(console, settings.progress, objectives, settings.warmup) as view:

        def show(progress: RunProgress) -> None:
            export(progress)
            view.show(progress)

        return Supervisor(prepared, settings, stop, show).run()


def _prepare(
    settings: Settings,
    plan: Plan,
    workers: int,
    console: Console,
    stack: contextlib.ExitStack,
) -> tuple[PreparedRun, Settings]:
    """Reach the endpoint, make the pictures, and ask it before the ramp.

    `stack` ends what has to last as long as the run. The settings of the run may be others than
    those asked for: a cache audit chooses its load.
    """
    url, embedded = stack.enter_context(endpoint_of(settings, console))
    groups = settings.groups()
    # An audit's new pictures are new: none is that of an earlier run with the same seed.
    seed = secrets.randbits(32) if settings.audit_cache else settings.seed
    check_cacert(settings)
    pictures = make_pictures(groups, seed, stack)
    reached, *others = reach_all(url, settings, lambda text: say_sentence(console, text))
    endpoints = endpoint_tasks(settings, (reached, *others), pictures)
    watched = WatchTask(
        url,
        reached.target,
        reached.trust,
        settings.monitor,
        os.environ.get(MONITOR_SECRET),
        settings.token(),
    )
    box = stack.enter_context(BoxWatch(watched))
    task = first_task(settings, plan, workers, reached, pictures)
    if settings.audit_cache:
        before = with_pictures_before(task, settings.image_pool)
        queries = _preflight(settings, before, reached, console)
        audited = audited_run(
            settings,
            groups,
            task,
            queries,
            lambda wanted: make_pictures(wanted, seed, stack),
        )
        settings, groups, task = audited.settings, audited.groups, audited.task
        pictures = audited.pictures
        intended = audited.intention
    else:
        queries = _preflight(settings, task, reached, console)
        for own, other in zip(endpoints[1:], others, strict=True):
            queries += _preflight(settings, own.of(task), other, console)
        intended = (
            search_intention(settings, task.workers)
            if settings.find_capacity
            else intention(plan, task.workers)
        )
    for line in _announced(reached, *others):
        say_sentence(console, line)
    said = box.said_before()
    if settings.require_clean_box:
        _check_clean_box(said, reached)
    for remark in monitor_words(settings.monitor, said, embedded=embedded is not None):
        say_sentence(console, remark)
    task, alone = _ask_alone(settings, task, reached, queries, console)
    for remark in ramp_remarks(settings):
        say_sentence(console, remark)
    say_sentence(console, intended)
    most = largest_load(settings, plan, task.workers) if settings.find_capacity else None
    sizes, address = mean_picture_bytes(task), reached.target.address
    say_sentence(console, load_ahead(settings, url, address, task.plan, sizes, most))
    if plan.is_mix:
        for line in copy_table(plan, _detectors(groups, reached)):
            say_sentence(console, line)
    prepared = PreparedRun(
        task,
        reached.facts(embedded),
        group_records(groups, reached, pictures),
        queries,
        alone,
        box,
        said,
        endpoints=endpoints,
    )
    return prepared, settings


def _announced(*reached: Reached) -> Iterator[str]:
    """What the box says about the detectors; of several boxes, each says it."""
    for each in reached:
        found = {one.detector.id: one for one in each.detectors.values()}.values()
        for line in announcement([(one.detector, one.configuration) for one in found]):
            yield f"{each.url}: {line}" if len(reached) > 1 else line


def _check_clean_box(said: SaidBefore | None, reached: Reached) -> None:
    """Raise SettingError if the box is not the only thing that would be measured."""
    found = reached.detectors.values()
    asked = [each.detector.id for each in found]
    reasons = against_clean_box(said, asked, [each.configuration for each in found])
    if reasons:
        raise SettingError(
            f"REQUIRE_CLEAN_BOX = True: {'; '.join(reasons)}. Must be a box that does nothing "
            "else; leave the setting out to measure it as it is"
        )


def _detectors(groups: Sequence[GroupSettings], reached: Reached) -> dict[str, str]:
    """The detectors of each group in words, by its name."""

    def called(choice: DetectorChoice) -> str:
        detector = reached.detectors[choice].detector
        return detector.name or detector.id

    return {
        group.load.name: detector_words(
            called(group.detector), [(called(link.detector), link.requests) for link in group.then]
        )
        for group in groups
    }


def _preflight(
    settings: Settings, task: WorkerTask, reached: Reached, console: Console
) -> list[PreflightQuery]:
    """Real image queries until the endpoint is certain of each detector, if they are wanted."""
    if not settings.preflight:
        return []
    say = about_endpoint(reached.url, settings, lambda text: say_sentence(console, text))
    queries: list[PreflightQuery] = []
    asked: set[str] = set()
    tasks = {group.name: group for group in task.groups}
    for group, key, choice in choices(settings.groups()):
        found = reached.detectors[choice]
        if found.detector.id in asked:
            continue
        asked.add(found.detector.id)
        try:
            with named_endpoint(reached.url, settings):
                queries += ask_until_certain(
                    sender_for(settings, task, tasks[group.load.name], found.detector.id),
                    Subject(reached.url, found.detector.id, found.asked.status),
                    timeout_s=settings.ready_timeout,
                    pause=time.sleep,
                    say=say,
                )
        except NoSuchDetector as error:
            raise as_setting(error, group, key) from error
        except Unreachable as error:
            raise Unreachable(f"{group.where(key)}{error}") from error
    return queries


def _ask_alone(
    settings: Settings,
    task: WorkerTask,
    reached: Reached,
    queries: list[PreflightQuery],
    console: Console,
) -> tuple[WorkerTask, list[AnswersAlone]]:
    """Ask for the answers to compare with, if that is wanted."""
    if not settings.check_answers:
        return task, []
    return ask_alone(
        task,
        lambda group, detector_id: sender_for(settings, task, group, detector_id),
        url=reached.url,
        query_s=usual_s(queries),
        say=lambda text: say_sentence(console, text),
    )


def sender_for(settings: Settings, task: WorkerTask, group: GroupTask, detector_id: str) -> Sender:
    """Sends queries as the clients of the run will."""
    if settings.client == "sdk":
        return SdkSender(task, group)
    return HttpSender(task, group, detector_id)


def first_task(
    settings: Settings, plan: Plan, workers: int, reached: Reached, pictures: PictureSets
) -> WorkerTask:
    """What the first worker of a run has to know."""
    return WorkerTask(
        index=0,
        workers=workers,
        plan=plan,
        run_id=time.strftime("%Y%m%dT%H%M%SZ-", time.gmtime()) + secrets.token_hex(8),
        target=reached.target,
        token=settings.token(),
        trust=reached.trust,
        groups=group_tasks(settings.groups(), reached, pictures),
        log_file=Path(settings.log_file).absolute(),
        punctual=settings.punctual,
    )


def worker_count(settings: Settings, plan: Plan) -> int:
    """Number of worker processes: as set, but at most one per client, and so with the SDK.

    A search does not know its clients before, and has at least one.
    """
    if settings.find_capacity:
        return settings.workers if isinstance(settings.workers, int) else _auto(settings)
    if settings.client == "sdk" or settings.workers == "clients":
        return plan.max_clients
    wanted = _auto(settings) if settings.workers == "auto" else settings.workers
    return min(wanted, plan.max_clients)


def _auto(settings: Settings) -> int:
    """The worker processes of `auto`. A name that nobody has looked up is another machine's."""
    here = is_this_machine(settings.endpoint_url)
    return workers_of_auto(pin=settings.pin, endpoint_here=here)
