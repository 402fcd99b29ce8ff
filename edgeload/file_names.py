"""What no file can be called, and what cannot be said on one line. Pure."""

from __future__ import annotations

import unicodedata
from pathlib import Path

_MOST_NAME_BYTES, _MOST_PATH_BYTES = 255, 4095
"""Of Linux: NAME_MAX, and PATH_MAX without the character that ends it."""


def cannot_be_shown(character: str) -> bool:
    """Control characters, and the halves that Python makes of bytes which are not UTF-8."""
    return unicodedata.category(character) in ("Cc", "Cs")


def wrong_name(path: Path) -> str | None:
    """What is legal instead of a path that cannot be used; None: a file may be called so.

    Whether it is there is another question.
    """
    if any(map(cannot_be_shown, str(path))):
        return "must be a path in UTF-8 without control characters"
    longest = max((len(name.encode()) for name in path.parts), default=0)
    if longest > _MOST_NAME_BYTES or len(str(path).encode()) > _MOST_PATH_BYTES:
        return (
            f"must be a path of at most {_MOST_PATH_BYTES} bytes, each name in it of at most "
            f"{_MOST_NAME_BYTES}"
        )
    return None
