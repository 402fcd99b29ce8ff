"""From settings to a finished log: endpoint found, pictures made, plan driven."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import resource
import secrets
import shlex
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from edgeload.edge.location import Target, Unreachable, locate
from edgeload.edge.readiness import await_ready
from edgeload.edge.sdk import SdkError, find_detector, sdk_client
from edgeload.machine import usable_cores
from edgeload.plan import Plan
from edgeload.run.images import image_facts, make_pool, single_image
from edgeload.run.live import LiveView
from edgeload.run.picture_file import PictureFile, write_pictures
from edgeload.run.prometheus import exported
from edgeload.run.supervisor import Outcome, Progress, Supervisor
from edgeload.run.worker import WorkerTask
from edgeload.settings import SettingError, Settings
from edgeload.signals import StopSignals
from edgeload.simulator.launch import BadOptions, running_simulator

_FILES_BESIDES = 32  # log, pipes, pictures, libraries


def run_session(settings: Settings, console: Console) -> Outcome:
    """Carry out one load test; what it measured is in `settings.log_file`.

    `console` gets progress, on stderr. Raises SettingError for what this system cannot do (files to
    open or to write), Unreachable for an endpoint, detector or simulator that cannot be had, and
    `images.ImageError`.
    """
    plan = settings.plan()
    check_open_files(worker_count(settings, plan), plan)
    check_writable(settings)
    with (
        exported(settings.prometheus_port) as exporter,
        StopSignals() as stop,
        _endpoint(settings, console) as (url, embedded),
    ):
        pool = (
            single_image(settings.image_path)
            if settings.same_image
            else make_pool(settings.image_path, settings.image_pool, settings.seed)
        )
        target = locate(url)
        verify = not settings.insecure and (str(settings.cacert) if settings.cacert else True)
        await_ready(url, settings.detector_id, verify)
        detector_id = settings.detector_id or _find_detector(url, settings)
        pictures = write_pictures(pool)
        try:
            task = _first_task(settings, plan, target, detector_id, pictures)
            endpoint = {"url": url, "detector_id": detector_id, "embedded": embedded}
            images = dataclasses.asdict(image_facts(pool, settings.image_path))
            _say(console, _intention(plan, url, task.workers))
            with LiveView(console) as view:

                def show(progress: Progress) -> None:
                    exporter.show(progress)
                    view.show(progress)

                return Supervisor(task, settings, endpoint, images, stop, show).run()
        finally:
            pictures.path.unlink()


@contextlib.contextmanager
def _endpoint(settings: Settings, console: Console) -> Iterator[tuple[str, str | None]]:
    """URL of the endpoint, and the embedded one's description where it is that."""
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
                f"SIMULATOR_OPTIONS = {settings.simulator_options!r}: {error}; legal: "
                "python -m edgeload.simulator --help"
            ) from error
        except (OSError, RuntimeError) as error:
            raise Unreachable(f"the embedded endpoint did not start: {error}") from error
        _say(
            console,
            f"ENDPOINT_URL is empty: testing the embedded endpoint, {simulator.description}",
        )
        yield simulator.url, simulator.description


def _say(console: Console, text: str) -> None:
    """A sentence of progress, wrapped for people and whole for programs."""
    console.print(text, highlight=False, soft_wrap=not console.is_terminal)


def _find_detector(url: str, settings: Settings) -> str:
    assert settings.detector_name is not None  # the settings see to it
    token = settings.token()
    try:
        client = sdk_client(url, token, insecure=settings.insecure, cacert=settings.cacert)
        return find_detector(client, token, settings.detector_name, settings.detector_query)
    except SdkError as error:
        raise Unreachable(f"DETECTOR_NAME = {settings.detector_name!r}: {error}") from error


def _first_task(
    settings: Settings, plan: Plan, target: Target, detector_id: str, pictures: PictureFile
) -> WorkerTask:
    return WorkerTask(
        index=0,
        workers=worker_count(settings, plan),
        plan=plan,
        run_id=time.strftime("%Y%m%dT%H%M%SZ-", time.gmtime()) + secrets.token_hex(8),
        target=target,
        token=settings.token(),
        detector_id=detector_id,
        insecure=settings.insecure,
        cacert=str(settings.cacert) if settings.cacert else None,
        timeout_s=settings.timeout,
        pictures=pictures,
        log_file=Path(settings.log_file).absolute(),
    )


def worker_count(settings: Settings, plan: Plan) -> int:
    """Worker processes: as set, never more than clients; the SDK takes one per client."""
    if settings.client == "sdk" or settings.workers == "clients":
        return plan.max_clients
    wanted = usable_cores() if settings.workers == "auto" else settings.workers
    return min(wanted, plan.max_clients)


def check_open_files(workers: int, plan: Plan) -> None:
    """Raise SettingError where the clients of one worker need more files than a process may open.

    Found out during the run it would be a failure of class `generator`, in the middle of a step.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = math.ceil(plan.max_clients / workers) + _FILES_BESIDES
    if most != resource.RLIM_INFINITY and needed > most:
        raise SettingError(
            f"{plan.max_clients} clients in {workers} worker processes: each needs {needed} open "
            f"files, and this system allows {most}; use more --workers, or raise ulimit -n"
        )


def check_writable(settings: Settings) -> None:
    """Raise SettingError where log or results could not be written after all the work.

    Leaves no new log behind: a run that ends before its first request has none.
    """
    try:
        settings.log_file.parent.mkdir(parents=True, exist_ok=True)
        is_new = not settings.log_file.exists()
        settings.log_file.open("ab").close()
        if is_new:
            settings.log_file.unlink()
    except OSError as error:
        raise SettingError(
            f"LOG_FILE = {str(settings.log_file)!r}: cannot be written ({error.strerror})"
        ) from error
    try:
        settings.output_dir.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=settings.output_dir).close()
    except OSError as error:
        raise SettingError(
            f"OUTPUT_DIR = {str(settings.output_dir)!r}: cannot be written ({error.strerror})"
        ) from error


def _intention(plan: Plan, url: str, workers: int) -> str:
    clients = ", ".join(str(step.clients) for step in plan.steps)
    return (
        f"{clients} clients at {plan.requests_per_second:g} requests/s each against {url}, "
        f"{plan.duration_s:g} s in all, from {workers} worker processes"
    )
