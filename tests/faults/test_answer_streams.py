"""Streams of bytes that are nearly answers: what the parser of answers makes of them."""

from __future__ import annotations

import itertools

import pytest
from answer_streams import CUT_OFF, REFUSED, Httptools, Read, at_once, by_h11, by_us, streams
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeload.failure_classes import failure_class, http_failure
from edgeload.run import answer_head
from edgeload.run.answer_reader import Answer, AnswerReader, WireError, plain_answer

_HEAD = b"HTTP/1.1 200 OK\r\n"
_LENGTH = b"Content-Length: 2\r\n\r\nok"


@given(streams(), st.lists(st.integers(0, 700), max_size=5))
@example(_HEAD + b"X: a\nContent-Length: 3\r\n" + _LENGTH, [30])
@example(_HEAD + b"Content-Length: 2\r\n ,3" + b"\r\n\r\nok", [])
@example(_HEAD + b"X\x00: y\r\n" + _LENGTH, [20])
@settings(max_examples=250, deadline=None)
def test_nothing_is_accepted_that_h11_refuses(raw: bytes, cuts: list[int]) -> None:
    """An answer, a refusal or a cut, never an error, and the same however the bytes are split.

    What is accepted, h11 reads as we do, and so does httptools unless it refuses it.
    """
    read = by_us(raw)
    assert by_us(raw, cuts) == read
    assert by_us(raw, list(range(len(raw)))) == read
    fast = at_once(raw)
    assert fast is None or fast == read
    if isinstance(read, Read):
        assert by_h11(raw) == read
        other = Httptools(raw).read
        assert other is None or other == read


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (b"X: a\nContent-Length: 3\r\n" + _LENGTH, REFUSED),
        (b"X: a\r\n b\r\n" + _LENGTH, Read(200, b"ok")),
        (b" X: a\r\n" + _LENGTH, REFUSED),
        (b"Content-Length: 2\r\n ,3\r\n\r\nok", REFUSED),
        (b"X\x00: a\r\n" + _LENGTH, REFUSED),
        (b"X : a\r\n" + _LENGTH, REFUSED),
        (b": a\r\n" + _LENGTH, REFUSED),
        (b"X\r\n" + _LENGTH, REFUSED),
        (b"X: a\x00\r\n" + _LENGTH, REFUSED),
        (b"X: a\rb\r\n" + _LENGTH, REFUSED),
        (b"Content-Length: 3\r\n" + _LENGTH, REFUSED),
        (b"Content-Length: 2\r\n" + _LENGTH, Read(200, b"ok")),
        (b"Content-Length: 2, 3\r\n\r\nok", REFUSED),
        (b"Content-Length: +2\r\n\r\nok", REFUSED),
        (b"Content-Length: 0x2\r\n\r\nok", REFUSED),
        (b"Content-Length: 2 2\r\n\r\nok", REFUSED),
        (b"Content-Length: 3\r\n\r\nok", CUT_OFF),
        (b"Content-Length: 1\r\n\r\nok", REFUSED),
        (b"Content-Length: 10000000000\r\n\r\nok", REFUSED),
        (b"Content-Length: 10000000000, 10000000000\r\n\r\nok", REFUSED),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", Read(200, b"ok")),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nok\r\n0\r\n\r\n",
         Read(200, b"ok")),
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", CUT_OFF),
        (b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", REFUSED),
        (b"Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n", REFUSED),
        (b"\r\nok", Read(200, b"ok", ended=True)),
        (b"\r\n", Read(200, b"", ended=True)),
    ],
)  # fmt: skip
def test_a_length_that_is_not_certain_is_none(lines: bytes, read: Read | str) -> None:
    """Cases that were found: what two programs could take for two different answers is refused.

    With chunks beside a length, chunks are right (RFC 9112, section 6.3).
    """
    assert by_us(_HEAD + lines) == read


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_ends_with_its_head(status: int) -> None:
    """Whatever length it gives, so no request waits for a body that never comes."""
    head = b"HTTP/1.1 %d X\r\nContent-Length: 10000000000\r\n\r\n" % status
    assert plain_answer(head) is None
    assert AnswerReader().feed(head) == Answer(status, b"", True)


def test_every_status_has_its_class() -> None:
    """From 200 to 999 it is that of the status; what is less is no final answer, or none at all."""
    for status in range(1000):
        raw = b"HTTP/1.1 %03d X\r\nContent-Length: 2\r\n\r\nno" % status
        body = b"" if status in (204, 304) else b"no"
        raw = raw if body else raw[:-2]
        assert by_us(raw) == (Read(status, body) if status >= 200 else REFUSED)
        if status >= 200:
            assert str(status) in failure_class(http_failure(status)).meaning
    assert by_us(b"HTTP/1.1 102 Processing\r\n\r\n") == CUT_OFF


def test_heads_of_several_servers_are_remembered_beside_each_other() -> None:
    """A run whose answers have few heads parses each of them once."""
    answer_head._remembered.clear()
    heads = [_HEAD + b"Server: %d\r\nContent-Length: 2\r\n\r\n" % number for number in range(9)]
    for head in heads:
        assert plain_answer(head + b"ok") == Answer(200, b"ok", True)
    assert list(answer_head._remembered) == heads


def test_an_answer_is_read_alike_whatever_was_read_before_it() -> None:
    """A head that is as long as the last one, or contains one, is no reason to take it for that."""
    short = _HEAD + _LENGTH
    inner = _HEAD + b"A: b\r\nContent-Length: %d\r\n\r\n" % len(short) + short
    longer = _HEAD + b"Server: other\r\n" + _LENGTH
    shifted = _HEAD[:-2] + b"\r\n" + _LENGTH
    answers = [short, inner, longer, shifted, short[:-1], short + b"more", longer.lower(), b""]
    answer_head._remembered.clear()
    alone = [plain_answer(each) for each in answers]
    for first, second in itertools.product(answers, repeat=2):
        plain_answer(first)
        assert plain_answer(second) == alone[answers.index(second)]


def test_what_was_read_before_takes_little_memory() -> None:
    """Heads are remembered in number and size up to a bound, however long and different."""
    answer_head._remembered.clear()
    for number in range(3 * answer_head.MOST_HEADS):
        for size in (1, 1000, 60_000):
            raw = _HEAD + b"X: %d%b\r\n" % (number, b"x" * size) + _LENGTH
            assert plain_answer(raw) == Answer(200, b"ok", True)
            assert 0 < len(answer_head._remembered) <= answer_head.MOST_HEADS
    most = answer_head.MOST_HEADS * answer_head.LONGEST_REMEMBERED_BYTES
    assert sum(map(len, answer_head._remembered)) <= most <= 1 << 19


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (_HEAD, b"X: yyyyyyyyyy\r\n"),
        (_HEAD + b"X: ", b"yyyyyyyyyy"),
        (_HEAD + b"\r\n", b"0123456789"),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"a\r\n0123456789\r\n"),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1", b";abcdefghi"),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: yyyyyyyyyy\r\n"),
    ],
)
def test_what_has_no_end_is_refused_early(begin: bytes, piece: bytes) -> None:
    """Interim answers, a head, a line of it, a body, chunks, or what stands around them."""
    reader, fed = AnswerReader(), 0
    pieces = piece * (4096 // len(piece))
    with pytest.raises(WireError):
        while fed < 3 << 20:
            assert reader.feed(pieces if fed else begin + pieces) is None
            fed += len(pieces)
    assert fed <= (1 << 20) + (1 << 17)


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (b"X: %b\r\n" % (b"y" * 70_000) + _LENGTH, REFUSED),
        (b"X: %b\r\n" % (b"y" * 60_000) + _LENGTH, Read(200, b"ok")),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 20_000 + b"0\r\n\r\n", REFUSED),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 9_000 + b"0\r\n\r\n",
         Read(200, b" " * 9_000)),
    ],
)  # fmt: skip
def test_bounds_do_not_depend_on_how_an_answer_arrives(lines: bytes, read: Read | str) -> None:
    """All at once, on the fast path, or in pieces of any size: the same answer or refusal."""
    raw = _HEAD + lines
    assert by_us(raw) == read
    assert by_us(raw, list(range(0, len(raw), 999))) == read
    fast = at_once(raw)
    assert fast is None or fast == read
