"""Facts for the log's header: the machine that generates the load, and the versions it runs."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

import psutil

from edgeload.machine import cpu_model, usable_cores

_PACKAGES = ("edgeload", "groundlight", "msgspec", "h11", "pillow")


def generator_machine() -> dict[str, Any]:
    """Name, system, processor, cores and memory (bytes) of the machine that sends the load."""
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "processor": cpu_model() or platform.machine(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
        "memory_bytes": psutil.virtual_memory().total,
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
