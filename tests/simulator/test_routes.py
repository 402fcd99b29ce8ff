"""The routes that show several detectors, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from simulator_http import TOKEN, get, post

from edgeload.edge.configuration import ask_configuration
from edgeload.edge.detectors import find_by_name
from edgeload.edge.location import Unreachable, locate
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.detector_option import id_from_name
from edgeload.simulator.launch import RunningSimulator, running_simulator

OPTIONS = (
    *("--detector", "door:workers=2,service-time=10ms,query=Is it open?,threshold=0.8"),
    *("--detector", "cat & dog:service-time=20ms,distribution=lognormal"),
    *("--detector", "still life:service-time=40ms", "--shared-workers", "3"),
)
NAMES = ("door", "cat & dog", "still life")
IDS = [id_from_name(name) for name in NAMES]


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(OPTIONS) as running:
        yield running


def test_the_load_tester_finds_each_by_its_name(simulator: RunningSimulator) -> None:
    """With its id, query and threshold, as one that the edge answers by itself; others not."""
    trust = TlsTrust().for_endpoint(locate(simulator.url))
    for name, detector_id in zip(NAMES, IDS, strict=True):
        found, _ = find_by_name(simulator.url, name, None, trust, TOKEN)
        assert (found.id, found.name) == (detector_id, name)
        assert ask_configuration(simulator.url, detector_id, trust).edge_only
    door, _ = find_by_name(simulator.url, "door", None, trust, TOKEN)
    assert (door.query, door.confidence_threshold) == ("Is it open?", 0.8)
    with pytest.raises(Unreachable, match="no detector of this name"):
        find_by_name(simulator.url, "simulated detector", None, trust, TOKEN)


def test_all_are_listed_everywhere(simulator: RunningSimulator) -> None:
    """The detectors of the cloud's list, the edge configuration, readiness and status agree."""
    url = simulator.url
    listed = get(url, "/device-api/v1/detectors").json()["results"]
    assert [(one["id"], one["name"]) for one in listed] == list(zip(IDS, NAMES, strict=True))
    config = get(url, "/edge-config").json()
    assert [entry["detector_id"] for entry in config["detectors"]] == IDS
    ready = get(url, "/edge-detector-readiness").json()
    assert ready == {detector_id: {"ready": True} for detector_id in IDS}
    page = get(url, "/status").text
    assert "cat &amp; dog and still life share 3 inference workers" in page
    assert "door: 2 inference workers, 10 ms constant: capacity 200 requests/s" in page


def test_what_serves_each_is_told_without_a_token(simulator: RunningSimulator) -> None:
    """GET /simulator/detectors has the pools, and the capacity of each alone."""
    answer = get(simulator.url, "/simulator/detectors", token=None).json()
    told = {
        one["name"]: (one["id"], one["pool"], one["pool_workers"], one["capacity_per_s"])
        for one in answer["detectors"]
    }
    assert told == {
        "door": (IDS[0], "door", 2, 200.0),
        "cat & dog": (IDS[1], "shared", 3, pytest.approx(150.0)),
        "still life": (IDS[2], "shared", 3, pytest.approx(75.0)),
    }


def test_only_listed_ids_are_served_until_one_is_created(simulator: RunningSimulator) -> None:
    """Another id is a 500 and is unknown to the cloud; a detector that is created is answered."""
    url, unknown = simulator.url, "det_" + "Q" * 27
    assert post(url, detector_id=unknown).status_code == 500
    assert get(url, f"/device-api/v1/detectors/{unknown}").status_code == 404
    made = requests.post(
        f"{url}/device-api/v1/detectors",
        json={"name": "late", "query": "Is it late?"},
        headers={"x-api-token": TOKEN},
        timeout=10,
    ).json()
    answer = post(url, detector_id=made["id"]).json()
    assert (answer["detector_id"], answer["query"]) == (made["id"], "Is it late?")
    assert simulator.stats()["by_detector"][made["id"]]["by_status"] == {"200": 1}
