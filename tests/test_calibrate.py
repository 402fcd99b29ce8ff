"""Laws of the calibration, run for real on this machine's loopback."""

from __future__ import annotations

from io import StringIO

import as_a_user as user
import psutil
import pytest
from as_a_user import ROOT
from rich.console import Console

from edgeload.calibrate import calibrate, print_calibration
from edgeload.settings import resolve


def test_it_says_what_this_machine_can_generate() -> None:
    """Requests per second, bits per second and lag, in agreement; nothing is left running.

    A mix, whose detectors and rates are of another endpoint, changes nothing; neither does a
    search, for which a config.py may ask.
    """
    image = ROOT / "images" / "dog_resized_256x256.jpeg"
    mix = {"mix": ROOT / "examples" / "mix.yaml", "ramp_group": "door", "slo": ["door: p95<1s"]}
    wanted = {"workers": 1, "find_capacity": True}
    options = {"image_path": image, "detector_name": "none", **wanted, **mix}
    found = calibrate(resolve({}, options, {"GROUNDLIGHT_API_TOKEN": "t"}))
    assert found.workers == 1
    assert found.picture_bytes == image.stat().st_size
    assert found.requests_per_s > 500  # a hundredth of what a core does: only that it is no zero
    assert found.lag_p50_s is not None
    assert found.lag_p999_s is not None
    assert 0 <= found.lag_p50_s <= found.lag_p999_s
    text = StringIO()
    print_calibration(found, Console(file=text, width=1000))
    assert f"{found.requests_per_s:,.0f} requests/s" in text.getvalue().splitlines()[0]
    assert f"{found.requests_per_s * found.picture_bytes * 8 / 1e6:,.0f} Mbit/s" in text.getvalue()
    left = user.alive(psutil.Process().children(recursive=True))
    commands = [" ".join(process.cmdline()) for process in left]
    assert not [command for command in commands if "edgeload.simulator" in command]


def test_an_audit_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A config.py, or an option, that asks for one does not end in an error. Short runs tell."""
    monkeypatch.setattr("edgeload.calibrate._SECONDS", 1.5)
    image = ROOT / "images" / "dog_resized_256x256.jpeg"
    options = {"image_path": image, "detector_name": "none", "workers": 1, "audit_cache": True}
    found = calibrate(resolve({}, options, {"GROUNDLIGHT_API_TOKEN": "t"}))
    assert found.requests_per_s > 500
