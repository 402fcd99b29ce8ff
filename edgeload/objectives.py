"""What a user demands of an endpoint, for example `p95<300ms`: from text to value. Pure.

    [TIER:] [GROUP:] [20 clients:|each step:] QUANTITY OPERATOR BOUND    (the last two in any order)

TIER is the name of a tier of objectives in a search for the capacity, which finds the capacity of
each tier. GROUP is the name of a camera group of a mix; then only its frames count. In a mix,
`3 copies:` stands for the steps with three copies. QUANTITY is one of

- `p95`, `p99.9 service`: a percentile of response time, or of service time if it says so;
- `age p95`: a percentile of the age of the newest answer, over the time of all cameras;
- `errors`: the failed requests, as a share of the requests sent;
- `missed`: the requests that were never sent, as a share of the planned ones;
- `throughput`: the answers, as a share of the requests that were due;
- `edge`: the answers that the edge itself gave, as a share of all answers;
- `outage`: the longest time without a good answer while requests were due.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from edgeload.durations import DAY_S, WITH_UNITS, seconds_of

Quantity = Literal["response", "service", "age", "errors", "missed", "throughput", "edge", "outage"]

_SCOPE = re.compile(r"(?P<load>[0-9]{1,9})\s+(?:clients?|cop(?:y|ies))|(?P<each>each\s+step)")
_GROUP_NAME = re.compile(
    r"(?!each step$|total$|all$|steps? [0-9])[A-Za-z][A-Za-z0-9 _.-]{0,39}", re.IGNORECASE
)
_TEXT = re.compile(
    r"(?:p(?P<percent>[0-9]+(?:\.[0-9]+)?)(?:\s+(?P<kind>response|service))?"
    r"|age\s+p(?P<age>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<share>errors|missed|throughput|edge)|(?P<outage>outage))"
    r"\s*(?P<operator><=|<|>=|>)\s*"
    rf"(?:(?P<time>{WITH_UNITS})|(?P<percentage>[0-9]+(?:\.[0-9]+)?)\s*%)"
)
_AT_LEAST: tuple[Quantity, ...] = ("throughput", "edge")
_EXAMPLES: dict[Quantity, str] = {
    "response": "p95<300ms",
    "service": "p95 service<200ms",
    "age": "age p95<1s",
    "errors": "errors<1%",
    "missed": "missed<1%",
    "throughput": "throughput>=95%",
    "edge": "edge>=99.9%",
    "outage": "outage<1s",
}
_ABORT_EXAMPLES: dict[Quantity, str] = {
    "response": "p95>5s",
    "service": "p95 service>5s",
    "errors": "errors>50%",
    "missed": "missed>20%",
}
_LONGEST_S = 7 * DAY_S
_MOST_CHARS = 200
_LEGAL = (
    "must be an objective, for example p95<300ms, p99.9 service<1s, errors<0.5%, missed<1%, "
    "throughput>=95%, edge>=99.9%, outage<1s or age p95<1s; `each step:`, `20 clients:` or the "
    "name of a camera group may stand before it, or, with --find-capacity, the name of a tier "
    "(gold: p95<150ms)"
)
_LEGAL_ABORT = (
    "must be a condition on all requests together, for example errors>50%, missed>20% or p95>5s"
)


def is_group_name(text: str) -> bool:
    """Whether a camera group may be called so: a letter first, then letters, digits, `_`, `.`, `-`.

    It stands before an objective (`door: p95<300ms`), so it is no number and none of the words that
    stand there as well.
    """
    return _GROUP_NAME.fullmatch(text) is not None


@dataclass(frozen=True)
class Objective:
    """A bound on one quantity: of the whole run, of each step, or of the steps with one load.

    `load` is that load: the clients of a step, or the copies of a mix. `group` is the camera group
    that it is about; None: all. `tier` is that of a search; None: it holds for all tiers.

    For a percentile, `quantile` says which (0.95 for p95) and `bound` is in seconds. For every
    other quantity `quantile` is None; `bound` is in seconds for `outage`, else a share from 0 to 1.
    """

    text: str
    quantity: Quantity
    bound: float
    quantile: float | None = None
    load: int | None = None
    each_step: bool = False
    group: str | None = None
    tier: str | None = None

    @property
    def is_time(self) -> bool:
        """Whether it bounds a percentile of response or service time."""
        return self.quantity in ("response", "service")

    @property
    def at_least(self) -> bool:
        """Whether the bound is a lower limit; otherwise it is an upper one."""
        return self.quantity in _AT_LEAST

    def applies_to(self, load: int) -> bool:
        """Whether a step with this load, in clients or copies, has to meet it."""
        return self.load in (None, load)

    @property
    def counts_clients(self) -> bool | None:
        """Whether `load` is a number of clients, and not of copies; None without a load."""
        return None if self.load is None else " client" in self.text.rpartition(":")[0]

    @property
    def condition(self) -> str:
        """Its text without tier and group."""
        text = self.text if self.tier is None else self.text.removeprefix(f"{self.tier}: ")
        return text if self.group is None else text.removeprefix(f"{self.group}: ")

    def of_group(self, group: str) -> Objective:
        """The same objective about one group."""
        return replace(self, group=group, text=f"{group}: {self.text}")


def with_tiers(objectives: Iterable[Objective], groups: Container[str]) -> tuple[Objective, ...]:
    """The objectives of a search: a name that no camera group has is the name of a tier."""
    return tuple(
        replace(each, tier=each.group, group=None)
        if each.tier is None and each.group is not None and each.group not in groups
        else each
        for each in objectives
    )


@dataclass(frozen=True)
class Tier:
    """What a load has to meet to count as carried; a search finds the capacity of each tier.

    `name` is empty if the objectives name no tiers.
    """

    name: str
    objectives: tuple[Objective, ...]


def tiers_of(objectives: Sequence[Objective]) -> tuple[Tier, ...]:
    """The tiers that are named, in their order, each with what holds for all; or just one."""
    names = list(dict.fromkeys(each.tier for each in objectives if each.tier is not None))
    if not names:
        return (Tier("", tuple(objectives)),)
    return tuple(
        Tier(name, tuple(each for each in objectives if each.tier in (None, name)))
        for name in names
    )


def parse_objective(text: str) -> Objective:
    """Read an objective. Raises ValueError; its text says what is legal, with an example."""
    objective, wants_less = _parse(text, _EXAMPLES, _LEGAL)
    if wants_less == objective.at_least:
        limit = "a lower limit" if objective.at_least else "an upper limit"
        name = "a percentile" if objective.quantile else objective.quantity
        raise ValueError(f"{name} needs {limit}, for example {_EXAMPLES[objective.quantity]}")
    return objective


def parse_abort(text: str) -> Objective:
    """Read an abort condition: the objective whose breach ends a run.

    `errors>50%` gives the objective that errors are at most 50 %. Raises ValueError.
    """
    objective, wants_less = _parse(text, _ABORT_EXAMPLES, _LEGAL_ABORT)
    scoped = objective.load or objective.each_step or objective.group or objective.tier
    if objective.at_least or wants_less or scoped:
        raise ValueError(_LEGAL_ABORT)
    return objective


def _parse(text: str, examples: Mapping[Quantity, str], legal: str) -> tuple[Objective, bool]:
    """The objective, and whether its operator is `<` or `<=`."""
    if len(text) > _MOST_CHARS:
        raise ValueError(legal)
    *scopes, condition = (" ".join(part.split()) for part in text.split(":"))
    found = _TEXT.fullmatch(condition)
    loads = [text for text in scopes if _SCOPE.fullmatch(text)]
    groups = [text for text in scopes if text not in loads]
    if not found or len(loads) > 1 or len(groups) > 2 or not all(map(is_group_name, groups)):
        raise ValueError(legal)
    scope = _SCOPE.fullmatch(loads[0]) if loads else None
    percent, time = found["percent"] or found["age"], found["time"]
    bound = seconds_of(time) if time else float(found["percentage"]) / 100
    kind = "age" if found["age"] else found["kind"] or "response"
    quantity = cast(Quantity, found["share"] or found["outage"] or kind)
    if quantity not in examples:
        raise ValueError(legal)
    example = f"for example {examples[quantity]}"
    if found["share"] and time:
        raise ValueError(f"{quantity} needs a limit in %, {example}")
    if not found["share"] and not time:
        name = "a percentile" if percent else "outage"
        raise ValueError(f"{name} needs a limit in ms, s, m or h, {example}")
    if not time and bound > 1:
        raise ValueError(f"a share cannot exceed 100 %, {example}")
    if percent is not None and not 0 < float(percent) < 100:
        raise ValueError(f"a percentile lies between p0 and p100, {example}")
    if time and bound > _LONGEST_S:
        raise ValueError(f"a limit must be at most {_LONGEST_S:.0f} s, which is a week, {example}")
    if not found["share"] and bound == 0:
        name = "a percentile" if percent else "outage"
        raise ValueError(f"the limit of {name} must be above 0, {example}")
    objective = Objective(
        text=": ".join([*groups, *loads, condition]),
        quantity=quantity,
        bound=bound,
        quantile=float(percent) / 100 if percent else None,
        load=int(scope["load"]) if scope and scope["load"] else None,
        each_step=bool(scope and scope["each"]),
        group=groups[-1] if groups else None,
        tier=groups[0] if len(groups) > 1 else None,
    )
    return objective, found["operator"].startswith("<")
