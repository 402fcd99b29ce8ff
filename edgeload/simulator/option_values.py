"""The text of a simulator option -> its value. Pure; all raise argparse.ArgumentTypeError."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable

from edgeload.byte_sizes import MEBIBYTE
from edgeload.cli import seconds
from edgeload.durations import TimeLimits
from edgeload.edge_facts import DETECTOR_ID_FORM, is_detector_id
from edgeload.simulator.faults import FaultError, faults_from

MAX_WORKERS = 256
_WHOLE = re.compile(r"[0-9]{1,20}")
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([MG])iB")
_MOST_BYTES = 2**40

time_in_seconds = seconds(TimeLimits(0.0, 3600.0), "50ms, 0.05s or 0.05")
"""`50ms`, `0.05s` or `0.05` -> seconds."""


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A function that reads a whole number within these limits."""

    def convert(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r}: must be a whole number from {least} to {most}"
            )
        return int(text)

    return convert


def deviation(text: str) -> float:
    """A standard deviation: above 0, at most 10."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 < value <= 10.0:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be a number above 0 and at most 10, for example 0.5"
        )
    return value


def number_to_100(example: str) -> Callable[[str], float]:
    """A function that reads a number from 0 to 100."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0.0 <= value <= 100.0:
            raise argparse.ArgumentTypeError(
                f"{text!r}: must be a number from 0 to 100, for example {example}"
            )
        return value

    return convert


contention_strength = number_to_100("1.5")
"""The strength of a contention."""
percentage = number_to_100("50")
"""A number of percent."""


def slowing_factor(text: str) -> float:
    """How many times as long something takes: from 1 to 100."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 1.0 <= value <= 100.0:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be a number from 1 to 100, for example 1.5"
        )
    return value


def share_of_1(text: str) -> float:
    """A share of 1."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r}: must be a number from 0 to 1, for example 0.5")
    return value


def size_in_bytes(text: str) -> int:
    """`512MiB`, `2GiB` or `1.5GiB` -> bytes."""
    found = _SIZE.fullmatch(text.strip())
    factor = MEBIBYTE * {"M": 1, "G": 1024}[found[2]] if found else 0
    value = round(float(found[1]) * factor) if found else -1
    if not 0 <= value <= _MOST_BYTES:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be a size from 0MiB to 1024GiB, for example 512MiB"
        )
    return value


def detector_id_text(text: str) -> str:
    """A detector id, unchanged."""
    if not is_detector_id(text):
        raise argparse.ArgumentTypeError(f"{text!r}: must be {DETECTOR_ID_FORM}")
    return text


def fault_probability(text: str) -> tuple[str, float]:
    """`hang=0.001` -> the kind of a fault and its probability."""
    kind, _, probability = text.partition("=")
    try:
        faults_from({kind: float(probability)})
    except FaultError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be KIND=PROBABILITY, for example hang=0.001"
        ) from error
    return kind, float(probability)
