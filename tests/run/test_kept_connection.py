"""Laws of a connection that is kept: how long it is used, and what its failure means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest

from edgeload.run.answer_reader import Answer, AnswerReader, WireError
from edgeload.run.connection import Connection
from edgeload.run.kept_connection import last_words, lost_a_race, usable_for_s


@pytest.mark.parametrize(
    ("kept_s", "used_s"), [(0, 0), (1, 0.75), (2, 1.5), (4, 3), (5, 4), (75, 74), (3600, 3599)]
)
def test_a_connection_is_used_for_less_time_than_it_is_kept(kept_s: float, used_s: float) -> None:
    """A quarter less, and at most a second: a short time has a short margin."""
    assert usable_for_s(kept_s) == used_s


@pytest.mark.parametrize(
    ("idle_s", "failed_after_s", "connect_s", "race"),
    [
        (1.0, 0.015, 0.0, True),
        (1.0, 0.025, 0.0, False),  # longer than any round trip that was seen
        (1.0, 0.2, 0.1, True),  # the endpoint is far away
        (1.0, 0.25, 0.1, False),
        (0.05, 0.001, 0.1, False),  # hardly idle: no server closes so soon
    ],
)
def test_a_race_is_lost_within_a_round_trip_after_a_pause(
    idle_s: float, failed_after_s: float, connect_s: float, race: bool
) -> None:
    """The time to connect says how long a round trip takes; a server that worked took longer."""
    assert lost_a_race(idle_s, failed_after_s, connect_s) is race


class Pieces:
    """A connection from which these pieces can still be read, or errors."""

    def __init__(self, pieces: Iterable[bytes | OSError]) -> None:
        self._pieces = iter(pieces)

    def receive(self, most: int) -> bytes:
        piece = next(self._pieces)
        if isinstance(piece, OSError):
            raise piece
        assert len(piece) <= most
        return piece


RESET, LATER = ConnectionResetError(), BlockingIOError()
HEAD = b"HTTP/1.1 %d X\r\nConnection: close\r\n%b\r\nno"
SIZED = b"Content-Length: 2\r\n"
WHOLE = HEAD % (413, SIZED)


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([WHOLE], 413),
        ([WHOLE[:20], WHOLE[20:]], 413),
        ([HEAD % (200, SIZED)], 200),
        ([HEAD % (400, b""), RESET], 400),  # ends with the connection
        ([HEAD % (413, b""), b""], 413),
        ([HEAD % (399, b""), RESET], None),  # a success that was cut off may be half of one
        ([HEAD % (413, b"Content-Length: 9\r\n"), RESET], None),
        ([b"HTTP/1.1 413", LATER], None),
        ([b""], None),
        ([RESET], None),
        ([LATER], None),
    ],
)
def test_last_words_are_a_whole_answer_or_none(
    pieces: list[bytes | OSError], status: int | None
) -> None:
    """What was cut off on a connection that failed is no answer, and no error either."""
    found = last_words(cast(Connection, Pieces(pieces)), AnswerReader())
    assert found == (None if status is None else Answer(status, b"no", False))


@pytest.mark.parametrize("said", [b"\x00\x01\x02 is no HTTP\r\n\r\n", b"SSH-2.0"])
def test_last_words_that_are_no_answer_are_refused(said: bytes) -> None:
    """They say more than the reset that follows: this is another kind of server."""
    with pytest.raises(WireError, match="the answer begins with"):
        last_words(cast(Connection, Pieces([said, RESET])), AnswerReader())
