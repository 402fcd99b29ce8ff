"""Reads the head of a plain answer by one strict pattern, and remembers what it has read.

A plain answer is HTTP/1.1 with a final status that has a body, exactly one Content-Length and no
Transfer-Encoding. h11 reads all others (see `wire`). The pattern accepts no head that h11 refuses.
"""

from __future__ import annotations

import re

import msgspec

MAX_HEAD_BYTES = 1 << 16

_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [\t -~\x80-\xff]*)?\r\n"
    rb"(?:[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*\r\n)*\r\n"
)
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r\n")
_BODILESS = (b"204", b"304")
_KEEP_ALIVE = re.compile(rb"\r\nkeep-alive:[^\r\n]*?\btimeout[ \t]*=[ \t]*([0-9]{1,9})")


class PlainHead(msgspec.Struct, frozen=True, gc=False):
    """What the head of a plain answer says."""

    head_bytes: int
    status: int
    body_bytes: int
    keep_alive: bool
    idle_s: float | None
    """How long the server keeps the connection without a request, if it says so."""


# Heads that were parsed before. A server's heads usually differ only in the second of their Date,
# so nearly every answer is found here. The bounds protect against servers that vary their heads,
# or make them long.
_remembered: dict[bytes, PlainHead] = {}
MOST_HEADS = 256
LONGEST_REMEMBERED_BYTES = 1 << 11


class _Usual:
    """The size of the head that was found last by looking for its end."""

    head_bytes = 0


def plain_head(head: bytes) -> PlainHead | None:
    """What a head says that ends with its empty line; None if the answer is not plain."""
    return _remembered.get(head) or _read(head)


def head_of(answer: bytes) -> PlainHead | None:
    """What the head of a plain answer says; None if it is not plain, or not whole.

    It is looked up before its end is looked for: a head that is remembered has one empty line, at
    its end.
    """
    plain = _remembered.get(answer[: _Usual.head_bytes])
    if plain is None:
        end = answer.find(b"\r\n\r\n") + 4
        plain = plain_head(answer[:end])
        if plain is not None:
            _Usual.head_bytes = end
    return plain


def _read(head: bytes) -> PlainHead | None:
    matched = _HEAD.fullmatch(head) if len(head) <= MAX_HEAD_BYTES else None
    if matched is None:
        return None
    status, lower = matched[1], head.lower()
    length = _CONTENT_LENGTH.search(lower)
    if (
        length is None
        or status in _BODILESS
        or lower.count(b"\r\ncontent-length:") != 1
        or b"\r\ntransfer-encoding:" in lower
    ):
        return None
    keep_alive = b"\r\nconnection:" not in lower or not _closes(lower)
    plain = PlainHead(len(head), int(status), int(length[1]), keep_alive, idle_s(lower))
    if len(head) <= LONGEST_REMEMBERED_BYTES:
        if len(_remembered) >= MOST_HEADS:
            _remembered.clear()
        _remembered[head] = plain
    return plain


def _closes(head: bytes) -> bool:
    """Whether a lower-cased head asks to close the connection."""
    return any(
        b"close" in [word.strip() for word in value.split(b",")]
        for value in re.findall(rb"\r\nconnection:([^\r\n]*)", head)
    )


def idle_s(head: bytes) -> float | None:
    """The timeout of a `Keep-Alive: timeout=5` in a lower-cased head, in seconds."""
    found = _KEEP_ALIVE.search(head)
    return None if found is None else float(found[1])


def kept_for_s(keep_alive: str) -> float | None:
    """The timeout in the value of a header `Keep-Alive`, in seconds; None without one."""
    return idle_s(b"\r\nkeep-alive:" + keep_alive.lower().encode("utf-8", "replace"))
