"""A box whose configuration is changed detector by detector, and put back: against a real one."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeload.box_memory.held_box import HeldBox, NotSaved, held_box
from edgeload.box_records import BoxResources
from edgeload.edge import putting_back
from edgeload.edge.edge_config import (
    EdgeConfigError,
    agrees,
    configured_ids,
    has_preset,
    kept_config,
    put_edge_config,
    read_edge_config,
    with_preset,
)
from edgeload.edge.putting_back import ChangedMeanwhile
from edgeload.edge.trust import TlsTrust
from edgeload.signals import Stopped
from edgeload.simulator.detector_option import id_from_name
from edgeload.simulator.launch import RunningSimulator, running_simulator

OTHERS, OURS = id_from_name("others"), [id_from_name("ours"), "det_" + "N" * 27]
TRUST = TlsTrust()


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    options = ("--detector", "others", "--detector", "ours", "--readiness-cache", "1ms")
    with running_simulator((*options, "--edge-inference", "default")) as running:
        yield running


def box_of(simulator: RunningSimulator, folder: Path) -> HeldBox:
    """Nothing is slept for."""
    file = folder / "edge-config.json"
    box = HeldBox(
        simulator.url, TRUST, OURS, [], file, settled_s=0.0, loaded_within_s=5.0, sleep=lambda _: 0
    )
    box.save()
    return box


def test_ours_are_added_one_by_one_and_all_is_put_back(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    """Those of others stay as they are. The file always has what was before, and what is now."""
    before, said, polls = read_edge_config(simulator.url, TRUST), list[str](), list[int]()
    box = box_of(simulator, tmp_path)
    with held_box(box, None, said.append) as problems:
        for count in range(3):
            assert box.configure(count, lambda: polls.append(1))
            now = read_edge_config(simulator.url, TRUST)
            assert configured_ids(now) == [OTHERS, *OURS[:count]]
            assert not has_preset(now, OTHERS, "no_cloud")
            assert all(has_preset(now, each, "no_cloud") for each in OURS[:count])
            kept = kept_config(tmp_path / "edge-config.json")
            assert agrees(kept.before, before) and agrees(kept.put, now)
        assert not box.configure(2, lambda: None)
        told = box.figures()
        assert isinstance(told, BoxResources)
        assert [each.detector_id for each in told.detectors] == [OTHERS, *OURS]
    assert polls
    assert problems == []
    assert said == ["The box has its own configuration again."]
    assert kept_config(tmp_path / "edge-config.json").restored
    assert agrees(before, read_edge_config(simulator.url, TRUST))


@pytest.mark.parametrize("problem", [Stopped("SIGINT"), ValueError("a fault of ours")])
def test_it_is_put_back_whatever_happens(
    simulator: RunningSimulator, tmp_path: Path, problem: BaseException
) -> None:
    """After a signal, and after a fault of our own."""
    before = read_edge_config(simulator.url, TRUST)
    box = box_of(simulator, tmp_path)
    with (
        contextlib.suppress(Stopped, ValueError),
        held_box(box, None, lambda _: None),
    ):
        box.configure(2, lambda: None)
        raise problem
    assert agrees(before, read_edge_config(simulator.url, TRUST))


def test_what_somebody_else_has_configured_stays(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    """And we say so; the file is there."""
    before = read_edge_config(simulator.url, TRUST)
    box = box_of(simulator, tmp_path)
    theirs = with_preset(before, ["det_" + "T" * 27], "disabled")
    with held_box(box, None, lambda _: None) as problems:
        box.configure(1, lambda: None)
        put_edge_config(simulator.url, theirs, TRUST)
    assert agrees(theirs, read_edge_config(simulator.url, TRUST))
    (problem,) = problems
    assert "somebody else has changed the configuration" in str(problem)
    put_edge_config(simulator.url, before, TRUST)


@pytest.mark.parametrize("changes_before", [0, 2])
def test_what_somebody_else_adds_is_not_overwritten_by_the_next_change(
    simulator: RunningSimulator, tmp_path: Path, changes_before: int
) -> None:
    """Their detector would be taken down: the measurement stops instead, also before its first."""
    before = read_edge_config(simulator.url, TRUST)
    box = box_of(simulator, tmp_path)
    with held_box(box, None, lambda _: None) as problems:
        for count in range(changes_before):
            box.configure(count, lambda: None)
        now = read_edge_config(simulator.url, TRUST)
        theirs = with_preset(now, ["det_" + "T" * 27], "disabled")
        put_edge_config(simulator.url, theirs, TRUST)
        with pytest.raises(ChangedMeanwhile, match="nothing of that was overwritten"):
            box.configure(changes_before, lambda: None)
        assert agrees(theirs, read_edge_config(simulator.url, TRUST))
    assert agrees(theirs, read_edge_config(simulator.url, TRUST))
    assert len(problems) == (changes_before > 0)  # as long as nothing was changed, nothing is owed
    put_edge_config(simulator.url, before, TRUST)


def test_models_that_are_not_listed_are_not_taken_down(tmp_path: Path) -> None:
    """The box is refused before it is held."""
    with (
        running_simulator(("--detector", "others:listed=no", "--detector", "ours")) as demanded,
        pytest.raises(EdgeConfigError, match=f"has loaded {OTHERS}, which its configuration"),
    ):
        box_of(demanded, tmp_path)


def test_a_change_that_failed_does_not_keep_the_box_from_its_own(
    simulator: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box still has the configuration of before the last change then."""
    before = read_edge_config(simulator.url, TRUST)
    box = box_of(simulator, tmp_path)

    monkeypatch.setattr(putting_back, "PUT_LANDS_WITHIN_S", 0.0)

    def refuse(*_: object) -> None:
        raise ValueError("the network is down")

    with contextlib.suppress(ValueError), held_box(box, None, lambda _: None) as problems:
        box.configure(1, lambda: None)
        with monkeypatch.context() as patched:
            patched.setattr("edgeload.box_memory.held_box.put_edge_config", refuse)
            box.configure(2, lambda: None)
    assert problems == []
    assert agrees(before, read_edge_config(simulator.url, TRUST))
    with urllib.request.urlopen(f"{simulator.url}/edge-config") as answer:
        assert json.load(answer)["detectors"]


def test_what_cannot_be_saved_is_not_put(
    simulator: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the second detector: one line, and the box is put back."""
    before = read_edge_config(simulator.url, TRUST)
    box = box_of(simulator, tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with held_box(box, None, lambda _: None) as problems:
        box.configure(1, lambda: None)
        with_one = read_edge_config(simulator.url, TRUST)
        monkeypatch.setattr("edgeload.box_memory.held_box.keep_config", full)
        with pytest.raises(NotSaved, match=r"cannot be saved to .* \(No space left on device\)"):
            box.configure(2, lambda: None)
        assert agrees(with_one, read_edge_config(simulator.url, TRUST))
    assert problems == []
    assert agrees(before, read_edge_config(simulator.url, TRUST))


def test_what_this_machine_refuses_at_the_end_is_told(
    simulator: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a reason why the box was not restored, and no traceback."""
    box = box_of(simulator, tmp_path)

    def refuse(*_: object, **__: object) -> bool:
        raise FileNotFoundError(errno.ENOENT, "no such certificate", "edge.pem")

    with monkeypatch.context() as patched, held_box(box, None, lambda _: None) as problems:
        box.configure(1, lambda: None)
        patched.setattr("edgeload.box_memory.held_box.put_back", refuse)
    (problem,) = problems
    assert "no such certificate: 'edge.pem'" in str(problem)
    assert box.put_back(try_for_s=0.0, pause=lambda seconds: None, say=lambda _: None)
