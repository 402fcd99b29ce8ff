"""Facts for the log's header: the machine that generates the load, and the versions it runs."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

import psutil

from edgeload.core_topology import frequency_governors, physical_cores
from edgeload.machine import cpu_model, own_cpus, usable_cores
from edgeload.run.core_look import cpu_limit
from edgeload.run.pinning import Pinning

_PACKAGES = ("edgeload", "groundlight", "msgspec", "h11", "pillow")


def generator_machine(pinning: Pinning | None = None) -> dict[str, Any]:
    """Name, system, processor, cores and memory (bytes) of the machine that sends the load.

    With `pinning`, also where its worker processes run. Null is what the system does not say; for
    `cpu_limit_cores`, that there is no limit.
    """
    cpus = own_cpus()
    cores = physical_cores(cpus) if cpus else None
    placed = (
        {} if pinning is None else {"pinning": pinning.words, "worker_cpus": pinning.worker_cpus}
    )
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "processor": cpu_model() or platform.machine(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
        "physical_cores": None if cores is None else len(cores),
        "cpu_limit_cores": cpu_limit(),
        "frequency_governor": ", ".join(frequency_governors(cpus)) or None,
        "memory_bytes": psutil.virtual_memory().total,
        **placed,
    }


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that take part in sending a request."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
