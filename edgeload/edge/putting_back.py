"""Puts the configuration back that a box had before a load test changed it.

What somebody else has configured meanwhile is never overwritten. If a PUT of ours may be on its way
still, the box is watched for as long as that can take.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from edgeload.edge.edge_config import (
    ConfigFileError,
    EdgeConfig,
    EdgeConfigError,
    HasAnother,
    KeptConfig,
    agrees,
    await_detectors,
    configured_ids,
    kept_config,
    not_served,
    put_edge_config,
    read_edge_config,
)
from edgeload.edge.location import Forbidden, Unreachable, locate
from edgeload.edge.open_put import PUT_LANDS_WITHIN_S
from edgeload.edge.trust import TlsTrust
from edgeload.exit_codes import BAD_SETTING, OK, UNREACHABLE

LOADED_WITHIN_S = 300.0
"""Loading a model takes minutes at most."""
_LOOK_EVERY_S = 0.5


class ChangedMeanwhile(EdgeConfigError):
    """The box has neither the configuration that was put nor the one from before."""


def put_back(
    kept: KeptConfig,
    url: str,
    trust: TlsTrust,
    *,
    timeout_s: float = LOADED_WITHIN_S,
    pause: Callable[[float], object] = time.sleep,
    say: Callable[[str], object] = lambda text: None,
) -> bool:
    """Put back what was kept; False: the box has that already.

    If the last PUT was never answered, it may come after all: then the box is watched for as long
    as that may take. Waits for the detectors whose models have to be loaded again. Raises
    Unreachable, ChangedMeanwhile if the box's configuration is somebody else's by now.
    """
    seen: list[EdgeConfig] = []
    was_put = _as_before(kept, url, trust, seen)
    if kept.put_open:
        say(
            f"{url} was sent a configuration and did not answer, so it may still get it: watching "
            f"for {PUT_LANDS_WITHIN_S:g} s"
        )
        if not was_put:
            _put_before(kept, url, trust)
            was_put = True
        for _ in range(round(PUT_LANDS_WITHIN_S / _LOOK_EVERY_S)):
            pause(_LOOK_EVERY_S)
            _as_before(kept, url, trust, seen)
    if not was_put:
        return False
    back = [
        each
        for each in configured_ids(kept.before)
        if not not_served([each], kept.before) and any(not_served([each], had) for had in seen)
    ]
    try:
        await_detectors(url, back, trust, timeout_s=timeout_s, pause=pause, say=say)
    except EdgeConfigError as problem:
        raise EdgeConfigError(f"the configuration is put back, but {problem}") from problem
    return True


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
    say: Callable[[str], object] = lambda text: None,
) -> tuple[bool, str]:
    """The same from a file of before, for a box that may have another URL by now; also the URL.

    Raises ConfigFileError, Forbidden, Unreachable.
    """
    kept = kept_config(file)
    url = url or kept.url
    trust = trust.for_endpoint(locate(url, allowed))
    return put_back(kept, url, trust, timeout_s=timeout_s, say=say), url


def as_command(
    file: Path, *, insecure: bool, cacert: Path | None, allowed: str | None
) -> tuple[str, ...]:
    """What `child_processes.command` needs for a process that puts back what is in the file."""
    words = (file.absolute(), int(insecure), "" if cacert is None else cacert.absolute())
    return ("edgeload.edge.putting_back:main", *map(str, words), allowed or "")


def main() -> int:
    """Put back what is in the file that the command line names; the exit code."""
    file, insecure, cacert, allowed = sys.argv[1:]
    trust = TlsTrust(insecure == "1", Path(cacert) if cacert else None)
    try:
        put_back_from(Path(file), trust, allowed or None)
    except (ConfigFileError, Forbidden, ChangedMeanwhile) as problem:
        print(problem)
        return BAD_SETTING
    except Unreachable as problem:
        print(problem)
        return UNREACHABLE
    return OK
