"""What goes wrong on request, and how often. Pure.

reset            the connection is reset without an answer
hang             no answer ever comes; no inference worker is busy with it
status_NNN       an error answer (400 to 599) comes at once; no inference worker is busy with it
slow_body        the body of the answer arrives slowly, piece by piece
escalate         the answer looks as if it came from the cloud
bad_json         the answer ends in the middle of its JSON
wrong_detector   the answer is about another detector
swap_label       the answer has the other label
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

SWAP_LABEL = "swap_label"
KINDS = ("reset", "hang", "slow_body", "escalate", "bad_json", "wrong_detector", SWAP_LABEL)
_STATUS = re.compile(r"status_([45][0-9][0-9])")
_LEGAL = ", ".join(KINDS) + ", status_NNN (400 to 599)"


class FaultError(ValueError):
    """These faults are not legal; the text says what would be."""


@dataclass(frozen=True)
class Faults:
    """Kinds of faults and their probabilities. A query has at most one fault."""

    probabilities: tuple[tuple[str, float], ...] = ()

    def draw(self, chance: float) -> str | None:
        """The fault for a random number that is uniform in [0, 1); None for no fault."""
        for kind, probability in self.probabilities:
            if chance < probability:
                return kind
            chance -= probability
        return None


def faults_from(probabilities: Mapping[str, object]) -> Faults:
    """The faults with these probabilities by kind. Raises FaultError."""
    checked = []
    for kind, probability in probabilities.items():
        if kind not in KINDS and _STATUS.fullmatch(kind) is None:
            raise FaultError(f"fault {kind!r}: must be one of {_LEGAL}")
        if (
            isinstance(probability, bool)
            or not isinstance(probability, int | float)
            or not 0.0 <= probability <= 1.0
        ):
            raise FaultError(f"fault {kind} = {probability!r}: must be a probability from 0 to 1")
        checked.append((kind, float(probability)))
    total = math.fsum(probability for _, probability in checked)
    if total > 1.0 + 1e-9:
        raise FaultError(
            f"the probabilities of all faults add up to {total:g}; they must not exceed 1"
        )
    return Faults(tuple(checked))


def status_of(kind: str) -> int | None:
    """503 for status_503; None for a fault that is not an error status."""
    match = _STATUS.fullmatch(kind)
    return int(match[1]) if match else None
