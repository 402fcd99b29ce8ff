"""The whole measurement on a box whose truth is known, on a clock that tests turn."""

from __future__ import annotations

import pytest
from simulated_memory import EVERY_S, IDS, Clock, SimulatedMemory, measurement_of

from edgeload.box_memory.measuring import NotMeasured
from edgeload.box_memory.memory_result import memories_of, room_in_all
from edgeload.byte_sizes import MEBIBYTE
from edgeload.simulator.resident_memory import MemoryLaw

LAW = MemoryLaw(
    detector_ram_bytes=500 * MEBIBYTE,
    used_ram_bytes=100 * MEBIBYTE,
    detector_vram_bytes=300 * MEBIBYTE,
    used_vram_bytes=50 * MEBIBYTE,
    oodd=0.25,
    noise_bytes=8 * MEBIBYTE,
)


@pytest.mark.parametrize("lag_s", [0.0, 14.0])
@pytest.mark.parametrize("began_s", [1000.0, 1007.0, 1014.9])
def test_each_reading_is_of_its_own_state_however_old_the_figures_are(
    lag_s: float, began_s: float
) -> None:
    """Figures of RAM move each 15 s, and may be of 14 s before: none is taken too early."""
    box = SimulatedMemory(Clock(began_s), LAW, lag_s=lag_s)
    run = measurement_of(box).measure(range(1, 5))
    assert [(each.detectors, each.state) for each in run.readings] == [
        (0, "idle"),
        *[(count, state) for count in range(1, 5) for state in ("idle", "in_use")],
    ]
    for each in run.readings:
        used = each.detectors - (each.state == "idle" and each.detectors > 0)
        ram = each.detectors * 500 + used * 100
        assert each.settled
        assert each.own("ram") == (ram * MEBIBYTE if each.detectors else None)
        vram = (each.detectors + 1) * 300 + used * 50
        assert each.used("vram") == vram * MEBIBYTE
    assert run.ended_early == ""
    assert box.configured == [0, 1, 2, 3, 4]


def test_a_box_that_has_ours_already_is_read_when_they_are_gone() -> None:
    """It takes them down long after it was told to, and its figures rest meanwhile."""
    box = SimulatedMemory(Clock(), LAW, at_first=2, remove_s=70.0)
    run = measurement_of(box).measure(range(1, 3))
    first, second, *_ = run.readings
    assert (first.used("vram"), second.used("vram")) == (300 * MEBIBYTE, 600 * MEBIBYTE)
    ram = first.used("ram")
    assert ram is not None
    assert abs(ram - (3072 + 500) * MEBIBYTE) < 40 * MEBIBYTE


def test_the_slope_and_the_room_are_right_within_their_intervals() -> None:
    """RAM and VRAM per detector, idle and in use, both pods, and how many more fit."""
    run = measurement_of(SimulatedMemory(Clock(), LAW)).measure(range(1, 7))
    ram, vram = memories_of(run.readings)
    for memory, in_use, idle in ((ram, 600, 500), (vram, 350, 300)):
        slope = memory.in_use
        assert slope is not None and slope.low is not None and slope.high is not None
        assert slope.low - 1 <= in_use * MEBIBYTE <= slope.high + 1
        assert memory.idle is not None and memory.idle.low is not None
        assert memory.idle.high is not None
        assert memory.idle.low - 1 <= idle * MEBIBYTE <= memory.idle.high + 1
        assert memory.said_in_use is not None and memory.said_idle is not None
        assert memory.said_in_use.total == in_use * MEBIBYTE
        assert memory.said_in_use.oodd == in_use * MEBIBYTE / 4
        assert memory.said_idle.total == idle * MEBIBYTE
        assert not memory.disagrees
    # 8 GiB less 5 %, less 6 x 350 MiB in use and 300 MiB of the other detector
    free = 0.95 * 8 * 1024 - 6 * 350 - 300
    assert vram.room is not None
    assert vram.room.low == vram.room.high == int(free // 350)
    room = room_in_all([ram, vram])
    assert room is not None
    assert room.low <= int((0.9 * 0.95 * 16384 - 3072 - 500 - 6 * 600) // 600) <= room.high + 1


def test_it_stops_before_the_box_is_full() -> None:
    """With one more, less than the margin would be free: that is not even configured."""
    law = MemoryLaw(vram_bytes=2048 * MEBIBYTE, detector_vram_bytes=500 * MEBIBYTE)
    box = SimulatedMemory(Clock(), law, others=())
    run = measurement_of(box).measure(range(1, 9))
    assert max(box.configured) == 3  # 3 x 500 and a margin of 500 fit into 2048
    assert run.ended_early == (
        "Stopped after 3 detectors: with one more, VRAM would come too near to its limit"
    )


def test_a_box_that_fills_up_meanwhile_is_left_alone_at_once() -> None:
    """A first detector may be larger than anything before: nothing is waited for any longer."""
    law = MemoryLaw(vram_bytes=1024 * MEBIBYTE, detector_vram_bytes=1100 * MEBIBYTE)
    box = SimulatedMemory(Clock(), law, others=())
    run = measurement_of(box).measure(range(1, 9))
    assert "VRAM reached its limit" in run.ended_early
    assert box.configured == [0, 1]
    assert len(run.readings) == 1
    assert box.clock() < 1000.0 + 4 * EVERY_S


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("none", "the box says nothing of its memory: the box says: Not running"),
        ("zeros", "it does not say how much RAM is in use, so it could run out of it unnoticed"),
    ],
)
def test_a_box_that_says_nothing_is_not_changed(kind: str, line: str) -> None:
    """One line, and no configuration was put: also if its metrics server is down."""
    box = SimulatedMemory(Clock(), kind=kind)
    with pytest.raises(NotMeasured, match=line):
        measurement_of(box).measure(range(1, 3))
    assert box.configured == []


def test_figures_that_are_not_renewed_are_no_data_and_the_end() -> None:
    """A detector was added and RAM is the same to the byte: these are copies, not steadiness."""
    box = SimulatedMemory(Clock(), LAW, renews=False)
    run = measurement_of(box).measure(range(1, 4))
    assert [each.ram_renewed for each in run.readings] == [True, False, False]
    assert run.ended_early.startswith(
        "Stopped after 1 detector: the box does not renew its figures"
    )
    ram, vram = memories_of(run.readings)
    assert (ram.in_use, ram.used) == (None, run.readings[0].used("ram"))
    assert vram.in_use is not None


@pytest.mark.parametrize("silent", [{0}, {1}, {2}, {0, 1, 2}])
def test_detectors_that_do_not_answer_are_not_in_use(silent: set[int]) -> None:
    """No memory in use is invented, whoever is silent: it is named, and nothing more is added."""
    box = SimulatedMemory(Clock(), LAW, silent=frozenset(silent))
    measurement = measurement_of(box)
    measurement.names = ("da", "db", "dc")
    first = min(silent)
    line = rf"^{measurement.names[first]} answered none of \d+ queries well, so no memory in use"
    with pytest.raises(NotMeasured, match=line):
        measurement.measure(range(1, 4))
    read = [(each.detectors, each.state) for each in measurement.run.readings]
    assert read[-1] == (first + 1, "idle")
    assert (first + 1, "in_use") not in read
    assert len(IDS) == 8


def test_a_silent_detector_is_asked_often_before_it_is_given_up() -> None:
    """At least three times and for two renewals; one that answers late is read from then on."""
    silent = SimulatedMemory(Clock(), LAW, silent=frozenset({0}))
    with pytest.raises(NotMeasured):
        measurement_of(silent).measure(range(1, 2))
    assert silent._counts.asked[0] >= 3
    assert silent.clock() - silent._asked_since_s >= 2 * EVERY_S
    late = SimulatedMemory(Clock(), LAW, answer_after_s=28.0)
    run = measurement_of(late).measure(range(1, 3))
    vrams = [each.used("vram") for each in run.readings if each.state == "in_use"]
    assert vrams == [(300 + count * 350) * MEBIBYTE for count in (1, 2)]
    rams = [each.own("ram") for each in run.readings if each.state == "in_use"]
    assert rams == [count * 600 * MEBIBYTE for count in (1, 2)]


def test_a_load_that_hangs_is_given_up() -> None:
    """Nobody is asked a third time: after twelve renewals that is the end all the same."""
    box = SimulatedMemory(Clock(), LAW, silent=frozenset({0}), hangs=True)
    with pytest.raises(NotMeasured, match="answered none of 1 query well"):
        measurement_of(box).measure(range(1, 2))
    assert 12 * EVERY_S <= box.clock() - box._asked_since_s <= 13 * EVERY_S
