"""Puts the configuration back that a box had before a load test changed it.

What somebody else has configured meanwhile is never overwritten. If a PUT of ours may be on its way
still, the box is watched for as long as that can take.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edgeload.edge.edge_config import (
    BoxAway,
    ConfigFileError,
    EdgeConfig,
    EdgeConfigError,
    HasAnother,
    KeptConfig,
    agrees,
    await_detectors,
    configured_ids,
    keep_config,
    kept_config,
    not_served,
    put_edge_config,
    read_edge_config,
)
from edgeload.edge.location import Forbidden, Unreachable, locate
from edgeload.edge.open_put import PUT_LANDS_WITHIN_S
from edgeload.edge.trust import TlsTrust
from edgeload.exit_codes import BAD_SETTING, OK, UNREACHABLE
from edgeload.signals import Stopped

LOADED_WITHIN_S = 300.0
"""Loading a model takes minutes at most."""
KEEPER_TRIES_S = 300.0
"""For how long the keeper tries to reach a box."""
_LOOK_EVERY_S = 0.5
_TRY_EVERY_S = 2.0


class ChangedMeanwhile(EdgeConfigError):
    """The box has neither the configuration that was put nor the one from before."""


class StillLoading(EdgeConfigError):
    """The configuration is put back, but not all of its models are loaded."""


def put_back(
    kept: KeptConfig,
    url: str,
    trust: TlsTrust,
    *,
    file: Path | None = None,
    timeout_s: float = LOADED_WITHIN_S,
    try_for_s: float = 0.0,
    pause: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    say: Callable[[str], object] = lambda text: None,
) -> bool:
    """Put back what was kept; False: the box has that already.

    The `file` that keeps it says then that the box is restored. A box that cannot be reached is
    tried again, for `try_for_s` seconds. If the last PUT was never answered, it may come after all:
    then the box is watched for as long as that may take. Waits for the detectors whose models have
    to be loaded again. Raises Unreachable, StillLoading, and ChangedMeanwhile if the box's
    configuration is somebody else's by now.
    """
    seen: list[EdgeConfig] = []
    _persistently(
        lambda: _configure(kept, url, trust, seen, pause, say), try_for_s, pause, clock, say
    )
    if file is not None:
        with contextlib.suppress(OSError):  # somebody may be told of it once more
            keep_config(file, replace(kept, put_open=False, restored=True))
    if not kept.put_open and all(agrees(kept.before, had) for had in seen):
        return False
    back = [
        each
        for each in configured_ids(kept.before)
        if not not_served([each], kept.before) and any(not_served([each], had) for had in seen)
    ]
    try:
        await_detectors(url, back, trust, timeout_s=timeout_s, pause=pause, say=say)
    except EdgeConfigError as problem:
        raise StillLoading(f"the configuration is put back, but {problem}") from problem
    except Stopped as stopped:
        raise StillLoading(
            f"the configuration is put back, but {stopped} came before its models were loaded"
        ) from stopped
    return True


def _persistently(
    action: Callable[[], None],
    try_for_s: float,
    pause: Callable[[float], object],
    clock: Callable[[], float],
    say: Callable[[str], object],
) -> None:
    """Try again for as long as it fails for a reason that may pass. Raises the last problem."""
    until_s, said = clock() + try_for_s, False
    while True:
        try:
            return action()
        except Unreachable as problem:
            lasts = isinstance(problem, EdgeConfigError) and not isinstance(problem, BoxAway)
            if lasts or clock() >= until_s:
                raise
            if not said:
                say(f"{problem}; trying to restore the box for up to {try_for_s:g} s")
                said = True
        pause(_TRY_EVERY_S)


def _configure(
    kept: KeptConfig,
    url: str,
    trust: TlsTrust,
    seen: list[EdgeConfig],
    pause: Callable[[float], object],
    say: Callable[[str], object],
) -> None:
    """See `put_back`. `seen` gets each configuration that the box has had."""
    was_put = _as_before(kept, url, trust, seen)
    if not kept.put_open:
        return
    say(
        f"{url} was sent a configuration and did not answer, so it may still get it: watching for "
        f"{PUT_LANDS_WITHIN_S:g} s"
    )
    if not was_put:
        _put_before(kept, url, trust)
    for _ in range(round(PUT_LANDS_WITHIN_S / _LOOK_EVERY_S)):
        pause(_LOOK_EVERY_S)
        _as_before(kept, url, trust, seen)


def _as_before(kept: KeptConfig, url: str, trust: TlsTrust, seen: list[EdgeConfig]) -> bool:
    """Put back what was before if the box has something else; False: it has that.

    `seen` gets what it has. Raises as `put_back`.
    """
    now = read_edge_config(url, trust)
    seen.append(now)
    if agrees(kept.before, now):
        return False
    if not kept.is_ours(now):
        raise ChangedMeanwhile(
            f"somebody else has changed the configuration of {url} since, so it stays as it is now"
        )
    _put_before(kept, url, trust)
    return True


def _put_before(kept: KeptConfig, url: str, trust: TlsTrust) -> None:
    try:
        put_edge_config(url, kept.before, trust)
    except HasAnother:
        if not kept.put_open:  # else that one came just after, which is what we watch for
            raise


def put_back_from(
    file: Path,
    trust: TlsTrust,
    allowed: str | None,
    *,
    url: str | None = None,
    timeout_s: float = LOADED_WITHIN_S,
    try_for_s: float = 0.0,
    say: Callable[[str], object] = lambda text: None,
) -> tuple[bool, str]:
    """The same from a file of before, for a box that may have another URL by now; also the URL.

    Raises ConfigFileError, Forbidden, Unreachable.
    """
    kept = kept_config(file)
    url = url or kept.url
    found: list[TlsTrust] = []
    _persistently(
        lambda: found.append(trust.for_endpoint(locate(url, allowed))),
        try_for_s,
        time.sleep,
        time.monotonic,
        say,
    )
    was_put = put_back(
        kept, url, found[0], file=file, timeout_s=timeout_s, try_for_s=try_for_s, say=say
    )
    return was_put, url


def as_command(
    file: Path, *, insecure: bool, cacert: Path | None, allowed: str | None
) -> tuple[str, ...]:
    """What `child_processes.command` needs for a process that puts back what is in the file."""
    trusted = "" if cacert is None else cacert.absolute()
    words = (file.absolute(), KEEPER_TRIES_S, int(insecure), trusted)
    return ("edgeload.edge.putting_back:main", *map(str, words), allowed or "")


def main() -> int:
    """Put back what is in the file that the command line names; the exit code."""
    file, try_for_s, insecure, cacert, allowed = sys.argv[1:]
    trust = TlsTrust(insecure == "1", Path(cacert) if cacert else None)
    try:
        put_back_from(Path(file), trust, allowed or None, try_for_s=float(try_for_s))
    except (ConfigFileError, Forbidden, ChangedMeanwhile) as problem:
        print(problem)
        return BAD_SETTING
    except Unreachable as problem:
        print(problem)
        return UNREACHABLE
    return OK
