"""Laws of what is found out about an endpoint before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.edge.location import Unreachable
from edgeload.run.reaching import Reached, reach
from edgeload.settings import SettingError, resolve
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


OTHER = "det_" + "F" * 27


def mix(folder: Path, text: str) -> dict[str, object]:
    """The option for a mix file with this text."""
    (folder / "mix.yaml").write_text(text)
    return {"mix": str(folder / "mix.yaml")}


def test_groups_may_share_detectors_and_what_one_creates_the_others_may_name(
    tmp_path: Path,
) -> None:
    """Each detector is asked for once; a query anywhere in the file is enough, also for `then`."""
    text = """
- name: gate
  detector_name: vehicle
  query: Is there a vehicle?
  then: [{detector: plate}, {detector: plate, requests: 2}]
- name: plates
  detector_name: plate
- name: more plates
  detector_name: plate
  query: Is there a plate?
"""
    with running_simulator(["--detector-id", ID]) as simulator:
        found, remarks = reached(simulator.url, **mix(tmp_path, text))
    gate, plates, more = (group.detector for group in found.groups)
    ids = {choice.name: each.detector.id for choice, each in found.detectors.items()}
    assert len(set(ids.values())) == 2
    (then,) = {link.detector for link in found.groups[0].then}
    assert len({found.detectors[choice].detector.id for choice in (plates, more, then)}) == 1
    assert found.detectors[plates].detector.query == "Is there a plate?"
    assert found.detectors[gate].detector.query == "Is there a vehicle?"
    created = [f"so {found.detectors[choice].detector.id} was created" for choice in (gate, more)]
    assert len(remarks) == 2
    assert all(words in said for words, said in zip(created, remarks, strict=True)), remarks
    assert found.facts("simulator") == {
        "url": simulator.url, "detector_id": None, "embedded": "simulator",
        "confident_audit_rate": 1e-05,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "begin"),
    [
        (
            "  detector_name: hall\n",
            "line 3, group 'door': detector_name = 'hall': there is no detector of this name, and "
            "query is empty, so it cannot be created; check the name, or set query",
        ),
        (
            f"  detector_id: {OTHER}\n",
            f"line 3, group 'door': detector_id = '{OTHER}': this token has no such detector (GET ",
        ),
        (
            f"  detector_id: {ID}\n  then: [{{detector: face}}]\n",
            "line 4, group 'door': then.detector = 'face': there is no detector of this name; "
            "check the name, or let a group of the mix with this detector_name have a query",
        ),
        (
            f"  detector_id: {ID}\n  then:\n  - detector: {OTHER}\n",
            f"line 4, group 'door': then.detector = '{OTHER}': this token has no such detector",
        ),
    ],
    ids=["name", "id", "name in then", "id in then"],
)
def test_a_detector_that_the_box_does_not_serve_is_an_error_of_the_mix(
    tmp_path: Path, lines: str, begin: str
) -> None:
    """One line with file, line, group and key; nothing was sent."""
    with running_simulator(["--strict-detector", "--detector-id", ID]) as simulator:
        with pytest.raises(SettingError) as caught:
            reached(simulator.url, **mix(tmp_path, f"\n- name: door\n{lines}"))
        assert simulator.stats()["received"] == 0
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'mix.yaml'}, {begin}")


def test_a_query_of_a_mix_that_is_ignored_is_named_by_its_line(tmp_path: Path) -> None:
    """By file, line and group, and in the file's own words."""
    text = "- name: gate\n  detector_name: door\n  query: Where are vehicles?\n"
    options = ["--detector-id", ID, "--detector-name", "door", "--detector-query", "Open?"]
    with running_simulator(options) as simulator:
        _, remarks = reached(simulator.url, **mix(tmp_path, text))
    assert remarks == [
        f"{tmp_path}/mix.yaml, line 3, group 'gate': detector_name = 'door': detector {ID} exists "
        "and keeps its own query, 'Open?'; query is ignored"
    ]
