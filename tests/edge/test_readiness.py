"""Laws of asking whether the endpoint is ready, against a real server."""

from __future__ import annotations

import time

import pytest
from recording_server import DETECTOR_ID, Handler, recording_server

from edgeload.edge.location import Unreachable
from edgeload.edge.readiness import await_ready
from edgeload.edge.trust import TlsTrust


def answering(
    health: int,
    body: bytes = b'{"status":"ready"}',
    detectors: bytes | None = None,
    *,
    location: str | None = None,
    ping: bytes | None = None,
) -> type[Handler]:
    """A server with these answers; all others are 404."""

    class Answering(Handler):
        def do_GET(self) -> None:
            others = {"/edge-detector-readiness": detectors, "/ping": ping}
            if self.path == "/health/ready":
                self.send_response(health)
                if location is not None:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            elif (other := others.get(self.path)) is not None:
                self.reply(200, other)
            else:
                self.reply(404, b"{}")

    return Answering


@pytest.mark.parametrize(
    "server",
    [
        answering(200, detectors=f'{{"{DETECTOR_ID}":{{"ready":true}}}}'.encode()),
        answering(200, detectors=b"{}"),
        answering(200, detectors=b"not json"),
        answering(200),
        answering(200, b"{}"),
        answering(404, b"<html>", ping=b'{"message":"Hello!"}'),
    ],
)
def test_an_edge_endpoint_that_says_nothing_else_is_ready(server: type[Handler]) -> None:
    """Also an older one without some of the routes, and one that does not list the detector."""
    with recording_server(handler=server) as recorder:
        await_ready(recorder.url, DETECTOR_ID, TlsTrust(), timeout_s=0.0)


@pytest.mark.parametrize(
    ("server", "line"),
    [
        (answering(503, b'{"detail":"\x1b[1mbooting"}'), r"not ready \(HTTP status 503: .*booting"),
        (answering(502), "not ready .HTTP status 502"),
        (
            answering(200, detectors=f'{{"{DETECTOR_ID}":{{"ready":false}}}}'.encode()),
            f"detector {DETECTOR_ID} is not ready",
        ),
    ],
)
def test_what_may_become_ready_is_waited_for(server: type[Handler], line: str) -> None:
    """For the time that is given; the line says how long that was and what waits longer."""
    said: list[str] = []
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        time.sleep(0.05)

    with (
        recording_server(handler=server) as recorder,
        pytest.raises(Unreachable, match=line) as caught,
    ):
        await_ready(
            recorder.url, DETECTOR_ID, TlsTrust(), timeout_s=0.05, pause=pause, say=said.append
        )
    assert str(caught.value).isprintable()
    assert "waited 0.05 s; --ready-timeout waits longer" in str(caught.value)
    assert pauses
    assert len(said) == 1


NGINX_400 = (
    b"<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>"
)


@pytest.mark.parametrize(
    ("server", "line"),
    [
        (answering(400, NGINX_400), r"this port speaks HTTPS: use https://127\.0\.0\.1:\d+$"),
        (answering(302, b"", location="https://box:30143/"), "redirects to https://box:30143/"),
        (answering(307, b"", location="/login"), "redirects to /login"),
        (answering(401, b"who?"), "HTTP status 401, .* asks for a login"),
        (answering(403), "HTTP status 403, .* asks for a login"),
        (answering(404, b"no such page"), "404: no such page; is this an Edge Endpoint"),
        (answering(400, b"bad"), "400: bad; is this an Edge Endpoint"),
        (answering(501, b"what?"), "501: what.; is this an Edge Endpoint"),
        (answering(200, b"<html>Welcome to your router"), "router; is this an Edge Endpoint"),
        (answering(200, b'{"status":"maintenance"}'), "maintenance.*; is this an Edge Endpoint"),
        (answering(200, b'["ready"]'), "is this an Edge Endpoint"),
        (answering(404, b"x", ping=b"<html>pong"), "is this an Edge Endpoint"),
    ],
)
def test_what_is_no_edge_endpoint_is_named_at_once(server: type[Handler], line: str) -> None:
    """With its remedy, and without a wait that could not help."""

    def no_pause(seconds: float) -> None:
        pytest.fail("it waits")

    with recording_server(handler=server) as recorder, pytest.raises(Unreachable, match=line):
        await_ready(recorder.url, DETECTOR_ID, TlsTrust(), timeout_s=60.0, pause=no_pause)


def test_a_server_that_is_starting_is_given_time() -> None:
    """Not ready at first, ready soon after: no error."""

    class Starting(Handler):
        asked = 0

        def do_GET(self) -> None:
            Starting.asked += 1
            self.reply(503 if Starting.asked == 1 else 200, b"{}")

    with recording_server(handler=Starting) as recorder:
        await_ready(recorder.url, None, TlsTrust())
    assert Starting.asked == 2
