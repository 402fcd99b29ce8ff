"""Laws of finding a detector, against the simulator and against servers that answer oddly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from recording_server import DETECTOR_ID, Handler, recording_server

from edgeload.edge.detectors import KnownDetector, ask_detector, find_by_name
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.launch import RunningSimulator, running_simulator

TOKEN = "api_2345678901234567890_secret"
TRUST = TlsTrust()


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    options = [
        "--detector-name",
        "line",
        "--detector-query",
        "Is it straight?",
        "--strict-detector",
    ]
    with running_simulator([*options, "--api-token", TOKEN]) as running:
        yield running


def complaint(url: str, name: str, query: str | None = None, token: str = TOKEN) -> str:
    with pytest.raises(Unreachable) as caught:
        find_by_name(url, name, query, TRUST, token)
    line = str(caught.value)
    assert line.isprintable()
    assert token not in line
    return line


def test_a_detector_is_found_by_name_or_made_once(simulator: RunningSimulator) -> None:
    """Twice the same name is the same detector, with all that is known about it."""
    made, said = find_by_name(simulator.url, "a new one", "Is it new?", TRUST, TOKEN)
    assert said is not None
    assert f"no detector had this name, so {made.id} was created" in said
    assert made.id.startswith("det_")
    assert made == KnownDetector(made.id, "a new one", "Is it new?", 0.9)
    for query in ("Is it new?", None):
        assert find_by_name(simulator.url, "a new one", query, TRUST, TOKEN) == (made, None)


def test_a_detector_that_exists_is_used_whatever_its_query(simulator: RunningSimulator) -> None:
    """The default query of config.py is no reason to refuse it; the difference is said."""
    found, remark = find_by_name(simulator.url, "line", "Is there a dog?", TRUST, TOKEN)
    assert found.query == "Is it straight?"
    assert remark is not None
    assert "keeps its own query, 'Is it straight?'; DETECTOR_QUERY is ignored" in remark


@pytest.mark.parametrize(
    "name", ["line#1", "line&page=2", "line%20", "line?x", "line+1", " line", "Zaun/Tür ‰"]
)
def test_a_name_reaches_the_server_as_it_is(simulator: RunningSimulator, name: str) -> None:
    """No character of it ends the name, so `line#1` is never taken for `line`."""
    assert "no detector of this name" in complaint(simulator.url, name)
    made, _ = find_by_name(simulator.url, name, "Which?", TRUST, TOKEN)
    again, _ = find_by_name(simulator.url, name, None, TRUST, TOKEN)
    assert (made.name, again.id) == (name, made.id)


def listing(status: int, body: bytes) -> type[Handler]:
    class Listing(Handler):
        def do_GET(self) -> None:
            self.reply(status, body)

    return Listing


def results(*names: str) -> bytes:
    found = [{"id": f"det_{i}", "name": name, "query": "q"} for i, name in enumerate(names)]
    return json.dumps({"count": len(found), "results": found}).encode()


REASON = "the account is locked because " + "of a long story, " * 40 + "the end"


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, results("line"), "answered with another detector, 'line' (det_0)"),
        (200, results("LINE#1"), "answered with another detector, 'LINE#1' (det_0)"),
        (200, results("line#1", "line#1"), "2 detectors have this name; set DETECTOR_ID to one of"),
        (401, b'{"detail":"Invalid token."}', "GROUNDLIGHT_API_TOKEN: the token is not accepted"),
        (403, b"", "HTTP status 403: no text"),
        (402, json.dumps({"detail": REASON}).encode(), f"HTTP status 402: {REASON}"),
        (502, b"<html>Bad Gateway</html>", "set DETECTOR_ID for a box without a connection"),
        (200, b"<html>", "HTTP status 200: <html>"),
        (200, b"[]", "HTTP status 200: []"),
        (400, f"no {TOKEN} here".encode(), "no (hidden) here"),
    ],
)
def test_what_is_not_the_detector_asked_for_is_refused(status: int, body: bytes, says: str) -> None:
    """The other name, or the server's own text, whole; never the token."""
    with recording_server(handler=listing(status, body)) as recorder:
        assert says in complaint(recorder.url, "line#1", "q")


def test_the_right_one_of_several_is_taken() -> None:
    """A server that finds similar names as well does no harm."""
    with recording_server(handler=listing(200, results("line", "line#1"))) as recorder:
        found, remark = find_by_name(recorder.url, "line#1", "q", TRUST, TOKEN)
    assert (found.id, remark) == ("det_1", None)


def test_a_server_that_creates_under_another_name_is_refused() -> None:
    """The name that comes back is compared with the name asked for."""
    made = {
        "id": DETECTOR_ID, "type": "detector", "created_at": "2026-11-22T08:59:36.329040Z",
        "name": "line", "query": "q?", "group_name": "default", "confidence_threshold": 0.9,
        "patience_time": 30.0, "metadata": None, "mode": "BINARY", "mode_configuration": None,
        "status": "ON", "escalation_type": "STANDARD",
    }  # fmt: skip

    class Cutting(Handler):
        def do_GET(self) -> None:
            if urlsplit(self.path).path.endswith("/detectors"):
                self._record(b"")
                self.reply(200, results())
            else:
                super().do_GET()

    with recording_server(
        lambda h, _: h.reply(201, json.dumps(made).encode()), handler=Cutting
    ) as r:
        assert f"is called 'line' ({DETECTOR_ID})" in complaint(r.url, "line#1", "q?")
        asked = next(seen for seen in r.seen if seen.path.endswith("/detectors"))
    assert asked.parameters == parse_qs("name=line%231")


def test_an_id_is_asked_for_once_and_what_it_is_not_is_told_apart(
    simulator: RunningSimulator,
) -> None:
    """200 with what is known, 401 for a wrong token, 404 for an unknown id, None without answer."""
    known, _ = find_by_name(simulator.url, "line", None, TRUST, TOKEN)
    asked = ask_detector(simulator.url, known.id, TRUST, TOKEN)
    assert (asked.status, asked.detector) == (200, known)
    for detector_id, token, status in (
        (known.id, "wrong", 401),
        (DETECTOR_ID, TOKEN, 404),
    ):
        asked = ask_detector(simulator.url, detector_id, TRUST, token)
        assert (asked.status, asked.detector) == (status, KnownDetector(detector_id))
    nobody = ask_detector("http://127.0.0.1:9", DETECTOR_ID, TRUST, TOKEN)
    assert (nobody.status, nobody.detector) == (None, KnownDetector(DETECTOR_ID))


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"id": "iq_x", "confidence_threshold": 0.0}'])
def test_an_answer_that_is_not_the_detector_tells_nothing(body: bytes) -> None:
    """Such as that of a server that answers everything with one image query."""
    with recording_server(handler=listing(200, body)) as recorder:
        asked = ask_detector(recorder.url, DETECTOR_ID, TRUST, TOKEN)
    assert asked.detector == KnownDetector(DETECTOR_ID)
