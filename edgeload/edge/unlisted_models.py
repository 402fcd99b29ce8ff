"""Finds the detectors that a PUT of the configuration would take down although nobody meant to.

A detector that is not listed is loaded on demand, when it is first asked for. A PUT takes down all
that are not listed, these as well, and nothing loads them again before they are asked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from edgeload.edge.asking import ask
from edgeload.edge.box_facts import METRICS_ROUTE
from edgeload.edge.box_resources import ROUTE as RESOURCES_ROUTE
from edgeload.edge.edge_config import EDGE_CONFIG_ROUTE, EdgeConfigError
from edgeload.edge.json_values import as_object, as_objects, as_text
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.plain_words import listed

_ENDED_WITHIN_S = 45.0
"""A pod that was just taken down has 30 s to end, after 10 s in which it still answers."""
_LOOK_EVERY_S = 5.0


def refuse_unlisted(
    url: str,
    listed_ids: Iterable[str],
    trust: TlsTrust,
    *,
    pause: Callable[[float], object] = time.sleep,
    say: Callable[[str], object] = lambda text: None,
) -> None:
    """Raise EdgeConfigError if the box has loaded detectors that are not among these.

    Those that were just taken down are still there for a while, which is waited for. A box that
    does not say what it has loaded is not refused; `say` gets one line about that.
    """
    known = {each.lower() for each in listed_ids}
    most = round(_ENDED_WITHIN_S / _LOOK_EVERY_S)
    for left in range(most, -1, -1):
        loaded = loaded_ids(url, trust)
        if loaded is None:
            say(
                f"{url} does not say which detectors it has loaded. If some of them are not listed "
                "in its configuration, their models are taken down now."
            )
            return
        unlisted = [each for each in loaded if each.lower() not in known]
        if not unlisted:
            return
        if left == most:
            say(
                f"{url} has loaded {listed(unlisted)}, which is not listed in its configuration: "
                f"waiting up to {_ENDED_WITHIN_S:g} s, in case it was just taken down"
            )
        if left:
            pause(_LOOK_EVERY_S)
    raise EdgeConfigError(
        f"{url} has loaded {listed(unlisted)}, which its configuration does not list: setting it "
        f"(PUT {EDGE_CONFIG_ROUTE}) would take their models down, so nothing was changed; list "
        "them first (docs/box.md says how), or use another box"
    )


def loaded_ids(url: str, trust: TlsTrust) -> list[str] | None:
    """The detectors whose models the box has loaded; None: it does not say. Never raises."""
    usage = _json(f"{url}{RESOURCES_ROUTE}", trust)
    if "error" not in usage and isinstance(usage.get("detectors"), list):
        found = [as_text(each.get("detector_id")) for each in as_objects(usage["detectors"])]
        return [each for each in found if each]
    details = _json(f"{url}{METRICS_ROUTE}", trust).get("detector_details")
    if isinstance(details, str):
        details = _decoded(details)
    if not isinstance(details, dict) or "error" in details:
        return None
    return [each for each in map(as_text, details) if each]


def _json(url: str, trust: TlsTrust) -> Any:
    try:
        answer = ask(url, trust)
        return as_object(answer.json() if answer.status == HTTPStatus.OK else None)
    except (Unreachable, ValueError):
        return {}


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
