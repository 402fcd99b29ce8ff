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
    depends on the numbers. `{client}`, `{request}` and `{answer}` stand for what these are called
    in the run (`with_nouns`), in all texts but `meaning` and `cause`.
    """

    meaning: str
    cause: str
    advice: str
    message: Callable[[Numbers], str]
    advise: Callable[[Numbers], str] | None = None


def with_nouns(text: str, *, in_mix: bool) -> str:
    """The text with clients and requests by their names: cameras and frames in a mix."""
    nouns = {name: name for name in ("client", "request", "answer")}
    if in_mix:
        nouns = {"client": "camera", "request": "frame", "answer": "frame"}
    for name, noun in nouns.items():
        text = text.replace(f"{{{name}}}", noun)
    return text
