"""A sensor, the driver or a file of /proc fails the host monitor: all other figures stay."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import as_a_user as user
import nvml_stand_in
import psutil
import pytest

from edgeload.host import gpu_process
from edgeload.host.cpu_memory_network import CpuMemoryNetworkProbe
from edgeload.host.gpu_process import SILENT, GpuProcess
from edgeload.host.nvidia import NoGpu

_FULL = (
    "utilization=37 memory_controller=12 used=4294967296 total=25769803776 power=215500"
    " limit=350000 temperature=61 sm_clock=1695 reasons=0x4"
)
_CALLS = 10
"""NVML calls of one read of such a GPU."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nvml_stand_in.build(tmp_path_factory.mktemp("nvml"))


def _start(
    folder: Path, environment: Mapping[str, str], *words: str, before: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    script = str(user.ROOT / "monitor_cpu_gpu_usage.py")
    return subprocess.Popen(
        [*before, sys.executable, script, "--output", str(folder), *words],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def _samples(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "host_samples.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines[1:]]


def test_a_broken_sensor_hides_no_other_and_a_name_is_only_a_name(
    library: Path, tmp_path: Path
) -> None:
    """Four GPUs whose power reading answers UNKNOWN, IRQ issue, corrupted and an error of a later
    driver; names that are no UTF-8 and control a terminal. Only power is missing."""
    codes = (999, 11, 14, 77)
    gpus = [f"{_FULL} broken=3 lost_code={code}" for code in codes]
    environment = nvml_stand_in.environment(library, gpus)
    name = b"NVIDIA \xff\x1b[31m Orin".decode(errors="surrogateescape")
    ended = user.finish(
        _start(
            tmp_path,
            {**environment, "NVML_STAND_IN_NAME": name},
            "--duration", "0.4", "--interval", "0.2",
        )
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "NVIDIA \ufffd [31m Orin" in ended.out
    assert "\x1b" not in ended.out + ended.err
    assert "Traceback" not in ended.err
    assert "Warning" not in ended.err
    for sample in _samples(tmp_path):
        assert len(sample["gpus"]) == len(codes)
        for gpu in sample["gpus"]:
            assert {key for key, value in gpu.items() if value is None} >= {"power_w", "error"}
            assert gpu["utilization_percent"] is not None


def test_a_driver_that_hangs_stops_no_other_figure(library: Path, tmp_path: Path) -> None:
    """After two reads no call returns. CPU and memory are sampled on, each sample says that the
    driver is silent, it is said once, and the monitor ends after its duration."""
    environment = nvml_stand_in.environment(
        library, [f"{_FULL} hang_after={2 * _CALLS + 2}", _FULL]
    )
    process = _start(tmp_path, environment, "--duration", "3", "--interval", "0.2")
    user.wait_for(lambda: bool(user.family(process)), 20, "the process that asks NVML")
    children = user.family(process)
    ended = user.finish(process, 60)
    assert ended.code == 0, ended.err
    samples = _samples(tmp_path)
    errors = [[gpu["error"] for gpu in sample["gpus"]] for sample in samples]
    assert errors == [[None] * 2] * 2 + [[SILENT] * 2] * (len(samples) - 2)
    assert len(samples) >= 4
    assert all(sample["cpu_percent"] is not None for sample in samples)
    assert ended.err.count(SILENT) == 2  # once for each GPU
    assert f"{SILENT}." in " ".join(ended.out.split())
    assert not user.alive(children)


@pytest.mark.slow
@pytest.mark.parametrize(("how", "said"), [("hang_after=0", SILENT), ("", "of 600 s")])
def test_ctrl_c_ends_a_monitor_whose_driver_hangs(
    library: Path, tmp_path: Path, how: str, said: str
) -> None:
    """The results so far are written, and the exit code is 130, as with a driver that answers."""
    environment = nvml_stand_in.environment(library, [f"{_FULL} {how}"])
    process = _start(tmp_path, environment, "--duration", "600", "--interval", "0.2")
    assert process.stderr is not None
    assert said in process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)  # a terminal tells all processes
    ended = user.finish(process, 60)
    assert ended.code == 130, ended.err
    assert "Traceback" not in ended.err
    assert (tmp_path / "host_summary.json").exists()


def _wait(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _use(monkeypatch: pytest.MonkeyPatch, library: Path, *gpus: str, **told: str) -> None:
    for name, text in nvml_stand_in.environment(library, list(gpus), **told).items():
        monkeypatch.setenv(name, text)


def test_a_driver_that_hangs_at_the_start_is_no_gpu(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is waited for, but not for ever; and not once the program has to end."""
    _use(monkeypatch, library, _FULL, NVML_STAND_IN_INIT="-1")
    before = psutil.Process().children()
    began_s = time.monotonic()
    with pytest.raises(NoGpu):
        GpuProcess(lambda seconds: True)
    assert time.monotonic() - began_s < gpu_process.FIRST_ANSWER_WITHIN_S - 3
    monkeypatch.setattr(gpu_process, "FIRST_ANSWER_WITHIN_S", 0.3)
    with pytest.raises(NoGpu, match=SILENT):
        GpuProcess(_wait)
    assert psutil.Process().children() == before


def test_a_driver_that_comes_back_has_figures_again(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call takes longer than is waited for: figures are missing as long as that lasts. The
    answer that comes late is not taken for a later one."""
    stuck = f"{_FULL} hang_after={_CALLS} hang_calls=1 hang_ms=1500"
    _use(monkeypatch, library, stuck)
    monkeypatch.setattr(gpu_process, "ANSWER_WITHIN_S", 1.0)
    gpus = GpuProcess(_wait)
    try:
        assert [gpu.error for gpu in gpus.read()] == [None]
        assert [gpu.error for gpu in gpus.read()] == [SILENT]
        asked_s = time.monotonic()
        assert [gpu.error for gpu in gpus.read()] == [SILENT]
        assert time.monotonic() - asked_s < 0.4  # it does not wait once more
        user.wait_for(lambda: gpus.read()[0].utilization_percent == 37.0, 20, "figures")
        assert gpus.read()[0].error is None
    finally:
        gpus.close()


def test_a_driver_that_crashes_costs_the_gpu_figures_alone(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that asked it dies; each later sample says so."""
    _use(monkeypatch, library, f"{_FULL} crash_after={_CALLS}")
    gpus = GpuProcess(_wait)
    try:
        assert gpus.read()[0].error is None
        for _ in range(3):
            assert gpus.read()[0].error == (
                "the process that asks NVML has ended (killed by SIGABRT)"
            )
    finally:
        gpus.close()


def test_a_driver_of_another_version_is_named(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an update of the driver without a restart, NVML says that versions differ."""
    _use(monkeypatch, library, _FULL, NVML_STAND_IN_INIT="18")
    with pytest.raises(NoGpu, match=r"NVML cannot be started: .*mismatch$"):
        GpuProcess(_wait)


@pytest.mark.parametrize(
    ("hidden", "missing", "said"),
    [
        ("stat", {"cpu_percent"}, "CPU cannot be read"),
        pytest.param("meminfo", {"memory"}, "memory cannot be read", marks=pytest.mark.slow),
        pytest.param("net", {"network"}, "network interfaces cannot", marks=pytest.mark.slow),
    ],
)
def test_what_the_kernel_does_not_show_hides_nothing_else(
    tmp_path: Path, hidden: str, missing: set[str], said: str
) -> None:
    """In a container with an empty /proc/stat or /proc/meminfo, or a network of loopback alone:
    one line, the other figures, a picture without the empty panel, and exit code 0."""
    unshare = shutil.which("unshare") or ""
    if not unshare or subprocess.run([unshare, "-mn", "true"], check=False).returncode:
        pytest.skip("no right to make a mount and a network namespace")
    (tmp_path / "empty").touch()
    mount = f'mount --bind {tmp_path}/empty /proc/{hidden} && exec "$@"'
    mounted = (unshare, "-m", "sh", "-c", mount, "sh")
    before = (unshare, "-n") if hidden == "net" else mounted
    environment = nvml_stand_in.environment(nvml_stand_in.unloadable(tmp_path), [])
    ended = user.finish(
        _start(
            tmp_path / "results", environment, "--duration", "1", "--interval", "0.3",
            before=before,
        )
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "Traceback" not in ended.err
    assert "Warning" not in ended.err
    assert ended.err.count(said) == (hidden != "net")
    for sample in _samples(tmp_path / "results"):
        values = {"cpu_percent": sample["cpu_percent"], "network": sample["network"]}
        values["memory"] = sample["memory"]["used_percent"]
        assert missing <= {name for name, value in values.items() if value is None}
        assert "network" in missing or values["memory" if "stat" in hidden else "cpu_percent"]
    assert (tmp_path / "results" / "host_usage.png").exists()


def test_a_source_that_fails_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """One OSError of psutil costs the figures of that source until the next sample but one, since
    a window has two ends; the others are there, and it is said once."""
    said: list[str] = []
    probe = CpuMemoryNetworkProbe(said.append)
    probe.prime(0.0)
    times = psutil.cpu_times

    def fails(percpu: bool = False) -> NoReturn:
        raise PermissionError(13, "Permission denied", "/proc/stat")

    for at_s in (1.0, 2.0):
        monkeypatch.setattr(psutil, "cpu_times", fails)
        lost = probe.read(at_s)
        assert lost.cpu_percent is None
        assert lost.memory.used_percent is not None
    monkeypatch.setattr(psutil, "cpu_times", times)
    assert probe.read(3.0).cpu_percent is None
    time.sleep(0.1)
    assert probe.read(4.0).cpu_percent is not None
    assert [line for line in said if "CPU cannot" in line] == [
        "No figures: CPU cannot be read (PermissionError: [Errno 13] Permission denied:"
        " '/proc/stat')."
    ]
    assert len(said) == 2  # in all, and by core
