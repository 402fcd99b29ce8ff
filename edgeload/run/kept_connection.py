"""Rules for a connection that is kept: how long to use it, and what its failure means."""

from __future__ import annotations

from edgeload.run.answer_reader import Answer, AnswerCutOff, AnswerReader
from edgeload.run.connection import PIECE_BYTES, Connection

_MOST_MARGIN_S = 1.0
_LEAST_IDLE_S = 0.1
_RACE_S = 0.02


def usable_for_s(idle_s: float) -> float:
    """How long to use an idle connection that the server says it keeps for `idle_s` seconds.

    A quarter less, but at most 1 s less: the server's clock started before ours, and the next
    request needs time to arrive.
    """
    return idle_s - min(_MOST_MARGIN_S, idle_s / 4)


def lost_a_race(idle_s: float, failed_after_s: float, connect_s: float) -> bool:
    """Whether a server closed an idle connection at the moment at which a request was sent on it.

    A server may close an idle connection at any time, and a client has to be ready for that (RFC
    9112, section 9.3.1). A POST may be sent again only if the server has not applied it (RFC 9110,
    section 9.2.2). It cannot say so; these signs do. The caller knows that the connection has
    carried an answer and that not one byte of another has come. Here, it had been idle, and the
    server's answer to the request, a reset, came back within a round trip; opening the connection
    took at least one. A server that read the request and then reset the connection took longer:
    that is a failure and no race. If the signs mislead, an image query was judged twice under one
    id: that costs the endpoint some work and changes nothing.
    """
    return idle_s >= _LEAST_IDLE_S and failed_after_s <= 2.0 * connect_s + _RACE_S


def last_words(connection: Connection, reader: AnswerReader) -> Answer | None:
    """The answer that arrived before the connection failed; None if there is no whole one.

    A server may refuse a request before it has read all of it, and then close the connection. Our
    next write fails, but its answer is here already. Such an answer may end where the connection
    does. `reader` has what was read before. Raises WireError if what arrived is no answer at all.
    """
    try:
        while data := connection.receive(PIECE_BYTES):
            if answer := reader.feed(data):
                return answer
    except OSError:  # also BlockingIOError: nothing more has arrived
        pass
    try:
        answer = reader.eof() if reader.begun else None
    except AnswerCutOff:
        return None
    return answer if answer is not None and answer.status >= 400 else None
