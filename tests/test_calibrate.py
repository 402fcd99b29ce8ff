"""Laws of the calibration, run for real on this machine's loopback."""

from __future__ import annotations

from io import StringIO

import as_a_user as user
import psutil
import pytest
from as_a_user import ROOT
from rich.console import Console

from edgeload.calibrate import Rungs, calibrate, print_calibration
from edgeload.settings import resolve


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of a user's, which tells as much here."""
    monkeypatch.setattr("edgeload.calibrate._SECONDS", 1.0)


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
    for reach in (found.http, found.tls):
        assert reach.requests_per_s > 500  # a hundredth of what a core does: only that it is no 0
        loads = [per_s for per_s, _ in reach.rungs.loads]
        shares = [per_s / reach.requests_per_s for per_s in loads]
        assert shares == pytest.approx([0.2, 0.4, 0.6, 0.8])
    for punctuality in (found.paced, found.punctual):
        assert punctuality.cpu_us_per_request is not None
        assert punctuality.lag_p50_s is not None
        assert punctuality.lag_p99_s is not None
        assert 0 <= punctuality.lag_p50_s <= punctuality.lag_p99_s
    text = StringIO()
    print_calibration(found, Console(file=text, width=1000))
    assert f"{found.http.requests_per_s:,.0f} requests/s" in text.getvalue().splitlines()[0]
    assert f"{found.tls.requests_per_s:,.0f}/s over TLS" in text.getvalue().splitlines()[0]
    bits_per_s = found.http.requests_per_s * found.picture_bytes * 8
    assert f"{bits_per_s / 1e6:,.0f} Mbit/s" in text.getvalue()
    left = user.alive(psutil.Process().children(recursive=True))
    commands = [" ".join(process.cmdline()) for process in left]
    assert not [command for command in commands if "edgeload.simulator" in command]


@pytest.mark.parametrize(
    ("lags_ms", "on_time", "late"),
    [
        ([0.1, 0.2, 0.3], 300.0, None),
        ([0.1, 1.0, 1.1], 200.0, 300.0),
        ([0.1, 2.0, 0.3], 100.0, 200.0),
        ([0.1, None, 0.3], 100.0, 200.0),
        ([1.5, 0.2, 0.3], None, 100.0),
        ([], None, None),
    ],
)
def test_loads_are_on_time_up_to_the_first_that_is_not(
    lags_ms: list[float | None], on_time: float | None, late: float | None
) -> None:
    """A larger load that happens to be on time proves nothing; one that is not known is not."""
    loads = [(100.0 * n, lag and lag / 1e3) for n, lag in enumerate(lags_ms, 1)]
    rungs = Rungs(tuple(loads))
    assert (rungs.on_time_per_s, rungs.late_per_s) == (on_time, late)


def test_an_audit_changes_nothing() -> None:
    """A config.py, or an option, that asks for one does not end in an error."""
    image = ROOT / "images" / "dog_resized_256x256.jpeg"
    options = {"image_path": image, "detector_name": "none", "workers": 1, "audit_cache": True}
    found = calibrate(resolve({}, options, {"GROUNDLIGHT_API_TOKEN": "t"}))
    assert found.http.requests_per_s > 500
