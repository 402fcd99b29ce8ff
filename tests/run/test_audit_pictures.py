"""Laws of the pictures of a cache audit: equal in size, different in pixels, made in time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeload.edge_facts import MAX_BODY_BYTES
from edgeload.run.audit_pictures import MAKING_S, audit_pool, padded
from edgeload.run.images import picture_versions

DOG = Path(__file__).parents[2] / "images" / "dog_resized_256x256.jpeg"


def pixels(picture: bytes) -> bytes:
    return np.asarray(Image.open(BytesIO(picture))).tobytes()


def test_all_have_one_size_and_their_own_pixels() -> None:
    """A larger picture would take longer, and one of equal pixels might be in a cache."""
    pool = audit_pool(picture_versions(DOG, 1), 3, 40)
    assert len(pool) == 43
    assert len({len(picture) for picture in pool}) == 1
    assert len({pixels(picture) for picture in pool}) == 43


def test_more_of_them_begin_with_the_same() -> None:
    """The pictures that come again are the same before the run and in it, byte by byte."""
    few, many = (audit_pool(picture_versions(DOG, 1), 2, new) for new in (5, 20))
    assert many[:7] == few


@pytest.mark.parametrize("gap", [0, 4, 5, 7, 65_537, 65_538, 65_540, 65_541, 200_000])
def test_padding_changes_the_size_and_no_pixel(gap: int) -> None:
    """The picture has exactly the size wanted, and every decoder reads the same from it."""
    picture = DOG.read_bytes()
    longer = padded(picture, len(picture) + gap)
    assert len(longer) == len(picture) + gap
    assert pixels(longer) == pixels(picture)


def test_a_slow_picture_makes_a_short_pool() -> None:
    """Once the time is over, the pictures that there are must do; but never too few to judge."""
    clock = itertools.count(0.0, 0.5)

    def now() -> float:
        return next(clock)

    pool = audit_pool(picture_versions(DOG, 1), 1, 500, now)
    assert len(pool) == 1 + 46
    assert len(pool) > 2 * MAKING_S
    clock = itertools.count(0.0, MAKING_S / 64)
    assert len(audit_pool(picture_versions(DOG, 1), 1, 500, now)) == 65


def test_a_picture_that_differs_too_much_in_size_is_left_out() -> None:
    """None is cut or sent as it is; nor is one that lacks less than the shortest comment."""

    def versions() -> Iterator[bytes]:
        for size in (1000, 1084, 1080, 1081, 900, 2000):
            yield b"\xff\xd8" + b"x" * (size - 2)

    pool = audit_pool(versions(), 1, 10)
    assert [len(picture) for picture in pool] == [1084, 1084, 1084, 1084]


def test_none_is_larger_than_the_edge_takes() -> None:
    """Near the limit there is less to add."""
    largest = b"\xff\xd8" + b"x" * (MAX_BODY_BYTES - 12)
    assert {len(p) for p in audit_pool([largest] * 3, 1, 2)} == {MAX_BODY_BYTES}
