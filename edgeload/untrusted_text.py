"""Makes text from outside safe to log and to print: the one door for all of it.

An endpoint may say the API token back, in an error, a name or a redirect, because a proxy prints
the headers of a request. So the door knows the token: whoever takes it in clear (see
`Settings.token`, `tasks.receive_task`) has it remembered here, in each process that has it. What
is shown after that says `(hidden)` for it, and for each part of it that is long enough to matter.
"""

from __future__ import annotations

import base64
import functools
import io
import re
import sys
import traceback
from typing import Any

MOST_CHARS = 200
HIDDEN = "(hidden)"

SHORTEST_PART = 12
"""A run of this many characters of a secret counts as the secret. The SDK quotes so many of it."""

_SHORTEST_SECRET = 6
"""What is shorter is no secret, and stands in too many words to be hidden."""

_ESCAPED = re.compile(
    r"%(?P<percent>[0-9a-fA-F]{2})|\\(?:u00|x)(?P<escape>[0-9a-fA-F]{2})"
    r"|&#x0*(?P<hex>[0-9a-fA-F]{1,4});|&#0*(?P<decimal>[0-9]{1,5});|\\(?P<plain>[^ux])"
)
_CACHED_CHARS = 1000
_DECODED_AT_MOST = 3
"""How many times a text is decoded: a proxy may encode what the endpoint has encoded."""

_needles: dict[int, frozenset[str]] = {}
"""Pieces of all secrets in all forms, in lower case, by their length."""
_blocks: tuple[str, ...] = ()
"""Every such piece contains one of these, of which there are few: they are looked for first."""
_secrets: set[str] = set()

_Spans = list[tuple[int, int]]


def remember_secret(secret: str) -> None:
    """From now on no text of this process shows it, nor a part of `SHORTEST_PART` characters."""
    global _blocks  # noqa: PLW0603  (once at the start of a process)
    if len(secret) < _SHORTEST_SECRET or secret in _secrets:
        return
    _secrets.add(secret)
    needles: dict[int, set[str]] = {length: set(found) for length, found in _needles.items()}
    blocks = set(_blocks)
    for form, shortest in _forms(secret):
        length = min(shortest, len(form))
        pieces = (form[at : at + length] for at in range(len(form) - length + 1))
        needles.setdefault(length, set()).update(pieces)
        half = (length + 1) // 2  # any piece contains one whole block of this grid
        blocks.update(form[at : at + half] for at in range(0, len(form) - half + 1, half))
    _needles.update({length: frozenset(found) for length, found in needles.items()})
    _blocks = tuple(sorted(blocks))
    _cached.cache_clear()


def _forms(secret: str) -> list[tuple[str, int]]:
    """A secret as it may be written, in lower case, and how long a part of each form counts."""
    raw = secret.encode()
    forms = {secret.lower(): SHORTEST_PART, raw.hex(): 2 * SHORTEST_PART}
    for shift in range(3):  # what stands before it moves the six bits that make a character
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(bytes(shift) + raw).decode().rstrip("=").lower()
            own = whole[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
            forms[own] = (SHORTEST_PART - 1) * 4 // 3
    return list(forms.items())


def without_secrets(text: str) -> str:
    """The text with `(hidden)` for each secret and each longer part of one.

    Also in another case, percent-encoded, escaped as in JSON or HTML, in base64 and in hex.
    """
    if not _blocks:
        return text
    return _cached(text) if len(text) <= _CACHED_CHARS else _hidden(text)


def _hidden(text: str) -> str:
    lower = text.lower()
    if not any(block in lower for block in _blocks) and not _ESCAPED.search(text):
        return text
    decoded, spans = "".join(_lower(c) for c in text), [(at, at + 1) for at in range(len(text))]
    hidden = _found(decoded, spans)
    for _ in range(_DECODED_AT_MOST):
        if not _ESCAPED.search(decoded):
            break
        decoded, spans = _decoded(decoded, spans)
        hidden += _found(decoded, spans)
    return _replaced(text, hidden) if hidden else text


_cached = functools.lru_cache(maxsize=1024)(_hidden)


def _lower(character: str) -> str:
    """One character, as it was: a few have two in lower case."""
    return character.lower()[:1]


def _found(text: str, spans: _Spans) -> _Spans:
    """Where secrets stand; `spans` has the place of each character in the text as it was."""
    if not any(block in text for block in _blocks):
        return []
    return [
        (spans[at][0], spans[at + length - 1][1])
        for length, needles in _needles.items()
        for at in range(len(text) - length + 1)
        if text[at : at + length] in needles
    ]


def _decoded(text: str, spans: _Spans) -> tuple[str, _Spans]:
    """The text with its escapes decoded, and the place of each of its characters."""
    characters: list[str] = []
    places: _Spans = []
    at = 0
    for match in _ESCAPED.finditer(text):
        characters += [*text[at : match.start()], _character(match)]
        places += [*spans[at : match.start()], (spans[match.start()][0], spans[match.end() - 1][1])]
        at = match.end()
    return "".join([*characters, text[at:]]), [*places, *spans[at:]]


def _character(match: re.Match[str]) -> str:
    found = match.groupdict()
    if found["plain"]:
        return found["plain"]
    digits = found["percent"] or found["escape"] or found["hex"]
    return _lower(chr(int(digits, 16) if digits else int(found["decimal"])))


def _replaced(text: str, hidden: _Spans) -> str:
    kept: list[str] = []
    at = 0
    for start, end in sorted(hidden):
        if start > at or not kept:
            kept += [text[at:start], HIDDEN]
        at = max(at, end)
    return "".join([*kept, text[at:]])


def without_secrets_within(value: Any) -> Any:
    """A JSON value, with all of its texts and names without secrets."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, dict):
        within = without_secrets_within
        return {within(name): within(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets_within(each) for each in value]
    return value


def printable(text: str | bytes, most_chars: int = MOST_CHARS) -> str:
    """On one line: at most `most_chars` characters, no secret, none that controls a terminal."""
    if isinstance(text, bytes):
        text = text[: most_chars * 4].decode("utf-8", "replace")
    cleaned = one_line(text[: most_chars * 4])
    return " ".join(cleaned.split())[:most_chars]


def one_line(text: str) -> str:
    """The whole text, however long, without secrets, and a space for each control character."""
    return "".join(c if c.isprintable() else " " for c in without_secrets(text))


class HidingStream(io.TextIOWrapper):
    """A stream of text on which no secret is printed, whoever prints it."""

    def write(self, text: str, /) -> int:
        """Write the text without secrets; the length of the text that was given."""
        super().write(without_secrets(text))
        return len(text)


def hide_in_errors() -> None:
    """From now on, what this process prints on stderr has no secret: also a traceback."""
    raw = sys.stderr
    if isinstance(raw, io.TextIOWrapper) and not isinstance(raw, HidingStream):
        raw.flush()
        sys.stderr = HidingStream(
            raw.detach(), raw.encoding, raw.errors, line_buffering=True, write_through=True
        )


def print_traceback(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """For `sys.excepthook`: what Python prints of an error that nobody handles, without secrets."""
    text = "".join(traceback.format_exception(kind, error, trace))
    print(without_secrets(text), end="", file=sys.stderr)
