"""What a user demands of an endpoint, such as `p95<300ms`: from text to value. Pure.

    [20 clients:|each step:] FIGURE OPERATOR BOUND

FIGURE is `p95`, `p99.9 service` (a percentile of response time, unless it says service), `errors`
(share of the requests sent that failed), `missed` (share of those planned that were never sent),
`throughput` (answers as a share of what was due) or `edge` (share of answers from the edge itself).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

Figure = Literal["response", "service", "errors", "missed", "throughput", "edge"]

_TEXT = re.compile(
    r"(?:(?:(?P<clients>[0-9]+)\s+clients?|(?P<each>each\s+step))\s*:\s*)?"
    r"(?:p(?P<percent>[0-9]+(?:\.[0-9]+)?)(?:\s+(?P<kind>response|service))?"
    r"|(?P<share>errors|missed|throughput|edge))"
    r"\s*(?P<operator><=|<|>=|>)\s*"
    r"(?P<bound>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>ms|s|%)"
)
_AT_LEAST: tuple[Figure, ...] = ("throughput", "edge")
_LEGAL = (
    "must be such as p95<300ms, p99.9 service<1s, errors<0.5%, missed<1%, throughput>=95% or "
    "edge>=99.9%"
)
_LEGAL_SCOPE = f"{_LEGAL}; before it, where wanted, `each step:` or `20 clients:`"
_LEGAL_ABORT = "must be such as errors>50%, missed>20% or p95>5s"


@dataclass(frozen=True)
class Objective:
    """A bound on one figure, of the whole run, of each step, or of the steps with some load.

    `bound` is in seconds for times (`share` says which percentile, 0.95 for p95) and a share from
    0 to 1 for everything else.
    """

    text: str
    figure: Figure
    bound: float
    share: float | None = None
    clients: int | None = None
    each_step: bool = False

    @property
    def is_time(self) -> bool:
        """Whether it bounds a percentile of response or service time."""
        return self.share is not None

    @property
    def at_least(self) -> bool:
        """Whether the figure must reach the bound; the others must not pass it."""
        return self.figure in _AT_LEAST

    def applies_to(self, clients: int) -> bool:
        """Whether a step of so many clients is to meet it."""
        return self.clients in (None, clients)


def parse_objective(text: str) -> Objective:
    """Raises ValueError, saying what is legal."""
    objective, wants_less = _parse(text, _LEGAL_SCOPE)
    if wants_less == objective.at_least:
        word = "at least" if objective.at_least else "at most"
        raise ValueError(f"{objective.figure} can only be bounded by {word} so much; {_LEGAL}")
    return objective


def parse_abort(text: str) -> Objective:
    """The objective whose breach ends a run: `errors>50%` is a breach of `errors<=50%`."""
    objective, wants_less = _parse(text, _LEGAL_ABORT)
    if objective.at_least or wants_less or objective.clients or objective.each_step:
        raise ValueError(_LEGAL_ABORT)
    return objective


def _parse(text: str, legal: str) -> tuple[Objective, bool]:
    """The objective, and whether its operator is `<` or `<=`."""
    found = _TEXT.fullmatch(text.strip())
    if not found:
        raise ValueError(legal)
    percent, unit, bound = found["percent"], found["unit"], float(found["bound"])
    if (percent is None) != (unit == "%"):
        raise ValueError(f"a percentile is bounded in ms or s, everything else in %; {legal}")
    if percent is None and bound > 100:
        raise ValueError(f"more than 100 % cannot be; {legal}")
    if percent is not None and (not 0 < float(percent) < 100 or bound == 0):
        raise ValueError(f"a percentile lies between 0 and 100, its bound above 0; {legal}")
    objective = Objective(
        text=" ".join(text.split()),
        figure=cast(Figure, found["share"] or found["kind"] or "response"),
        bound=bound / {"ms": 1000, "s": 1, "%": 100}[unit],
        share=float(percent) / 100 if percent else None,
        clients=int(found["clients"]) if found["clients"] else None,
        each_step=bool(found["each"]),
    )
    return objective, found["operator"].startswith("<")
