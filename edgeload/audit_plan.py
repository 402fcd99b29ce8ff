"""The plan of a cache audit: which request sends a picture that comes again, which a new one. Pure.

One client sends pairs of requests, one of each kind, in an order that is drawn for each pair. So at
most one request is in flight, both kinds take the same way to the same processes, and what slowly
changes, or happens at regular intervals, meets both alike.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

AUDIT_S = 60.0
"""An audit takes no longer, all in all, if nobody asks for more."""
AROUND_S = 10.0
"""What it takes to start, to reach the endpoint, to make the pictures and to write the results."""
LONGEST_S = AUDIT_S - AROUND_S
_SHORTEST_S = 20.0
MOST_PER_S = 20.0
NEW_BEFORE = 16
"""New pictures that are sent before the run, and never in it."""
BUSY_SHARE = 0.6
"""Otherwise no request is in flight, so that a slow one seldom delays the next."""


@dataclass(frozen=True)
class AuditLoad:
    """The load of an audit: so many requests per second, for so many seconds."""

    requests_per_second: float
    seconds: float

    @property
    def pairs(self) -> int:
        """About how many pairs of requests these are, and no fewer."""
        return math.ceil(self.requests_per_second * self.seconds / 2) + 1


def audit_load(
    query_s: float,
    most_pairs: float,
    spent_s: float,
    *,
    requests_per_second: float | None = None,
    seconds: float | None = None,
) -> AuditLoad:
    """The load for an endpoint that answers in `query_s` seconds on average.

    There are new pictures for `most_pairs`, and the time that is left is `spent_s` less than there
    was. The other two are values that a user has set.
    """
    longest_s = max(_SHORTEST_S, LONGEST_S - spent_s) if seconds is None else seconds
    per_s = requests_per_second
    if per_s is None:
        suited = min(MOST_PER_S, BUSY_SHARE / max(query_s, 1e-6))
        per_s = float(f"{max(suited, 2.0 / longest_s):.3g}")
    enough_s = 2.0 * most_pairs / per_s
    if enough_s >= longest_s and seconds is not None:
        return AuditLoad(per_s, seconds)
    return AuditLoad(per_s, float(max(1, math.floor(min(longest_s, enough_s)))))


def order_before(repeated: int) -> tuple[int, ...]:
    """Indices of the pictures of the queries before the run: both kinds in turn.

    So the load suits the times of both. The first `repeated` pictures are those that come again;
    the next ones are sent here, and not in the run.
    """
    kinds = ((i % repeated, repeated + i) for i in range(NEW_BEFORE))
    return tuple(index for pair in kinds for index in pair)


def pair_of(number: int) -> int:
    """The pair, from 0, of the client's request with this number, from 1."""
    return (number - 1) // 2


def comes_again(seed: int, number: int) -> bool:
    """Whether the request with this number sends a picture that comes again.

    >>> [comes_again(1, n) for n in (1, 2)] in ([True, False], [False, True])
    True
    """
    is_first = random.Random(f"audit {seed} {pair_of(number)}").random() < 0.5
    return is_first == (number % 2 == 1)


def picture_order(seed: int, repeated: int, new: int) -> tuple[int, ...]:
    """Indices of the pictures that requests 0, 1, … 2 x `new` send; there is no request 0.

    The first `repeated` pictures come again, in turn; each of the `new` ones behind those of the
    queries before the run is sent once.
    """
    first_new = repeated + NEW_BEFORE
    return (
        0,
        *(
            pair_of(n) % repeated if comes_again(seed, n) else first_new + pair_of(n)
            for n in range(1, 2 * new + 1)
        ),
    )
