"""Makes text from outside safe to log and to print."""

from __future__ import annotations

MOST_CHARS = 200


def printable(text: str | bytes, most_chars: int = MOST_CHARS) -> str:
    """On one line: at most `most_chars` characters, and none that controls a terminal."""
    if isinstance(text, bytes):
        text = text[: most_chars * 4].decode("utf-8", "replace")
    cleaned = one_line(text[: most_chars * 2])
    return " ".join(cleaned.split())[:most_chars]


def one_line(text: str) -> str:
    """The whole text, however long, with a space for each control character."""
    return "".join(c if c.isprintable() else " " for c in text)
