"""From settings to a finished log: finds the endpoint, makes the pictures, drives the plan."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from edgeload.edge.location import Unreachable
from edgeload.machine import usable_cores
from edgeload.plain_words import plural, rate_words
from edgeload.plan import Plan
from edgeload.run.announcement import announcement
from edgeload.run.images import image_facts, make_pool, single_image
from edgeload.run.live import LiveView
from edgeload.run.phases import Ending, RunOutcome
from edgeload.run.picture_file import PictureFile, written_pictures
from edgeload.run.preflight import check_before_run, check_cacert
from edgeload.run.preflight_queries import HttpSender, SdkSender, ask_until_certain
from edgeload.run.preflight_rules import PreflightQuery, Subject
from edgeload.run.prometheus import exported
from edgeload.run.reaching import Reached, reach
from edgeload.run.supervisor import RunProgress, Supervisor
from edgeload.run.worker import WorkerTask
from edgeload.settings import SettingError, Settings
from edgeload.signals import Stopped, StopSignals
from edgeload.simulator.launch import BadOptions, running_simulator


def run_session(settings: Settings, console: Console) -> RunOutcome:
    """Carry out one load test; what it measured is in `settings.log_file`.

    `console` shows the progress, on stderr. Raises SettingError if this system cannot carry out the
    settings, Unreachable if the endpoint, the detector or the simulator is not available, and
    `images.ImageError` if the picture cannot be used.
    """
    plan = settings.plan()
    check_before_run(settings, plan, worker_count(settings, plan))
    try:
        with (
            exported(settings.prometheus_port) as exporter,
            StopSignals() as stop,
            contextlib.ExitStack() as stack,
        ):
            with stop.raised():
                task, endpoint, images, queries = _prepare(settings, plan, console, stack)
            with LiveView(console) as view:

                def show(progress: RunProgress) -> None:
                    exporter.show(progress)
                    view.show(progress)

                return Supervisor(task, settings, endpoint, images, stop, show, queries).run()
    except Stopped as signal:
        return RunOutcome(Ending.NOTHING_SENT, f"stopped by {signal} before the load began")


def _prepare(
    settings: Settings, plan: Plan, console: Console, stack: contextlib.ExitStack
) -> tuple[WorkerTask, dict[str, Any], dict[str, Any], list[PreflightQuery]]:
    """The first worker's task, what the log says about the endpoint and the pictures, and the
    queries before the ramp.

    `stack` ends what has to last as long as the run.
    """
    url, embedded = stack.enter_context(_endpoint(settings, console))
    pool = (
        single_image(settings.image_path)
        if settings.same_image
        else make_pool(settings.image_path, settings.image_pool, settings.seed)
    )
    check_cacert(settings)
    reached = reach(url, settings, time.sleep, lambda text: _say(console, text))
    pictures = stack.enter_context(written_pictures(pool))
    task = _first_task(settings, plan, reached, pictures)
    queries = _preflight(settings, task, reached, console)
    images = dataclasses.asdict(image_facts(pool, settings.image_path))
    for line in announcement(reached.detector, reached.configuration):
        _say(console, line)
    _say(console, intention(plan, url, task.workers))
    return task, reached.facts(embedded), images, queries


@contextlib.contextmanager
def _endpoint(settings: Settings, console: Console) -> Iterator[tuple[str, str | None]]:
    """URL of the endpoint, and the description of the embedded endpoint if it is that one."""
    if settings.endpoint_url is not None:
        yield settings.endpoint_url, None
        return
    with contextlib.ExitStack() as stack:
        try:
            simulator = stack.enter_context(
                running_simulator(shlex.split(settings.simulator_options))
            )
        except BadOptions as error:
            raise SettingError(
                f"SIMULATOR_OPTIONS = {settings.simulator_options!r}: {error}; must be "
                "options as listed by python -m edgeload.simulator --help, for example "
                "'--service-time 20ms'"
            ) from error
        except (OSError, RuntimeError) as error:
            raise Unreachable(f"the embedded endpoint did not start: {error}") from error
        _say(
            console,
            f"ENDPOINT_URL is empty: testing the embedded endpoint, {simulator.description}",
        )
        yield simulator.url, simulator.description


def _say(console: Console, text: str) -> None:
    """Print a sentence; a terminal wraps it, a file or pipe gets it in one line.

    It may quote the endpoint, so nothing in it is markup.
    """
    wrap = console.is_terminal
    console.print(text, highlight=False, markup=False, emoji=False, soft_wrap=not wrap)


def _preflight(
    settings: Settings, task: WorkerTask, reached: Reached, console: Console
) -> list[PreflightQuery]:
    """Real image queries until the endpoint is certain, if they are wanted."""
    if not settings.preflight:
        return []
    return ask_until_certain(
        SdkSender(task) if settings.client == "sdk" else HttpSender(task),
        Subject(reached.url, reached.detector.id, reached.asked.status),
        timeout_s=settings.ready_timeout,
        pause=time.sleep,
        say=lambda text: _say(console, text),
    )


def _first_task(
    settings: Settings, plan: Plan, reached: Reached, pictures: PictureFile
) -> WorkerTask:
    return WorkerTask(
        index=0,
        workers=worker_count(settings, plan),
        plan=plan,
        run_id=time.strftime("%Y%m%dT%H%M%SZ-", time.gmtime()) + secrets.token_hex(8),
        target=reached.target,
        token=settings.token(),
        detector_id=reached.detector.id,
        trust=reached.trust,
        timeout_s=settings.timeout,
        pictures=pictures,
        log_file=Path(settings.log_file).absolute(),
        confidence_threshold=reached.detector.confidence_threshold,
    )


def worker_count(settings: Settings, plan: Plan) -> int:
    """Number of worker processes: as set, but at most one per client, and so with the SDK."""
    if settings.client == "sdk" or settings.workers == "clients":
        return plan.max_clients
    wanted = usable_cores() if settings.workers == "auto" else settings.workers
    return min(wanted, plan.max_clients)


def intention(plan: Plan, url: str, workers: int) -> str:
    """What the run is about to do, in one line."""
    first, *others = [step.clients for step in plan.steps]
    clients = plural(first, "client")
    if others:
        clients = f"{', '.join(map(str, [first, *others]))} clients"
    each = " each" if plan.max_clients > 1 else ""
    return (
        f"{clients} at {rate_words(plan.requests_per_second)}{each} against {url}, "
        f"{plan.duration_s:g} s in all, from {plural(workers, 'worker process')}"
    )
