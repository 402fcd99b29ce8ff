"""The real Groundlight SDK against the simulator."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from groundlight import Groundlight, NotFoundError

from edgeload.simulator.launch import RunningSimulator, running_simulator

NAME = "the detector of a test"
PICTURE = b"\xff\xd8\xff\xe0 never decoded"


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(["--service-time", "1ms", "--detector-name", NAME]) as running:
        yield running


def sdk(url: str, *, rotation: bool = False) -> Groundlight:
    return Groundlight(
        endpoint=url,
        api_token="api_a_token_of_some_length",
        http_transport_retries=0,
        enable_token_rotation=rotation,
    )


def test_the_sdk_submits_and_gets_an_edge_answer(simulator: RunningSimulator) -> None:
    """submit_image_query takes the answer as an image query from the edge, in one request."""
    before = simulator.stats()["received"]
    with sdk(simulator.url) as client:
        detector = client.get_detector_by_name(NAME)
        query = client.submit_image_query(
            detector.id, PICTURE, wait=0, human_review="NEVER", confidence_threshold=0.0
        )
        assert query.result is not None
        assert query.result.from_edge is True
        assert query.detector_id == detector.id
        assert client.get_image_query(query.id).id == query.id
    assert simulator.stats()["received"] == before + 1


def test_the_sdk_finds_and_makes_detectors(simulator: RunningSimulator) -> None:
    """get_or_create_detector makes one, then finds the same; unknown names are not found."""
    with sdk(simulator.url) as client:
        with pytest.raises(NotFoundError):
            client.get_detector_by_name("nobody")
        made = client.get_or_create_detector(name="a new one", query="Is it new?")
        found = client.get_or_create_detector(name="a new one", query="Is it new?")
        assert made.id == found.id
        assert client.get_detector(made.id).query == "Is it new?"
        answer = client.submit_image_query(made.id, PICTURE, wait=0, human_review="NEVER")
        assert answer.query == "Is it new?"
        assert answer.confidence_threshold == made.confidence_threshold
        listed = client.list_detectors()
        assert {detector.name for detector in listed.results} >= {NAME, "a new one"}


def test_token_rotation_stays_off(
    simulator: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """As on an edge, the snippet of the token is unknown (404), so no token is minted."""
    caplog.set_level(logging.WARNING)
    with sdk(simulator.url, rotation=True) as client:
        assert client.whoami()
        assert client.api_client.configuration.api_key["ApiToken"] == "api_a_token_of_some_length"
