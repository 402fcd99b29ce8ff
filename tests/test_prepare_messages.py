"""docs/troubleshooting.md: each message about prepare and cleanup is one that they say."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from box_of_cloud import box_of_cloud
from cloud_stand_in import TOKEN, CloudStandIn, cloud_stand_in
from only_loopback import only_loopback
from test_troubleshooting import OF_PREPARE, check, messages_of, row

from edgeload.commands import cleanup, prepare
from edgeload.edge.edge_config import put_edge_config, read_edge_config
from edgeload.edge.trust import TlsTrust
from edgeload.prepare.note import NoteFile
from edgeload.prepare.preparing import Doing
from edgeload.simulator.launch import running_simulator

__all__ = ["only_loopback"]
pytestmark = pytest.mark.usefixtures("only_loopback")

MIX = "- name: door\n  detector_name: door\n  query: Is it open?\n  make: {}\n"
MESSAGES = messages_of(OF_PREPARE)
HALL = "- name: hall\n  detector_name: hall\n"


@dataclass(frozen=True)
class Place:
    """A box, a cloud, and a folder with a mix."""

    box: str
    cloud: CloudStandIn

    def prepare(self, *more: str, mix: str = MIX, box: str | None = None) -> int:
        """As a user does; the exit code."""
        Path("mix.yaml").write_text(mix)
        where = ["--endpoint-url", box or self.box, "--cloud", self.cloud.url]
        return prepare.main(["--mix", "mix.yaml", "--pictures", "2", *where, *more])


@pytest.fixture(scope="module")
def box() -> Iterator[str]:
    with running_simulator(["--service-time", "1ms"]) as running:
        yield running.url


@pytest.fixture
def place(box: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", TOKEN)
    quick = functools.partial(Doing, pause=lambda _: None, settled_s=0.0)
    monkeypatch.setattr("edgeload.prepare.preparing.Doing", quick)
    before = read_edge_config(box, TlsTrust())
    with cloud_stand_in() as cloud:
        cloud.polls_until_trained = 0
        yield Place(box, cloud)
    put_edge_config(box, before, TlsTrust())


def _no_mix(place: Place) -> int:
    return place.prepare("--mix", "")


def _one_that_differs(place: Place) -> int:
    place.cloud.add("door", "COUNT", "Is it open?")
    return place.prepare()


def _one_that_nobody_makes(place: Place) -> int:
    return place.prepare(mix=MIX + HALL)


def _another_box(place: Place) -> int:
    place.prepare()
    return place.prepare(box=place.box.replace("127.0.0.1", "localhost"))


def _two_at_once(place: Place) -> int:
    with NoteFile(Path("edgeload_prepared.json")).held():
        return place.prepare()


def _another_token(place: Place) -> int:
    place.cloud.refuse.append(401)
    return place.prepare()


def _box_of_another_cloud(place: Place) -> int:
    with cloud_stand_in() as other, box_of_cloud(place.box, other.url) as url:
        other.refuse.append(401)
        return place.prepare(box=url)


def _slow_training(place: Place) -> int:
    place.cloud.polls_until_trained = 10**9
    return place.prepare("--training-timeout", "20ms")


def _box_is_away(place: Place) -> int:
    with box_of_cloud(place.box, place.cloud.url) as url:
        place.prepare(box=url)
    return cleanup.main([])


def _may_not_delete(place: Place) -> int:
    place.prepare()
    place.cloud.cannot_delete = True
    return cleanup.main([])


PREPARING: dict[str, tuple[Callable[[Place], int], int]] = {
    "MIX is empty": (_no_mix, 2),
    "mix.yaml, line …, group 'door'": (_one_that_differs, 2),
    "mix.yaml, line …, group 'hall'": (_one_that_nobody_makes, 2),
    "edgeload_prepared.json is about": (_another_box, 2),
    "edgeload_prepared.json: another": (_two_at_once, 2),
    "http://127.0.0.1:…: Invalid API token": (_another_token, 5),
    "http://127.0.0.1:… does not take": (_box_of_another_cloud, 5),
    "not trained within": (_slow_training, 5),
    "Not deleted": (_box_is_away, 5),
    "http://127.0.0.1:…: det_… cannot be deleted": (_may_not_delete, 0),
}
"""What happens, and the exit code."""


@pytest.mark.parametrize("beginning", PREPARING)
def test_prepare_and_cleanup(
    beginning: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a user of them meets most."""
    happens, code = PREPARING[beginning]
    assert happens(place) == code
    said = capsys.readouterr().err
    check(beginning, said, MESSAGES)
    assert TOKEN not in said


def test_each_message_of_prepare_is_produced() -> None:
    """Its part of the page has no message without a test, and none twice."""
    assert sorted(row(each, MESSAGES) for each in PREPARING) == sorted(MESSAGES)
    assert len(MESSAGES) == OF_PREPARE.count("\n| `")
