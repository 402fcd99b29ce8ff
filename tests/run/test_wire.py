"""Laws of the wire: requests as bytes, against another HTTP implementation; answers, checked."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_server import edge_answer

from edgeload.run.picture_answers import ExpectedAnswer, PictureAnswer
from edgeload.run.wire import RequestResult, check_answer, id_prefix, request_head
from edgeload.settings.groups import MAX_CLIENTS
from edgeload.settings.mix_file import MAX_FOLLOWERS

DETECTOR = "det_" + "A" * 27


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
    text = "picture 7: NO before the run, now YES"
    assert changed == RequestResult("changed_answer", True, text)
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
