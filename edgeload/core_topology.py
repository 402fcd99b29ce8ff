"""Which physical cores a process may use, by Linux' account: sysfs and the process' own affinity.

Two hardware threads of one physical core share what computes, so a thread whose sibling is busy is
only about half as fast. Sources: kernel.org/doc, Documentation/admin-guide/cputopology.rst and
Documentation/ABI/testing/sysfs-devices-system-cpu.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from edgeload.cgroup_files import number_of, text_of

CPU_FOLDER = Path("/sys/devices/system/cpu")
_MOST_CPUS = 1 << 16


@dataclass(frozen=True)
class PhysicalCore:
    """A physical core, as far as this process may use it."""

    cpus: tuple[int, ...]
    """The numbers of its hardware threads that may be used."""
    whole: bool = True
    """Whether those are all that it has: else somebody else has the others."""
    capacity: int | None = None
    """How fast it is, against 1024 for the fastest of the machine; None: the system does not say,
    as if all were alike."""


def physical_cores(
    allowed: Collection[int], folder: Path = CPU_FOLDER
) -> tuple[PhysicalCore, ...] | None:
    """The physical cores of some CPUs, by the least number. None: the system does not say.

    A CPU that was taken offline is left out.
    """
    threads: dict[frozenset[int], list[int]] = {}
    for cpu in sorted(allowed):
        if number_of(folder / f"cpu{cpu}" / "online") == 0:
            continue
        siblings = _siblings(folder, cpu, allowed)
        if siblings is None:
            return None
        threads.setdefault(siblings, []).append(cpu)
    return tuple(
        PhysicalCore(
            tuple(cpus), len(siblings) == len(cpus), number_of(_of(folder, cpus[0], "cpu_capacity"))
        )
        for siblings, cpus in threads.items()
    )


def _siblings(folder: Path, cpu: int, allowed: Iterable[int]) -> frozenset[int] | None:
    """The hardware threads of a CPU's physical core, itself included; None: not known."""
    topology = _of(folder, cpu, "topology")
    for name in ("core_cpus_list", "thread_siblings_list"):  # the older name is the second
        found = cpu_numbers(text_of(topology / name) or "")
        if found and cpu in found:
            return found
    key = _core_ids(folder, cpu)
    if key is None:
        return None
    return frozenset(each for each in allowed if _core_ids(folder, each) == key)


def _core_ids(folder: Path, cpu: int) -> tuple[int, int] | None:
    """The number of the package, and that of the core in it; ARM boards write -1 for unknown."""
    topology = _of(folder, cpu, "topology")
    package = number_of(topology / "physical_package_id")
    core = number_of(topology / "core_id")
    return None if package is None or core is None else (package, core)


def cpu_numbers(text: str) -> frozenset[int] | None:
    """`0-2,8` -> 0, 1, 2 and 8, as the kernel writes sets of CPUs; None if it is no such text."""
    found: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        first, dash, last = part.partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            return None
        end = int(last) if dash else int(first)
        if end > _MOST_CPUS:
            return None
        found |= set(range(int(first), end + 1))
    return frozenset(found)


def frequency_governors(cpus: Iterable[int], folder: Path = CPU_FOLDER) -> tuple[str, ...]:
    """What chooses the clock of some CPUs, each once, for example `performance`, `schedutil`.

    Empty if the system does not say, as in most virtual machines.
    """
    texts = (text_of(_of(folder, cpu, "cpufreq") / "scaling_governor") for cpu in cpus)
    return tuple(sorted({text for text in texts if text}))


def _of(folder: Path, cpu: int, name: str) -> Path:
    return folder / f"cpu{cpu}" / name
