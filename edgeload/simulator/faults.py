"""What goes wrong on request, and how often. Pure.

reset            the connection is reset, no answer
hang             no answer, ever; it takes no inference worker
status_NNN       an error answer (400 to 599) at once; it takes no inference worker
slow_body        the answer's body trickles
escalate         an answer as from the cloud, not from the edge
bad_json         an answer cut off in the middle of its JSON
wrong_detector   an answer about another detector
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

KINDS = ("reset", "hang", "slow_body", "escalate", "bad_json", "wrong_detector")
_STATUS = re.compile(r"status_([45][0-9][0-9])")
_LEGAL = ", ".join(KINDS) + ", status_NNN (400 to 599)"


class FaultError(ValueError):
    """Not a legal set of faults; the text says what is."""


@dataclass(frozen=True)
class Faults:
    """Fault kinds and their probabilities. At most one fault strikes a query."""

    probabilities: tuple[tuple[str, float], ...] = ()

    def draw(self, chance: float) -> str | None:
        """The fault that a number drawn evenly from [0, 1) stands for."""
        for kind, probability in self.probabilities:
            if chance < probability:
                return kind
            chance -= probability
        return None


def faults_from(probabilities: Mapping[str, object]) -> Faults:
    """Check kinds and probabilities; raises FaultError."""
    checked = []
    for kind, probability in probabilities.items():
        if kind not in KINDS and _STATUS.fullmatch(kind) is None:
            raise FaultError(f"fault {kind!r}: must be one of {_LEGAL}")
        if (
            isinstance(probability, bool)
            or not isinstance(probability, int | float)
            or not 0.0 <= probability <= 1.0
        ):
            raise FaultError(f"fault {kind} = {probability!r}: must be a probability, 0 to 1")
        checked.append((kind, float(probability)))
    total = math.fsum(probability for _, probability in checked)
    if total > 1.0 + 1e-9:
        raise FaultError(f"the probabilities of all faults add up to {total:g}; at most 1 is legal")
    return Faults(tuple(checked))


def status_of(kind: str) -> int | None:
    """503 of status_503; None for a fault that is no error status."""
    match = _STATUS.fullmatch(kind)
    return int(match[1]) if match else None
