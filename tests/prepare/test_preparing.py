"""Laws of preparing: it ends in one state, wherever it was stopped before, and can be undone."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from box_of_cloud import box_of_cloud
from cloud_stand_in import TOKEN, cloud_stand_in
from only_loopback import only_loopback
from prepared_box import MIX, TRUST, Scene

from edgeload.edge.edge_config import EdgeConfigError, configured_ids, has_preset, read_edge_config
from edgeload.edge.location import Unreachable
from edgeload.edge.unlisted_models import loaded_ids
from edgeload.prepare.cloud import CloudError
from edgeload.prepare.note import Note, NoteFile
from edgeload.prepare.preparing import Preparation, Unfit
from edgeload.prepare.training import NotTrained
from edgeload.prepare.wanted import WantedMix
from edgeload.simulator.launch import running_simulator

__all__ = ["only_loopback"]
pytestmark = pytest.mark.usefixtures("only_loopback")


@pytest.fixture(scope="module")
def box() -> Iterator[str]:
    with running_simulator(["--service-time", "1ms"]) as running:
        yield running.url


@pytest.fixture
def scene(box: str, tmp_path: Path) -> Iterator[Scene]:
    with cloud_stand_in() as cloud:
        made = Scene(cloud, box, tmp_path)
        before = made.config()
        yield made
        made.url = box
        made.put(before)


def test_the_detectors_are_made_primed_trained_and_configured(scene: Scene) -> None:
    """Each with its pictures in its size, as many of each label; the box alone answers for both."""
    before = scene.config()
    note = scene.prepare()
    assert scene.cloud.names() == {"cars", "door"}
    labels = {
        name: Counter(each.label for each in scene.cloud.pictures_of(name))
        for name in ("cars", "door")
    }
    assert labels["door"] == {"YES": 1, "NO": 1}
    assert sum(labels["cars"].values()) == 2
    assert {each.size for each in scene.cloud.pictures_of("cars")} == {(64, 48)}
    assert all(len(p.boxes) == int(p.label or 0) for p in scene.cloud.pictures_of("cars"))
    config = scene.config()
    assert configured_ids(config) == [*configured_ids(before), *scene.cloud.detectors]
    assert all(has_preset(config, each, "no_cloud") for each in scene.cloud.detectors)
    assert scene.notes.read() == note
    assert [each.pictures for each in note.detectors] == [2, 2]
    assert any("cars is trained" in line for line in scene.said)


def test_what_is_there_already_is_used_and_not_noted(scene: Scene) -> None:
    """A detector of that name, mode, query and classes; cleanup leaves it, and its entry."""
    theirs = scene.cloud.add(
        "cars", "COUNT", "How many?", mode_configuration={"class_name": "car", "max_count": 2}
    )
    before = scene.config()
    note = scene.prepare()
    assert [each.name for each in note.detectors] == ["door"]
    assert scene.cloud.pictures_of("cars") == []
    assert has_preset(scene.config(), theirs, "no_cloud")
    assert scene.cleanup() == []
    assert set(scene.cloud.detectors) == {theirs}
    assert scene.config() == before
    assert scene.notes.read() is None


@pytest.mark.parametrize(
    ("exists", "line"),
    [
        ({"mode": "BINARY"}, "has the mode binary, not count; use another name, or change the mix"),
        ({"query": "Why?"}, "has the query 'Why?', not 'How many?'; use another name"),
        ({"mode_configuration": {"class_name": "bus"}}, "has other classes (bus, not car)"),
        ({"mode_configuration": {"class_name": "car", "max_count": 9}}, "has max_count 9, not 2"),
    ],
)
def test_one_that_differs_is_an_error_before_anything_is_made(
    scene: Scene, exists: dict[str, object], line: str
) -> None:
    """One line with the file, the line and the group; nothing is sent but questions."""
    scene.cloud.add(**{"name": "cars", "mode": "COUNT", "query": "How many?", **exists})  # type: ignore[arg-type]
    before = scene.config()
    with pytest.raises(Unfit) as caught:
        scene.prepare()
    assert str(caught.value).startswith(f"{scene.folder}/mix.yaml, line 6, group 'gate': ")
    assert line in str(caught.value)
    assert {method for method, _ in scene.cloud.asked} == {"GET"}
    assert scene.notes.read() is None
    assert scene.config() == before


def test_what_nobody_makes_must_exist(scene: Scene) -> None:
    """By its name and by its id; a line for each that does not."""
    missing = "det_" + "z" * 27
    scene.mix = f"{MIX}- name: hall\n  detector_name: hall\n- name: id\n  detector_id: {missing}\n"
    with pytest.raises(Unfit) as caught:
        scene.prepare()
    first, second = str(caught.value).splitlines()
    assert "line 13, group 'hall': there is no detector 'hall'; check it, or let" in first
    assert f"group 'id': there is no detector '{missing}'" in second
    ids = [scene.cloud.add("hall"), scene.cloud.add("other")]
    scene.mix = scene.mix.replace(missing, ids[1])
    scene.prepare()
    assert all(has_preset(scene.config(), each, "no_cloud") for each in ids)


@pytest.fixture
def small(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """One detector and a box that says once that it is ready: many times in a row it takes long."""
    monkeypatch.setattr("edgeload.edge.edge_config._YESES", 1)
    scene.mix = MIX[: MIX.index("- name: door")]
    scene.cloud.polls_until_trained = 0
    return scene


class Crash(BaseException):
    """The program ends here."""


class CrashingNotes(NoteFile):
    """Ends the program before or after the write of a number."""

    def __init__(self, path: Path, number: int, *, written: bool) -> None:
        super().__init__(path)
        self._left, self._written = number, written

    def write(self, note: Note) -> None:
        self._left -= 1
        if self._left or self._written:
            super().write(note)
        if not self._left:
            raise Crash


def _goes_on_and_is_undone(scene: Scene, before: dict[str, object]) -> None:
    """The next call ends as if nothing had happened, and everything can be undone."""
    theirs = scene.cloud.add("theirs")
    note = scene.prepare()
    assert scene.cloud.names() == {"cars", "theirs"}
    assert [each.name for each in note.detectors] == ["cars"]
    assert len({p.jpeg for p in scene.cloud.pictures if p.label is not None}) == 2
    assert scene.cleanup() == []
    assert set(scene.cloud.detectors) == {theirs}
    assert scene.config() == before
    assert scene.notes.read() is None
    scene.cloud.detectors.clear()
    scene.cloud.pictures.clear()


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(False, id="before"),
        pytest.param(True, id="after", marks=pytest.mark.slow),
    ],
)
def test_a_crash_at_any_write_of_the_note_loses_nothing(small: Scene, written: bool) -> None:
    """Before the note is written or right after: what it was about is found again."""
    before = small.config()
    for number in itertools.count(1):
        notes = CrashingNotes(small.notes.path, number, written=written)
        try:
            small.prepare(notes)
        except Crash:
            _goes_on_and_is_undone(small, before)
        else:
            break
    assert number > 5


@pytest.mark.parametrize(
    "lost", [pytest.param("lose_request", marks=pytest.mark.slow), "lose_answer"]
)
def test_a_connection_that_breaks_at_any_request_loses_nothing(small: Scene, lost: str) -> None:
    """Whether the cloud has carried out the last request or not."""
    before = small.config()
    broken = 0
    for number in itertools.count(1):
        small.cloud.asked.clear()
        setattr(small.cloud, lost, number)
        try:
            small.prepare()
        except CloudError as error:
            assert "\n" not in str(error)
            broken += 1
        done = len(small.cloud.asked) < number
        setattr(small.cloud, lost, None)
        _goes_on_and_is_undone(small, before)
        if done:
            break
    assert broken > 6


def test_a_cleanup_right_after_a_crash_undoes_all(small: Scene) -> None:
    """Without another call of prepare: also a detector of which only the intention is noted."""
    before = small.config()
    for number in itertools.count(1):
        notes = CrashingNotes(small.notes.path, number, written=False)
        try:
            small.prepare(notes)
        except Crash:
            assert small.cleanup() == []
            assert small.cloud.names() == set(), number
            assert small.config() == before
        else:
            break


def test_a_training_that_takes_too_long_leaves_the_note(scene: Scene) -> None:
    """The box is not changed; the next call waits again, and sends no further picture."""
    before = scene.config()
    scene.cloud.polls_until_trained = 10**9
    with pytest.raises(NotTrained, match="cars"):
        scene.prepare(timeout_s=0.05)
    assert scene.config() == before
    note = scene.notes.read()
    assert note is not None
    assert [each.pictures for each in note.detectors] == [2, 2]
    scene.cloud.polls_until_trained = 0
    scene.prepare()
    assert len(scene.cloud.pictures) == 4


def test_a_detector_that_was_deleted_meanwhile_is_made_again(scene: Scene) -> None:
    """One that was renamed is an error, for its name may be wanted for it."""
    scene.prepare()
    cars, door = (each["id"] for each in sorted(scene.cloud.detectors.values(), key=str))
    by_name = {each["name"]: each["id"] for each in scene.cloud.detectors.values()}
    del scene.cloud.detectors[by_name["cars"]]
    scene.prepare()
    assert scene.cloud.names() == {"cars", "door"}
    assert {cars, door} != set(scene.cloud.detectors)
    scene.cloud.detectors[by_name["door"]]["name"] = "another"
    with pytest.raises(Unfit, match=r"made as 'door' \(det_\d+\) is called 'another' now"):
        scene.prepare()
    assert scene.cleanup() == []
    assert scene.cloud.names() == set()


def test_a_mix_that_has_changed_meanwhile_is_an_error(scene: Scene) -> None:
    """What was made is not what it wants; cleanup comes first."""
    scene.prepare()
    scene.mix = MIX.replace("How many?", "How many are there?")
    with pytest.raises(Unfit, match="run edgeload cleanup first"):
        scene.prepare()


def test_more_pictures_are_sent_later(scene: Scene) -> None:
    """Only those that are missing."""
    scene.prepare()
    scene.pictures = 3
    scene.prepare()
    assert len(scene.cloud.pictures) == 6
    assert len({each.jpeg for each in scene.cloud.pictures}) == 6


def test_a_box_without_the_routes_is_refused(scene: Scene) -> None:
    """In one line; the detectors that were made stay in the note."""
    scene.url = scene.cloud.url
    with pytest.raises(EdgeConfigError, match="needs an Edge Endpoint of April 2026 or later"):
        scene.prepare()
    note = scene.notes.read()
    assert note is not None
    assert len(note.detectors) == 2
    assert note.box is None


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_box_of_another_cloud_is_found_out(scene: Scene, status: int) -> None:
    """By the first detector made, which it does not know or whose token it does not take.

    Nothing more is made, no picture is sent, and the box keeps its configuration.
    """
    with cloud_stand_in() as other, box_of_cloud(scene.url, other.url) as url:
        other.refuse.append(status)
        scene.url = url
        before = scene.config()
        with pytest.raises(Unreachable, match="another account or another cloud; run edgeload"):
            scene.prepare()
        assert scene.config() == before
    assert len(scene.cloud.detectors) == 1
    assert scene.cloud.pictures == []
    assert scene.cloud.polls == {}
    assert TOKEN not in repr(scene.said)
    assert scene.cleanup() == []
    assert scene.cloud.detectors == {}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_nothing_is_made_for_a_box_that_does_not_know_what_exists(
    scene: Scene, status: int
) -> None:
    """Not even the note: there is nothing to undo."""
    scene.cloud.add("door", query="Is it open?")
    with cloud_stand_in() as other, box_of_cloud(scene.url, other.url) as url:
        other.refuse.append(status)
        scene.url = url
        with pytest.raises(Unreachable, match="another account or another cloud"):
            scene.prepare()
    assert scene.cloud.names() == {"door"}
    assert scene.notes.read() is None


def test_models_that_are_not_listed_are_not_taken_down(scene: Scene) -> None:
    """Those of others; one that the mix lists from now on stays loaded."""
    others = "det_" + "U" * 27
    with running_simulator(["--detector", "own", "--detector", f"u:id={others},listed=no"]) as used:
        scene.url = used.url
        with (
            box_of_cloud(used.url, scene.cloud.url) as scene.url,
            pytest.raises(EdgeConfigError, match=f"has loaded {others}, which its configuration"),
        ):
            scene.prepare()
        assert loaded_ids(used.url, TRUST) == [
            *configured_ids(read_edge_config(used.url, TRUST)),
            others,
        ]


def test_a_preparation_does_not_show_the_token() -> None:
    """Not even if somebody prints it."""
    shown = repr(Preparation(WantedMix((), ()), 1, 1.0, 1.0, "http://127.0.0.1:9", TRUST, TOKEN))
    assert TOKEN not in shown
