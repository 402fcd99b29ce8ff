"""The text of --rollout -> a roll-out. Pure."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from edgeload.plain_words import listed
from edgeload.simulator.model_rollouts import PlannedRollout
from edgeload.simulator.option_values import share_of_1, time_in_seconds

_EXAMPLE = "20s:both=5s,fail=0.5,cold=3s"
_MOST_SLOWER = 1000.0


def rollout_option(text: str) -> PlannedRollout:
    """`20s:both=5s,fail=0.5,cold=3s` -> a roll-out. Raises argparse.ArgumentTypeError."""
    time, colon, keys = (part.strip() for part in text.partition(":"))
    try:
        given: dict[str, Any] = {"at_s": time_in_seconds(time)}
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must begin with a time after the start, for example {_EXAMPLE}"
        ) from error
    for piece in keys.split(",") if colon and keys else ():
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or key not in ROLLOUT_KEYS:
            raise argparse.ArgumentTypeError(
                f"{text!r}: {piece.strip()!r}: must be KEY=VALUE with one of the keys "
                f"{listed(list(ROLLOUT_KEYS))}, for example {_EXAMPLE}"
            )
        field, convert = ROLLOUT_KEYS[key]
        if field in given:
            raise argparse.ArgumentTypeError(f"{text!r}: {key}= must be given once")
        try:
            given[field] = convert(value)
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {key}={error}") from error
    return PlannedRollout(**given)


def _status(text: str) -> int:
    known = (HTTPStatus.INTERNAL_SERVER_ERROR.value, HTTPStatus.SERVICE_UNAVAILABLE.value)
    if text not in map(str, known):
        raise argparse.ArgumentTypeError(f"{text!r}: must be 500 or 503")
    return int(text)


def _factor(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1.0 <= value <= _MOST_SLOWER:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be a number from 1 to {_MOST_SLOWER:g}, for example 3"
        )
    return value


ROLLOUT_KEYS: dict[str, tuple[str, Callable[[str], object]]] = {
    "detector": ("detector", str),
    "both": ("both_s", time_in_seconds),
    "fail": ("fail", share_of_1),
    "fail-time": ("fail_s", time_in_seconds),
    "status": ("status", _status),
    "cold": ("cold_s", time_in_seconds),
    "slower": ("slower", _factor),
}
"""Each key: the field of PlannedRollout, and how its text is read."""
