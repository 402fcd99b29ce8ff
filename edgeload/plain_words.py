"""Small pieces of English that several modules need. Pure."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """`1 client`, `12 clients`, `1,234,567 requests`, `2 processes`."""
    ending = "" if count == 1 else "es" if noun.endswith(("s", "x", "ch", "sh")) else "s"
    return f"{count:,} {noun}{ending}"


def sentence(clause: str) -> str:
    """A clause as a sentence: a capital letter in front, a full stop behind."""
    end = "" if clause.endswith((".", "!", "?", "…")) else "."
    return clause[:1].upper() + clause[1:] + end
