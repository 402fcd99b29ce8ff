"""The pictures of a cache audit: all of one size in bytes, made in a limited time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from edgeload.audit_plan import NEW_BEFORE
from edgeload.edge_facts import MAX_BODY_BYTES

MAKING_S = 15.0
"""Fewer new pictures are made if these take longer, but a few in any case."""
_FEWEST_NEW = NEW_BEFORE + 30
_SPREAD = 50
"""Versions of a picture differ in size by far less than 1/50; a larger one is left out."""
_LEAST_GAP_BYTES, _MOST_GAP_BYTES = 4, 65_537
_COMMENT = b"\xff\xfe"


def audit_pool(
    versions: Iterable[bytes],
    count: int,
    new: int,
    now: Callable[[], float] = time.monotonic,
) -> tuple[bytes, ...]:
    """`count` pictures that come again, and up to `new` that are sent once, all of equal size.

    A larger picture takes longer to send, to receive and to decode, and that must not look like a
    cache. The pool is shorter if there are no more versions, or if these take long to make.
    """
    began_s = now()
    pool: list[bytes] = []
    for version in _alike(versions):
        pool.append(version)
        late = now() - began_s > MAKING_S and len(pool) >= count + _FEWEST_NEW
        if late or len(pool) == count + new:
            break
    return tuple(pool)


def _alike(versions: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for version in versions:
        size = size or min(len(version) + len(version) // _SPREAD + 64, MAX_BODY_BYTES)
        gap = size - len(version)
        if gap == 0 or gap >= _LEAST_GAP_BYTES:
            yield padded(version, size)


def padded(picture: bytes, size: int) -> bytes:
    """A JPEG with comments behind its first marker that give it this size in bytes.

    It lacks nothing, or 4 bytes and more. Comments (ITU-T T.81, B.2.4.5) change no pixel.
    """
    comments = b""
    while gap := size - len(picture) - len(comments):
        length = min(gap, _MOST_GAP_BYTES)
        if 0 < gap - length < _LEAST_GAP_BYTES:
            length -= _LEAST_GAP_BYTES
        comments += _COMMENT + (length - 2).to_bytes(2, "big") + b" " * (length - 4)
    return picture[:2] + comments + picture[2:]
