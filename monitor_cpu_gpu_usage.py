"""Samples CPU, memory, network and NVIDIA GPUs of this host, then draws and sums them up."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload import cli


def main(arguments: Sequence[str] | None = None) -> int:
    """Monitor the host as the command line says; the exit code."""
    from edgeload.commands import monitor  # noqa: PLC0415  (once the import path is set)

    return monitor.main(arguments, program="monitor_cpu_gpu_usage.py")


if __name__ == "__main__":
    cli.leave(main)
