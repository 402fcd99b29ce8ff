"""Laws of the cloud's client, against a stand-in made from the SDK's description of the API."""

from __future__ import annotations

import importlib
import pkgutil
import socket
from collections import deque
from collections.abc import Iterator

import groundlight_openapi_client.api
import pytest
from cloud_stand_in import ROUTES, TOKEN, CloudStandIn, cloud_stand_in
from only_loopback import LeftTheMachine, only_loopback

from edgeload.prepare.cloud import Cloud, CloudDetector, CloudError
from edgeload.prepare.priming_pictures import labelled_picture
from edgeload.prepare.wanted import DetectorToMake
from edgeload.simulator.certificate import self_signed, server_context

__all__ = ["only_loopback"]
pytestmark = pytest.mark.usefixtures("only_loopback")

DETECTORS = (
    DetectorToMake("door", "Is it open?", "binary", confidence_threshold=0.8),
    DetectorToMake("cars", "How many?", "count", ("car",), 7, pipeline_config="p"),
    DetectorToMake("gate", "Where?", "bounding_box", ("car",), 3, edge_pipeline_config="e"),
    DetectorToMake("light", "Which?", "multi_class", ("red", "green", "blue")),
)


@pytest.fixture
def stand_in() -> Iterator[CloudStandIn]:
    with cloud_stand_in() as running:
        yield running


def test_the_stand_in_has_only_routes_of_the_sdk() -> None:
    """Method and path of each stand in the SDK's generated description of the API."""
    described = set()
    for module in pkgutil.iter_modules(groundlight_openapi_client.api.__path__):
        api = importlib.import_module(f"groundlight_openapi_client.api.{module.name}")
        for name, kind in vars(api).items():
            if name.endswith("Api") and isinstance(kind, type):
                for each in vars(kind()).values():
                    if settings := getattr(each, "settings", None):
                        described.add((settings["http_method"], settings["endpoint_path"]))
    assert set(ROUTES) <= described


def test_nothing_leaves_this_machine(stand_in: CloudStandIn, only_loopback: list[str]) -> None:
    """Neither a name nor an address of another one is ever tried; the guard itself works."""
    with pytest.raises(LeftTheMachine):
        socket.create_connection(("192.0.2.1", 443), 0.1)
    with pytest.raises(LeftTheMachine):
        socket.getaddrinfo("api.groundlight.ai", 443)
    cloud = Cloud(stand_in.url, TOKEN)
    made = cloud.make(DETECTORS[0], "p")
    cloud.send(made.id, labelled_picture(DETECTORS[0], 0, 1), "")
    cloud.pipelines(made.id)
    cloud.delete(made.id)
    assert set(only_loopback) == {"127.0.0.1"}
    assert stand_in.asked == [  # nothing else either: no token is minted, nothing is polled
        ("GET", "/v1/me"),
        ("GET", "/v1/me"),
        ("POST", "/v1/detectors"),
        ("POST", "/v1/image-queries"),
        ("POST", "/v1/labels"),
        ("GET", f"/v1/detectors/{made.id}/pipelines"),
        ("DELETE", f"/v1/detectors/{made.id}"),
    ]
    assert stand_in.tokens == {TOKEN}


@pytest.mark.parametrize("wanted", DETECTORS, ids=lambda each: each.mode)
def test_a_detector_is_made_as_it_is_wanted(stand_in: CloudStandIn, wanted: DetectorToMake) -> None:
    """With all parameters of its mode, and the mark of the preparation; found again by its name."""
    cloud = Cloud(stand_in.url, TOKEN)
    assert cloud.find(wanted.name) is None
    made = cloud.make(wanted, "mark 1")
    (stored,) = stand_in.detectors.values()
    assert made == CloudDetector(
        stored["id"],
        wanted.name,
        wanted.query,
        wanted.mode.upper(),
        wanted.class_names,
        wanted.max_count,
        "mark 1",
    )
    assert cloud.find(wanted.name) == cloud.get(made.id) == made
    assert stored["confidence_threshold"] == (wanted.confidence_threshold or 0.9)
    assert stored["pipeline_config"] == wanted.pipeline_config
    assert stored["edge_pipeline_config"] == wanted.edge_pipeline_config


@pytest.mark.parametrize("wanted", DETECTORS, ids=lambda each: each.mode)
def test_a_picture_arrives_with_its_truth(stand_in: CloudStandIn, wanted: DetectorToMake) -> None:
    """Byte for byte, with label and boxes, and no person is asked to look at it."""
    cloud = Cloud(stand_in.url, TOKEN)
    made = cloud.make(wanted, "p")
    for index in range(4):
        drawn = labelled_picture(wanted, index, 1)
        cloud.send(made.id, drawn, "car")
        arrived = stand_in.pictures[-1]
        assert (arrived.jpeg, arrived.label) == (drawn.jpeg, drawn.label)
        assert arrived.boxes == [pytest.approx(box) for box in drawn.boxes]
        assert set(arrived.class_names) <= {"car"}
        assert arrived.parameters["human_review"] == ["NEVER"]
        assert "want_async" not in arrived.parameters


def test_a_name_is_looked_up_as_it_is(stand_in: CloudStandIn) -> None:
    """Also one that means something in a URL; and two detectors of one name are an error."""
    names = ("line#1", "a&name=b", "50 %", "ünï/x?y")
    ids = {name: stand_in.add(name) for name in names}
    cloud = Cloud(stand_in.url, TOKEN)
    for name in names:
        found = cloud.find(name)
        assert found is not None
        assert found.id == ids[name]
    stand_in.detectors["det_twin"] = {**stand_in.detectors[ids["50 %"]], "id": "det_twin"}
    with pytest.raises(CloudError, match="2 detectors are called '50 %'"):
        cloud.find("50 %")


def test_too_many_requests_are_sent_more_slowly(stand_in: CloudStandIn) -> None:
    """After 429 with longer and longer pauses, and not for ever."""
    pauses: list[float] = []
    cloud = Cloud(stand_in.url, TOKEN, pause=pauses.append)
    stand_in.refuse.extend([429, 429])
    made = cloud.make(DETECTORS[0], "p")
    assert pauses == [1.0, 2.0]
    stand_in.refuse.extend([429] * 9)
    asked = len(stand_in.asked)
    with pytest.raises(CloudError) as caught:
        cloud.delete(made.id)
    assert caught.value.status == 429
    assert len(stand_in.asked) - asked == 6
    assert sum(pauses[2:]) < 60


def test_no_error_shows_the_token(stand_in: CloudStandIn) -> None:
    """Even if the cloud says it back; each is one line that says what was wanted."""
    wrong = "api_another_token_9876543210"
    with pytest.raises(CloudError) as caught:
        Cloud(stand_in.url, wrong)
    said = [str(caught.value)]
    cloud = Cloud(stand_in.url, TOKEN)
    for call in (
        lambda: cloud.find("door"),
        lambda: cloud.make(DETECTORS[1], "p"),
        lambda: cloud.send("det_1", labelled_picture(DETECTORS[0], 0, 1), ""),
        lambda: cloud.pipelines("det_1"),
        lambda: cloud.delete("det_1"),
        lambda: cloud.get("det_1"),
    ):
        stand_in.refuse.append(403)
        with pytest.raises(CloudError) as caught:
            call()
        assert caught.value.status == 403
        said.append(str(caught.value))
    for line in said:
        assert "\n" not in line
        assert not any(secret[at : at + 12] in line for secret in (TOKEN, wrong) for at in range(9))
    assert any("'cars' cannot be made" in line for line in said)


def test_a_cloud_that_fails_several_times_is_named_with_its_answer(
    stand_in: CloudStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK asks four times after a 5xx, and then says only that it has given up."""
    monkeypatch.setattr("groundlight.internalapi.time.sleep", lambda _: None)
    cloud = Cloud(stand_in.url, TOKEN)
    stand_in.refuse.extend([503] * 4)
    with pytest.raises(CloudError) as caught:
        cloud.delete("det_1")
    assert caught.value.status == 503
    assert str(caught.value) == (
        f"{stand_in.url}: det_1 cannot be deleted: HTTP status 503: "
        '{"detail": "refused (hidden)"}, after several attempts'
    )
    assert stand_in.refuse == deque()


def test_what_is_not_there_is_no_error_to_look_up(stand_in: CloudStandIn) -> None:
    """But it is one to delete, with status 404."""
    cloud = Cloud(stand_in.url, TOKEN)
    assert cloud.get("det_" + "0" * 27) is None
    with pytest.raises(CloudError) as caught:
        cloud.delete("det_" + "0" * 27)
    assert caught.value.status == 404


def test_a_cloud_that_is_away_is_one_line() -> None:
    """Nobody listens there."""
    with pytest.raises(CloudError, match=r"^http://127\.0\.0\.1:9: "):
        Cloud("http://127.0.0.1:9", TOKEN)


def test_the_cloud_must_prove_who_it_is() -> None:
    """Whatever is accepted from the box: here a certificate of somebody's own is not."""
    with cloud_stand_in(server_context(*self_signed())) as stand_in:
        with pytest.raises(CloudError, match="certificate"):
            Cloud(stand_in.url, TOKEN)
        assert stand_in.asked == []
        assert stand_in.tokens == set()


def test_a_detector_that_is_retired_gives_its_name_back(stand_in: CloudStandIn) -> None:
    """It is switched off, and its name can be used again."""
    cloud = Cloud(stand_in.url, TOKEN)
    made = cloud.make(DETECTORS[0], "p")
    cloud.retire(made.id, "door (retired)")
    assert stand_in.detectors[made.id]["status"] == "OFF"
    assert cloud.find("door") is None
    assert cloud.make(DETECTORS[0], "p").id != made.id


def test_how_far_the_training_is(stand_in: CloudStandIn) -> None:
    """Which pipeline is the edge's, whether it is trained, and with how many labels."""
    cloud = Cloud(stand_in.url, TOKEN)
    made = cloud.make(DETECTORS[0], "p")
    cloud.send(made.id, labelled_picture(DETECTORS[0], 0, 1), "")
    for trained in (False, False, True):
        (edge,) = [each for each in cloud.pipelines(made.id) if each.is_edge]
        assert (edge.is_trained, edge.labels) == (trained, 1 if trained else None)
