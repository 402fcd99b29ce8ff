"""What is said about one kind of finding. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of finding: what it means, its likely cause and what to do, in whole sentences.

    `message` says what was seen, from a finding's numbers; `advise` replaces `advice` if that
    depends on the numbers.
    """

    meaning: str
    cause: str
    advice: str
    message: Callable[[Numbers], str]
    advise: Callable[[Numbers], str] | None = None
