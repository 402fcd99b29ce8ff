"""Which texts of failures say the same: those that differ in numbers and ids alone. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from edgeload.untrusted_text import MOST_CHARS

_WORD = re.compile(r"[\w.:+%-]+")
_DIGIT = re.compile(r"\d")
_HEX = re.compile(r"\b[0-9a-fA-F]{8,}\b")
_LONG = re.compile(r"[\w.:+/=%-]{12,}")
_WITH_PREFIX = re.compile(r"[a-z]{2,5}[_-](?=\w*[A-Z])[A-Za-z]{12,}")
_RANDOM_CASE = re.compile(r"[A-Z][a-z][A-Z]|[a-z][A-Z][a-z][A-Z]")
"""Words in camel case have longer parts."""
_MIXED = re.compile(r"\A(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d).{20,}")
_NO_VOWEL = re.compile(r"[b-df-hj-np-tv-xz]{8,}")
_SIGNS_OF_AN_ID = (_WITH_PREFIX, _RANDOM_CASE, _MIXED, _NO_VOWEL)
_SEVERAL = re.compile(r"#(?:[\s,;/&=+#-]*#)+")
_COMPARED_CHARS = 120
"""Of a text that was cut when it was written: where depends on the lengths of its ids."""


@lru_cache(maxsize=4096)
def without_ids(text: str) -> str:
    """The text with a # for each number, time, address and id, whatever their number.

    >>> without_ids("request 3f2a-77 to 10.0.0.7:8000 failed after 1.5e-3 s")
    'request # to # failed after # s'
    >>> without_ids("ConnectionResetError of iq_oJRBQFEKReiuzkIBrZSkCAFakNI, [3, 5]")
    'ConnectionResetError of #, [#]'
    """
    grouped = _LONG.sub(lambda found: "#" if _is_id(found[0]) else found[0], text)
    grouped = _HEX.sub("#", _WORD.sub(_without_digits, grouped))
    grouped = _SEVERAL.sub("#", grouped)
    return grouped[:_COMPARED_CHARS] if len(text) >= MOST_CHARS else grouped


def _without_digits(found: re.Match[str]) -> str:
    """A # for a word with a digit. A pattern for such words would take quadratic time."""
    word = found[0].rstrip(".:+%-")
    return "#" + found[0][len(word) :] if _DIGIT.search(word) else found[0]


def _is_id(word: str) -> bool:
    """Whether a long word is one that nobody has written, also if it has no digit."""
    return any(sign.search(word) for sign in _SIGNS_OF_AN_ID)
