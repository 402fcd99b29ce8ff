"""How a measurement ends: its exit code and what it says, on a clock that tests turn."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from simulated_memory import EVERY_S, IDS, Clock, SimulatedMemory

from edgeload.box_memory import memory_results, memory_session
from edgeload.box_memory.held_box import NotSaved
from edgeload.box_memory.measuring import BoxFull
from edgeload.box_memory.memory_session import MemoryWanted, measure_memory
from edgeload.byte_sizes import MEBIBYTE
from edgeload.edge.location import Unreachable
from edgeload.edge.putting_back import ChangedMeanwhile
from edgeload.settings import SettingError, resolve
from edgeload.simulator.resident_memory import MemoryLaw

NAMES = [f"detector {letter}" for letter in "ABCD"]


@dataclass
class ScriptedBox(SimulatedMemory):
    """A box whose configuration cannot be changed any more from one number of detectors on."""

    fails_at: int = 99
    fails_with: Exception = field(default_factory=Exception)
    not_put_back: Unreachable | None = None

    def configure(self, detectors: int, poll: Callable[[], None]) -> bool:
        """See MeasuredBox."""
        if detectors >= self.fails_at:
            raise self.fails_with
        return super().configure(detectors, poll)

    def save(self) -> None:
        """See HeldBox."""

    def put_back(self, **_: object) -> bool:
        """See HeldBox."""
        if self.not_put_back is not None:
            raise self.not_put_back
        return True


@dataclass
class Ended:
    """What a user has of a measurement."""

    code: int
    out: str
    err: str
    folder: Path


@pytest.fixture
def measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[ScriptedBox], Ended]:
    """Measures such a box with four detectors, whose names are NAMES."""

    @contextlib.contextmanager
    def endpoint(*_: object) -> Iterator[tuple[str, str]]:
        yield "http://192.0.2.7", "a box on a clock"

    def measure(box: ScriptedBox) -> Ended:
        def reached(session: memory_session._MemorySession, *_: object) -> ScriptedBox:
            session._names.update(zip(IDS, NAMES, strict=False))
            return box

        clock = SimpleNamespace(
            monotonic=box.clock,
            sleep=box.clock.pause,
            time=lambda: 0.0,
        )
        monkeypatch.setattr(memory_session, "time", clock)
        monkeypatch.setattr(memory_session, "endpoint_of", endpoint)
        monkeypatch.setattr(memory_session, "choices", lambda _: [(0, 0, name) for name in NAMES])
        monkeypatch.setattr(memory_session._MemorySession, "_reached", reached)
        settings = resolve({}, {"output_dir": str(tmp_path / "out")}, {})
        out = StringIO()
        wanted = MemoryWanted(1, None, "1..N", EVERY_S)
        code = measure_memory(settings, wanted, Console(file=out, width=300))
        folders = sorted((tmp_path / "out").iterdir(), key=lambda it: (len(it.name), it.name))
        newest = folders[-1] if folders else Path()  # an empty one is removed
        return Ended(code, out.getvalue(), capsys.readouterr().err, newest)

    return measure


def test_what_was_measured_is_written_when_somebody_else_changes_the_box(
    measured: Callable[[ScriptedBox], Ended],
) -> None:
    """The exit code says that the box was not restored; no command is named that would refuse."""
    changed = ChangedMeanwhile("Stopped, because somebody else has changed it")
    box = ScriptedBox(
        Clock(), fails_at=3, fails_with=changed, not_put_back=ChangedMeanwhile("so it stays")
    )
    ended = measured(box)
    assert ended.code == 5
    assert "Stopped, because somebody else has changed it." in ended.out
    assert "2  in use" in ended.out
    assert (ended.folder / "memory.json").is_file()
    *_, last = ended.err.splitlines()
    assert last.startswith("THE BOX WAS NOT RESTORED: so it stays. The one from before the ")
    assert "--restore-edge-config" not in last


def test_a_picture_that_cannot_be_drawn_is_all_that_is_lost(
    measured: Callable[[ScriptedBox], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says so; the files are written before, and the result is printed."""

    def refuse(_: object) -> None:
        raise ValueError("no font")

    monkeypatch.setattr(memory_results, "memory_picture", refuse)
    ended = measured(ScriptedBox(Clock()))
    assert ended.code == 0
    told = json.loads((ended.folder / "memory.json").read_text())
    assert told["headline"] in " ".join(ended.out.split())
    assert (ended.folder / "memory.txt").is_file()
    assert ended.err.splitlines()[-1] == ("memory.png could not be drawn, and is left out: no font")
    assert "memory.png" not in ended.out


def test_what_the_disk_refuses_at_the_end_is_printed(
    measured: Callable[[ScriptedBox], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The readings are there as they were taken, and the exit code says that files are missing."""

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(memory_results, "memory_json", full)
    ended = measured(ScriptedBox(Clock()))
    assert ended.code == 1
    assert "A detector in use takes" in ended.out
    assert ended.err.splitlines()[-1].endswith(": No space left on device")
    assert len((ended.folder / "readings.jsonl").read_text().splitlines()) == 9


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (NotSaved("Stopped, because it cannot be saved"), "Stopped, because it cannot be saved."),
        (OSError(errno.EMFILE, "Too many open files"), "Stopped by this machine: Too many open"),
    ],
)
def test_what_this_machine_refuses_meanwhile_loses_no_reading(
    measured: Callable[[ScriptedBox], Ended], problem: Exception, said: str
) -> None:
    """No traceback: what was measured before is written, and the exit code says that it failed."""
    ended = measured(ScriptedBox(Clock(), fails_at=3, fails_with=problem))
    assert ended.code == 1
    assert said in ended.out
    told = json.loads((ended.folder / "memory.json").read_text())
    assert [each["detectors"] for each in told["readings"]] == [0, 1, 1, 2, 2]


def test_a_terminal_that_is_gone_ends_no_measurement(
    measured: Callable[[ScriptedBox], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is to be said there is lost, and nothing else."""

    class Gone(StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    monkeypatch.setattr("sys.stderr", Gone())
    assert measured(ScriptedBox(Clock())).code == 0


def test_measurements_that_begin_in_one_second_have_a_folder_each(
    measured: Callable[[ScriptedBox], Ended],
) -> None:
    """The first one's box configuration and results stay as they are."""
    first = measured(ScriptedBox(Clock(), fails_at=2, fails_with=Unreachable("gone")))
    before = {file.name: file.read_bytes() for file in first.folder.iterdir()}
    second = measured(ScriptedBox(Clock(), fails_at=3, fails_with=Unreachable("gone")))
    assert [first.folder.name, second.folder.name] == [
        "memory-1970-01-01T000000Z",
        "memory-1970-01-01T000000Z.2",
    ]
    assert {file.name: file.read_bytes() for file in first.folder.iterdir()} == before
    assert len((second.folder / "readings.jsonl").read_text().splitlines()) == 5


def test_a_measurement_that_does_not_begin_leaves_no_folder(
    measured: Callable[[ScriptedBox], Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing is in it; OUTPUT_DIR stays, also an empty one."""

    def unreachable(*_: object) -> None:
        raise Unreachable("nobody answers")

    monkeypatch.setattr(memory_session, "reach", unreachable)
    settings = resolve({}, {"output_dir": str(tmp_path), "simulator_options": "--detector a"}, {})
    with pytest.raises(Unreachable, match="nobody answers"):
        measure_memory(settings, MemoryWanted(1, None, "1..N", EVERY_S), Console())
    assert tmp_path.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path) -> None:
    """It is told before the box is asked for anything."""
    (tmp_path / "out").write_text("a file")
    options = {"output_dir": str(tmp_path / "out"), "endpoint_url": "http://127.0.0.1:1"}
    settings = resolve({}, options, {"GROUNDLIGHT_API_TOKEN": "api_x"})
    with pytest.raises(SettingError, match=r"OUTPUT_DIR = .*out': cannot be written \(Not a dir"):
        measure_memory(settings, MemoryWanted(1, None, "1..N", EVERY_S), Console())


@pytest.mark.parametrize(("silent", "detectors"), [({0}, [0, 1]), ({2}, [0, 1, 1, 2, 2, 3])])
def test_a_measurement_that_broke_off_is_no_result(
    measured: Callable[[ScriptedBox], Ended], silent: set[int], detectors: list[int]
) -> None:
    """Whatever was known before: a script must not take two detectors for four."""
    ended = measured(ScriptedBox(Clock(), silent=frozenset(silent)))
    assert ended.code == 6
    (name,) = (NAMES[place] for place in silent)
    assert f"{name} answered none of" in " ".join(ended.out.split())
    told = json.loads((ended.folder / "memory.json").read_text())
    assert [each["detectors"] for each in told["readings"]] == detectors


def test_a_full_box_is_a_result(measured: Callable[[ScriptedBox], Ended]) -> None:
    """That is what was to be found out, whether it is noticed before or while one is added."""
    law = MemoryLaw(vram_bytes=1500 * MEBIBYTE, detector_vram_bytes=500 * MEBIBYTE)
    before = measured(ScriptedBox(Clock(), law, others=()))
    full = BoxFull("Stopped, because RAM reached its limit")
    meanwhile = measured(ScriptedBox(Clock(), fails_at=3, fails_with=full))
    for ended in (before, meanwhile):
        assert ended.code == 0
        assert "Stopped" in ended.out


def test_a_box_that_is_full_at_once_is_no_result(
    measured: Callable[[ScriptedBox], Ended],
) -> None:
    """Nothing was measured, and one line says why."""
    full = BoxFull("Stopped, because RAM reached its limit")
    ended = measured(ScriptedBox(Clock(), fails_at=0, fails_with=full))
    assert ended.code == 6
    assert ended.err.splitlines()[-1] == "Stopped, because RAM reached its limit"
