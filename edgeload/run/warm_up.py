"""Warms up an endpoint that has just been configured: waits for it, then asks it many times.

Every proxy process is cold by itself, and each query over a new connection meets any of them: with
eight, about 50 queries reach them all (the chance that one is left out is 1 %).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from edgeload.edge.location import Unreachable
from edgeload.run.pictures import make_pictures
from edgeload.run.preflight_queries import ask_until_certain
from edgeload.run.preflight_rules import Subject
from edgeload.run.reaching import Reached, choices, reach
from edgeload.run.session import first_task, sender_for, worker_count
from edgeload.settings import Settings

WARM_QUERIES = 50
_ASK_AGAIN_AFTER_S = 0.5
_PATIENT_S = 5.0
"""An endpoint that was just restarted does not answer at once: that is not worth a word."""


def warm_up(
    settings: Settings,
    *,
    timeout_s: float,
    queries: int = WARM_QUERIES,
    pause: Callable[[float], None] = time.sleep,
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Wait until the endpoint is ready, and get so many good answers for each detector; how many.

    `timeout_s` bounds the wait, and after that the time in which queries may be refused. The
    settings have an ENDPOINT_URL. Raises Unreachable, and whatever `reach` raises.
    """
    reached = _await_endpoint(settings, timeout_s, pause, say)
    plan, groups = settings.plan(), settings.groups()
    asked: set[str] = set()
    with contextlib.ExitStack() as stack:
        pictures = make_pictures(groups, settings.seed, stack)
        task = first_task(settings, plan, worker_count(settings, plan), reached, pictures)
        tasks = {group.name: group for group in task.groups}
        for group, _, choice in choices(groups):
            found = reached.detectors[choice]
            if found.detector.id in asked:
                continue
            asked.add(found.detector.id)
            ask_until_certain(
                sender_for(settings, task, tasks[group.load.name], found.detector.id),
                Subject(reached.url, found.detector.id, found.asked.status),
                timeout_s=timeout_s,
                least_good=queries,
                pause=pause,
                say=say,
            )
    return queries * len(asked)


def _await_endpoint(
    settings: Settings,
    timeout_s: float,
    pause: Callable[[float], None],
    say: Callable[[str], None],
) -> Reached:
    """Find the endpoint, which may be starting: no answer is not the last word either."""
    assert settings.endpoint_url is not None
    began_s = time.monotonic()
    until_s = began_s + timeout_s
    said = False
    while True:
        left_s = max(0.1, until_s - time.monotonic())
        waiting = settings.model_copy(update={"ready_timeout": left_s})
        try:
            return reach(settings.endpoint_url, waiting, pause, say)
        except Unreachable as problem:
            if time.monotonic() >= until_s:
                raise
            if not said and time.monotonic() - began_s >= _PATIENT_S:
                say(f"{problem}; waiting up to {timeout_s:g} s")
                said = True
        pause(_ASK_AGAIN_AFTER_S)
