"""Laws of the file that all workers map."""

from __future__ import annotations

from edgeload.run.picture_file import written_pictures

POOL = (b"one", b"three", b"", b"seven77")


def test_what_was_written_is_mapped() -> None:
    """Picture by picture, byte by byte."""
    with written_pictures(POOL) as file:
        assert tuple(bytes(view) for view in file.map()) == POOL


def test_any_order_of_them_is_a_view_of_the_same_file() -> None:
    """Some, or one several times; and an order of an order."""
    with written_pictures(POOL) as file:
        ordered = file.in_order((3, 0, 0, 1))
        assert [bytes(view) for view in ordered.map()] == [POOL[3], POOL[0], POOL[0], POOL[1]]
        assert ordered.sizes == (7, 3, 3, 5)
        assert [bytes(view) for view in ordered.in_order((3, 1)).map()] == [POOL[1], POOL[0]]
        assert ordered.path == file.path
