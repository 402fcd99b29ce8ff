"""The monitor as a user runs it: the script in a process of its own, real NVML bindings."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nvml_stand_in
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "monitor_cpu_gpu_usage.py"
FULL = (
    "utilization=37 memory_controller=12 used=4294967296 total=25769803776 power=215500"
    " limit=350000 temperature=61 sm_clock=1695 reasons=0x4"
)
NO_POWER_NO_LOAD = "used=1073741824 total=8589934592 temperature=45 sm_clock=900"
CALLS_PER_READ = 10


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nvml_stand_in.build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def no_gpu(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which no NVML library can be loaded."""
    folder = tmp_path / "nvml"
    folder.mkdir()
    return nvml_stand_in.environment(nvml_stand_in.unloadable(folder), [])


def monitor(
    environment: Mapping[str, str], cwd: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_three_gpus_for_two_seconds(library: Path, tmp_path: Path) -> None:
    """Samples, summary, figures and table agree with each other and with what NVML was told, for
    a healthy GPU, one that does not support power and utilisation, and one that is lost."""
    lost = f"{FULL} lost_after={5 * CALLS_PER_READ}"
    environment = nvml_stand_in.environment(library, [FULL, NO_POWER_NO_LOAD, lost])
    done = monitor(environment, tmp_path, "--duration", "2", "--interval", "0.2")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "monitor_results"
    header, *samples = lines_of(folder / "host_samples.jsonl")

    assert header["event"] == "host_header"
    assert [gpu["index"] for gpu in header["gpus"]] == [0, 1, 2]
    assert header["driver_version"] == "535.183.01"
    assert {sample["event"] for sample in samples} == {"host_sample"}
    assert 6 <= len(samples) <= 10
    ends = [sample["monotonic_s"] - header["monotonic_s"] for sample in samples]
    assert all(end >= 0.2 * k - 1e-3 for k, end in enumerate(ends, start=1))
    assert sum(sample["interval_s"] for sample in samples) == pytest.approx(ends[-1], abs=1e-3)
    for sample in samples:
        healthy, poor, _ = sample["gpus"]
        assert 0 <= sample["cpu_percent"] <= 100
        assert len(sample["cpu_per_core_percent"]) == header["cpu_count"]
        assert (healthy["utilization_percent"], healthy["power_w"]) == (37.0, 215.5)
        assert healthy["throttle_reasons"] == ["sw_power_cap"]
        assert poor["utilization_percent"] is poor["power_w"] is poor["error"] is None
        assert poor["memory_used_bytes"] == 1 << 30
    errors = [sample["gpus"][2]["error"] for sample in samples]
    assert errors == [None] * 5 + ["GPU is lost"] * (len(samples) - 5)

    summary = json.loads((folder / "host_summary.json").read_text())
    assert summary["samples_taken"] == len(samples)
    assert summary["samples_taken"] + summary["samples_skipped"] == 10
    assert not summary["interrupted"]
    gpu = summary["gpus"][0]["values"]["temperature_c"]
    assert gpu == {"n": len(samples), "min": 61.0, "mean": 61.0, "max": 61.0}
    assert summary["gpus"][1]["values"]["power_w"]["mean"] is None
    assert summary["gpus"][2]["failed_samples"] == len(samples) - 5
    peak = max(sample["cpu_percent"] for sample in samples)
    assert summary["values"]["cpu_percent"]["max"] == peak

    for name in ("host_usage.png", "host_gpu_usage.png"):
        with Image.open(folder / name) as picture:
            assert picture.width >= 800
    table = " ".join(done.stdout.split())
    assert f"temperature {len(samples)} 61.0 61.0 61.0 °C" in table
    assert "power 0 no data no data no data W" in table
    assert "wrote" not in done.stdout
    assert done.stderr.count("GPU 2 gives no figures: GPU is lost.") == 1


def test_without_a_gpu_it_says_so_once(no_gpu: Mapping[str, str], tmp_path: Path) -> None:
    """One line about GPUs in all of the output; everything else is there, and an older run's GPU
    figure is not."""
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "host_gpu_usage.png").write_bytes(b"of an older run")
    (folder / "host_samples.jsonl").write_text("of an older run\n")
    arguments = ("--duration", "0.5", "--interval", "0.25", "--output", str(folder))
    done = monitor(no_gpu, tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    told = [line for line in (done.stdout + done.stderr).splitlines() if "GPU" in line]
    assert len(told) == 1
    assert told[0].startswith("No GPU figures: ")
    assert sorted(path.name for path in folder.iterdir()) == [
        "host_samples.jsonl",
        "host_summary.json",
        "host_usage.png",
    ]
    header, *samples = lines_of(folder / "host_samples.jsonl")
    assert header["gpu_notice"] == told[0]
    assert 1 <= len(samples) <= 2
    assert all(sample["gpus"] == [] for sample in samples)
    assert "CPU, all cores" in done.stdout


@pytest.mark.parametrize(
    ("number", "length", "code"),
    [
        (signal.SIGINT, ["--duration", "600"], 130),
        (signal.SIGTERM, ["--until-stopped"], 0),
    ],
)
def test_a_signal_ends_it_well(
    no_gpu: Mapping[str, str],
    tmp_path: Path,
    number: signal.Signals,
    length: list[str],
    code: int,
) -> None:
    """Samples are on disk while it runs; after Ctrl-C or SIGTERM table, summary and figure follow.
    The exit code is 130, and 0 if it was to run until stopped."""
    samples = tmp_path / "host_samples.jsonl"
    arguments = [*length, "--interval", "0.1", "--output", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments],
        env=no_gpu,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            give_up_s = time.monotonic() + 60
            while not samples.exists() or samples.read_bytes().count(b"\n") < 4:
                assert process.poll() is None
                assert time.monotonic() < give_up_s
                time.sleep(0.05)
            process.send_signal(number)
            stdout, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == code, stderr
    summary = json.loads((tmp_path / "host_summary.json").read_text())
    assert summary["interrupted"] == (code == 130)
    assert summary["samples_taken"] == len(lines_of(samples)) - 1 >= 3
    assert "CPU, all cores" in stdout
    assert ("interrupted" in stdout) == (code == 130)
    assert (tmp_path / "host_usage.png").exists()
    assert "Traceback" not in stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_one_line(no_gpu: Mapping[str, str], tmp_path: Path) -> None:
    """When the disk refuses, it ends with one line that says so and the exit code 1."""
    (tmp_path / "host_samples.jsonl").symlink_to("/dev/full")
    done = monitor(no_gpu, tmp_path, "--duration", "5", "--output", str(tmp_path))
    assert done.returncode == 1
    *_, last = done.stderr.splitlines()
    assert last == f"Cannot write the results to {tmp_path}: No space left on device"
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--duration"),
        (["--duration", "0"], "'0': must be a time above 0 s and at most 365 days"),
        (["--duration", "-3"], "above 0"),
        (["--duration", "inf"], "above 0"),
        (["--duration", "nan"], "above 0"),
        (["--duration", "ten"], "'ten'"),
        (["--duration", "9", "--interval", "0.05"], "0.05: must be from 0.1 s to"),
        (["--duration", "0.05"], "--duration: 0.05: must be at least 0.1 s, for example 60"),
        (["--duration", "9", "--interval", "10"], "the duration, 9 s"),
        (["--duration", "9", "--output", os.devnull], os.devnull),
        (["--duration", "9", "--dur", "3"], "--dur"),
        (["--duration", "9", "--until-stopped"], "--until-stopped"),
    ],
)
def test_a_bad_argument_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit code 2 and one line that names what is wrong; nothing is sampled or written."""
    sys.path.insert(0, str(ROOT))
    try:
        from monitor_cpu_gpu_usage import main  # noqa: PLC0415 - a script, not in the package
    finally:
        sys.path.remove(str(ROOT))
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert said in captured.err


def test_figures_wait_until_sampling_is_over() -> None:
    """Neither matplotlib nor numpy nor NVML is loaded before sampling: the monitor is
    small on the host that it measures."""
    shown = "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    code = f"import sys, edgeload.commands.monitor; {shown}"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert "psutil" in loaded
    assert not {"matplotlib", "numpy", "pandas", "pynvml"} & set(loaded)


def modules_of(folder: Path) -> Path:
    """A folder with psutil and pynvml as they are installed here, and nothing else."""
    folder.mkdir()
    for name in ("psutil", "pynvml"):
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        origin = Path(found.origin)
        path = origin.parent if origin.name == "__init__.py" else origin
        (folder / path.name).symlink_to(path)
    return folder


def check_without_other_packages(
    python: Sequence[str | Path], environment: Mapping[str, str], folder: Path
) -> None:
    """The monitor does its work and says once what is missing for pictures."""
    probe = "import importlib.util as u; print([m for m in %r if u.find_spec(m)])"
    others = ("numpy", "matplotlib", "rich", "rich_argparse", "msgspec", "scipy")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*python, *arguments],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert run("-c", probe % (others,)).stdout.strip() == "[]"
    done = run(SCRIPT, "--duration", "2", "--interval", "0.5")
    assert done.returncode == 0, done.stderr
    results = folder / "monitor_results"
    assert sorted(path.name for path in results.iterdir()) == [
        "host_samples.jsonl",
        "host_summary.json",
    ]
    header, *samples = lines_of(results / "host_samples.jsonl")
    assert header["driver_version"] == "535.183.01"
    assert len(samples) >= 2
    assert samples[-1]["gpus"][0]["power_w"] == 215.5
    summary = json.loads((results / "host_summary.json").read_text())
    assert summary["samples_taken"] == len(samples)
    assert f"temperature {len(samples)} 61.0 61.0 61.0 °C" in " ".join(done.stdout.split())
    told = [line for line in (done.stdout + done.stderr).splitlines() if "pictures" in line]
    assert len(told) == 1
    assert told[0].startswith("No pictures were drawn")
    assert told[0].endswith("pip install matplotlib")
    help_text = run(SCRIPT, "--help")
    assert help_text.returncode == 0
    assert "--interval TIME" in help_text.stdout


def test_psutil_and_nvml_are_enough(library: Path, tmp_path: Path) -> None:
    """An interpreter that finds these two packages only samples, sums up and prints its table."""
    environment = {
        **nvml_stand_in.environment(library, [FULL]),
        "PYTHONPATH": str(modules_of(tmp_path / "modules")),
    }
    check_without_other_packages([sys.executable, "-S"], environment, tmp_path)


@pytest.mark.slow
def test_a_new_virtual_environment_needs_two_packages(library: Path, tmp_path: Path) -> None:
    """The same with an environment in which pip has installed psutil and nvidia-ml-py for real."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "bare"], check=True, timeout=120)
    python = tmp_path / "bare" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "psutil", "nvidia-ml-py"], check=True, timeout=200)
    environment = dict(nvml_stand_in.environment(library, [FULL]))
    environment.pop("PYTHONPATH", None)
    check_without_other_packages([python], environment, tmp_path)


def test_a_host_with_the_loopback_alone(no_gpu: Mapping[str, str], tmp_path: Path) -> None:
    """In a network namespace of its own, as in a restricted container, everything but the network
    is drawn."""
    unshare = shutil.which("unshare")
    alone = [unshare or "", "--map-root-user", "--net"]
    if unshare is None or subprocess.run([*alone, "true"], check=False).returncode != 0:
        pytest.skip("no right to make a network namespace")
    done = subprocess.run(
        [*alone, sys.executable, SCRIPT, "--duration", "1", "--interval", "0.3"],
        env=no_gpu,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "network sent 0 no data" in " ".join(done.stdout.split())
    assert (tmp_path / "monitor_results" / "host_usage.png").exists()
