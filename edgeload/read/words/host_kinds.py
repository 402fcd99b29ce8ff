"""The findings about the host: meaning, cause, advice, and what its samples showed. Pure."""

from __future__ import annotations

from edgeload.plain_words import plural
from edgeload.read.statistics.format import number, share
from edgeload.read.words.finding_kind import Kind, Numbers

_CPU, _CORE = "CPU, all cores", "CPU, busiest core"


def _span(seconds: float) -> str:
    for size_s, unit in ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= size_s:
            return f"{seconds / size_s:.1f} {unit}"
    return f"{seconds:.1f} s"


def _other_time(n: Numbers) -> str:
    if n["first_s"] is None:
        return "the file of the host's samples holds none"
    taken = plural(n["samples"], "sample")
    if n["last_s"] < 0:
        when = f"the last was taken {_span(-n['last_s'])} before it began"
    elif n["first_s"] > n["run_s"]:
        when = f"the first was taken {_span(n['first_s'] - n['run_s'])} after it ended"
    else:
        when = "some were taken before it began, and the others after it ended"
    return f"none of the host's {taken} is from the time of the run: {when}"


def _host_use(n: Numbers) -> str:
    """Not the CPU only if neither all cores together nor a single one were nearly full."""
    shares, full = n["shares"], n["full"]
    told = "; ".join(f"{name}: {share(value)}" for name, value in shares.items() if name != _CPU)
    more = f" ({told})" if told else ""
    if _CPU not in shares:
        return f"in {{steps}}, which the endpoint did not carry, the host was busy{more}"
    cpu = share(shares[_CPU])
    if max(shares[_CPU], shares.get(_CORE, 0.0)) < full:
        return f"it was not the host's CPU that limited {{steps}}: {cpu} busy{more}"
    if shares[_CPU] < full:
        return f"in {{steps}}, the host's CPU was {cpu} busy, but one core was nearly full{more}"
    return f"in {{steps}}, the host's CPU was nearly full: {cpu} busy{more}"


def _no_demand(n: Numbers) -> str:
    loads, needed = n.get("loads"), n.get("needed")
    if loads is None or needed is None:
        return "the host's samples do not show which resource the load uses up"
    if loads < needed:
        return (
            f"the host's samples do not show which resource the load uses up: they cover "
            f"{plural(loads, 'load')}, and {needed} are needed"
        )
    return f"no resource of the host got busier with the load, over {plural(loads, 'load')}"


HOST_WARNING_KINDS = {
    "host_other_time": Kind(
        meaning="None of the host's samples was taken while the run went on.",
        cause="The samples are of another run, or the clocks of the two machines differ.",
        advice="Give the samples that the monitor took during this run, and synchronise the clocks "
        "of both machines (NTP).",
        message=_other_time,
    ),
}


def _energy(n: Numbers) -> str:
    idle = "; what they take idle is not known: start the monitor some seconds before the run"
    if n["idle_w"] is not None:
        above = number(n["above_idle_wh_per_1000"])
        idle = f", {above} Wh of that above their {n['idle_w']:.0f} W idle"
    return (
        f"in {{steps}}, 1,000 answers took {number(n['wh_per_1000'])} Wh of the GPUs "
        f"({n['mean_w']:.0f} W{idle})"
    )


HOST_NOTE_KINDS = {
    "energy": Kind(
        meaning="The energy that the GPUs of the box took for 1,000 answers.",
        cause="Power over answers per second; the more answers, the less of it is idle power.",
        advice="Compare it between models and power limits at the same load.",
        message=_energy,
    ),
    "host_use": Kind(
        meaning="How busy the host was in the steps that the endpoint did not carry.",
        cause="What limits a step is nearly full in it; what has room left does not limit it.",
        advice="If nothing is nearly full, look at the number of workers, at locks, and at what "
        "the monitor does not see. A GPU is busy while any kernel runs, even if it has room.",
        message=_host_use,
    ),
    "no_demand": Kind(
        meaning="The host's samples do not show which resource the load uses up.",
        cause="Too few loads with samples, or no resource that gets busier with the load.",
        advice="Needed: host samples during valid steps at six or more different loads, and a "
        "resource whose use rises with load.",
        message=_no_demand,
    ),
}
