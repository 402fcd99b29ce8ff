"""Laws of reading the box's configuration, in the forms that it has had."""

from __future__ import annotations

from typing import Any

import pytest
from recording_server import DETECTOR_ID, Handler, recording_server

from edgeload.edge.configuration import EdgeConfiguration, ask_configuration, configuration_of
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.launch import running_simulator

FLAGS = {"always_return_edge_prediction": True, "disable_cloud_escalation": True}


def present(preset: dict[str, Any], rate: object = 1e-5) -> dict[str, Any]:
    """The form since December 2024: a detector names a configuration."""
    return {
        "global_config": {"refresh_rate": 60.0, "confident_audit_rate": rate},
        "edge_inference_configs": {"default": {"enabled": True}, "own": preset},
        "detectors": [
            {"detector_id": "det_" + "X" * 27, "edge_inference_config": "default"},
            {"detector_id": DETECTOR_ID, "edge_inference_config": "own"},
        ],
    }


@pytest.mark.parametrize(
    ("values", "edge_only", "rate"),
    [
        (present({"enabled": True, **FLAGS}), True, 1e-5),
        (present({"enabled": True, "always_return_edge_prediction": True}, 1.0), False, 1.0),
        (present({"enabled": True}, 0), False, 0.0),
        (present({}, None), False, None),
        (present({}, "often"), False, None),
        ({"detectors": [{"detector_id": DETECTOR_ID, **FLAGS}]}, True, None),
        ({"detectors": [{"detector_id": DETECTOR_ID.lower(), **FLAGS}]}, True, None),
        ({"detectors": [{"detector_id": "det_" + "X" * 27, **FLAGS}]}, False, None),
        ({"detectors": [], "global_config": {"confident_audit_rate": 0.5}}, False, 0.5),
        ({}, None, None),
        (None, None, None),
        ([1], None, None),
        ({"detectors": [None, "x"], "edge_inference_configs": 3, "global_config": []}, False, None),
    ],
)
def test_what_a_configuration_says_of_a_detector(
    values: Any, edge_only: bool | None, rate: float | None
) -> None:
    """Both flags make it edge-only; one that is not listed is not; no answer says nothing."""
    found = configuration_of(values, DETECTOR_ID)
    assert (found.edge_only, found.confident_audit_rate) == (edge_only, rate)


def test_an_edge_that_always_answers_need_not_be_edge_only() -> None:
    """It may send a picture to the cloud after its answer."""
    found = configuration_of(present({"always_return_edge_prediction": True}), DETECTOR_ID)
    assert (found.always_edge, found.edge_only) == (True, False)
    found = configuration_of(present({"disable_cloud_escalation": True}), DETECTOR_ID)
    assert (found.always_edge, found.edge_only) == (False, False)


def test_the_simulators_detector_is_edge_only() -> None:
    """And says so in the form of a real endpoint; no token is sent for it."""
    options = ["--detector-id", DETECTOR_ID, "--audit-rate", "0.5", "--api-token", "t"]
    with running_simulator(options) as simulator:
        found = ask_configuration(simulator.url, DETECTOR_ID, TlsTrust())
    assert found == EdgeConfiguration(True, True, 0.5)


def test_an_endpoint_without_the_route_says_nothing() -> None:
    """An older one, one that answers something else, and none at all: no error."""

    class Odd(Handler):
        def do_GET(self) -> None:
            self.reply(200, b"<html>")

    for handler in (Handler, Odd):
        with recording_server(handler=handler) as recorder:
            assert ask_configuration(recorder.url, DETECTOR_ID, TlsTrust()) == EdgeConfiguration()
    assert ask_configuration("http://127.0.0.1:9", DETECTOR_ID, TlsTrust()) == EdgeConfiguration()
