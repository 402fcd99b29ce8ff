"""Reads the GPU of an NVIDIA Jetson from sysfs, where NVML answers little or is missing.

The kernel's own documents say what the files mean: load in tenths of a percent (nvgpu, as
jetson-stats reads it: github.com/rbonghi/jetson_stats, jtop/core/gpu.py), clocks in Hz (devfreq),
temperatures in thousandths of a degree (kernel.org/doc/Documentation/driver-api/thermal), rails in
mV and mA (kernel.org/doc/html/latest/hwmon/ina3221.html). Its memory is the host's main memory.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from edgeload.host.nvidia import NoGpu, NvidiaProbe
from edgeload.host.samples import Gpu, GpuSample
from edgeload.untrusted_text import printable

_DEVICES = ("*gpu*", "*gp10b*", "*gv11b*", "*ga10b*", "*gb10b*")
"""Names of the GPU among the devices of devfreq: since the TX2 it is named after its chip."""
_LOADS = ("sys/devices/gpu.0/load", "sys/devices/platform/gpu.0/load")


class JetsonProbe:
    """Reads the one GPU of a Jetson. Raises NoGpu if sysfs shows none under `root`.

    `power_w` is that of the rail that feeds the GPU, with whatever else is on it.
    """

    driver_version: str | None = None

    def __init__(self, root: Path = Path("/")) -> None:
        devices = root / "sys/class/devfreq"
        found = sorted({path for name in _DEVICES for path in devices.glob(name)})
        loads = [*(root / name for name in _LOADS), *(path / "device/load" for path in found)]
        self._load = next((path for path in loads if path.exists()), None)
        self._clock = found[0] / "cur_freq" if found else None
        if self._load is None:  # other boards have a GPU in devfreq too, and no such file
            raise NoGpu("sysfs shows no GPU of a Jetson")
        self._temperature = _thermal_zone(root)
        self._rail = _gpu_rail(root)
        model = _text(root / "proc/device-tree/model")
        self.gpus = [Gpu(index=0, uuid=None, name=model)]

    def read(self) -> list[GpuSample]:
        """Read the GPU; what cannot be read is None."""
        load, hertz = _number(self._load), _number(self._clock)
        thousandths = _number(self._temperature)
        return [
            GpuSample(
                index=0,
                uuid=None,
                name=self.gpus[0].name,
                utilization_percent=None if load is None else load / 10,
                sm_clock_mhz=None if hertz is None else hertz / 1e6,
                temperature_c=None if thousandths is None else thousandths / 1000,
                power_w=self._power_w(),
            )
        ]

    def close(self) -> None:
        """Nothing is held open."""

    def _power_w(self) -> float | None:
        if self._rail is None:
            return None
        millivolts, milliamperes = (_number(path) for path in self._rail)
        if millivolts is None or milliamperes is None:
            return None
        return millivolts * milliamperes / 1e6


class CompletedProbe:
    """NVML's figures of a Jetson's GPU, with those of sysfs where NVML has none."""

    def __init__(self, nvidia: NvidiaProbe, jetson: JetsonProbe) -> None:
        self._nvidia, self._jetson = nvidia, jetson
        self.gpus, self.driver_version = nvidia.gpus, nvidia.driver_version

    def read(self) -> list[GpuSample]:
        """Read the GPU. An error of NVML is none while sysfs has figures."""
        [told], [other] = self._nvidia.read(), self._jetson.read()
        return [completed(told, other)]

    def close(self) -> None:
        """Shut NVML down."""
        self._nvidia.close()


def completed(told: GpuSample, other: GpuSample) -> GpuSample:
    """`told`, with the values of `other` wherever its own are None."""
    missing = {
        field.name: getattr(other, field.name)
        for field in fields(told)
        if field.name not in ("uuid", "name", "error") and getattr(told, field.name) is None
    }
    seen = any(value is not None for value in missing.values())
    return replace(told, **missing, error=None if seen else told.error)


def gpu_probe(root: Path = Path("/")) -> NvidiaProbe | JetsonProbe | CompletedProbe:
    """The probe that suits this host. Raises NoGpu, with NVML's reason, if there is no GPU."""
    try:
        jetson = JetsonProbe(root)
    except NoGpu:
        return NvidiaProbe()
    try:
        nvidia = NvidiaProbe()
    except NoGpu:
        return jetson
    return CompletedProbe(nvidia, jetson) if len(nvidia.gpus) == 1 else nvidia


def _thermal_zone(root: Path) -> Path | None:
    """The GPU's zone: `gpu-thermal`, in older systems `GPU-therm`."""
    for kind in sorted((root / "sys/class/thermal").glob("thermal_zone*/type")):
        if (_text(kind) or "").lower().startswith("gpu"):
            return kind.with_name("temp")
    return None


def _gpu_rail(root: Path) -> tuple[Path, Path] | None:
    """Voltage and current of the INA3221 channel whose label names the GPU."""
    for label in sorted((root / "sys/class/hwmon").glob("hwmon*/in[123]_label")):
        if "GPU" in (_text(label) or "").upper():
            channel = label.name[2]
            return label.with_name(f"in{channel}_input"), label.with_name(f"curr{channel}_input")
    return None


def _text(path: Path) -> str | None:
    try:
        return printable(path.read_text(errors="replace").strip("\0\n ")) or None
    except OSError:
        return None


def _number(path: Path | None) -> float | None:
    text = None if path is None else _text(path)
    try:
        return None if text is None else float(int(text))
    except ValueError:
        return None
