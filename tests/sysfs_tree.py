"""Makes folders that look like Linux' /sys/devices/system/cpu, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def write_file(path: Path, text: object) -> None:
    """A file with one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def cpu_tree(
    folder: Path,
    cores: Iterable[Sequence[int]],
    *,
    capacities: Sequence[int] = (),
    names: Sequence[str] = ("core_cpus_list", "thread_siblings_list"),
    per_package: int = 64,
) -> Path:
    """A machine with these physical cores, each with the numbers of its hardware threads."""
    for number, threads in enumerate(cores):
        for cpu in threads:
            topology = folder / f"cpu{cpu}" / "topology"
            write_file(topology / "physical_package_id", number // per_package)
            write_file(topology / "core_id", number % per_package)
            for name in names:
                write_file(topology / name, ",".join(map(str, threads)))
            if capacities:
                write_file(folder / f"cpu{cpu}" / "cpu_capacity", capacities[number])
    return folder
