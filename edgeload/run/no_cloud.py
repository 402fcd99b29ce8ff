"""Configures the box for a run so that it answers without the cloud, and puts its own back.

Its own configuration is saved to a file before. It is put back when the run ends, however that is:
after a signal, and by the keeper if our process is killed. If the machine goes down, the file is
there for `--restore-edge-config`.
"""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path

from edgeload.child_processes import command
from edgeload.edge.detectors import NoSuchDetector, refused_token
from edgeload.edge.edge_config import (
    KeptConfig,
    await_detectors,
    configured_ids,
    has_preset,
    keep_config,
    not_served,
    put_edge_config,
    read_edge_config,
    with_preset,
)
from edgeload.edge.location import Unreachable
from edgeload.edge.open_put import noted_open
from edgeload.edge.putting_back import KEEPER_TRIES_S, LOADED_WITHIN_S, as_command, put_back
from edgeload.edge.unlisted_models import refuse_unlisted
from edgeload.file_locks import held_lock
from edgeload.keeper import KeeperTask
from edgeload.keeper_process import KeeperProcess
from edgeload.plain_words import plural
from edgeload.run.preflight import check_before_run
from edgeload.run.reaching import Reached, is_patient, reach
from edgeload.run.restoring import NotRestored, restore
from edgeload.run.saved_configs import (
    SAVED_CONFIG,
    check_not_changed_now,
    left_by_an_earlier_run,
)
from edgeload.run.session import worker_count
from edgeload.settings import SettingError, Settings

_KEEPER_S = LOADED_WITHIN_S + KEEPER_TRIES_S + 60.0

_Say = Callable[[str], None]


@dataclass
class NoCloudSet:
    """What was configured for a run: nothing if it was not asked for, or not needed."""

    detector_ids: tuple[str, ...] = ()
    not_restored: str = ""
    """Why the box has not its own configuration again; empty: it has."""


def check_no_cloud(settings: Settings) -> None:
    """Raise SettingError if there is no box that could be configured."""
    if settings.set_no_cloud and settings.endpoint_url is None:
        raise SettingError(
            "SET_NO_CLOUD = True: needs ENDPOINT_URL, the address of a box; the embedded endpoint "
            "never asks the cloud, for example --endpoint-url https://192.0.2.7:30143"
        )


def no_cloud_words(settings: Settings) -> str:
    """What a run with these settings will do, in one line."""
    return (
        f"Before the run, the configuration of {settings.endpoint_url} will be saved to "
        f"{settings.output_dir}/…/{SAVED_CONFIG}, and no_cloud set for the detectors of this run; "
        "all others stay as they are. Afterwards it will be put back."
    )


@contextlib.contextmanager
def no_cloud(settings: Settings, folder: Callable[[], Path], say: _Say) -> Iterator[NoCloudSet]:
    """While entered, the box answers for the detectors of a run without the cloud, if that is set.

    The configuration is saved in `folder`, which is made for that. Afterwards what was yielded says
    why the box could not be restored, if so. Raises SettingError and Unreachable as a run does.
    """
    if not settings.set_no_cloud:
        yield NoCloudSet()
        return
    assert settings.endpoint_url is not None
    plan = settings.plan()
    check_before_run(settings, plan, worker_count(settings, plan))
    reached = reach(settings.endpoint_url, settings, time.sleep, say)
    check_not_changed_now(settings.output_dir, reached.url)
    kept, changed = _planned(reached, say)
    if not changed:
        say("All detectors of this run are no_cloud: the box's configuration stays as it is.")
        if (left := _left(settings, kept)) is not None:
            say(
                "An earlier run has configured it so, and has not put it back. To do that, type: "
                f"{settings.restore_command(left)}"
            )
        yield NoCloudSet()
        return
    with _saving():
        place = folder()
    with held_lock(place):
        file = _saved(kept, place)
        try:
            check_not_changed_now(settings.output_dir, reached.url, file)  # it began as we did
        except SettingError:
            file.unlink()
            raise
        with _changed_box(kept, file, reached, changed, settings, say) as result:
            yield result


def _left(settings: Settings, kept: KeptConfig) -> Path | None:
    return left_by_an_earlier_run(settings.output_dir, kept.url, kept.before)


@contextlib.contextmanager
def _changed_box(
    kept: KeptConfig,
    file: Path,
    reached: Reached,
    changed: tuple[str, ...],
    settings: Settings,
    say: _Say,
) -> Iterator[NoCloudSet]:
    """While entered, the box has what was planned; what is yielded says how that ended."""
    change = _Change(kept, file)
    result = NoCloudSet(changed)
    by_hand = settings.restore_command(file)
    say(
        f"The box's configuration is saved in {file}. If this run ends without putting it back, "
        f"type: {by_hand}"
    )
    with KeeperProcess(Path("/")) as keeper:
        keeper.tell(owed_restoration(settings, file, by_hand))
        try:
            _set(change, reached, changed, settings, say)
            yield result
        finally:
            result.not_restored = _put_back(change, reached, by_hand, keeper, say)


def check_known(reached: Reached) -> None:
    """Raise Unreachable for a token or a detector that does not exist: the box would load it."""
    for found in reached.detectors.values():  # a box without the cloud says neither
        status, detector_id = found.asked.status, found.detector.id
        question = f"GET /device-api/v1/detectors/{detector_id}"
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise Unreachable(refused_token(status, question, HTTPStatus(status).phrase))
        if status == HTTPStatus.NOT_FOUND:
            raise NoSuchDetector(
                f"DETECTOR_ID = {detector_id!r}: this token has no such detector ({question}: HTTP "
                "status 404), so the box was not configured; check the id, and that detector and "
                "token belong to the same account"
            )


def _planned(reached: Reached, say: _Say) -> tuple[KeptConfig, tuple[str, ...]]:
    """The configuration before and for the run, and the detectors that change. Raises Unreachable.

    If none does, both configurations are the same.
    """
    before = read_edge_config(reached.url, reached.trust)
    ids = dict.fromkeys(found.detector.id for found in reached.detectors.values())
    changed = tuple(each for each in ids if not has_preset(before, each, "no_cloud"))
    if changed:
        check_known(reached)
        refuse_unlisted(reached.url, configured_ids(before), reached.trust, say=say)
    put = with_preset(before, changed, "no_cloud") if changed else before
    return KeptConfig(reached.url, time.time(), before, put), changed


def _saved(kept: KeptConfig, folder: Path) -> Path:
    """The file in which it is. Raises SettingError."""
    with _saving():
        file = folder / SAVED_CONFIG
        keep_config(file, kept)
        return file


@contextlib.contextmanager
def _saving() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise SettingError(
            f"SET_NO_CLOUD = True: the box's configuration cannot be saved "
            f"({problem.strerror or problem}), so it was not changed; OUTPUT_DIR must be on a disk "
            "with room, for example --output-dir /tmp/results"
        ) from problem


def owed_restoration(settings: Settings, file: Path, by_hand: str) -> KeeperTask:
    """What the keeper does if this process ends without having put the configuration back."""
    words = command(
        *as_command(
            file,
            insecure=settings.insecure,
            cacert=settings.cacert,
            allowed=settings.allow_public_target,
        )
    )
    return KeeperTask(restore=shlex.join(words), by_hand=by_hand, timeout_s=_KEEPER_S)


class _Change:
    """What is kept of the box that is changed, in memory and in its file."""

    def __init__(self, kept: KeptConfig, file: Path) -> None:
        self.kept = kept
        self.file = file

    def note_open(self, put_open: bool) -> None:
        """A PUT is sent, or was answered. Raises SettingError if that cannot be saved."""
        self.kept = replace(self.kept, put_open=put_open)
        with _saving():
            keep_config(self.file, self.kept)


def _set(
    change: _Change, reached: Reached, changed: tuple[str, ...], settings: Settings, say: _Say
) -> None:
    """Raises Unreachable."""
    kept = change.kept
    new = not_served(changed, kept.before)
    wait_s = settings.ready_timeout
    if new and not is_patient(settings):
        wait_s = LOADED_WITHIN_S
    with noted_open(change.note_open):
        put_edge_config(reached.url, kept.put, reached.trust)
    try:
        await_detectors(
            reached.url, changed, reached.trust, timeout_s=wait_s, new=bool(new), say=say
        )
    except Unreachable as problem:
        raise Unreachable(f"{problem} (--ready-timeout waits longer)") from problem
    say(f"no_cloud is set for {plural(len(changed), 'detector')} until the end of this run.")


def _put_back(
    change: _Change, reached: Reached, by_hand: str, keeper: KeeperProcess, say: _Say
) -> str:
    """Why the box has not its own configuration again, which is said; empty: it has."""
    try:
        restore(
            partial(put_back, change.kept, reached.url, reached.trust, file=change.file),
            keeper,
            say,
        )
    except NotRestored as problem:
        then = f". To restore it, type: {by_hand}"
        if problem.for_good:
            then = f"; {change.file} has the one from before the run."
        say(f"THE BOX WAS NOT RESTORED: {problem}{then}")
        return str(problem)
    return ""
