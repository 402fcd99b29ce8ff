"""The text of --detector -> what it asks for. Pure."""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Callable
from typing import Any

from edgeload.plain_words import listed
from edgeload.simulator.deployment import DEFAULT_THRESHOLD, WantedDetector
from edgeload.simulator.option_values import (
    MAX_WORKERS,
    detector_id_text,
    deviation,
    share_of_1,
    time_in_seconds,
    whole_number,
)
from edgeload.simulator.queueing import SERVICE_DISTRIBUTIONS

_EXAMPLE = "door:workers=4,service-time=50ms"
_MAX_CHARS = 300
_LETTERS = 15
_NEXT_KEY = re.compile(r",(?=\s*[a-z-]+=)")  # a query may contain commas


def detector_option(text: str) -> WantedDetector:
    """`door:workers=4,service-time=50ms` -> a detector.

    Raises argparse.ArgumentTypeError.
    """
    name, colon, keys = (part.strip() for part in text.partition(":"))
    if not 1 <= len(name) <= _MAX_CHARS or not name.isprintable():
        raise argparse.ArgumentTypeError(
            f"{text!r}: must begin with a name of 1 to {_MAX_CHARS} printable characters, for "
            f"example {_EXAMPLE}"
        )
    given: dict[str, Any] = {}
    for piece in _NEXT_KEY.split(keys) if colon else ():
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or key not in _KEYS:
            raise argparse.ArgumentTypeError(
                f"{text!r}: {piece.strip()!r}: must be KEY=VALUE with one of the keys "
                f"{listed(list(_KEYS))}, for example {_EXAMPLE}"
            )
        if key in given:
            raise argparse.ArgumentTypeError(f"{text!r}: {key}= must be given once")
        try:
            given[key] = _KEYS[key](value)
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {key}={error}") from error
    times = {"service-time": "mean_s", "distribution": "distribution", "sigma": "sigma"}
    return WantedDetector(
        name=name,
        id=given.get("id", id_from_name(name)),
        query=given.get("query"),
        confidence_threshold=given.get("threshold", DEFAULT_THRESHOLD),
        workers=given.get("workers"),
        pool=given.get("pool"),
        listed=given.get("listed", True),
        service_time=tuple((times[key], given[key]) for key in times if key in given),
    )


def id_from_name(name: str) -> str:
    """The id of a detector that was given none: always the same for one name.

    It has the first letters and digits of the name, so that a reader knows it again, and 12
    hexadecimal digits of a hash of the whole name.
    """
    letters = "".join(re.findall(r"[0-9A-Za-z]", name))[:_LETTERS]
    return f"det_{letters:0<{_LETTERS}}{hashlib.blake2b(name.encode(), digest_size=6).hexdigest()}"


def _distribution(text: str) -> str:
    if text not in SERVICE_DISTRIBUTIONS:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be one of {', '.join(SERVICE_DISTRIBUTIONS)}"
        )
    return text


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"{text!r}: must be yes or no")
    return text == "yes"


def _words(text: str) -> str:
    if not 1 <= len(text) <= _MAX_CHARS or not text.isprintable():
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be a text of 1 to {_MAX_CHARS} printable characters"
        )
    return text


_KEYS: dict[str, Callable[[str], object]] = {
    "workers": whole_number(1, MAX_WORKERS),
    "service-time": time_in_seconds,
    "distribution": _distribution,
    "sigma": deviation,
    "pool": _words,
    "id": detector_id_text,
    "query": _words,
    "threshold": share_of_1,
    "listed": _yes_or_no,
}
