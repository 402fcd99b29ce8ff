"""Laws of asking whether the endpoint is ready, against a real server."""

from __future__ import annotations

import pytest
from recording_server import DETECTOR_ID, Handler, recording_server

from edgeload.edge import readiness
from edgeload.edge.location import Unreachable
from edgeload.edge.readiness import await_ready
from edgeload.edge.trust import TlsTrust


def answering(health: int, readiness_body: bytes | None) -> type[Handler]:
    class Answering(Handler):
        def do_GET(self) -> None:
            if self.path == "/health/ready":
                self.reply(health, b'{"detail":"\x1b[1mbooting"}')
            elif readiness_body is None:
                self.reply(404, b"{}")
            else:
                self.reply(200, readiness_body)

    return Answering


@pytest.mark.parametrize(
    ("health", "body", "ready"),
    [
        (200, f'{{"{DETECTOR_ID}":{{"ready":true}}}}'.encode(), True),
        (200, b"{}", True),
        (200, b"not json", True),
        (200, None, TlsTrust()),
        (404, None, TlsTrust()),
        (503, None, False),
        (502, None, False),
        (200, f'{{"{DETECTOR_ID}":{{"ready":false}}}}'.encode(), False),
    ],
)
def test_only_a_clear_no_stops_the_run(
    monkeypatch: pytest.MonkeyPatch, health: int, body: bytes | None, ready: bool
) -> None:
    """Servers without these routes, and detectors that are not listed, count as ready."""
    monkeypatch.setattr(readiness, "_READY_WITHIN_S", 0.0)
    with recording_server(handler=answering(health, body)) as recorder:
        if ready:
            await_ready(recorder.url, DETECTOR_ID, TlsTrust())
        else:
            with pytest.raises(Unreachable, match="not ready") as caught:
                await_ready(recorder.url, DETECTOR_ID, TlsTrust())
            assert str(caught.value).isprintable()


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
