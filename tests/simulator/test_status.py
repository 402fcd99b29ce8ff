"""The simulated box's figures follow the load, and are as old as those of a real one."""

from __future__ import annotations

import json

import pytest

from edgeload.simulator.resident_memory import MemoryLaw, Residents
from edgeload.simulator.status import BusyTime, MemoryNow, resources, zeros

THERE = Residents({"x": False, "y": True})
MEMORY = MemoryNow(THERE, THERE)


def test_busy_shares_are_exact() -> None:
    """The part of all workers' time in a span that their services took, by detector."""
    busy = BusyTime(workers=2)
    busy.served("a", 0.0, 4.0)
    busy.served("b", 3.0, 5.0)
    assert busy.shares(2.0, 6.0) == {"a": 2.0 / 8.0, "b": 2.0 / 8.0}
    assert busy.shares(2.0, 6.0, [(5.0, 9.0, "b")]) == {"a": 0.25, "b": 3.0 / 8.0}
    assert busy.shares(10.0, 11.0) == {}
    assert busy.shares(1.0, 1.0) == {}


def test_what_nobody_can_ask_about_is_forgotten() -> None:
    """A load of hours takes no more memory than one of a minute."""
    busy = BusyTime(workers=1)
    for second in range(1000):
        busy.served("a", float(second), second + 0.5)
    assert len(busy._spans) < 50
    assert busy.shares(970.0, 980.0) == {"a": pytest.approx(0.5)}


def test_the_parts_add_up_to_the_whole() -> None:
    """CPU, and memory of the machine; and all of it is JSON."""
    answer = resources(MEMORY, MemoryLaw(), {"x": 0.5}, {"x": 1.0}, cpu_full=50.0, gpu_full=80.0)
    json.dumps(answer, allow_nan=False)
    cpu = answer["system"]["cpu_utilization_pct"]
    assert cpu["total"] == cpu["detectors"] + cpu["edge_endpoint"] + cpu["other"]
    ram = answer["system"]["ram_bytes"]
    assert ram["used"] == ram["detectors"] + ram["edge_endpoint"] + ram["other"]
    assert answer["system"]["gpu"]["compute_utilization_pct"]["total"] == 80.0


def test_a_dead_metrics_server_shows_zeros() -> None:
    """All of CPU and RAM, as the real endpoint does."""
    dead = zeros(MEMORY, MemoryLaw())["system"]
    assert dead["cpu_utilization_pct"]["total"] == dead["ram_bytes"]["total"] == 0
