"""Answers that were made to harm whoever reads them, each with the class that it has to get."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

from recording_server import edge_answer
from wrong_server import Fault, Wrong

PIECE = b"\x00" * (1 << 16)


def whole(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """An answer with its length, after which the server ends the connection."""
    length = b"Content-Length: %d" % len(body)
    lines = (b"HTTP/1.1 " + status, length, b"Connection: close", *headers, b"", b"")
    return b"\r\n".join(lines) + body


def endless(server: Wrong) -> None:
    """Send zeros until the other side has gone."""
    while not server.over.is_set():
        server.wfile.write(PIECE)


def endless_chunks(server: Wrong) -> None:
    """Send chunk after chunk."""
    while not server.over.is_set():
        server.wfile.write(b"%x\r\n%b\r\n" % (len(PIECE), PIECE))


def tiny_chunks(server: Wrong) -> None:
    """Send chunks of one byte, which cost the reader most."""
    while not server.over.is_set():
        server.wfile.write(b"1\r\n \r\n" * 1000)


def endless_head(server: Wrong) -> None:
    """Send header after header."""
    while not server.over.is_set():
        server.wfile.write(b"X: " + b"y" * 997 + b"\r\n")


def _with(value: bytes, *place: str) -> bytes:
    """A good answer with other JSON in one place."""
    query = json.loads(edge_answer())
    inner = query
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = "@@"
    return json.dumps(query).encode().replace(b'"@@"', value)


def bodies() -> Iterator[tuple[str, bytes, str]]:
    """A name, a body with status 200, and its class."""
    for depth in (1000, 100_000):
        nested = b"[" * depth + b"]" * depth
        yield f"{depth} lists in an ignored field", _with(nested, "rois"), "bad_answer"
        yield f"{depth} objects that do not end", b'{"a":' * depth, "bad_answer"
        yield f"{depth} lists", nested, "bad_answer"
        yield f"{depth} lists for a text", _with(nested, "id"), "bad_answer"
    for value in (b"NaN", b"-Infinity", b"1e999", b"7" * 5000, b"\xff\xfe", b'"\\ud800"', b"{}"):
        for place in (("id",), ("detector_id",), ("result", "confidence"), ("result", "from_edge")):
            yield f"{value[:9]!r} in {place}", _with(value, *place), "bad_answer"
    for value in (b"[]", b'"x"', b"7", b"true"):
        for place in (("result",), ("metadata",)):
            yield f"{value!r} in {place}", _with(value, *place), "bad_answer"
    yield "a gap in a text", edge_answer().replace(b"YES", b"Y\x00S"), "bad_answer"
    yield "a byte order mark", b"\xef\xbb\xbf" + edge_answer(), "bad_answer"
    yield "UTF-16", edge_answer().decode().encode("utf-16"), "bad_answer"
    yield "nothing", b"", "bad_answer"
    yield "null", b"null", "bad_answer"
    yield "two answers in one", edge_answer() * 2, "bad_answer"
    script = b"<script>alert(1)</script>\x1b[31m\x1b]0;title\x07\r\n"
    yield "a page with a script", script, "bad_answer"
    yield (
        "a detector with a script",
        _with(json.dumps(script.decode()).encode(), "detector_id"),
        ("wrong_detector"),
    )
    twice = b'{"detector_id":"det_x",' + edge_answer()[1:]
    yield "a key twice, the last one right", twice, "ok"
    other = edge_answer()[:-1] + b',"detector_id":"det_x"}'
    yield "a key twice, the last one wrong", other, "wrong_detector"
    yield "a key of 100,000 letters", _with(b'{"%b":1}' % (b"k" * 100_000), "metadata"), "ok"


STREAMS = (
    Fault("ten gigabytes", b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n{",
          Wrong.stall, "bad_answer"),
    Fault("ten gigabytes, sent", b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
          endless, "bad_answer"),
    Fault("an endless body", b"HTTP/1.1 200 OK\r\n\r\n", endless, "bad_answer"),
    Fault("endless chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
          endless_chunks, "bad_answer"),
    Fault("tiny chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
          tiny_chunks, "bad_answer"),
    Fault("an endless head", b"HTTP/1.1 200 OK\r\n", endless_head, "bad_answer"),
)  # fmt: skip
"""Answers that have no end."""


def hostile() -> tuple[Fault, ...]:
    """Those without an end, and then all others."""
    bomb = gzip.compress(bytes(20 << 20))
    page = b"<html>\x1b[2J<script>alert('x')</script>" + b"x" * 5000
    return (
        *STREAMS,
        Fault("a bomb", whole(bomb, b"Content-Encoding: gzip"), Wrong.end, "bad_answer"),
        Fault("an error page", whole(page, status=b"500 Oh\x1b[31m"), Wrong.end, "http_500"),
        *(Fault(name, whole(body), Wrong.end, outcome) for name, body, outcome in bodies()),
    )
