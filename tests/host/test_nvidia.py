"""The NVML probe, with the real bindings, against a stand-in for NVIDIA's library."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nvml_stand_in
import pynvml
import pytest

from edgeload.host.nvidia import THROTTLE_REASONS, throttle_reasons

FULL = (
    "utilization=37 memory_controller=12 used=4294967296 total=25769803776 reserved=1000000"
    " power=215500 limit=350000 temperature=61 sm_clock=1695 reasons=0x44"
    " memory_clock=10501 energy=987654321 programs=2"
)
READ = """
import json, sys, msgspec
from edgeload.host.nvidia import NoGpu, NvidiaProbe
try:
    probe = NvidiaProbe()
except NoGpu as reason:
    print(json.dumps({"reason": str(reason)}))
    sys.exit()
reads = [probe.read() for _ in range(int(sys.argv[1]))]
probe.close()
told = {"gpus": probe.gpus, "driver": probe.driver_version, "reads": reads}
print(msgspec.json.encode(told).decode())
"""
VALUES = (
    "utilization_percent",
    "memory_controller_percent",
    "memory_used_bytes",
    "memory_total_bytes",
    "power_w",
    "power_limit_w",
    "temperature_c",
    "sm_clock_mhz",
    "throttle_reasons",
    "memory_clock_mhz",
    "energy_j",
    "programs",
)
CALLS_PER_READ = 10
"""NVML calls of one read of a GPU that supports everything."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nvml_stand_in.build(tmp_path_factory.mktemp("nvml"))


def read(environment: Mapping[str, str], times: int = 1) -> dict[str, Any]:
    """What the probe reads in a process of its own, which alone can load another library."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(times)],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_values_are_what_nvml_says(library: Path) -> None:
    """Every value arrives in its unit: NVML's milliwatts become watts, bits become names."""
    answer = read(nvml_stand_in.environment(library, [FULL]))
    gpu = {"index": 0, "uuid": f"GPU-{0:08}-0000-0000-0000-{0:012}", "name": "Stand-in GPU 0"}
    assert answer["gpus"] == [gpu]
    assert answer["driver"] == "535.183.01"
    assert answer["reads"] == [
        [
            {
                **gpu,
                "utilization_percent": 37.0,
                "memory_controller_percent": 12.0,
                "memory_used_bytes": 4294967296,
                "memory_total_bytes": 25769803776,
                "memory_used_percent": None,
                "power_w": 215.5,
                "power_limit_w": 350.0,
                "temperature_c": 61.0,
                "sm_clock_mhz": 1695.0,
                "memory_clock_mhz": 10501.0,
                "energy_j": 987654.321,
                "programs": [
                    {"pid": 101, "name": "serve", "memory_bytes": 2**20},
                    {"pid": 102, "name": "bad\N{REPLACEMENT CHARACTER}", "memory_bytes": 2**21},
                ],
                "throttle_reasons": ["sw_power_cap", "hw_thermal_slowdown"],
                "error": None,
            }
        ]
    ]


def test_an_old_driver_answers_through_its_older_calls(tmp_path: Path) -> None:
    """Without the newer calls the older ones serve: memory with the reserved part, and reasons."""
    old = nvml_stand_in.build(tmp_path, "-DOLD_DRIVER")
    gpu = read(nvml_stand_in.environment(old, [FULL]))["reads"][0][0]
    assert gpu["memory_used_bytes"] == 4294967296 + 1000000
    assert gpu["throttle_reasons"] == ["sw_power_cap", "hw_thermal_slowdown"]


def test_what_a_gpu_does_not_support_is_null(library: Path) -> None:
    """NOT_SUPPORTED is null and no error, for one value as for all; idle zeros stay zeros."""
    no_power = "utilization=0 memory_controller=0 temperature=41 reasons=0"
    answer = read(nvml_stand_in.environment(library, [no_power, "nothing"]))
    some, none = answer["reads"][0]
    assert some["utilization_percent"] == some["memory_controller_percent"] == 0.0
    assert some["temperature_c"] == 41.0
    assert some["throttle_reasons"] == []
    for key in ("memory_used_bytes", "memory_total_bytes", "power_w", "power_limit_w"):
        assert some[key] is None
    assert [none[key] for key in VALUES] == [None] * len(VALUES)
    assert some["error"] is None
    assert none["error"] is None


def test_a_lost_gpu_is_not_asked_again(library: Path) -> None:
    """After GPU_IS_LOST a GPU has an error for good, although it would answer again one call
    later; its neighbour goes on."""
    lost = f"{FULL} lost_after={2 * CALLS_PER_READ + 3} lost_calls=1"
    reads = read(nvml_stand_in.environment(library, [lost, FULL]), times=5)["reads"]
    told = [None, None, *["GPU is lost"] * 3]
    assert [gpus[0]["error"] for gpus in reads] == told
    for gpus in reads[2:]:
        assert [gpus[0][key] for key in VALUES] == [None] * len(VALUES)
        assert gpus[0]["uuid"] == reads[0][0]["uuid"]
    assert [gpus[1] for gpus in reads] == [reads[0][1]] * 5
    assert reads[0][1]["error"] is None


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        (1, ("utilization_percent", "memory_controller_percent")),
        (2, ("memory_used_bytes", "memory_total_bytes")),
        (3, ("power_w",)),
        (6, ("sm_clock_mhz",)),
        (7, ("throttle_reasons",)),
        (8, ("memory_clock_mhz",)),
        (9, ("energy_j",)),
        (10, ("programs",)),
    ],
)
def test_a_sensor_of_unknown_error_hides_no_other(
    library: Path, call: int, missing: tuple[str, ...]
) -> None:
    """UNKNOWN (999) from one call costs the values of that call in that sample, and no error is
    told; the other values are there, and the next sample has them all again."""
    broken = f"{FULL} lost_after={CALLS_PER_READ + call - 1} lost_calls=1 lost_code=999"
    reads = read(nvml_stand_in.environment(library, [broken]), times=3)["reads"]
    first, second, third = (gpus[0] for gpus in reads)
    assert [key for key in VALUES if second[key] is None] == list(missing)
    assert [second[key] for key in VALUES if key not in missing] == [
        first[key] for key in VALUES if key not in missing
    ]
    assert first["error"] is second["error"] is None
    assert third == first


def test_a_gpu_of_unknown_errors_alone_has_an_error(library: Path) -> None:
    """When every call answers UNKNOWN the sample has that error; the GPU is asked again."""
    broken = f"{FULL} lost_after={CALLS_PER_READ} lost_calls={CALLS_PER_READ} lost_code=999"
    reads = read(nvml_stand_in.environment(library, [broken]), times=3)["reads"]
    assert [gpus[0]["error"] for gpus in reads] == [None, "Unknown Error", None]
    assert [reads[1][0][key] for key in VALUES] == [None] * len(VALUES)
    assert reads[2] == reads[0]


def test_a_quick_timeout_hides_no_other_sensor(library: Path) -> None:
    """TIMEOUT (10) of one sensor that comes at once costs its value alone, for one sample."""
    hiccup = f"{FULL} lost_after={CALLS_PER_READ} lost_calls=1 lost_code=10"
    reads = read(nvml_stand_in.environment(library, [hiccup]), times=3)["reads"]
    first, second, third = (gpus[0] for gpus in reads)
    assert [key for key in VALUES if second[key] is None] == list(VALUES[:2])
    assert second["error"] is None
    assert third == first


def test_slow_timeouts_are_bounded(library: Path) -> None:
    """A timeout that takes longer than the patience ends the asking: later sensors have no value,
    earlier ones keep theirs, and a neighbour that answers keeps all of its own."""
    slow = f"{FULL} hang_after=2 hang_calls=1 hang_ms=600 lost_after=2 lost_calls=1 lost_code=10"
    first, neighbour = read(nvml_stand_in.environment(library, [slow, FULL]))["reads"][0]
    assert first["utilization_percent"] == 37.0
    assert first["memory_used_bytes"] == 4294967296
    assert [first[key] for key in VALUES[4:]] == [None] * len(VALUES[4:])
    assert None not in [neighbour[key] for key in VALUES]


def test_a_played_load_is_one_of_power_energy_and_heat(library: Path, tmp_path: Path) -> None:
    """100 W idle and 300 W under load from 10 s to 20 s, hot from 15 s: the stand-in's energy is
    the integral of its power, and from 15 s on heat lowers the clock."""
    idle = "idle_power=100000 load_power=300000 sm_clock=1695 reasons=0"
    play = f"{idle} hot_from=15000 hot_sm_clock=900"
    control = tmp_path / "words"
    control.write_text("load_from=10000\nload_until=20000\n")
    for at_s, power_w, energy_j in ((5, 100, 500), (16, 300, 2800), (30, 100, 5000)):
        start_ms = int((time.monotonic() - at_s) * 1000)
        environment = nvml_stand_in.environment(
            library, [play], NVML_STAND_IN_START=str(start_ms), NVML_STAND_IN_CONTROL=str(control)
        )
        asked_s = time.monotonic()
        gpu = read(environment)["reads"][0][0]
        passed_s = time.monotonic() - asked_s
        assert gpu["power_w"] == power_w
        assert energy_j - 1 <= gpu["energy_j"] <= energy_j + power_w * passed_s + 1
        assert gpu["sm_clock_mhz"] == (1695 if at_s < 15 else 900)
        assert gpu["throttle_reasons"] == ([] if at_s < 15 else ["hw_thermal_slowdown"])


def test_a_gpu_that_cannot_be_opened_is_listed(library: Path) -> None:
    """A GPU without a handle keeps its index, with an error in every sample, beside the others."""
    reads = read(nvml_stand_in.environment(library, [FULL, "no_handle=15"]), times=2)["reads"]
    assert [[gpu["error"] for gpu in gpus] for gpus in reads] == [[None, "GPU is lost"]] * 2
    assert [gpu["index"] for gpu in reads[0]] == [0, 1]


def test_without_gpus_the_reason_is_given(library: Path, tmp_path: Path) -> None:
    """No library, no driver and no GPU are three reasons, each told in one line."""
    missing = read(nvml_stand_in.environment(nvml_stand_in.unloadable(tmp_path), []))
    no_driver = read(nvml_stand_in.environment(library, [FULL], NVML_STAND_IN_INIT="9"))
    no_gpu = read(nvml_stand_in.environment(library, []))
    assert "no NVML library" in missing["reason"]
    assert "Driver Not Loaded" in no_driver["reason"]
    assert "NVML finds no GPU" in no_gpu["reason"]


def test_reasons_have_nvmls_names() -> None:
    """Bit by bit, our names are those of NVML's own constants in the real bindings."""
    prefix = "nvmlClocksThrottleReason"
    theirs = {
        value: name.removeprefix(prefix).lower()
        for name, value in vars(pynvml).items()
        if name.startswith(prefix) and isinstance(value, int) and name[len(prefix) :] != "All"
        if value and "UserDefined" not in name
    }
    ours = {bit: name.replace("_", "") for bit, name in THROTTLE_REASONS.items()}
    assert {bit: ours[bit] for bit in theirs} == theirs
    assert len(theirs) >= 9


def test_a_bit_without_a_name_is_kept() -> None:
    """The names of a mask add up to the mask, also for bits that NVML has not named yet."""
    assert throttle_reasons(0) == []
    assert throttle_reasons(0x1 | 0x20000) == ["gpu_idle", "0x20000"]
