"""Small pieces of English that several modules need. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def plural(count: int, noun: str) -> str:
    """`1 client`, `12 clients`, `1,234,567 requests`, `2 processes`, `3 copies`."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}{'es' if noun.endswith(('s', 'x', 'ch', 'sh')) else 's'}"


def listed(texts: Sequence[str]) -> str:
    """`50`, `50 and 100`, `50, 100 and 150`; empty for nothing."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def rate_words(per_second: float) -> str:
    """`1 request/s`, `2.5 requests/s`."""
    return f"{per_second:.4g} {'request' if per_second == 1 else 'requests'}/s"


def sentence(clause: str, name: str = "") -> str:
    """A clause as a sentence: a capital letter in front, a full stop behind.

    `name` is the user's word that it begins with, if it does; that stays as it is.
    """
    end = "" if clause.endswith((".", "!", "?", "…")) else "."
    if name and clause.startswith(name):
        return clause + end
    return clause[:1].upper() + clause[1:] + end
