"""The GPU of a Jetson, on a made-up tree of sysfs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.host.jetson import JetsonProbe, completed, gpu_probe
from edgeload.host.nvidia import NoGpu
from edgeload.host.samples import GpuSample

ORIN = {
    "proc/device-tree/model": "NVIDIA Orin NX Developer Kit\0",
    "sys/class/devfreq/17000000.ga10b/cur_freq": "918000000\n",
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "40000\n",
    "sys/class/thermal/thermal_zone1/type": "gpu-thermal\n",
    "sys/class/thermal/thermal_zone1/temp": "51250\n",
    "sys/class/hwmon/hwmon3/in1_label": "VDD_IN\n",
    "sys/class/hwmon/hwmon3/in2_label": "VDD_CPU_GPU_CV\n",
    "sys/class/hwmon/hwmon3/in2_input": "5000\n",
    "sys/class/hwmon/hwmon3/curr2_input": "1480\n",
}


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    "load",
    [
        "sys/devices/gpu.0/load",
        "sys/devices/platform/gpu.0/load",
        "sys/class/devfreq/17000000.ga10b/device/load",
    ],
)
def test_every_figure_has_its_unit(tmp_path: Path, load: str) -> None:
    """Tenths of a percent, Hz, thousandths of a degree, and mV times mA, wherever the load is."""
    probe = JetsonProbe(tree(tmp_path, {**ORIN, load: "873\n"}))
    assert probe.read() == [
        GpuSample(
            index=0,
            uuid=None,
            name="NVIDIA Orin NX Developer Kit",
            utilization_percent=87.3,
            sm_clock_mhz=918.0,
            temperature_c=51.25,
            power_w=7.4,
        )
    ]


def test_a_file_that_goes_costs_its_own_figure(tmp_path: Path) -> None:
    """A sensor that vanishes, or holds no number, is None; the others stay."""
    probe = JetsonProbe(tree(tmp_path, {**ORIN, "sys/devices/gpu.0/load": "0\n"}))
    (tmp_path / "sys/class/thermal/thermal_zone1/temp").unlink()
    (tmp_path / "sys/class/hwmon/hwmon3/curr2_input").write_text("broken")
    [gpu] = probe.read()
    assert (gpu.temperature_c, gpu.power_w) == (None, None)
    assert (gpu.utilization_percent, gpu.sm_clock_mhz) == (0.0, 918.0)


def test_another_board_is_no_jetson(tmp_path: Path) -> None:
    """A GPU in devfreq without the file of its load is somebody else's."""
    with pytest.raises(NoGpu):
        JetsonProbe(tree(tmp_path, ORIN))


def test_nvml_comes_first() -> None:
    """sysfs fills what NVML does not support, and nothing else, for example a 0."""
    told = GpuSample(index=0, uuid="GPU-1", name="Orin", utilization_percent=0.0)
    other = GpuSample(index=0, uuid=None, name="x", utilization_percent=50.0, temperature_c=60.0)
    both = completed(told, other)
    assert both == GpuSample(
        index=0, uuid="GPU-1", name="Orin", utilization_percent=0.0, temperature_c=60.0
    )
    silent = GpuSample(index=0, uuid="GPU-1", name="Orin", error="Unknown Error")
    assert completed(silent, other).error is None
    assert completed(silent, silent).error == "Unknown Error"


def test_without_nvml_sysfs_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Jetson without NVML has figures; a host with neither has NVML's reason."""

    def none() -> None:
        raise NoGpu("no NVML library")

    monkeypatch.setattr("edgeload.host.jetson.NvidiaProbe", none)
    with pytest.raises(NoGpu, match="no NVML library"):
        gpu_probe(tmp_path)
    tree(tmp_path, {**ORIN, "sys/devices/gpu.0/load": "500"})
    assert gpu_probe(tmp_path).read()[0].utilization_percent == 50.0
