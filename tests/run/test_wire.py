"""Laws of the wire: requests and answers as bytes, against two other HTTP implementations."""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import h11
import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_server import edge_answer

from edgeload.run import wire
from edgeload.run.picture_answers import ExpectedAnswer, PictureAnswer
from edgeload.run.wire import (
    MAX_ANSWER_BYTES,
    Answer,
    AnswerReader,
    WireError,
    check_answer,
    id_prefix,
    plain_answer,
    request_head,
)
from edgeload.settings.groups import MAX_CLIENTS
from edgeload.settings.mix_file import MAX_FOLLOWERS

DETECTOR = "det_" + "A" * 27


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


def test_heads_that_vary_do_not_fill_the_memory() -> None:
    """Heads are remembered, to a bound; each is still read for what it says."""
    for second in range(3 * wire._MOST_HEADS):
        assert plain_answer(PLAIN % second) == Answer(200, b"ok", True)
        assert len(wire._heads) <= wire._MOST_HEADS


@pytest.mark.parametrize("cut", [0, 1, 20, len(PLAIN % 1) - 1])
def test_half_an_answer_is_not_plain(cut: int) -> None:
    """Nor is one with more after it: both go to the reader that knows what to do."""
    assert plain_answer((PLAIN % 1)[:cut]) is None
    assert plain_answer(PLAIN % 1 + b"x") is None


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


def test_no_body_where_the_status_has_none() -> None:
    """204 has no body, whatever its length field says (RFC 9110, 8.6)."""
    assert AnswerReader().feed(b"HTTP/1.1 204 No Content\r\n\r\n") == Answer(204, b"", True)


def test_a_request_is_what_h11_accepts_and_says_what_it_should() -> None:
    """Parsed by a server-side implementation: method, path, parameters, length, id, body."""
    heads = request_head("box:30101", DETECTOR, "api_token", (77, 5))
    server = h11.Connection(h11.SERVER)
    server.receive_data(heads.render(1, id_prefix("x" + "0" * 16, 7), 9) + b"image")
    request, data, end = server.next_event(), server.next_event(), server.next_event()
    assert isinstance(request, h11.Request)
    assert isinstance(data, h11.Data)
    assert isinstance(end, h11.EndOfMessage)
    url = urlsplit(request.target.decode())
    assert (request.method, url.path) == (b"POST", "/device-api/v1/image-queries")
    assert parse_qs(url.query) == {
        "confidence_threshold": ["0.0"],
        "human_review": ["NEVER"],
        "detector_id": [DETECTOR],
    }
    fields = dict(request.headers)
    assert fields[b"host"] == b"box:30101"
    assert fields[b"content-length"] == b"5"
    assert fields[b"x-api-token"] == b"api_token"
    assert fields[b"x-request-id"] == b"req_uu" + b"0" * 16 + b"00000007" + b"00000009"
    assert bytes(data.data) == b"image"


def answer_body(**changes: Any) -> bytes:
    query = {
        "id": "iq_x",
        "detector_id": DETECTOR,
        "metadata": {"is_from_edge": True},
        "result": {"label": "YES", "from_edge": True},
    }
    return json.dumps({**query, **changes}).encode()


@pytest.mark.parametrize(
    ("status", "body", "outcome", "from_edge"),
    [
        (200, answer_body(), "ok", True),
        (201, answer_body(metadata=None), "ok", True),
        (200, answer_body(result={"label": "YES"}), "ok", True),
        (200, answer_body(id="iqe_x", result={}, metadata=None), "ok", True),
        (200, answer_body(detector_id=DETECTOR.lower()), "ok", True),
        (200, answer_body(result={"from_edge": False}, metadata=None), "escalated", False),
        (200, answer_body(result=None, metadata=None), "escalated", False),
        (200, answer_body(detector_id="det_" + "B" * 27), "wrong_detector", None),
        (200, b"<html>", "bad_answer", None),
        (200, b"[]", "bad_answer", None),
        (200, b"\xff\xfe", "bad_answer", None),
        (503, b'{"detail":"no"}', "http_503", None),
        (302, b"", "http_302", None),
    ],
)
def test_an_answer_is_a_success_only_if_the_edge_gave_it(
    status: int, body: bytes, outcome: str, from_edge: bool | None
) -> None:
    """By the signs of every age of device (contract, section 3); all else has its own class."""
    result = check_answer(status, body, DETECTOR)
    assert (result.outcome, result.from_edge) == (outcome, from_edge)
    assert (result.error is None) == (outcome == "ok" or not body)


def test_texts_of_the_endpoint_carry_no_control_bytes() -> None:
    """An error text is one line, printable and bounded, whatever the endpoint sends."""
    error = check_answer(500, b"\x1b[31mred\r\n\x00" + b"x" * 9999, DETECTOR).error
    assert error is not None
    assert error.isprintable()
    assert len(error) <= 200


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
    ("confidence", "threshold", "below"),
    [
        ("0.97", 0.9, False),
        ("0.9", 0.9, False),
        ("0.89", 0.9, True),
        ("0", 0.9, True),
        ("1", 1.0, False),
        ("null", 0.9, None),
        ("0.97", None, None),
    ],
)
def test_a_good_answer_tells_whether_its_confidence_is_below_the_detectors_threshold(
    confidence: str, threshold: float | None, below: bool | None
) -> None:
    """Compared with the detector's own, not with the 0 that the request asked for."""
    body = edge_answer(DETECTOR).replace(
        b'"confidence": 0.97', b'"confidence": %b' % confidence.encode()
    )
    result = check_answer(200, body, DETECTOR, threshold)
    assert (result.outcome, result.below_threshold) == ("ok", below)


def test_an_answer_that_is_not_the_expected_one_is_a_failure_of_its_own() -> None:
    """The edge gave it, so `from_edge` is true. Other failures come first, and keep their class."""
    body = edge_answer(DETECTOR)
    expected = {
        label: ExpectedAnswer(7, PictureAnswer(label, None, greater_than_max=False, model=None))
        for label in ("YES", "NO")
    }
    assert check_answer(200, body, DETECTOR, 0.9, expected["YES"]).outcome == "ok"
    assert check_answer(200, body, DETECTOR, 0.9, expected["YES"]).below_threshold is False
    changed = check_answer(200, body, DETECTOR, 0.9, expected["NO"])
    assert changed == (
        "changed_answer", True, "picture 7: NO before the run, now YES", None
    )  # fmt: skip
    other = check_answer(200, body, "det_" + "Z" * 27, None, expected["NO"])
    assert other.outcome == "wrong_detector"
    cloud = check_answer(200, body.replace(b"true", b"false"), DETECTOR, None, expected["NO"])
    assert cloud.outcome == "escalated"
    assert check_answer(503, body, DETECTOR, None, expected["NO"]).outcome == "http_503"


@given(
    st.sets(
        st.tuples(
            st.integers(0, MAX_CLIENTS - 2),
            st.integers(0, MAX_FOLLOWERS),
            st.integers(1, 2**32 - 1),
        ),
        min_size=2,
        max_size=20,
    )
)
def test_no_two_requests_of_a_run_have_one_id(requests: set[tuple[int, int, int]]) -> None:
    """Of any client, part and number that settings allow, nor one of those before the ramp."""
    heads = request_head("host", DETECTOR, "token", [1])

    def id_of(client: int, part: int, number: int) -> bytes:
        head = heads.render(0, id_prefix("run-0123456789abcdef", client, part), number)
        return head.partition(b"X-Request-Id: ")[2].partition(b"\r\n")[0]

    ids = {id_of(*request) for request in requests}
    ids |= {id_of(0xFFFF_FFFF, 0, number) for number in range(1, 20)}
    assert len(ids) == len(requests) + 19
    assert {len(each) for each in ids} == {len(b"req_uu") + 32}
    # What a reader of a server's log makes of one.
    client, part, number = next(iter(requests))
    digits = id_of(client, part, number).decode()[6:]
    assert digits[:16] == "0123456789abcdef"
    assert (int(digits[19:24], 16), int(digits[16:19], 16)) == (client, part)
    assert int(digits[24:], 16) == number
