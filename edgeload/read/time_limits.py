"""The objectives of a run that are lines in a plot of times, such as `p95<300ms`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeload.read.text import short

_TIME_OBJECTIVE = re.compile(
    r"\s*(?P<quantile>p[0-9.]+)\s*(?P<kind>response|service)?\s*<=?\s*"
    r"(?P<value>[0-9.]+)\s*(?P<unit>ms|s)\s*"
)


@dataclass(frozen=True)
class TimeLimit:
    """An objective that bounds a percentile of response or service time, in seconds."""

    text: str
    kind: str
    time_s: float


def time_limits(settings: Mapping[str, Any]) -> tuple[TimeLimit, ...]:
    """What the run's objectives (setting `slo`, texts as given) bound in time; no others.

    Without a word for the kind, an objective is about response time.
    """
    found = []
    for text in settings.get("slo") or ():
        match = _TIME_OBJECTIVE.fullmatch(text)
        if match:
            time_s = float(match["value"]) / (1000 if match["unit"] == "ms" else 1)
            found.append(TimeLimit(short(text, 40), match["kind"] or "response", time_s))
    return tuple(found)
