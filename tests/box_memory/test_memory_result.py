"""What follows from readings: slopes that hold the truth, ranges for the room, or not known."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from edgeload.box_memory.limits import limit_with_margin, no_room_for
from edgeload.box_memory.memory_result import Room, memories_of, room_in_all
from edgeload.box_memory.reading import MemoryReading, MemoryState
from edgeload.box_records import BoxGpu, BoxResources, DetectorUsage, Usage

GIB = 2.0**30
MIB = 2.0**20
TOTAL = 16.0


def figures(ram: float, own: list[float], vram: float | None = None) -> BoxResources:
    """In GiB; the GPU has 8."""
    return BoxResources(
        ts=0.0,
        at_s=0.0,
        took_s=0.0,
        cpu_percent=Usage(total=3.0),
        ram_bytes=Usage(total=ram * GIB),
        ram_total_bytes=TOTAL * GIB,
        vram_bytes=None if vram is None else Usage(total=vram * GIB),
        vram_total_bytes=None if vram is None else 8 * GIB,
        detectors=[DetectorUsage(f"d{n}", ram_bytes=each * GIB) for n, each in enumerate(own)],
        eviction_percent=90.0,
    )


def readings_of(
    sizes: list[float], *, noise: float = 0.0, own: float = 1.0, seed: int = 1
) -> list[MemoryReading]:
    """A box of 3 GiB to which detectors of these sizes are added; `own` of it is accounted for."""
    chance = random.Random(seed)
    found = []
    for count in range(len(sizes) + 1):
        ours = sizes[:count]
        states: tuple[MemoryState, ...] = ("idle", "in_use") if count else ("idle",)
        for state in states:
            told = figures(3.0 + sum(ours) + chance.gauss(0, 1) * noise, [own * s for s in ours])
            ids = tuple(f"d{n}" for n in range(count))
            found.append(MemoryReading(count, state, 0.0, told, ids))
    return found


def test_the_intervals_hold_the_truth() -> None:
    """In 94 % of boxes or more, if what else runs there scatters by 20 MiB; idle, too."""
    held = held_idle = 0
    for seed in range(300):
        (ram,) = memories_of(readings_of([0.5] * 3, noise=0.02, seed=seed))
        assert ram.in_use is not None
        assert ram.in_use.low is not None and ram.in_use.high is not None
        held += ram.in_use.low <= 0.5 * GIB <= ram.in_use.high
        assert ram.idle is not None
        assert ram.idle.low is not None and ram.idle.high is not None
        held_idle += ram.idle.low <= 0.5 * GIB <= ram.idle.high
    assert held >= 0.97 * 300
    assert held_idle >= 0.97 * 300


def test_detectors_that_differ_make_the_room_a_range() -> None:
    """The more they differ, the wider; of equal ones it is one number: what is free by the size."""
    (equal,) = memories_of(readings_of([0.5] * 4))
    free = 0.9 * TOTAL * 0.95 - 5.0
    assert equal.room == Room(int(free / 0.5), int(free / 0.5))
    (differing,) = memories_of(readings_of([0.4, 0.6, 0.45, 0.55]))
    assert differing.room is not None
    assert differing.room.low < int(free / 0.5) < differing.room.high


def test_where_no_slope_is_certain_no_room_is_known() -> None:
    """Two readings have no interval; noise as large as a detector has one that holds 0."""
    assert room_in_all(memories_of(readings_of([0.5]))) is None
    noisy = memories_of(readings_of([0.02] * 3, noise=0.2))
    assert noisy[0].in_use is not None and not noisy[0].in_use.is_certain
    assert room_in_all(noisy) is None
    assert room_in_all([]) is None


def test_a_memory_that_detectors_do_not_use_limits_nothing() -> None:
    """Pods without a GPU on a machine that has one: RAM alone decides."""
    with_gpu = [
        replace(each, figures=figures(each.used("ram") / GIB, [0.5] * each.detectors, vram=2.0))  # type: ignore[operator]
        for each in readings_of([0.5] * 3)
    ]
    ram, vram = memories_of(with_gpu)
    assert vram.is_flat and vram.room is None
    assert room_in_all([ram, vram]) == ram.room


def test_what_had_not_settled_does_not_count() -> None:
    """A reading that still moved would bend the line."""
    readings = readings_of([0.5] * 4)
    moved = replace(readings[4], settled=False, figures=figures(9.0, [0.5, 0.5]))
    (ram,) = memories_of([*readings[:4], moved, *readings[5:]])
    assert ram.in_use is not None
    assert ram.in_use.value == pytest.approx(0.5 * GIB)
    assert ram.in_use.points == 4


def test_the_boxs_own_account_is_compared() -> None:
    """It disagrees if it leaves out a fifth; and not for 1 %."""
    (less,) = memories_of(readings_of([0.5] * 4, own=0.8))
    assert less.disagrees
    assert less.said_in_use is not None and less.said_in_use.total == pytest.approx(0.4 * GIB)
    (same,) = memories_of(readings_of([0.5] * 4, own=0.99))
    assert not same.disagrees


def test_what_else_runs_is_counted_as_such() -> None:
    """Before, and at the end: what is in use beside our detectors."""
    (ram,) = memories_of(readings_of([0.5] * 4))
    assert ram.besides == 3.0 * GIB
    assert ram.besides_last == 3.0 * GIB


def test_the_margin_is_a_detector_and_at_least_5_percent() -> None:
    """Below the box's own threshold of eviction, or 90 % if it does not say one."""
    told = figures(3.0, [])
    small = limit_with_margin(told, "ram", 100 * MIB)
    large = limit_with_margin(told, "ram", 2 * GIB)
    assert small is not None and large is not None
    assert small.limit == large.limit == pytest.approx(0.9 * TOTAL * GIB)
    assert small.margin == pytest.approx(0.05 * small.limit)
    assert large.margin == 2 * GIB
    unsaid = BoxResources(0.0, 0.0, 0.0, ram_total_bytes=TOTAL * GIB)
    assumed = limit_with_margin(unsaid, "ram", None)
    assert assumed is not None and not assumed.said
    assert assumed.limit == pytest.approx(0.9 * TOTAL * GIB)


def test_the_fullest_gpu_counts() -> None:
    """Any of several GPUs may get the next detector."""
    readings = readings_of([0.5] * 2)

    def on_gpus(*used: float) -> list[MemoryReading]:
        gpus = [BoxGpu(n, None, None, 8 * GIB, each * GIB) for n, each in enumerate(used)]
        last = readings[-1].figures
        told = BoxResources(
            0.0, 0.0, 0.0, last.cpu_percent, last.ram_bytes, last.ram_total_bytes,
            vram_bytes=Usage(total=sum(used) * GIB), vram_total_bytes=8 * len(used) * GIB,
            gpus=gpus, detectors=[DetectorUsage("other", vram_bytes=1.0 * GIB)],
            eviction_percent=90.0,
        )  # fmt: skip
        return [replace(readings[0], figures=told, ids=())]

    assert no_room_for(1, on_gpus(2.0, 6.5)) is None
    assert no_room_for(1, on_gpus(1.0, 7.5)) == "vram"
