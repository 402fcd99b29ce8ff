"""Laws of undoing: exactly what was noted, nothing of others, and what fails is tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cloud_stand_in import cloud_stand_in
from only_loopback import only_loopback
from prepared_box import Scene

from edgeload.edge import unlisted_models
from edgeload.edge.edge_config import configured_ids, configured_name, with_preset
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.prepare.note import NotedDetector
from edgeload.simulator.launch import running_simulator

__all__ = ["only_loopback"]
pytestmark = pytest.mark.usefixtures("only_loopback")


@pytest.fixture(scope="module")
def box() -> Iterator[str]:
    with running_simulator(["--service-time", "1ms"]) as running:
        yield running.url


@pytest.fixture
def prepared(box: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Two detectors are made and configured."""
    monkeypatch.setattr("edgeload.edge.edge_config._YESES", 1)
    with cloud_stand_in() as cloud:
        cloud.polls_until_trained = 0
        scene = Scene(cloud, box, tmp_path, pictures=1)
        before = scene.config()
        scene.prepare()
        scene.said.clear()
        yield scene
        scene.put(before)


def by_name(scene: Scene) -> dict[str, str]:
    return {each["name"]: each["id"] for each in scene.cloud.detectors.values()}


def test_the_box_comes_before_the_cloud(prepared: Scene) -> None:
    """It would ask for detectors that are gone; each thing undone is one line."""
    ids = by_name(prepared)
    assert prepared.cleanup() == []
    assert not {*ids.values()} & {*configured_ids(prepared.config())}
    assert prepared.said == [
        f"{prepared.url} has its former configuration for 2 detectors.",
        f"Deleted cars ({ids['cars']}).",
        f"Deleted door ({ids['door']}).",
    ]


def test_what_others_have_configured_meanwhile_stays(prepared: Scene) -> None:
    """An entry that was not there when the note was written."""
    theirs = "det_" + "T" * 27
    prepared.put(with_preset(prepared.config(), [theirs], "default"))
    assert prepared.cleanup() == []
    assert configured_name(prepared.config(), theirs) == "default"
    assert theirs in configured_ids(prepared.config())


def test_one_that_cannot_be_deleted_is_renamed_and_switched_off(prepared: Scene) -> None:
    """Its name is free again, and a line says what it is called now."""
    prepared.cloud.cannot_delete = True
    names = {f"{name} (retired {key[-6:]})" for name, key in by_name(prepared).items()}
    assert prepared.cleanup() == []
    assert prepared.cloud.names() == names
    assert {each["status"] for each in prepared.cloud.detectors.values()} == {"OFF"}
    assert any("may not delete" in line and "(retired" in line for line in prepared.said)
    assert prepared.notes.read() is None


def test_a_box_that_is_away_keeps_its_detectors(prepared: Scene) -> None:
    """It would ask for deleted ones when it is back; the next call undoes it, also if renamed."""

    def away() -> TlsTrust:
        raise Unreachable("the box is away")

    on_the_box = set(prepared.cloud.detectors)
    note = prepared.notes.read()
    assert note is not None
    elsewhere = prepared.cloud.add("elsewhere", metadata={"edgeload": note.preparation})
    prepared.notes.write(note.with_detector(NotedDetector("elsewhere", elsewhere)))
    assert prepared.cleanup(away) == [
        "the box is away",
        f"Not deleted: cars and door, because {prepared.url} may still be configured for them",
    ]
    assert set(prepared.cloud.detectors) == on_the_box
    assert prepared.notes.read() == note
    prepared.put(with_preset(prepared.config(), on_the_box, "default"))
    assert prepared.cleanup() == []
    assert prepared.cloud.detectors == {}
    assert not on_the_box & {*configured_ids(prepared.config())}
    assert prepared.notes.read() is None


def test_a_box_that_never_comes_back_is_struck_out_of_the_note(prepared: Scene) -> None:
    """As docs/prepare.md says: with `"box": null`, cleanup deletes the detectors all the same."""
    note = json.loads(prepared.notes.path.read_text())
    assert note["box"]["entries"]
    prepared.notes.path.write_text(json.dumps({**note, "box": None}))
    configured = configured_ids(prepared.config())
    assert prepared.cleanup() == []
    assert prepared.cloud.names() == set()
    assert configured_ids(prepared.config()) == configured
    assert prepared.notes.read() is None


def test_a_cloud_that_fails_is_asked_again_the_next_time(prepared: Scene) -> None:
    """What is done is not done twice: only what failed stays in the note."""
    prepared.cloud.refuse.extend([0, 0, 0, 401])  # who are we, twice; which is it; the deletion
    (problem,) = prepared.cleanup()
    assert "cannot be deleted" in problem
    note = prepared.notes.read()
    assert note is not None
    assert ([each.name for each in note.detectors], note.box) == (["cars"], None)
    assert prepared.cleanup() == []
    assert prepared.cloud.detectors == {}


def test_what_is_gone_already_is_no_problem(prepared: Scene) -> None:
    """Somebody has deleted it by hand."""
    prepared.cloud.detectors.clear()
    assert prepared.cleanup() == []
    assert "cars does not exist any more." in prepared.said


@pytest.mark.parametrize("noted_id", [True, False])
def test_a_detector_of_somebody_else_is_never_deleted(prepared: Scene, noted_id: bool) -> None:
    """Not if a damaged note names it, nor if it has the name of one that may have been made."""
    theirs = prepared.cloud.add("theirs", metadata={"edgeload": "another preparation"})
    note = prepared.notes.read()
    assert note is not None
    stranger = NotedDetector("theirs", theirs if noted_id else None)
    prepared.notes.write(replace(note, detectors=(*note.detectors, stranger)))
    assert prepared.cleanup() == []
    assert set(prepared.cloud.detectors) == {theirs}
    assert any(f"theirs ({theirs}) was not made by this" in line for line in prepared.said)


def test_a_cloud_that_forgets_marks_is_believed_by_id_and_name(prepared: Scene) -> None:
    """But only both together."""
    for each in prepared.cloud.detectors.values():
        each["metadata"] = None
    prepared.cloud.detectors[by_name(prepared)["door"]]["name"] = "renamed"
    assert prepared.cleanup() == []
    assert prepared.cloud.names() == {"renamed"}


def test_models_that_are_not_listed_are_not_taken_down_either(
    prepared: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A box that has loaded another's detector on demand keeps all it has, and says why."""
    others, before = "det_" + "U" * 27, prepared.config()
    monkeypatch.setattr(unlisted_models, "_ENDED_WITHIN_S", 0.0)
    with monkeypatch.context() as loaded:
        loaded.setattr(unlisted_models, "loaded_ids", lambda *_: [*configured_ids(before), others])
        refused, kept = prepared.cleanup()
    assert f"has loaded {others}, which its configuration does not list" in refused
    assert kept.startswith("Not deleted: ")
    assert prepared.config() == before
    assert prepared.cleanup() == []
