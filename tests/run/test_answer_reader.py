"""Laws of reading an answer, against two other HTTP implementations."""

from __future__ import annotations

import itertools

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeload.run import answer_reader
from edgeload.run.answer_head import MAX_HEAD_BYTES, kept_for_s
from edgeload.run.answer_reader import (
    MAX_ANSWER_BYTES,
    Answer,
    AnswerReader,
    WireError,
    plain_answer,
)


class Httptools:
    """An answer as httptools (the parser of Node.js) reads it."""

    def __init__(self, data: bytes) -> None:
        self.body = b""
        self.complete = False
        self.keep_alive = False
        self.parser = httptools.HttpResponseParser(self)
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = self.parser.get_status_code() >= 200
        self.keep_alive = self.parser.should_keep_alive()

    def answer(self) -> Answer:
        assert self.complete
        return Answer(self.parser.get_status_code(), self.body, self.keep_alive)


names = st.sampled_from(["Server", "Date", "x-thing", "X-Content-Length-Was", "Via", "CONNECTIONS"])
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)


@st.composite
def raw_answers(draw: st.DrawFn) -> bytes:
    """A legal HTTP/1.1 answer: plain or chunked, any header case, interim answers before it."""
    body = draw(st.binary(max_size=300))
    status = draw(st.sampled_from([200, 201, 301, 404, 413, 500, 503, 599]))
    lines = [f"{draw(names)}: {draw(values)}" for _ in range(draw(st.integers(0, 4)))]
    connection = draw(st.sampled_from([None, "close", "keep-alive", "Close", "x, close"]))
    if connection is not None:
        lines.append(f"{draw(st.sampled_from(['Connection', 'connection']))}: {connection}")
    if draw(st.booleans()):
        lines.append(
            draw(st.sampled_from(["Transfer-Encoding", "TRANSFER-ENCODING"])) + ": chunked"
        )
        sizes = draw(st.lists(st.integers(1, 100), max_size=4))
        pieces, rest = [], body
        for size in sizes:
            pieces.append(rest[:size])
            rest = rest[size:]
        pieces.append(rest)
        payload = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces if p) + b"0\r\n\r\n"
    else:
        length = draw(st.sampled_from(["Content-Length", "content-length", "CONTENT-LENGTH"]))
        space = draw(st.sampled_from(["", " ", "  ", "\t"]))
        lines.append(f"{length}:{space}{len(body)}{draw(st.sampled_from(['', ' ']))}")
        payload = body
    draw(st.randoms()).shuffle(lines)
    reason = draw(st.sampled_from([" OK", " ", " Not So Good", ""]))
    head = "\r\n".join([f"HTTP/1.1 {status}{reason}", *lines]) + "\r\n\r\n"
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * draw(st.integers(0, 2))
    return interim + head.encode("ascii") + payload


@given(raw_answers(), st.lists(st.integers(0, 700), max_size=6))
@settings(max_examples=400, deadline=None)
def test_any_answer_split_anywhere_is_read_as_httptools_reads_it(
    raw: bytes, cuts: list[int]
) -> None:
    """Status, body and keep-alive equal the reference's, however the bytes are cut."""
    reader = AnswerReader()
    whole = plain_answer(raw)
    assert whole is None or whole == Httptools(raw).answer()
    edges = sorted({0, *(cut % (len(raw) + 1) for cut in cuts), len(raw)})
    answers = [reader.feed(raw[a:b]) for a, b in itertools.pairwise(edges)]
    assert answers[:-1] == [None] * (len(answers) - 1)
    assert answers[-1] == Httptools(raw).answer()


@given(raw_answers(), st.integers(1, 20))
@settings(max_examples=100, deadline=None)
def test_an_answer_that_ends_early_is_no_answer(raw: bytes, missing: int) -> None:
    """Without its last bytes an answer is incomplete, and the connection's end does not help."""
    reader = AnswerReader()
    piece = raw[: max(0, len(raw) - missing)]
    assert not piece or reader.feed(piece) is None
    with pytest.raises(WireError):
        reader.eof()


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: %d\r\n\r\nok"


@pytest.mark.parametrize("cut", [0, 1, 20, len(PLAIN % 1) - 1])
def test_half_an_answer_is_not_plain(cut: int) -> None:
    """Nor is one with more after it: both go to the reader that knows what to do."""
    assert plain_answer((PLAIN % 1)[:cut]) is None
    assert plain_answer(PLAIN % 1 + b"x") is None


def test_a_plain_answer_is_read_without_h11_however_it_arrives() -> None:
    """h11 takes more than ten times as long, and so a fast run would notice."""
    for raw in (PLAIN % 10**digits for digits in range(9)):
        assert plain_answer(raw) == Answer(200, b"ok", True)
        for cut in range(1, len(raw)):
            reader = AnswerReader()
            assert reader.feed(raw[:cut]) is None
            assert reader.feed(raw[cut:]) == Answer(200, b"ok", True)
            assert reader._h11 is None


def test_without_a_length_the_end_of_the_connection_is_the_end() -> None:
    """HTTP/1.0 style: everything until close, and the connection cannot be kept."""
    reader = AnswerReader()
    assert reader.feed(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhalf ") is None
    assert reader.feed(b"whole") is None
    assert reader.eof() == Answer(200, b"half whole", False)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nabc",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_ANSWER_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * (MAX_ANSWER_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n" + b"a" * 0x100001,
    ],
)
def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    """Too long, contradictory or not HTTP: a WireError, never a guess, never unbounded memory."""
    with pytest.raises(WireError):
        AnswerReader().feed(raw)


def of_size(kind: str, size: int) -> bytes:
    """An answer, in this way, with a body of `size` bytes, or else so many bytes beside it."""
    line, body = b"HTTP/1.1 200 OK\r\n", b"b" * size
    length, chunked = b"Content-Length: %d\r\n" % size, b"Transfer-Encoding: chunked\r\n"
    match kind:
        case "a body":
            return line + length + b"\r\n" + body
        case "a body of HTTP/1.0":
            return b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + length + b"\r\n" + body
        case "a body in chunks":
            return line + chunked + b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (size, body)
        case "a body until the end":
            return line + b"\r\n" + body
        case "a head":
            fixed = line + b"Content-Length: 2\r\nX: \r\n\r\n"
            return fixed.replace(b"X: ", b"X: " + b"x" * (size - len(fixed))) + b"ok"
        case _:
            fixed = line + chunked + b"\r\n" + b"1\r\nb\r\n" * 9_000 + b"0\r\nX: \r\n\r\n"
            return fixed.replace(b"X: ", b"X: " + b"x" * (size - len(fixed) + 9_000))


KINDS = {
    "a body": MAX_ANSWER_BYTES,
    "a body of HTTP/1.0": MAX_ANSWER_BYTES,
    "a body in chunks": MAX_ANSWER_BYTES,
    "a body until the end": MAX_ANSWER_BYTES,
    "a head": MAX_HEAD_BYTES,
    "bytes beside chunks": MAX_HEAD_BYTES,
}


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_are_met_to_the_byte(kind: str) -> None:
    """The largest answer is read, however it says its length; with one byte more, it is refused."""
    largest, reader = of_size(kind, KINDS[kind]), AnswerReader()
    answer = reader.feed(largest) or reader.eof()
    assert answer.status == 200
    assert len(answer.body) == {"a head": 2, "bytes beside chunks": 9_000}.get(kind, 1 << 20)
    with pytest.raises(WireError, match=r"longer than|bytes; at most|more than"):
        AnswerReader().feed(of_size(kind, KINDS[kind] + 1))


@pytest.mark.parametrize("size", [70_000, (1 << 17) - 1, 1 << 17, 1_000_000])
def test_what_stands_around_chunks_does_not_count_the_body(size: int) -> None:
    """However large the body is, the few bytes beside it are few."""
    answer = AnswerReader().feed(of_size("a body in chunks", size))
    assert answer == Answer(200, b"b" * size, True)


def test_a_refusal_is_said_in_words_and_a_parsers_error_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both with the first bytes, because a person has to find out what the server is."""
    began = "; the answer begins with 'HTTP/1.1 200 OK"
    with pytest.raises(WireError) as refused:
        AnswerReader().feed(PLAIN % 1 + b"x")
    assert str(refused.value).startswith(
        f"the server sent more bytes than the answer's length{began}"
    )

    def fail(head: bytes) -> None:
        raise KeyError("x")

    monkeypatch.setattr(answer_reader, "plain_head", fail)
    with pytest.raises(WireError) as failed:
        AnswerReader().feed(PLAIN % 1)
    assert str(failed.value).startswith(f"KeyError('x'){began}")


def test_an_answer_has_begun_with_its_first_byte() -> None:
    """Before it, a connection that ends is a stale one, and the request may be sent again."""
    reader = AnswerReader()
    assert reader.begun is False
    reader.feed(b"H")
    assert reader.begun is True


def test_no_body_where_the_status_has_none() -> None:
    """204 has no body, whatever its length field says (RFC 9110, 8.6)."""
    assert AnswerReader().feed(b"HTTP/1.1 204 No Content\r\n\r\n") == Answer(204, b"", True)


@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"],
)
@pytest.mark.parametrize(
    ("header", "idle_s"),
    [
        (b"", None),
        (b"Keep-Alive: timeout=5\r\n", 5.0),
        (b"KEEP-ALIVE: max=100, TIMEOUT = 75\r\n", 75.0),
        (b"Keep-Alive: timeout=soon\r\n", None),
        (b"X-Keep-Alive: timeout=5\r\n", None),
    ],
)
def test_an_answer_says_how_long_its_connection_is_kept(
    framing: bytes, header: bytes, idle_s: float | None
) -> None:
    """The parameter `timeout` of Keep-Alive (RFC 2068, section 19.7.1.1), whatever the framing."""
    data = b"HTTP/1.1 200 OK\r\n" + header + framing
    answer = plain_answer(data) or AnswerReader().feed(data)
    assert answer is not None
    assert answer.idle_s == idle_s
    assert answer.keep_alive


@pytest.mark.parametrize(
    ("value", "idle_s"),
    [
        ("timeout=5", 5.0),
        ("max=100, TIMEOUT = 75", 75.0),
        ("\udc80, timeout=5", 5.0),
        ("timeout=soon", None),
        ("timeout", None),
        ("", None),
    ],
)
def test_the_value_of_keep_alive_alone_says_the_same(value: str, idle_s: float | None) -> None:
    """For a client that gets headers one by one, whatever characters they have."""
    assert kept_for_s(value) == idle_s
