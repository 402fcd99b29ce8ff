"""The made-up box's memory: what is loaded takes some, what was used takes more."""

from __future__ import annotations

from edgeload.byte_sizes import GIBIBYTE
from edgeload.simulator.resident_memory import (
    EDGE_RAM_BYTES,
    OTHER_RAM_BYTES,
    MemoryLaw,
    ResidentLog,
    Residents,
)
from edgeload.simulator.status import MemoryNow, resources

LAW = MemoryLaw(detector_ram_bytes=1000, used_ram_bytes=200, detector_vram_bytes=500, oodd=0.3)


def test_a_detector_is_loaded_then_ready_then_used_then_gone() -> None:
    """Each from its instant on; the past can still be asked for."""
    log = ResidentLog(["det_A"], ready_s=0.0)
    log.configured(["det_A", "det_B"], 10.0, load_s=5.0)
    log.used("DET_b", 20.0)
    log.configured(["det_B"], 30.0, load_s=5.0)
    assert log.at(9.0) == Residents({"det_A": False})
    assert log.at(14.0) == Residents({"det_A": False}, ("det_B",))
    assert log.at(15.0) == Residents({"det_A": False, "det_B": False})
    assert log.at(20.0) == Residents({"det_A": False, "det_B": True})
    assert log.at(30.0) == Residents({"det_B": True})


def test_a_detector_that_comes_back_is_new() -> None:
    """It was not used since; and what was long ago is forgotten."""
    log = ResidentLog(["det_A"], ready_s=0.0, kept_s=5.0)
    log.used("det_A", 1.0)
    log.configured([], 2.0, 0.0)
    log.configured(["det_A"], 3.0, 0.0)
    assert log.at(3.0) == Residents({"det_A": False})
    log.used("det_A", 4.0)
    assert log.at(4.0) == Residents({"det_A": True})
    log.configured(["det_A"], 60.0, 0.0)
    assert log.at(1.5) == Residents({})


def test_memory_grows_by_each_detector_and_by_its_use() -> None:
    """RAM as it was at the last renewal, VRAM as it is; one that is being loaded counts apart."""
    memory = MemoryNow(Residents({"x": True}, ("y",)), Residents({"x": True, "y": False}))
    system = resources(memory, LAW, {}, {}, cpu_full=0.0, gpu_full=0.0)["system"]
    ram, vram = system["ram_bytes"], system["gpu"]["vram_bytes"]
    assert (ram["detectors"], ram["loading_detectors"]) == (1200, 1000)
    assert ram["used"] == 1200 + 1000 + EDGE_RAM_BYTES + OTHER_RAM_BYTES
    assert (vram["detectors"], vram["used"]) == (1000, 1000)


def test_the_noise_is_another_at_each_renewal_and_the_same_for_one_seed() -> None:
    """Its standard deviation is the one that was asked for, give or take 10 %."""
    law = MemoryLaw(noise_bytes=GIBIBYTE // 64, seed=3)
    drawn = [law.other_ram_bytes(number) - OTHER_RAM_BYTES for number in range(1000)]
    assert drawn == [law.other_ram_bytes(number) - OTHER_RAM_BYTES for number in range(1000)]
    spread = (sum(each**2 for each in drawn) / 1000) ** 0.5
    assert 0.9 < spread / law.noise_bytes < 1.1
