"""What limits the endpoint: meaning, cause, advice, and what was seen, for each resource. Pure.

A message is what was seen of the resource that is the limit, as a clause after "the limit is …: ".
"""

from __future__ import annotations

from edgeload.plain_words import listed, plural
from edgeload.read.statistics.format import milliseconds, number, share
from edgeload.read.words.finding_kind import Kind, Numbers

_MEGA = 1e6


def _percent(value: float | None) -> str:
    return "unknown" if value is None else share(value / 100)


def _gpu_facts(n: Numbers) -> str:
    """What else was seen of a GPU, in brackets."""
    told = []
    if n["controller_percent"] is not None:
        told.append(f"memory controller {_percent(n['controller_percent'])}")
    if n["power_w"] is not None and n["power_limit_w"]:
        told.append(f"{n['power_w']:.0f} of {n['power_limit_w']:.0f} W")
    if n["temperature_c"] is not None:
        told.append(f"{n['temperature_c']:.0f} °C")
    if n["clock_mhz"] is not None and n["highest_clock_mhz"] is not None:
        told.append(f"clock {n['clock_mhz']:.0f} of {n['highest_clock_mhz']:.0f} MHz")
    return f" ({', '.join(told)})" if told else ""


def _inference_gpu(n: Numbers) -> str:
    capped = ", held back by its power limit" if (n["power_share"] or 0) >= 0.5 else ""
    before = n.get("light_percent")
    light = "" if before is None else f", and {_percent(before)} at a light load"
    return f"it was busy {_percent(n['percent'])} of the time{light}{capped}{_gpu_facts(n)}"


def _slowed(n: Numbers, why: str, slowed_share: float | None) -> str:
    return (
        f"{why} lowered the clock of GPU {n['gpu']} in {share(slowed_share or 0.0)} of the samples"
        f", while it was busy {_percent(n['percent'])} of the time{_gpu_facts(n)}"
    )


def _workers(n: Numbers) -> str:
    at_once = n["whole"] or number(n["at_once"])
    answers = "1 answer" if at_once == 1 else f"{at_once} answers"
    about = "" if n["whole"] else "about "
    known = f"{about}{answers} at once, {milliseconds(n['light_s'])} ms each"
    if n["cpu_seen"]:
        return known
    unseen = "CPU" if n["gpu_seen"] else "CPU or GPU"
    return f"{known}; or a full {unseen} behind them, which was not watched"


def _detector_pod(n: Numbers) -> str:
    others = listed(n["others"])
    per_s = "" if n["per_s"] is None else f" at {number(n['per_s'])} frames/s"
    verb = "is" if len(n["others"]) == 1 else "are"
    return (
        f"only the requests of {n['camera_group']} queue{per_s}, while {others} {verb} answered as "
        "fast as before"
    )


def _proxy_cpu(n: Numbers) -> str:
    if n.get("process") is None:
        return (
            f"the endpoint's own processes use {_percent(n['percent'])} of the host's CPU, which "
            f"is {_percent(n['cpu_percent'])} busy"
        )
    each = "each " if n["count"] > 1 else ""
    verb = "use" if n["count"] > 1 else "uses"
    return (
        f"{plural(n['count'], n['process'] + ' process')} {each}{verb} {_percent(n['percent'])} of "
        f"a core, and one has a single thread; the host's CPU is {_percent(n['cpu_percent'])} busy"
    )


def _host_cpu(n: Numbers) -> str:
    light = "" if n["light_percent"] is None else f", and {_percent(n['light_percent'])} lightly"
    most = ""
    if n["process"] is not None:
        most = f"; {n['process']} uses the most, {number(n['process_percent'] / 100)} cores"
    held = ""
    if n["throttled_percent"]:
        held = f"; its CPU quota stopped it in {_percent(n['throttled_percent'])} of the periods"
    return f"all cores together were busy {_percent(n['percent'])} of the time{light}{most}{held}"


def _network(n: Numbers) -> str:
    of_ms = "" if n["service_s"] is None else f" of {milliseconds(n['service_s'])} ms"
    rate = n["sent_bytes_per_s"]
    sent = "" if not rate else f", at {rate * 8 / _MEGA:.3g} Mbit/s of pictures"
    again = f"; {plural(n['retransmits'], 'segment')} had to be sent again"
    return (
        f"at least {share(n['share'])} of the service time{of_ms} is requests on their way{sent}"
        + (again if n["retransmits"] else "")
    )


LIMIT_KINDS = {
    "limit_inference_gpu": Kind(
        meaning="The GPU that runs the models was busy all the time.",
        cause="The models ask for more than the GPU can compute.",
        advice="Use a smaller or faster model, smaller pictures, or a faster GPU. More inference "
        "workers do not help.",
        message=_inference_gpu,
    ),
    "limit_thermal": Kind(
        meaning="Heat lowered the clock of a busy GPU.",
        cause="Cooling, dust, or the temperature in the cabinet.",
        advice="Improve the cooling of the box, then measure again for as long as it took to get "
        "hot.",
        message=lambda n: _slowed(n, "heat", n["thermal_share"]),
    ),
    "limit_power": Kind(
        meaning="Its power limit lowered the clock of a busy GPU.",
        cause="The limit that is set (nvidia-smi -pl, nvpmodel on a Jetson), or the power supply.",
        advice="Raise the power limit of the GPU if its supply and cooling allow it.",
        message=lambda n: _slowed(n, "its power limit", n["power_share"]),
    ),
    "limit_memory": Kind(
        meaning="Everything on the host waited for memory.",
        cause="The models and programs need more memory than the host has.",
        advice="Load fewer detectors or workers, or add memory.",
        message=lambda n: (
            f"all programs waited for memory {_percent(n['percent'])} of the time; "
            f"{_percent(n['used_percent'])} of it is in use"
        ),
    ),
    "limit_detector_pod": Kind(
        meaning="One detector of several had more requests than its pod could answer.",
        cause="Each detector has an inference pod with its own workers.",
        advice="Give this detector more inference workers or a faster model, or use fewer cameras "
        "of it; the others have room.",
        message=_detector_pod,
    ),
    "limit_proxy_cpu": Kind(
        meaning="The endpoint's processes before the detectors had no CPU time left.",
        cause="Each of its workers has one thread, which can fill one core.",
        advice="Give the endpoint's proxy more workers, if the host has cores to spare.",
        message=_proxy_cpu,
    ),
    "limit_host_cpu": Kind(
        meaning="The CPU of the host was busy all the time.",
        cause="The models compute on the CPU, or many workers compete for its cores.",
        advice="Use fewer threads per inference pod, smaller pictures, or a host with more cores.",
        message=_host_cpu,
    ),
    "limit_network": Kind(
        meaning="Requests spent most of their service time on the way to the endpoint.",
        cause="A slow or lossy link, or one that others use as well.",
        advice="Use a faster link, smaller pictures or a lower JPEG quality, and measure from "
        "where the cameras are.",
        message=_network,
    ),
    "limit_cloud": Kind(
        meaning="The cloud gave a part of the answers.",
        cause="The detector escalates answers of low confidence, or is not ready on the edge.",
        advice="Configure the detector edge-only (docs/endpoint.md), and measure again.",
        message=lambda n: f"it gave {share(n['share'])} of the answers instead of the edge",
    ),
    "limit_inference_workers": Kind(
        meaning="Requests queue before the inference workers, and nothing that was seen is full.",
        cause="Each worker answers one request at a time.",
        advice="Give the detector more inference workers (WORKERS of its deployment), as long as "
        "the CPU and GPU have room.",
        message=_workers,
    ),
    "limit_room": Kind(
        meaning="What had room while something else was the limit.",
        cause="Resources that were busy less than 80 % of the time.",
        advice="Making these faster does not help.",
        message=lambda n: (
            listed([f"{name} ({share(value)})" for name, value in n["room"].items()])
            + (" has room" if len(n["room"]) == 1 else " have room")
        ),
    ),
}
