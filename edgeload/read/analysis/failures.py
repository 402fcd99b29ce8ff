"""Failures by class and text: how often, from when to when. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeload.failure_classes import http_hundred
from edgeload.read.log.columns import NO_TEXT, ErrorText, Requests
from edgeload.read.log.text_groups import without_ids


@dataclass(frozen=True)
class FailureText:
    """A failure's class and text: how often, and when first and last, in run time.

    The text is the first of those that differ only in numbers and ids, and counts for all of them.
    """

    outcome: str
    text: str
    count: int
    first_s: float
    last_s: float

    @property
    def is_example(self) -> bool:
        """Whether other texts may count as this one: it holds a number or an id."""
        return without_ids(self.text) != self.text


@dataclass(frozen=True)
class FailureClass:
    """All failures of one class, in run time; `texts` is how many different ones it has."""

    outcome: str
    count: int
    first_s: float
    last_s: float
    texts: int


MOST_STATUSES = 8
"""So many HTTP statuses of the same hundred are shown by themselves; more are shown as one."""


def shown_as(outcomes: Iterable[str]) -> dict[str, str]:
    """The name under which each class of failures is shown: its own, or one for many statuses."""
    known = set(outcomes)
    sizes = Counter(map(http_hundred, known))
    hundreds = {name: http_hundred(name) for name in known}
    return {name: one if sizes[one] > MOST_STATUSES else name for name, one in hundreds.items()}


def failure_texts(requests: Requests) -> tuple[FailureText, ...]:
    """Every failure's class and text with its count, the most frequent first.

    Of many HTTP statuses, texts that differ only in numbers and ids count as the first of them.
    """
    failed = np.flatnonzero(requests.error != NO_TEXT)
    codes, done_s = requests.error[failed], requests.done_s[failed]
    counts = np.bincount(codes, minlength=len(requests.errors))
    first_s = np.full(len(requests.errors), np.inf)
    last_s = np.full(len(requests.errors), -np.inf)
    np.minimum.at(first_s, codes, done_s)
    np.maximum.at(last_s, codes, done_s)
    names = shown_as(
        error.outcome for error, count in zip(requests.errors, counts, strict=True) if count
    )
    texts: dict[tuple[str, str], FailureText] = {}
    for i, (outcome, text) in enumerate(requests.errors):
        if counts[i]:
            name = names[outcome]
            own = FailureText(name, text, int(counts[i]), float(first_s[i]), float(last_s[i]))
            key = (name, text if name == outcome else without_ids(text))
            texts[key] = _together(texts[key], own) if key in texts else own
    return tuple(sorted(texts.values(), key=lambda t: (-t.count, ErrorText(t.outcome, t.text))))


def _together(one: FailureText, other: FailureText) -> FailureText:
    return replace(
        one,
        count=one.count + other.count,
        first_s=min(one.first_s, other.first_s),
        last_s=max(one.last_s, other.last_s),
    )


def failure_classes(texts: Sequence[FailureText]) -> tuple[FailureClass, ...]:
    """The texts' classes, the most frequent first."""
    found = [
        FailureClass(
            outcome=outcome,
            count=sum(text.count for text in own),
            first_s=min(text.first_s for text in own),
            last_s=max(text.last_s for text in own),
            texts=len(own),
        )
        for outcome in {text.outcome for text in texts}
        if (own := [text for text in texts if text.outcome == outcome])
    ]
    return tuple(sorted(found, key=lambda c: (-c.count, c.outcome)))
