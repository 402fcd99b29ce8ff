"""Laws of models that a PUT would take down, against a running endpoint."""

from __future__ import annotations

import json

import pytest
from recording_server import Handler, recording_server

from edgeload.edge import unlisted_models
from edgeload.edge.edge_config import (
    EdgeConfigError,
    configured_ids,
    put_edge_config,
    read_edge_config,
)
from edgeload.edge.trust import TlsTrust
from edgeload.edge.unlisted_models import loaded_ids, refuse_unlisted
from edgeload.simulator.launch import running_simulator

TRUST = TlsTrust()
A, B = (f"det_{letter * 27}" for letter in "AB")
DETECTORS = ("--detector", f"a:id={A}", "--detector", f"b:id={B},listed=no")


@pytest.mark.parametrize("resources", ["cluster", "zeros", "none"])
def test_a_model_that_is_not_listed_is_named(resources: str) -> None:
    """Whatever the box tells of its resources; a PUT does take it down, and then all is well."""
    options = ("--resources", resources, "--metrics-time", "0s")
    with running_simulator((*DETECTORS, *options)) as box:
        before, pauses, said = read_edge_config(box.url, TRUST), list[float](), list[str]()
        assert configured_ids(before) == [A]
        assert loaded_ids(box.url, TRUST) == [A, B]
        with pytest.raises(EdgeConfigError, match=f"has loaded {B}, which its configuration does"):
            refuse_unlisted(box.url, [A], TRUST, pause=pauses.append, say=said.append)
        assert sum(pauses) == 45.0
        pauses.clear()
        assert "waiting up to 45 s" in said.pop()
        refuse_unlisted(box.url, [A, B.lower()], TRUST, pause=pauses.append, say=said.append)
        put_edge_config(box.url, before, TRUST)
        assert loaded_ids(box.url, TRUST) == [A]
        refuse_unlisted(box.url, [A], TRUST, pause=pauses.append, say=said.append)
        assert (said, pauses) == ([], [])


def test_a_pod_that_is_about_to_end_is_waited_for() -> None:
    """The run before this one has just taken it down."""
    told = [[A, B], [A, B], [A]]

    class Ending(Handler):
        def do_GET(self) -> None:
            now = told.pop(0) if len(told) > 1 else told[0]
            body = {"detectors": [{"detector_id": each} for each in now]}
            self.reply(200, json.dumps(body).encode())

    pauses: list[float] = []
    with recording_server(handler=Ending) as recorder:
        refuse_unlisted(recorder.url, [A], TRUST, pause=pauses.append)
    assert len(pauses) == 2


@pytest.mark.parametrize(
    "body",
    [b"[]", b"not json", b'{"error": "Not running"}', b'{"detector_details": "{\\"error\\": 1}"}',
     b'{"detector_details": "x"}'],
)  # fmt: skip
def test_a_box_that_says_nothing_is_not_refused(body: bytes) -> None:
    """One line says that it is not known."""

    class Mute(Handler):
        def do_GET(self) -> None:
            self.reply(200, body)

    said: list[str] = []
    with recording_server(handler=Mute) as recorder:
        refuse_unlisted(recorder.url, [A], TRUST, say=said.append)
    (line,) = said
    assert "does not say which detectors it has loaded" in line
    assert unlisted_models.loaded_ids("http://127.0.0.1:9", TRUST) is None
