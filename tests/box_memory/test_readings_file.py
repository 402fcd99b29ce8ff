"""Each reading is on disk as soon as it is taken."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from simulated_memory import Clock, SimulatedMemory, measurement_of

from edgeload.box_memory.memory_record import memory_json
from edgeload.box_memory.memory_words import MemoryReport
from edgeload.box_memory.reading import MemoryReading
from edgeload.box_memory.readings_file import ReadingsFile


def test_each_reading_is_on_disk_before_the_next_change(tmp_path: Path) -> None:
    """Line by line what memory.json has at the end; only its owner may read it."""
    path, sizes = tmp_path / "readings.jsonl", list[int]()
    measurement = measurement_of(SimulatedMemory(Clock()))
    file = ReadingsFile(path, pytest.fail)

    def keep(reading: MemoryReading) -> None:
        file.append(reading)
        sizes.append(len(path.read_bytes().splitlines()))

    measurement.keep = keep
    run = measurement.measure(range(1, 3))
    assert sizes == [1, 2, 3, 4, 5]
    report = MemoryReport("http://192.0.2.7", ("a", "b"), tuple(run.readings), "", 15.0)
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert kept == json.loads(memory_json(report))["readings"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_disk_that_refuses_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    """The readings are in memory as well."""
    said: list[str] = []
    measurement = measurement_of(SimulatedMemory(Clock()))
    measurement.keep = ReadingsFile(tmp_path / "gone" / "readings.jsonl", said.append).append
    assert len(measurement.measure(range(1, 3)).readings) == 5
    (line,) = said
    assert "cannot be written (No such file or directory)" in line
