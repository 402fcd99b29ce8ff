"""Which resource limited the endpoint in the load that it did not carry. Pure.

A resource is the limit if it was full there, and nothing that lies before it explains that: our own
machine, the connections of the proxy, the cloud and the network come first, then what slows a GPU
down, then what is busy (utilisation law and saturation order, method 12 and 14). Requests that
queue although nothing is busy wait for workers. What was not measured is not blamed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgeload.read.analysis.capacity import GREW
from edgeload.read.analysis.connection_limit import find_connection_limit
from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.analysis.host_means import GpuMeans, HostMeans, ProcessMeans
from edgeload.read.analysis.limit_result import Confidence, Limit
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import OF_THE_GENERATOR, StepSummary

FULL_PERCENT = 90.0
ROOM_PERCENT = 80.0
"""A resource that is busy for less of the time has room left."""
_SURE_PERCENT = 95.0
_FULL_PROCESS_PERCENT = 85.0
"""Of one core: a proxy process has one thread."""
_BUSY_PROCESS_PERCENT = 70.0
"""From here on requests queue for such a process, too: it may be the limit, or not."""
_NETWORK_SHARE = 0.5
_SURE_NETWORK_SHARE = 0.7
_CLOUD_SHARE = 0.05
_SLOWED_SHARE = 0.5
_SLOWED_CLOCK = 0.95
_STALLED_PERCENT = 10.0
_THROTTLED_PERCENT = 20.0
_NEAR_POWER_LIMIT = 0.95
_WHOLE_WORKERS = 0.1
"""So near to a whole number, the product of ceiling and service time is a number of workers."""
_LEAST_REQUESTS = 20
_PROXIES = ("nginx", "uvicorn", "gunicorn")


@dataclass(frozen=True)
class _Overload:
    """The step that shows the overload best, a light one beside it, and the host in both."""

    summary: RunSummary
    full: StepSummary
    light: StepSummary | None
    host: HostMeans | None
    light_host: HostMeans | None

    @property
    def gpus(self) -> tuple[GpuMeans, ...]:
        return self.host.gpus if self.host else ()

    def found(self, code: str, numbers: Mapping[str, Evidence]) -> Finding:
        return Finding(code, "note", (self.full.index,), dict(numbers))


def find_limit(summary: RunSummary, host: Mapping[int, HostMeans]) -> Limit | None:
    """The limit; None if no load was too large, so that nothing limited. `host`: by step.

    Of an interference run or a cache audit, which have no capacity, nothing is said.
    """
    if summary.interference is not None or summary.audit is not None or summary.no_result:
        return None
    overload = _overload(summary, host)
    if overload is None:
        return _generator(summary)
    ceiling = summary.bracket.ceiling
    if ceiling is not None and ceiling.of_the_clients:
        return Limit("unknown", None)
    found = next(_candidates(overload), Limit("unknown", None))
    room = tuple(_room(overload, found))
    return Limit(found.resource, found.confidence, (*found.evidence, *room), found.about)


def _generator(summary: RunSummary) -> Limit | None:
    """Our own machine, if it spoiled steps, and no valid one was too much for the endpoint."""
    doubts = [d for d in summary.doubts if d.code in OF_THE_GENERATOR]
    return Limit("generator", "high", tuple(doubts)) if doubts else None


def _overload(summary: RunSummary, host: Mapping[int, HostMeans]) -> _Overload | None:
    bracket = summary.bracket
    if bracket.overload is None:
        return None
    index = bracket.ceiling.step if bracket.ceiling else bracket.overload.step
    full = next(step for step in summary.steps if step.index == index)
    least = bracket.overload.clients
    focus = [s for s in summary.steps if s.valid and s.fell_short and s.clients >= least]
    if full.index not in host:
        full = max(
            (s for s in focus if s.index in host),
            key=lambda s: (host[s.index].samples, s.clients),
            default=full,
        )
    carried = [s for s in summary.steps if s.state == "carried" and s.clients < full.clients]
    light = min(carried, key=lambda s: s.clients, default=None)
    seen = [s for s in carried if s.index in host]
    idlest = min(seen, key=lambda s: s.clients, default=None)
    return _Overload(
        summary, full, light, host.get(full.index), host[idlest.index] if idlest else None
    )


def _candidates(overload: _Overload) -> Iterator[Limit]:
    """What could be the limit, what lies before the rest first."""
    yield from _connections(overload)
    yield from _cloud(overload)
    yield from _network(overload)
    yield from _slowed_gpu(overload)
    yield from _memory(overload)
    yield from _detector_pod(overload)
    yield from _gpu(overload)
    yield from _proxy_cpu(overload)
    yield from _host_cpu(overload)
    yield from _workers(overload)


def _connections(overload: _Overload) -> Iterator[Limit]:
    """The proxy's limit of connections, if most of the failures show it."""
    for found in find_connection_limit(overload.summary.log.sent_requests):
        failed = sum(overload.full.counts.failures.values())
        if overload.full.index in found.steps and failed:
            yield Limit("connection_limit", "high", (found,))


def _cloud(overload: _Overload) -> Iterator[Limit]:
    purity = overload.full.rates.edge_purity
    if purity is not None and 1.0 - purity >= _CLOUD_SHARE:
        numbers = {"share": 1.0 - purity}
        sure: Confidence = "high" if purity < 0.5 else "medium"
        yield Limit("cloud", sure, (overload.found("limit_cloud", numbers),))


def _network(overload: _Overload) -> Iterator[Limit]:
    network = overload.full.network
    if network is None or network.share < _NETWORK_SHARE:
        return
    median = overload.full.times.service.quantile("p50")
    numbers: dict[str, Evidence] = {
        "share": network.share,
        "service_s": median.value if median else None,
        "retransmits": network.retransmits,
        "sent_bytes_per_s": _sent_bytes_per_s(overload),
    }
    sure: Confidence = "high" if network.share >= _SURE_NETWORK_SHARE else "medium"
    yield Limit("network", sure, (overload.found("limit_network", numbers),))


def _sent_bytes_per_s(overload: _Overload) -> float | None:
    requests, window = overload.summary.log.sent_requests, overload.full.window
    if window.length_s <= 0:
        return None
    return float(requests.bytes[window.holds(requests.done_s)].sum()) / window.length_s


def _slowed_gpu(overload: _Overload) -> Iterator[Limit]:
    """A busy GPU whose clock heat or its power limit had lowered."""
    for gpu in overload.gpus:
        busy = gpu.utilization_percent
        if busy is None or busy < ROOM_PERCENT:
            continue
        numbers = _gpu_numbers(gpu)
        slow = (
            gpu.sm_clock_mhz is not None
            and gpu.highest_clock_mhz is not None
            and gpu.sm_clock_mhz < _SLOWED_CLOCK * gpu.highest_clock_mhz
        )
        sure: Confidence = "high" if slow else "medium"
        if (gpu.thermal_share or 0.0) >= _SLOWED_SHARE:
            yield Limit(
                "thermal", sure, (overload.found("limit_thermal", numbers),), f"GPU {gpu.index}"
            )
        elif (gpu.power_share or 0.0) >= _SLOWED_SHARE and slow:
            yield Limit(
                "power", "high", (overload.found("limit_power", numbers),), f"GPU {gpu.index}"
            )


def _gpu_numbers(gpu: GpuMeans) -> dict[str, Evidence]:
    return {
        "gpu": gpu.index,
        "name": gpu.name,
        "percent": gpu.utilization_percent,
        "controller_percent": gpu.memory_controller_percent,
        "power_w": gpu.power_w,
        "power_limit_w": gpu.power_limit_w,
        "temperature_c": gpu.temperature_c,
        "clock_mhz": gpu.sm_clock_mhz,
        "highest_clock_mhz": gpu.highest_clock_mhz,
        "thermal_share": gpu.thermal_share,
        "power_share": gpu.power_share,
    }


def _memory(overload: _Overload) -> Iterator[Limit]:
    stalled = overload.host.memory_stalled_percent if overload.host else None
    if overload.host is not None and stalled is not None and stalled >= _STALLED_PERCENT:
        numbers = {"percent": stalled, "used_percent": overload.host.memory_used_percent}
        yield Limit("memory", "high", (overload.found("limit_memory", numbers),))


def _detector_pod(overload: _Overload) -> Iterator[Limit]:
    """One detector of several, if the others have room: requests queue before its pod alone."""
    parts = {part.group: part for part in overload.full.groups}
    before = {part.group: part for part in overload.light.groups} if overload.light else {}
    queueing = [group for group in overload.summary.groups if parts[group.group].overloaded]
    others = [part for part in parts.values() if not part.overloaded]
    asked = [part for part in others if part.within.sent >= _LEAST_REQUESTS]
    if not queueing or not asked or not all(_as_fast(part, before) for part in asked):
        return
    for group in queueing:
        name = group.queueing.name if group.queueing else _detector_of(overload.summary, group)
        ceiling = group.bracket.ceiling
        numbers: dict[str, Evidence] = {
            "detector": name,
            "camera_group": group.group,
            "per_s": ceiling.per_s if ceiling else None,
            "others": tuple(part.group for part in asked),
        }
        sure: Confidence = "high" if _has_room(overload.host) else "medium"
        yield Limit("detector_pod", sure, (overload.found("limit_detector_pod", numbers),), name)


def _as_fast(part: StepSummary, before: Mapping[str, StepSummary]) -> bool:
    """Whether a group was answered about as fast as at the light load; also if that is unknown."""
    light = before.get(part.group)
    now, then = _median(part), _median(light) if light else None
    return now is None or then is None or now < GREW * then


def _median(step: StepSummary) -> float | None:
    p50 = step.times.frame.quantile("p50")
    return p50.value if p50 else None


def _detector_of(summary: RunSummary, group: RunSummary) -> str:
    header = summary.log.header
    for record in header.plan.groups if header else ():
        if record.name == group.group:
            return record.detector_name or record.detector_id
    return group.group


def _has_room(host: HostMeans | None) -> bool:
    """Whether the host was seen, and neither its CPU, one core nor a GPU was nearly full."""
    if host is None or host.cpu_percent is None:
        return False
    busy = [host.cpu_percent, *(g.utilization_percent or 0.0 for g in host.gpus)]
    return max(busy) < ROOM_PERCENT and (host.busiest_core_percent or 0.0) < _SURE_PERCENT


def _gpu(overload: _Overload) -> Iterator[Limit]:
    lit = {gpu.index: gpu for gpu in (overload.light_host.gpus if overload.light_host else ())}
    for gpu in sorted(overload.gpus, key=lambda gpu: -(gpu.utilization_percent or 0.0)):
        busy = gpu.utilization_percent
        if busy is None or busy < FULL_PERCENT:
            return
        light = lit.get(gpu.index)
        before = light.utilization_percent if light else None
        grew = before is not None and before < ROOM_PERCENT
        deep = (gpu.memory_controller_percent or 0.0) >= ROOM_PERCENT or _at_power_limit(gpu)
        sure: Confidence = "high" if grew and (busy >= _SURE_PERCENT or deep) else "medium"
        numbers = {**_gpu_numbers(gpu), "light_percent": before}
        yield Limit(
            "inference_gpu", sure, (overload.found("limit_inference_gpu", numbers),), _called(gpu)
        )


def _called(gpu: GpuMeans) -> str:
    return f"GPU {gpu.index}"


def _at_power_limit(gpu: GpuMeans) -> bool:
    if (gpu.power_share or 0.0) >= _SLOWED_SHARE:
        return True
    power, most = gpu.power_w, gpu.power_limit_w
    return power is not None and bool(most) and power >= _NEAR_POWER_LIMIT * (most or 0.0)


def _proxy_cpu(overload: _Overload) -> Iterator[Limit]:
    """The endpoint's own processes before the detectors, each of which can fill one core."""
    host = overload.host
    if host is None:
        return
    for group, each in _proxies(host):
        if each >= _FULL_PROCESS_PERCENT:
            numbers: dict[str, Evidence] = {
                "process": group.name,
                "count": round(group.count),
                "percent": each,
                "cpu_percent": host.cpu_percent,
            }
            sure: Confidence = "high" if each >= FULL_PERCENT else "medium"
            yield Limit("proxy_cpu", sure, (overload.found("limit_proxy_cpu", numbers),))
    own, cpu = host.edge_endpoint_percent, host.cpu_percent
    if own is not None and cpu is not None and cpu >= FULL_PERCENT and own >= cpu / 2:
        numbers = {"percent": own, "cpu_percent": cpu}
        yield Limit("proxy_cpu", "medium", (overload.found("limit_proxy_cpu", numbers),))


def _proxies(host: HostMeans) -> Iterator[tuple[ProcessMeans, float]]:
    """The groups of proxy processes, and how busy each process was, in percent of a core."""
    for group in host.processes:
        if group.name.lower().startswith(_PROXIES) and group.count >= 1:
            yield group, group.cpu_percent / group.count


def _host_cpu(overload: _Overload) -> Iterator[Limit]:
    host = overload.host
    if host is None or host.cpu_percent is None:
        return
    throttled = host.throttled_percent or 0.0
    if host.cpu_percent < FULL_PERCENT and throttled < _THROTTLED_PERCENT:
        return
    light = overload.light_host.cpu_percent if overload.light_host else None
    busiest = max(host.processes, key=lambda group: group.cpu_percent, default=None)
    numbers: dict[str, Evidence] = {
        "percent": host.cpu_percent,
        "light_percent": light,
        "throttled_percent": throttled,
        "process": busiest.name if busiest else None,
        "process_percent": busiest.cpu_percent if busiest else None,
    }
    grew = light is not None and light < ROOM_PERCENT
    sure: Confidence = "high" if grew else "medium"
    yield Limit("host_cpu", sure, (overload.found("limit_host_cpu", numbers),))


def _workers(overload: _Overload) -> Iterator[Limit]:
    """Requests queue, and nothing that was seen is full: they wait for a free worker.

    Not if a proxy was so busy that they may wait for that. By Little's law the ceiling times the
    time of an answer without a queue is how many are answered at once.
    """
    ceiling = overload.summary.bracket.ceiling
    if ceiling is None or ceiling.of_the_clients is not False or ceiling.light_s is None:
        return
    proxies = _proxies(overload.host) if overload.host else ()
    if any(each >= _BUSY_PROCESS_PERCENT for _, each in proxies):
        return
    at_once = ceiling.per_s * ceiling.light_s
    nearest = max(1, round(at_once))
    whole = abs(at_once - nearest) <= _WHOLE_WORKERS * nearest
    sure: Confidence = "medium" if whole else "low"
    if _has_room(overload.host):
        sure = "high"
    numbers: dict[str, Evidence] = {
        "at_once": at_once,
        "whole": nearest if whole else None,
        "per_s": ceiling.per_s,
        "light_s": ceiling.light_s,
        "full_s": ceiling.full_s,
        "cpu_seen": overload.host is not None and overload.host.cpu_percent is not None,
        "gpu_seen": any(gpu.utilization_percent is not None for gpu in overload.gpus),
    }
    yield Limit("inference_workers", sure, (overload.found("limit_inference_workers", numbers),))


def _room(overload: _Overload, limit: Limit) -> Iterator[Finding]:
    """What else was seen, and had room."""
    room: dict[str, Evidence] = {}
    host = overload.host
    if host is not None and host.cpu_percent is not None and host.cpu_percent < ROOM_PERCENT:
        room["the host's CPU"] = host.cpu_percent / 100
    for gpu in overload.gpus:
        busy = gpu.utilization_percent
        if busy is not None and busy < ROOM_PERCENT and limit.about != _called(gpu):
            room[_called(gpu)] = busy / 100
    network = overload.full.network
    if limit.resource != "network" and network is not None and network.share < _NETWORK_SHARE:
        room["the network"] = network.share
    if room and limit.resource != "unknown":
        yield overload.found("limit_room", {"room": room})
