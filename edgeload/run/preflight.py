"""Checks that can fail a run before anything is sent: open files, and places to write to."""

from __future__ import annotations

import errno
import os
import resource
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from edgeload.plain_words import plural, quoted
from edgeload.plan import Plan
from edgeload.private_files import private_folder
from edgeload.run.log_place import check_log_place
from edgeload.run.picture_file import no_temporary_file
from edgeload.runlog import ROOM_BYTES
from edgeload.search_axis import SearchAxis, axes_of, largest_step
from edgeload.settings import SettingError, Settings
from edgeload.settings.search import search_record

_FILES_PER_WORKER = 3  # its pipe, and two by which its end is noticed
_OTHER_FILES = 32  # log, pipes, pictures, libraries


def check_before_run(
    settings: Settings, plan: Plan, workers: int, nodes_open_files: int | None = None
) -> None:
    """Raise SettingError if this machine cannot carry out the run; the text says what to change.

    With a cluster, the workers are on other machines, where a process may have `nodes_open_files`.
    """
    if settings.find_capacity:
        check_search_files(settings, plan, workers, nodes_open_files)
    else:
        check_open_files(workers, plan, nodes_open_files)
    if nodes_open_files is None:
        check_worker_files(workers)
    check_writable(settings)
    check_prometheus(settings)


def check_prometheus(settings: Settings) -> None:
    """Raise SettingError if the run should serve its figures, and the library is missing."""
    if settings.prometheus_port is not None and find_spec("prometheus_client") is None:
        raise SettingError(
            f"PROMETHEUS_PORT = {settings.prometheus_port}: "
            "needs the package prometheus-client: pip install -e '.[prometheus]'"
        )


def check_search_files(
    settings: Settings, plan: Plan, workers: int, allowed: int | None = None
) -> None:
    """Raise SettingError if the largest load that was asked for needs too many files."""
    record = search_record(settings)
    axes = axes_of(record, plan)
    least = max(axis.base_load(plan) for axis in axes) if record.over == "headroom" else record.most
    if settings.typed("max_clients") or record.over in ("rate", "headroom"):
        step = largest_step(plan, axes, least)
        check_open_files(workers, replace(plan, steps=(step,)), allowed)


def check_open_files(workers: int, plan: Plan, allowed: int | None = None) -> None:
    """Raise SettingError if the clients of one worker need more files than a process may open.

    During the run the same lack would be a failure of class `generator` in the middle of a step.
    `allowed` is how many it may; None: what this system says.
    """
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] if allowed is None else allowed
    needed = max(_connections(plan, index, workers) for index in range(workers)) + _OTHER_FILES
    if most != resource.RLIM_INFINITY and needed > most:
        raise SettingError(
            f"{plural(plan.max_clients, 'client')} in {plural(workers, 'worker process')}: "
            f"a process needs {needed} open files, and this system allows {most}; use more "
            "--workers, or raise ulimit -n"
        )


def check_worker_files(workers: int) -> None:
    """Raise SettingError if this process may not open enough files to talk to all workers."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _FILES_PER_WORKER * workers + _OTHER_FILES
    if most != resource.RLIM_INFINITY and needed > most:
        raise SettingError(
            f"{plural(workers, 'worker process')}: the program needs {needed} open files for them, "
            f"and this system allows {most}; use fewer --workers, or raise ulimit -n"
        )


def _connections(plan: Plan, index: int, workers: int) -> int:
    """Connections of one worker, which hosts every n-th client: one for each request of a frame.

    A client that sends in no step has none.
    """
    hosted = range(index, plan.max_clients, workers)
    return sum(
        plan.group_of(client).requests_per_frame
        for client in hosted
        if next(plan.steps_of(client), None) is not None
    )


def largest_load(settings: Settings, plan: Plan, workers: int) -> int:
    """The largest load of a search: as typed, else as many as this machine may have open."""
    record = search_record(settings)
    typed = settings.typed("max_clients") and record.over != "headroom"
    if typed or record.over == "rate":
        return record.most
    return affordable_load(plan, axes_of(record, plan), record.most, workers)


def affordable_load(plan: Plan, axes: Sequence[SearchAxis], most: int, workers: int) -> int:
    """The largest load of a search, up to `most`, for which one process may open enough files."""
    low, high = 0, most
    while low < high:
        load = (low + high + 1) // 2
        try:
            step = largest_step(plan, axes, load)
            check_open_files(workers, replace(plan, steps=(step,)))
        except SettingError:
            high = load - 1
        else:
            low = load
    return low


def _check_junit(path: Path) -> None:
    try:
        private_folder(path.parent)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        _check_room(path.parent)
    except OSError as error:
        raise SettingError(
            f"JUNIT = {quoted(str(path))}: cannot be written ({error.strerror}); must be a file "
            "that you may write, for example junit.xml"
        ) from error


def check_writable(settings: Settings) -> None:
    """Raise SettingError if log, results or temporary files cannot be written: no room, no right.

    A log that did not exist before does not exist afterwards: a run that ends before its first
    request leaves none.
    """
    try:
        private_folder(settings.log_file.parent)
        is_new = not settings.log_file.exists()
        check_log_place(settings)
        settings.log_file.open("ab").close()
        if is_new:
            settings.log_file.unlink()
        _check_room(settings.log_file.parent)
    except OSError as error:
        raise SettingError(
            f"LOG_FILE = {quoted(str(settings.log_file))}: cannot be written "
            f"({error.strerror}); must be a file that you may write, for example load_test.log"
        ) from error
    try:
        private_folder(settings.output_dir)
        _check_room(settings.output_dir)
    except OSError as error:
        raise SettingError(
            f"OUTPUT_DIR = {quoted(str(settings.output_dir))}: cannot be written "
            f"({error.strerror}); must be a folder that you may write, for example results"
        ) from error
    if settings.junit is not None:
        _check_junit(settings.junit)
    try:
        _check_room(None)
    except OSError as error:
        raise no_temporary_file(error) from error


def _check_room(folder: Path | None) -> None:
    """Raises OSError if a small file cannot be written in a folder; None: the temporary one."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(ROOM_BYTES))


def check_cacert(settings: Settings) -> None:
    """Raise SettingError if the certificate to trust cannot be read.

    The embedded endpoint may write that file when it starts, so this is asked after that.
    """
    if settings.cacert is None:
        return
    try:
        if settings.cacert.exists() and not settings.cacert.is_file():
            raise OSError(errno.EINVAL, "not a regular file")  # a pipe can be read only once
        ssl.create_default_context(cafile=settings.cacert)
    except OSError as error:  # ssl.SSLError is one of them
        is_ssl = isinstance(error, ssl.SSLError)
        problem = "holds no PEM certificate" if is_ssl else error.strerror
        raise SettingError(
            f"CACERT = {quoted(str(settings.cacert))}: {problem}; must be a file with a PEM "
            "certificate, for example edge.pem"
        ) from error
