"""A cloud that is a stand-in, a box that is the embedded endpoint, and a mix to prepare there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloud_stand_in import TOKEN, CloudStandIn

from edgeload.edge.edge_config import put_edge_config, read_edge_config
from edgeload.edge.trust import TlsTrust
from edgeload.prepare.cloud import Cloud
from edgeload.prepare.note import Note, NoteFile
from edgeload.prepare.preparing import Doing, Preparation, prepare_mix
from edgeload.prepare.undoing import undo
from edgeload.prepare.wanted import wanted_detectors
from edgeload.settings.mix_file import load_mix

TRUST = TlsTrust()
MIX = """
- name: gate
  detector_name: cars
  query: How many?
  image_size: 64x48
  make: {mode: count, class_name: car, max_count: 2}
- name: door
  detector_name: door
  query: Is it open?
  image_size: 32x32
  make: {}
"""


@dataclass
class Scene:
    """Prepares and cleans up in one folder, against one cloud and one box."""

    cloud: CloudStandIn
    url: str
    folder: Path
    mix: str = MIX
    pictures: int = 2
    said: list[str] = field(default_factory=list)

    @property
    def notes(self) -> NoteFile:
        """The file with the note."""
        return NoteFile(self.folder / "note.json")

    def config(self) -> dict[str, Any]:
        """What the box has."""
        return read_edge_config(self.url, TRUST)

    def put(self, config: dict[str, Any]) -> None:
        """Give the box another configuration."""
        put_edge_config(self.url, config, TRUST)

    def doing(self, notes: NoteFile | None = None) -> Doing:
        """Without pauses: neither the cloud nor the box needs real time here."""
        return Doing(
            Cloud(self.cloud.url, TOKEN, pause=_no_pause),
            notes or self.notes,
            self.said.append,
            pause=_no_pause,
            settled_s=0.0,
        )

    def prepare(self, notes: NoteFile | None = None, timeout_s: float = 30.0) -> Note:
        """As the command does, and all of it."""
        path = self.folder / "mix.yaml"
        path.write_text(self.mix)
        wanted = Preparation(
            wanted_detectors(load_mix(path)), self.pictures, timeout_s, 5.0, self.url, TRUST, TOKEN
        )
        note = self.notes.read() or Note("mark", self.cloud.url, self.url)
        return prepare_mix(wanted, note, self.doing(notes))

    def cleanup(self, trust: Callable[[], TlsTrust] = lambda: TRUST) -> list[str]:
        """As the command does; what could not be undone."""
        note = self.notes.read()
        if note is None:
            return []
        cloud = Cloud(self.cloud.url, TOKEN, pause=_no_pause)
        return undo(note, self.notes, cloud, trust, self.said.append)


def _no_pause(seconds: float) -> None:
    """Do not wait."""
