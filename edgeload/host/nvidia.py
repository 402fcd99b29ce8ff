"""The probe of NVIDIA GPUs through NVML (package nvidia-ml-py, module pynvml)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from edgeload.host.samples import Gpu, GpuSample

T = TypeVar("T")

THROTTLE_REASONS = {
    0x001: "gpu_idle",
    0x002: "applications_clocks_setting",
    0x004: "sw_power_cap",
    0x008: "hw_slowdown",
    0x010: "sync_boost",
    0x020: "sw_thermal_slowdown",
    0x040: "hw_thermal_slowdown",
    0x080: "hw_power_brake_slowdown",
    0x100: "display_clock_setting",
    0x200: "board_limit",
    0x400: "reliability",
}
"""NVML's nvmlClocksThrottleReason* bits, by its own names in small letters."""


class NoGpu(Exception):
    """There is nothing to sample through NVML; the text says why in one line."""


def throttle_reasons(mask: int) -> list[str]:
    """NVML's bit mask as names; a bit without a name is given as its hexadecimal value."""
    bits = (1 << n for n in range(mask.bit_length()))
    return [THROTTLE_REASONS.get(bit, hex(bit)) for bit in bits if mask & bit]


class NvidiaProbe:
    """Reads every NVIDIA GPU of this host. Raises NoGpu when there is none to read.

    A value that a GPU does not support is None. A GPU that is lost (it fell off the bus, or the
    driver answers with an unknown error) is not asked again: it would never answer, and every
    call may block. Any other failure costs that GPU this sample only.
    """

    def __init__(self) -> None:
        try:
            import pynvml  # noqa: PLC0415 - a host without GPUs need not have the package
        except ImportError:
            raise NoGpu("the package nvidia-ml-py is not installed") from None
        self._nvml: Any = pynvml
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError_LibraryNotFound:
            raise NoGpu("no NVML library (libnvidia-ml.so.1): no NVIDIA driver here") from None
        except pynvml.NVMLError as problem:
            raise NoGpu(f"NVML does not start: {problem}") from None
        try:
            count = pynvml.nvmlDeviceGetCount()
        except pynvml.NVMLError as problem:
            self.close()
            raise NoGpu(f"NVML does not count its GPUs: {problem}") from None
        if count == 0:
            self.close()
            raise NoGpu("NVML is here and finds no GPU")
        self.driver_version: str | None = self._optional(pynvml.nvmlSystemGetDriverVersion)
        self._lost: dict[int, str] = {}
        self._handles: dict[int, Any] = {}
        self.gpus = [self._open(index) for index in range(count)]

    def read(self) -> list[GpuSample]:
        """Every GPU now, in NVML's order."""
        return [self._read_gpu(gpu) for gpu in self.gpus]

    def close(self) -> None:
        """Shut NVML down; nothing is read after this."""
        with contextlib.suppress(self._nvml.NVMLError):  # a driver that is gone does not answer
            self._nvml.nvmlShutdown()

    def _open(self, index: int) -> Gpu:
        """Take hold of a GPU. One that cannot be opened is lost from the start."""
        nvml = self._nvml
        try:
            handle = self._handles[index] = nvml.nvmlDeviceGetHandleByIndex(index)
            return Gpu(
                index=index,
                uuid=self._optional(nvml.nvmlDeviceGetUUID, handle),
                name=self._optional(nvml.nvmlDeviceGetName, handle),
            )
        except nvml.NVMLError as problem:
            self._lost[index] = str(problem)
            return Gpu(index=index, uuid=None, name=None)

    def _read_gpu(self, gpu: Gpu) -> GpuSample:
        lost = self._lost.get(gpu.index)
        if lost is None:
            try:
                return self._ask(gpu, self._handles[gpu.index])
            except self._nvml.NVMLError as problem:
                lost = str(problem)
                if problem.value in (
                    self._nvml.NVML_ERROR_GPU_IS_LOST,
                    self._nvml.NVML_ERROR_UNKNOWN,
                ):
                    self._lost[gpu.index] = lost
        return GpuSample(index=gpu.index, uuid=gpu.uuid, name=gpu.name, error=lost)

    def _ask(self, gpu: Gpu, handle: Any) -> GpuSample:
        nvml = self._nvml
        used = self._optional(nvml.nvmlDeviceGetUtilizationRates, handle)
        memory = self._memory(handle)
        power_mw = self._optional(nvml.nvmlDeviceGetPowerUsage, handle)
        limit_mw = self._optional(nvml.nvmlDeviceGetEnforcedPowerLimit, handle)
        celsius = self._optional(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU)
        clock_mhz = self._optional(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM)
        return GpuSample(
            index=gpu.index,
            uuid=gpu.uuid,
            name=gpu.name,
            utilization_percent=None if used is None else float(used.gpu),
            memory_controller_percent=None if used is None else float(used.memory),
            memory_used_bytes=None if memory is None else memory.used,
            memory_total_bytes=None if memory is None else memory.total,
            power_w=None if power_mw is None else power_mw / 1000,
            power_limit_w=None if limit_mw is None else limit_mw / 1000,
            temperature_c=None if celsius is None else float(celsius),
            sm_clock_mhz=None if clock_mhz is None else float(clock_mhz),
            throttle_reasons=self._throttle_reasons(handle),
        )

    def _memory(self, handle: Any) -> Any:
        """Used and total bytes. The older call counts what the driver reserves as used."""
        nvml = self._nvml
        memory = self._optional(nvml.nvmlDeviceGetMemoryInfo, handle, nvml.nvmlMemory_v2)
        return memory or self._optional(nvml.nvmlDeviceGetMemoryInfo, handle)

    def _throttle_reasons(self, handle: Any) -> list[str] | None:
        """Drivers before 535 know the call by its older name only."""
        nvml = self._nvml
        mask = self._optional(nvml.nvmlDeviceGetCurrentClocksEventReasons, handle)
        if mask is None:
            mask = self._optional(nvml.nvmlDeviceGetCurrentClocksThrottleReasons, handle)
        return None if mask is None else throttle_reasons(mask)

    def _optional(self, ask: Callable[..., T], *arguments: Any) -> T | None:
        """NVML's answer; None where the GPU, the driver or our rights do not have one."""
        nvml = self._nvml
        try:
            return ask(*arguments)
        except (
            nvml.NVMLError_NotSupported,
            nvml.NVMLError_FunctionNotFound,
            nvml.NVMLError_NoPermission,
        ):
            return None
