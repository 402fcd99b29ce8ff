"""What speaks against a box as the only thing that is measured."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from edgeload.box_records import BoxDetector, BoxFacts
from edgeload.edge.configuration import EdgeConfiguration
from edgeload.run.box_watch import SaidBefore
from edgeload.run.clean_box import against_clean_box
from edgeload.run.session import run_session
from edgeload.settings import SettingError, resolve

OWN = BoxDetector("det_Own", "door", edge_only=True)
ONLY = EdgeConfiguration(True, True, 1e-5)


def said(*others: BoxDetector, **figures: Any) -> SaidBefore:
    return SaidBefore(BoxFacts(0.0, -1.0, detectors=[OWN, *others]), **figures)


def test_a_box_that_does_nothing_else_is_clean() -> None:
    """Detectors that are switched off do not count, nor does an id in other letters."""
    off = BoxDetector("det_B", enabled=False)
    assert against_clean_box(said(off, cpu_percent=9.0, gpu_percent=0.0), ["det_OWN"], [ONLY]) == []


@pytest.mark.parametrize(
    ("box", "configuration", "reason"),
    [
        (said(BoxDetector("det_B", "gate")), ONLY, "1 other detector is loaded (gate)"),
        (
            said(*(BoxDetector(f"det_{n}") for n in "BCDEF")),
            ONLY,
            "5 other detectors are loaded (det_B, det_C, det_D and 2 more)",
        ),
        (said(cpu_percent=45.0), ONLY, "its CPU is 45 % busy before the run"),
        (said(gpu_percent=11.0), ONLY, "its GPU is 11 % busy before the run"),
        (
            said(),
            EdgeConfiguration(),
            "a detector is not edge-only, so queries may go to the cloud",
        ),
        (None, ONLY, "the box does not say which detectors are loaded"),
    ],
)
def test_each_reason_is_named(
    box: SaidBefore | None, configuration: EdgeConfiguration, reason: str
) -> None:
    """Others on the box, a busy box, a detector that may ask the cloud, and no evidence."""
    assert against_clean_box(box, ["det_Own"], [configuration]) == [reason]


def test_a_run_is_refused_before_anything_is_sent(tmp_path: Any) -> None:
    """Here a second detector is loaded; the log is not made."""
    options = {
        "require_clean_box": True,
        "custom_ramp": "1",
        "time_between_ramp": 1,
        "detector_name": "door",
        "simulator_options": "--detector door --detector gate",
        "log_file": str(tmp_path / "run.log"),
        "preflight": False,
    }
    with pytest.raises(SettingError, match=r"REQUIRE_CLEAN_BOX = True: 1 other .*\(gate\)"):
        run_session(resolve({}, options, {}), Console(file=io.StringIO()))
    assert not (tmp_path / "run.log").exists()
