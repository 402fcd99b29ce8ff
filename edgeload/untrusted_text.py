"""A stranger's text made fit to log and print."""

from __future__ import annotations

_MOST_CHARS = 200


def printable(text: str | bytes) -> str:
    """At most 200 characters, on one line, without control characters."""
    if isinstance(text, bytes):
        text = text[: _MOST_CHARS * 4].decode("utf-8", "replace")
    cleaned = "".join(c if c.isprintable() else " " for c in text[: _MOST_CHARS * 2])
    return " ".join(cleaned.split())[:_MOST_CHARS]
