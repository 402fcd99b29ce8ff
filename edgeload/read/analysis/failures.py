"""Failures by class and text: how often, from when to when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeload.read.log.columns import NO_TEXT, ErrorText, Requests


@dataclass(frozen=True)
class FailureText:
    """A failure's class and text: how often, and when first and last, in run time."""

    outcome: str
    text: str
    count: int
    first_s: float
    last_s: float


@dataclass(frozen=True)
class FailureClass:
    """All failures of one class, in run time; `texts` is how many different ones it has."""

    outcome: str
    count: int
    first_s: float
    last_s: float
    texts: int


def failure_texts(requests: Requests) -> tuple[FailureText, ...]:
    """Every failure's class and text with its count, the most frequent first."""
    failed = np.flatnonzero(requests.error != NO_TEXT)
    codes, done_s = requests.error[failed], requests.done_s[failed]
    counts = np.bincount(codes, minlength=len(requests.errors))
    first_s = np.full(len(requests.errors), np.inf)
    last_s = np.full(len(requests.errors), -np.inf)
    np.minimum.at(first_s, codes, done_s)
    np.maximum.at(last_s, codes, done_s)
    texts = [
        FailureText(*error, int(counts[i]), float(first_s[i]), float(last_s[i]))
        for i, error in enumerate(requests.errors)
        if counts[i]
    ]
    return tuple(sorted(texts, key=lambda t: (-t.count, ErrorText(t.outcome, t.text))))


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
