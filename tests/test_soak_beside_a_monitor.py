"""A soak of fifteen minutes in twenty seconds: a real load, the real monitor, a stand-in for NVML.

The box gets hot in minute 8: the embedded endpoint's services take longer from then on, and the
stand-in, whose play goes 45 times as fast, says that heat lowers the clock. The log, in which the
monitor's samples were joined as they came, is then stretched by 45 and read.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import as_a_user as user
import nvml_stand_in
import pytest
from stretched_log import stretch
from test_joined_host import free_port

from edgeload import exit_codes
from edgeload.edge.host_monitor import HostMonitor, NoMonitor

FASTER = 45
LONG_S = 900.0
HOT_S = 480.0
IDLE_W, LOAD_W = 100.0, 300.0
GPU = (
    "utilization=96 memory_controller=50 used=4294967296 total=12884901888 limit=350000"
    " temperature=72 sm_clock=1800 reasons=0"
    " idle_power=100000 load_power=300000 hot_temperature=88 hot_sm_clock=1200"
)
CLIENTS, RATE = 56, 0.5
DUE_PER_S, HOT_PER_S = 28.0, 20.0
"""A cool box serves 32 requests/s, and a hot one 20."""


@contextmanager
def monitoring(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """A monitor that samples every 6.75 s of the play, and has seen a minute and a half of it."""
    port = free_port()
    script = str(user.ROOT / "monitor_cpu_gpu_usage.py")
    words = ["--until-stopped", "--interval", "0.15", "--serve", str(port), "--output", str(folder)]
    process = subprocess.Popen(
        [sys.executable, script, *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"

    def seen() -> bool:
        monitor = HostMonitor(url, None)
        try:
            return len(monitor.lines()) > 14
        except NoMonitor:
            return False
        finally:
            monitor.close()

    try:
        user.wait_for(seen, 30, "the monitor's samples")
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def soak(folder: Path) -> dict[str, Any]:
    """Runs the load beside the monitor; the summary of the stretched log."""
    control = folder / "control"
    control.write_text("")
    began_ms = time.monotonic_ns() // 1_000_000
    environment = nvml_stand_in.environment(
        nvml_stand_in.build(folder),
        [GPU],
        NVML_STAND_IN_START=str(began_ms),
        NVML_STAND_IN_SPEED=str(FASTER),
        NVML_STAND_IN_CONTROL=str(control),
    )
    with monitoring(folder / "monitor", environment) as url:
        running = user.start(
            folder, "load_test.py", "--monitor", url,
            "--soak", f"{LONG_S / FASTER}s", "--clients", str(CLIENTS),
            "--requests-per-second", f"{RATE:g}", "--warmup", "1s", "--same-image",
            "--simulator-options",
            f"--inference-workers 4 --service-time 125ms --hot-after {HOT_S / FASTER:.3f}s "
            "--hot-factor 1.6",
        )  # fmt: skip
        user.wait_for_answers(folder, 1)
        first_ms = user.header_of(folder).anchor.monotonic_s * 1000 - began_ms
        load_ms = round(first_ms * FASTER)
        words = f"load_from={load_ms} hot_from={load_ms + round(HOT_S * 1000)}\n"
        (folder / "new").write_text(words)
        (folder / "new").replace(control)
        ended = user.finish(running)
    assert ended.code == exit_codes.OK, ended.err
    log = stretch(folder / "run.log", FASTER, folder / "long.log")
    read = user.run(folder, "parse_load_test_logs.py", str(log))
    assert read.code == exit_codes.OK, read.err
    print(read.out)
    summary: dict[str, Any] = json.loads((folder / "results" / "summary.json").read_text())
    return summary


@pytest.mark.slow
def test_energy_minute_and_cause_of_a_box_that_gets_hot(tmp_path: Path) -> None:
    """300 W over the answers within 2 %, idle apart; the minute within 30 s; heat is named."""
    summary = soak(tmp_path)
    assert summary["validity"]["verdict"] == "VALID"
    (found,) = summary["soak"]
    assert found["throttling"]["cause"] == "thermal"
    assert found["located"] == "throttle_reasons"
    assert found["at_s"] == pytest.approx(HOT_S, abs=30.0)
    assert found["sentence"].startswith(
        "From minute 8 on the GPU throttled on temperature (72 to 88 °C, clock 1800 to 1200 MHz): "
        "throughput \N{MINUS SIGN}"
    )
    quarters = {each["quantity"]: each for each in found["quarters"]}
    throughput = quarters["throughput_per_s"]
    assert throughput["last"] / throughput["first"] == pytest.approx(
        HOT_PER_S / DUE_PER_S, rel=0.05
    )
    assert (summary["limit"]["resource"], summary["limit"]["confidence"]) == ("thermal", "high")

    (energy,) = summary["energy"]
    window = summary["steps"][0]["window"]
    answers = sum(
        request.success and window["start_s"] <= request.done_s * FASTER < window["end_s"]
        for request in user.requests_in(tmp_path)
    )
    joules = LOAD_W * (window["end_s"] - window["start_s"])
    true_wh = joules / 3600.0 / answers * 1000.0
    assert energy["wh_per_1000"] == pytest.approx(true_wh, rel=0.02)
    assert energy["idle_w"] == pytest.approx(IDLE_W, rel=0.02)
    above = true_wh * (LOAD_W - IDLE_W) / LOAD_W
    assert energy["above_idle_wh_per_1000"] == pytest.approx(above, rel=0.02)
