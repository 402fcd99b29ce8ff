"""What is said and shown of a box's memory, from a measurement whose truth is known."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from simulated_memory import Clock, SimulatedMemory, measurement_of

from edgeload.box_memory.memory_figure import memory_picture
from edgeload.box_memory.memory_record import MemoryJson, memory_json
from edgeload.box_memory.memory_results import write_memory
from edgeload.box_memory.memory_words import (
    MemoryReport,
    gib,
    memory_headline,
    memory_sentences,
    with_limits,
)
from edgeload.byte_sizes import MEBIBYTE
from edgeload.simulator.resident_memory import MemoryLaw

GIB = 1024 * MEBIBYTE
LAW = MemoryLaw(detector_ram_bytes=GIB, used_ram_bytes=0, oodd=0.25)


def report_of(last: int, law: MemoryLaw = LAW) -> MemoryReport:
    """A measurement of so many detectors."""
    run = measurement_of(SimulatedMemory(Clock(), law)).measure(range(1, last + 1))
    names = tuple(f"camera {number}" for number in range(8))
    return MemoryReport("https://box:30143", names, tuple(run.readings), run.ended_early, 15.0)


def said(report: MemoryReport) -> str:
    return " ".join(memory_sentences(report))


def test_the_headline_has_slope_and_room() -> None:
    """16 GiB less 10 % and a margin of a detector, less 4 GiB of others and 4 of ours: 5 more."""
    assert memory_headline(report_of(4)) == (
        "A detector in use takes 1.00 GiB of RAM and 0.25 GiB of VRAM. There is room for 5 more "
        "beside these 4; RAM is full first."
    )


def test_one_detector_tells_no_slope() -> None:
    """It takes something; how many more fit is not known."""
    line = memory_headline(report_of(1))
    assert "1.00 GiB (interval not known) of RAM" in line
    assert "is not known: it is not certain how much RAM and VRAM grow per detector." in line


def test_everything_else_is_said_too() -> None:
    """Idle, the two pods, what else runs, the limit and its margin."""
    text = said(report_of(4))
    for words in (
        "RAM: a detector that is loaded and never asked adds 1.00 GiB; by the box's own account "
        "1.00 GiB (0.75 GiB the primary pod, 0.25 GiB the OODD pod).",
        "RAM: everything else on the box used 4.00 GiB before, and 4.00 GiB at the end.",
        "RAM: the box evicts pods at 14.4 GiB. A margin of 1.00 GiB is kept free: what the largest "
        "detector takes, because a roll-out loads both its models, and at least 5 %.",
        "VRAM: the GPU's memory ends at 8.00 GiB. A margin of 0.4 GiB is kept free",
    ):
        assert words in text


def test_readings_that_do_not_count_are_named() -> None:
    """Those that had not settled, and those whose RAM was old."""
    report = report_of(3)
    first, second, *others = report.readings
    odd = replace(
        report,
        readings=(first, replace(second, settled=False), replace(others[0], ram_renewed=False)),
    )
    text = said(odd)
    assert "1 reading had not settled in time, and does not count: 1 detector idle." in text
    assert "The box did not renew its figures of RAM at 1 detector in use" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0 MiB"), (512 * MEBIBYTE, "0.5 GiB"), (50 * MEBIBYTE, "50.0 MiB")],
)
def test_sizes(value: float | None, text: str) -> None:
    """In GiB, and small ones in MiB; limits are in the unit of their value."""
    assert gib(value) == text
    assert with_limits(GIB, 0.5 * GIB, 2.0 * GIB) == "1.00 GiB (0.5 to 2.00)"


def test_the_figure_has_the_slope_and_the_limit_where_it_is_near() -> None:
    """A chart for each kind of memory, with both states; a limit that is far away is only named."""
    ram, vram = memory_picture(report_of(7)).charts
    assert [line.label for line in ram.lines] == ["per detector in use: 1.00 GiB", "in use", "idle"]
    assert ram.lines[1].values == tuple(pytest.approx(4.0 + count) for count in range(8))
    assert [mark.y for mark in ram.marks] == [pytest.approx(13.4)]
    assert vram.marks == ()
    assert vram.title.startswith("VRAM: 7.60 GiB may be used")
    far, _ = memory_picture(report_of(2)).charts
    assert far.marks == ()


def test_the_files_say_what_is_printed(tmp_path: Path) -> None:
    """memory.json is what its type says; memory.txt and the terminal begin alike."""
    report, printed = report_of(2), Console(file=io.StringIO(), width=100)
    write_memory(report, tmp_path, printed)
    assert isinstance(printed.file, io.StringIO)
    told = json.loads((tmp_path / "memory.json").read_text())
    assert set(told) == set(MemoryJson.__struct_fields__)
    assert told == json.loads(memory_json(report))
    assert [each["ram"] for each in told["readings"]][-1] == 6 * GIB
    text = (tmp_path / "memory.txt").read_text()
    assert printed.file.getvalue().startswith(text.rstrip("\n"))
    assert (tmp_path / "memory.png").stat().st_mode & 0o777 == 0o600
