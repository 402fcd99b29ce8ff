# PYTHON_ARGCOMPLETE_OK
"""Samples CPU, memory, network and NVIDIA GPUs of this host, then draws and sums them up."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Monitor the host as the command line says; the exit code."""
    # This import takes long enough to be interrupted, see edgeload/start.py.
    from edgeload.commands import monitor  # noqa: PLC0415

    return monitor.main(arguments, program="monitor_cpu_gpu_usage.py")


if __name__ == "__main__":
    from edgeload.start import start

    start(main)
