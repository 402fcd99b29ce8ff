"""Laws of what is found out about an endpoint before anything is sent."""

from __future__ import annotations

import pytest

from edgeload.edge.location import Unreachable
from edgeload.run.reaching import Reached, reach
from edgeload.settings import resolve
from edgeload.simulator.launch import running_simulator

ID = "det_" + "E" * 27
TOKEN = "api_token_of_the_test"


def reached(url: str, **options: object) -> tuple[Reached, list[str]]:
    """What was reached, and what a user was told."""
    settings = resolve({}, {"endpoint_url": url, **options}, {"GROUNDLIGHT_API_TOKEN": TOKEN})
    said: list[str] = []
    return reach(url, settings, lambda seconds: None, said.append), said


def test_the_header_says_what_the_box_says() -> None:
    """Its detector and its configuration; by id and by name the same."""
    options = ["--detector-id", ID, "--detector-name", "door", "--detector-query", "Open?"]
    with running_simulator([*options, "--audit-rate", "0.5"]) as simulator:
        by_id, nothing = reached(simulator.url, detector_id=ID)
        by_name, remarks = reached(simulator.url, detector_name="door")
    assert by_id.facts(None) == by_name.facts(None) == {
        "url": simulator.url, "detector_id": ID, "embedded": None, "detector_name": "door",
        "detector_query": "Open?", "confidence_threshold": 0.9, "always_edge": True,
        "edge_only": True,
        "confident_audit_rate": 0.5,
    }  # fmt: skip
    assert nothing == []
    assert len(remarks) == 1
    assert "its own query, 'Open?'" in remarks[0]


def test_a_box_without_the_cloud_can_be_tested_by_id() -> None:
    """What only the cloud knows is null. By name it cannot be, and the line says what can."""
    with running_simulator(["--detector-id", ID, "--offline"]) as simulator:
        facts = reached(simulator.url, detector_id=ID)[0].facts(None)
        assert (facts["edge_only"], facts["confidence_threshold"]) == (True, None)
        with pytest.raises(Unreachable, match="set DETECTOR_ID for a box without a connection"):
            reached(simulator.url, detector_name="door")


@pytest.mark.parametrize("how", [{"detector_id": ID}, {"detector_name": "door"}])
def test_a_model_that_is_being_loaded_is_waited_for(how: dict[str, object]) -> None:
    """Also if the detector was found by name; --ready-timeout says for how long."""
    options = ["--detector-id", ID, "--detector-name", "door", "--load-time", "3600s"]
    with (
        running_simulator([*options, "--detector-query", "Is there a dog in the picture?"]) as box,
        pytest.raises(Unreachable, match=f"detector {ID} is not ready.*waited 0.2 s"),
    ):
        reached(box.url, ready_timeout=0.2, **how)
