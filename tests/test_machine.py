"""What the system says about its processor."""

from __future__ import annotations

import os
from pathlib import Path

from edgeload.machine import cpu_model, usable_cores


def test_the_processors_name(tmp_path: Path) -> None:
    """The first model name of /proc/cpuinfo; None where there is none, as on ARM boards."""
    intel, arm = tmp_path / "intel", tmp_path / "arm"
    intel.write_text("processor\t: 0\nmodel\t\t: 85\nmodel name\t: Xeon @ 2 GHz: fast\n\n" * 2)
    arm.write_text("processor\t: 0\nCPU part\t: 0xd42\n")
    assert cpu_model(intel) == "Xeon @ 2 GHz: fast"
    assert cpu_model(arm) is None


def test_usable_cores_are_those_of_this_process() -> None:
    """At least one, and never more than the machine has."""
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
