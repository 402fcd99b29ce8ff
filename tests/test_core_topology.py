"""Physical cores from made-up machines, and from this one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sysfs_tree import cpu_tree, write_file

from edgeload.core_topology import (
    PhysicalCore,
    cpu_numbers,
    frequency_governors,
    physical_cores,
)
from edgeload.machine import own_cpus

NAMES = ("core_cpus_list", "thread_siblings_list")


@pytest.mark.parametrize("names", [NAMES, NAMES[1:], ()], ids=["both", "older kernel", "ids alone"])
def test_two_threads_of_a_core_are_one_core(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Whichever files tell it, and although core numbers begin anew in each package."""
    threads = [(0, 4), (1, 5), (2, 6), (3, 7)]
    folder = cpu_tree(tmp_path, threads, names=names, per_package=2)
    assert physical_cores(range(8), folder) == tuple(PhysicalCore(each) for each in threads)


def test_a_cpuset_may_hold_half_of_a_core(tmp_path: Path) -> None:
    """Its other thread is somebody else's; a number that is left out is no core."""
    folder = cpu_tree(tmp_path, [(0, 1), (2, 3), (10, 11)])
    assert physical_cores({2, 3, 11}, folder) == (
        PhysicalCore((2, 3)),
        PhysicalCore((11,), whole=False),
    )


def test_big_and_little_cores_are_told_apart(tmp_path: Path) -> None:
    """By the capacity that the kernel of an ARM board gives them."""
    folder = cpu_tree(tmp_path, [(0,), (1,), (2,)], capacities=[446, 446, 1024])
    assert [core.capacity for core in physical_cores(range(3), folder) or ()] == [446, 446, 1024]


def test_a_core_that_was_taken_offline_is_none(tmp_path: Path) -> None:
    """The kernel removes its topology, and says so in `online`."""
    folder = cpu_tree(tmp_path, [(0,), (2,)])
    write_file(folder / "cpu1" / "online", 0)
    write_file(folder / "cpu2" / "online", 1)
    assert physical_cores(range(3), folder) == (PhysicalCore((0,)), PhysicalCore((2,)))


def test_without_files_nothing_is_guessed(tmp_path: Path) -> None:
    """Some containers show no topology; some ARM boards write -1 for what they do not know."""
    assert physical_cores({0, 1}, tmp_path) is None
    cpu_tree(tmp_path, [(0,), (1,)], names=())
    write_file(tmp_path / "cpu1" / "topology" / "core_id", -1)
    assert physical_cores({0, 1}, tmp_path) is None


@given(st.frozensets(st.integers(0, 300)))
def test_a_set_of_cpus_survives_being_written(cpus: frozenset[int]) -> None:
    """As the kernel writes it: neighbours as a range."""
    spans: list[list[int]] = []
    for cpu in sorted(cpus):
        if spans and spans[-1][1] == cpu - 1:
            spans[-1][1] = cpu
        else:
            spans.append([cpu, cpu])
    text = ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in spans)
    assert cpu_numbers(text) == cpus


@pytest.mark.parametrize("text", ["a", "1-", "1-x", "0-99999999999", "-1"])
def test_another_text_is_no_set_of_cpus(text: str) -> None:
    """Nor may it take all memory."""
    assert cpu_numbers(text) is None


def test_governors_are_each_named_once(tmp_path: Path) -> None:
    """A CPU that tells none, as in a virtual machine, has none."""
    for cpu, governor in enumerate(["schedutil", "performance", "schedutil"]):
        write_file(tmp_path / f"cpu{cpu}" / "cpufreq" / "scaling_governor", governor)
    assert frequency_governors(range(4), tmp_path) == ("performance", "schedutil")
    assert frequency_governors({3}, tmp_path) == ()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says it")
def test_every_cpu_of_this_machine_is_in_one_core() -> None:
    """All that this process may use, each once."""
    assert own_cpus() == os.sched_getaffinity(0)
    cores = physical_cores(own_cpus())
    if cores is not None:
        assert sorted(cpu for core in cores for cpu in core.cpus) == sorted(own_cpus())
