"""Long steps whose truth is known: a box that gets slower, and its host's samples."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import synthetic_log as sl

from edgeload.host.samples import CgroupUse, GpuSample, HostSample, Memory
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse, with_host
from edgeload.read.log.open import read_log

GIB = 2**30
MINUTE_S = 60.0
CLIENTS, RATE, SERVERS = 10, 2.0, 4
HOT_S = 8 * MINUTE_S


@dataclass
class SlowingPool(sl.Pool):
    """Servers whose services take `factor(at_s)` times as long."""

    factor: Callable[[float], float] = lambda at_s: 1.0
    now_s: float = 0.0

    def start_s(self, sent_s: float, stalls: Iterable[tuple[float, float]] = ()) -> float:
        """See Pool."""
        self.now_s = super().start_s(sent_s, stalls)
        return self.now_s


def hot_from(at_s: float, factor: float) -> Callable[[float], float]:
    """A box that is slower from an instant on."""
    return lambda now_s: factor if now_s >= at_s else 1.0


def slowing_run(
    folder: Path,
    minutes: float,
    factor: Callable[[float], float],
    *,
    seed: int = 1,
    servers: int = SERVERS,
    by_chance: Callable[[random.Random], float] = lambda chance: 1.0,
) -> RunSummary:
    """A log of one step of 20 requests/s on a box that serves 26.7/s while it is cool, analysed.

    `by_chance`: how many times as long a service takes, whatever the time.
    """
    plan = sl.plan_of([CLIENTS], minutes * MINUTE_S, RATE)
    pool = SlowingPool(servers, sl.constant(0.0), factor)
    pool.service = lambda chance: (
        0.15 * chance.lognormvariate(0.0, 0.2) * factor(pool.now_s) * by_chance(chance)
    )
    played = sl.play_mix(plan, {plan.groups[0].name: pool}, seed=seed)
    path = folder / f"{seed}.log"
    path.unlink(missing_ok=True)
    return analyse(read_log(sl.write(path, played)))


def sparse_run(
    folder: Path, minutes: float, rate: float, factor: Callable[[float], float]
) -> RunSummary:
    """One step of one slow camera, on a box whose services take 100 ms while it is cool."""
    plan = sl.plan_of([1], minutes * MINUTE_S, rate)
    pool = SlowingPool(SERVERS, sl.constant(0.0), factor)
    pool.service = lambda chance: 0.1 * chance.lognormvariate(0.0, 0.1) * factor(pool.now_s)
    played = sl.play_mix(plan, {plan.groups[0].name: pool}, seed=1)
    return analyse(read_log(sl.write(folder / "sparse.log", played)))


@dataclass(frozen=True)
class Host:
    """What a host's samples say; growth in bytes per second."""

    reasons: Callable[[float], list[str]] = lambda at_s: []
    cpu_percent: Callable[[float], float] = lambda at_s: 30.0
    memory_per_s: float = 0.0
    vram_per_s: float = 0.0
    pod_per_s: float = 0.0


def samples_of(host: Host, length_s: float, *, seed: int = 1) -> list[HostSample]:
    """One each second: a GPU whose clock falls and that is hotter while there is a reason."""
    chance = random.Random(seed)
    return [_sample(host, float(at_s), chance) for at_s in range(int(length_s) + 1)]


def _sample(host: Host, at_s: float, chance: random.Random) -> HostSample:
    reasons = host.reasons(at_s)
    used = 6 * GIB + host.memory_per_s * at_s + chance.gauss(0.0, 4e6)
    gpu = GpuSample(
        index=0,
        uuid=None,
        name="RTX",
        utilization_percent=95.0,
        memory_used_bytes=round(4 * GIB + host.vram_per_s * at_s),
        memory_total_bytes=12 * GIB,
        power_w=300.0,
        power_limit_w=350.0,
        temperature_c=chance.gauss(87.0 if reasons else 72.0, 0.5),
        sm_clock_mhz=1200.0 if reasons else 1800.0,
        throttle_reasons=reasons,
    )
    return HostSample(
        ts=sl.WALL_S + at_s,
        asctime="",
        monotonic_s=at_s,
        interval_s=1.0,
        cpu_percent=chance.gauss(host.cpu_percent(at_s), 3.0),
        cpu_per_core_percent=[30.0, 30.0],
        load_average=None,
        memory=Memory(round(used), round(16 * GIB - used), 100.0 * used / (16 * GIB)),
        network=None,
        gpus=[gpu],
        cgroups=[CgroupUse("serving", 50.0, 0.0, round(GIB + host.pod_per_s * at_s), 2 * GIB)],
    )


def watched(summary: RunSummary, host: Host) -> RunSummary:
    """The same with the samples of its host."""
    return with_host(summary, samples_of(host, summary.ended_s))
