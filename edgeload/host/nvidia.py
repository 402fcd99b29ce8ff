"""Reads NVIDIA GPUs through NVML (package nvidia-ml-py, module pynvml)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, TypeVar

from edgeload.host.samples import Gpu, GpuProgram, GpuSample
from edgeload.untrusted_text import printable

_T = TypeVar("_T")

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
"""The bits of NVML's nvmlClocksThrottleReason*, with NVML's names in lower case."""


PATIENCE_S = 0.5
"""After a timeout no further question is asked in a reading that has taken this long."""


class NoGpu(Exception):
    """There is no GPU to sample; the text says why in one line."""


def throttle_reasons(mask: int) -> list[str]:
    """The names in NVML's bit mask; a bit without a name becomes its hexadecimal value."""
    bits = (1 << n for n in range(mask.bit_length()))
    return [THROTTLE_REASONS.get(bit, hex(bit)) for bit in bits if mask & bit]


def _words(problem: Exception) -> str:
    """NVML's message; its number if the library has no message that can be read."""
    try:
        return printable(str(problem)).rstrip(".")
    except Exception:  # __str__ asks the library, which may answer anything
        return f"NVML error {getattr(problem, 'value', 'without a number')}"


class NvidiaProbe:
    """Reads every NVIDIA GPU of this host. Raises NoGpu if there is none.

    A value that a GPU does not support is None. So is, in this sample, a value that NVML answers
    with an error: a single broken sensor does not hide the others. After a timeout the other
    sensors are asked only until the reading has taken PATIENCE_S, because each might take as long.
    A GPU that is lost (fell off the bus) is never asked again.
    """

    def __init__(self) -> None:
        try:
            import pynvml  # noqa: PLC0415 - a host without GPUs need not have the package
        except ImportError:
            raise NoGpu(
                "the package nvidia-ml-py is not installed (pip install nvidia-ml-py)"
            ) from None
        self._nvml: Any = pynvml
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError_LibraryNotFound:
            raise NoGpu("no NVML library (libnvidia-ml.so.1), so no NVIDIA driver") from None
        except pynvml.NVMLError as problem:
            raise NoGpu(f"NVML cannot be started: {_words(problem)}") from None
        try:
            count = pynvml.nvmlDeviceGetCount()
        except pynvml.NVMLError as problem:
            self.close()
            raise NoGpu(f"NVML cannot count the GPUs: {_words(problem)}") from None
        if count == 0:
            self.close()
            raise NoGpu("NVML finds no GPU")
        self.driver_version: str | None = self._if_known(pynvml.nvmlSystemGetDriverVersion)
        self._lost: dict[int, str] = {}
        self._patient_until_s = 0.0
        self._handles: dict[int, Any] = {}
        self.gpus = [self._open(index) for index in range(count)]

    def read(self) -> list[GpuSample]:
        """Read every GPU, in NVML's order."""
        self._patient_until_s = time.monotonic() + PATIENCE_S
        return [self._read_gpu(gpu) for gpu in self.gpus]

    def close(self) -> None:
        """Shut NVML down. Nothing can be read afterwards."""
        with contextlib.suppress(
            self._nvml.NVMLError
        ):  # the driver may have been unloaded meanwhile
            self._nvml.nvmlShutdown()

    def _open(self, index: int) -> Gpu:
        """Get a GPU's handle and identity. A GPU that cannot be opened is lost from the start."""
        nvml = self._nvml
        try:
            handle = self._handles[index] = nvml.nvmlDeviceGetHandleByIndex(index)
        except nvml.NVMLError as problem:
            self._lost[index] = _words(problem)
            return Gpu(index=index, uuid=None, name=None)
        return Gpu(
            index=index,
            uuid=self._if_known(nvml.nvmlDeviceGetUUID, handle),
            name=self._if_known(nvml.nvmlDeviceGetName, handle),
        )

    def _read_gpu(self, gpu: Gpu) -> GpuSample:
        nvml = self._nvml
        error = self._lost.get(gpu.index)
        if error is None:
            try:
                return self._ask(gpu, self._handles[gpu.index])
            except nvml.NVMLError_GpuIsLost as problem:
                error = self._lost[gpu.index] = _words(problem)
            except nvml.NVMLError as problem:
                error = _words(problem)
        return GpuSample(index=gpu.index, uuid=gpu.uuid, name=gpu.name, error=error)

    def _ask(self, gpu: Gpu, handle: Any) -> GpuSample:
        """Ask for every figure; the sample's error is set if none came, and one should have."""
        nvml = self._nvml
        failures: list[str] = []
        timed_out = False

        def ask(question: Callable[..., _T], *arguments: Any) -> _T | None:
            nonlocal timed_out
            if timed_out and time.monotonic() > self._patient_until_s:
                return None
            try:
                return self._supported(question, *arguments)
            except nvml.NVMLError_GpuIsLost:
                raise
            except nvml.NVMLError as problem:  # of this sensor: the others may well answer
                timed_out = timed_out or isinstance(problem, nvml.NVMLError_Timeout)
                failures.append(_words(problem))
            except Exception as problem:  # of the bindings, for example text they cannot decode
                failures.append(_words(problem))
            return None

        used = ask(nvml.nvmlDeviceGetUtilizationRates, handle)
        memory = ask(self._memory, handle)
        power_mw = ask(nvml.nvmlDeviceGetPowerUsage, handle)
        limit_mw = ask(nvml.nvmlDeviceGetEnforcedPowerLimit, handle)
        celsius = ask(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU)
        clock_mhz = ask(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM)
        reasons = ask(self._throttle_reasons, handle)
        memory_mhz = ask(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_MEM)
        energy_mj = ask(nvml.nvmlDeviceGetTotalEnergyConsumption, handle)
        programs = ask(self._programs, handle)
        told = (used, memory, power_mw, limit_mw, celsius, clock_mhz, reasons, memory_mhz)
        silent = all(figure is None for figure in (*told, energy_mj, programs))
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
            memory_clock_mhz=None if memory_mhz is None else float(memory_mhz),
            energy_j=None if energy_mj is None else energy_mj / 1000,
            programs=programs,
            throttle_reasons=reasons,
            error=failures[0] if silent and failures else None,
        )

    def _memory(self, handle: Any) -> Any:
        """Used and total bytes. The older call includes what the driver reserves in "used"."""
        nvml = self._nvml
        memory = self._supported(nvml.nvmlDeviceGetMemoryInfo, handle, nvml.nvmlMemory_v2)
        return memory or self._supported(nvml.nvmlDeviceGetMemoryInfo, handle)

    def _programs(self, handle: Any) -> list[GpuProgram] | None:
        """The processes that compute on the GPU. Old drivers know only version 2 of the call.

        NVML does not know a process's memory in some modes, for example under MIG.
        """
        nvml = self._nvml
        running = self._supported(nvml.nvmlDeviceGetComputeRunningProcesses_v3, handle)
        if running is None:
            running = self._supported(nvml.nvmlDeviceGetComputeRunningProcesses_v2, handle)
        if running is None:
            return None
        return [
            GpuProgram(pid=one.pid, name=self._program(one.pid), memory_bytes=one.usedGpuMemory)
            for one in running
        ]

    def _program(self, pid: int) -> str | None:
        """The program's name without folder and arguments, which may hold a secret."""
        words = (self._if_known(self._nvml.nvmlSystemGetProcessName, pid) or "").split()
        return words[0].rsplit("/", 1)[-1] if words else None

    def _throttle_reasons(self, handle: Any) -> list[str] | None:
        """Names of the current reasons. Drivers before 535 know only the older name of the call."""
        nvml = self._nvml
        mask = self._supported(nvml.nvmlDeviceGetCurrentClocksEventReasons, handle)
        if mask is None:
            mask = self._supported(nvml.nvmlDeviceGetCurrentClocksThrottleReasons, handle)
        return None if mask is None else throttle_reasons(mask)

    def _supported(self, question: Callable[..., _T], *arguments: Any) -> _T | None:
        """NVML's answer. None if the GPU or driver does not support it or we may not ask."""
        nvml = self._nvml
        try:
            return question(*arguments)
        except (
            nvml.NVMLError_NotSupported,
            nvml.NVMLError_FunctionNotFound,
            nvml.NVMLError_NoPermission,
        ):
            return None

    def _if_known(self, question: Callable[..., str], *arguments: Any) -> str | None:
        """NVML's answer about a name; None for any error, as sampling does not depend on it."""
        try:
            return printable(question(*arguments))
        except UnicodeDecodeError as problem:
            return printable(problem.object)
        except self._nvml.NVMLError:
            return None
