"""How a long step ended, compared with how it began: one sentence, and rows of a table. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.byte_sizes import GIBIBYTE, MEBIBYTE
from edgeload.plain_words import listed
from edgeload.read.analysis.soak_result import QuarterPair, Soak, Throttling
from edgeload.read.statistics.format import milliseconds, number
from edgeload.read.words.finding_kind import Kind, Numbers
from edgeload.time_words import duration, moment

SOAK_HEADS = ("quantity", "first", "last", "change")
_NAMES = {
    "throughput_per_s": "throughput",
    "response_p50_s": "median response time",
    "response_p95_s": "p95 of the response time",
    "service_p50_s": "median service time",
    "service_p95_s": "p95 of the service time",
    "cpu_percent": "CPU",
    "memory_used_bytes": "memory",
    "gpu_memory_used_bytes": "memory",
    "sm_clock_mhz": "clock",
    "temperature_c": "temperature",
    "power_w": "power",
    "gpu_percent": "busy",
}
_SHORT = {
    "response_p50_s": "response p50",
    "response_p95_s": "response p95",
    "service_p50_s": "service p50",
    "service_p95_s": "service p95",
    "cpu_percent": "host CPU",
    "memory_used_bytes": "host memory",
}
"""Names in the table, where these stand beside others."""
_MINUTES_UNTIL_S = 3 * 3600.0
_MANIFOLD = 3.0
_MOST_LEAKS = 2
_TOO_FEW = "too few to tell"
_SLOWED = {"thermal": "temperature", "power": "its power limit"}


def _soak(n: Numbers) -> str:
    told = []
    if n["changes"] or n["cause"]:
        told.append(_change(n))
    told += [_leak(leak) for leak in n["leaks"][:_MOST_LEAKS]]
    return "; ".join(told)


def _change(n: Numbers) -> str:
    changes = listed([_moved(change) for change in n["changes"]])
    if n["cause"] and n["located"] != "change_point":
        felt = changes or "clients did not feel it yet"
        return f"{_since(n['throttled_from_s'])} {_throttled(n)}: {felt}"
    since = "bit by bit" if n["gradual"] else _between_quarters(n)
    since = since if n["at_s"] is None else _since(n["at_s"])
    worse = any(change["worse"] for change in n["changes"])
    said = f"{since} the endpoint became {'slower' if worse else 'faster'}{_facts(n)}: {changes}"
    if not n["cause"]:
        return said
    return f"{said}; {_since(n['throttled_from_s'])} {_throttled(n)}"


def _between_quarters(n: Numbers) -> str:
    return f"between the first and the last quarter of {_span(n['length_s'])}"


def _since(at_s: float) -> str:
    """`from minute 8 on`; of a long run the moment itself."""
    if at_s >= _MINUTES_UNTIL_S:
        return f"from {moment(at_s)} on"
    return f"from minute {max(1, round(at_s / 60))} on"


def _span(seconds: float) -> str:
    return duration(round(seconds / 60) * 60.0)


def _throttled(n: Numbers) -> str:
    gpu = "the GPU" if n["gpus"] <= 1 else n["gpu"]
    return f"{gpu} throttled on {_SLOWED[n['cause']]}{_facts(n)}"


def _facts(n: Numbers) -> str:
    """Temperature and clock, first and last, in brackets."""
    told = []
    if n["temperature_c"] is not None:
        told.append("{:.0f} to {:.0f} °C".format(*n["temperature_c"]))
    if n["sm_clock_mhz"] is not None:
        told.append("clock {:.0f} to {:.0f} MHz".format(*n["sm_clock_mhz"]))
    return f" ({', '.join(told)})" if told else ""


def _moved(change: Numbers) -> str:
    name, first, last = _NAMES[change["quantity"]], change["first"], change["last"]
    if not first or last > _MANIFOLD * first:
        return f"{name} from {_value(change['quantity'], first)} to " + _value(
            change["quantity"], last
        )
    return f"{name} {_signed(last / first - 1.0)}"


def _signed(change: float) -> str:
    sign = "\N{MINUS SIGN}" if change < 0 else "+"
    return f"{sign}{abs(change) * 100:.0f} %"


def _leak(leak: Numbers) -> str:
    where = {"host": "the host", "gpu": leak["about"], "pod": f"pod {leak['about']}"}
    rate = _bytes(leak["bytes_per_s"] * 3600)
    said = f"memory of {where[leak['memory']]} grows by {rate} an hour"
    if leak["full_after_s"] is None:
        return f"{said}; when it will be full is not known, because its size is not"
    when = duration(max(60.0, leak["full_after_s"]))
    return f"{said}: at this rate it is full {when} after the step"


def _bytes(count: float) -> str:
    if count >= GIBIBYTE:
        return f"{number(count / GIBIBYTE)} GiB"
    return f"{number(count / MEBIBYTE)} MiB"


def _value(quantity: str, value: float) -> str:
    if quantity.endswith("_per_s"):
        return f"{number(value)}/s"
    if quantity.endswith("_bytes"):
        return _bytes(value)
    if quantity.endswith("_s"):
        return f"{milliseconds(value)} ms" if value < 2.0 else f"{number(value)} s"
    units = {"_percent": " %", "_mhz": " MHz", "_c": " °C", "_w": " W"}
    unit = next(unit for end, unit in units.items() if quantity.endswith(end))
    return f"{value:.0f}{unit}"


def throttling_label(throttling: Throttling) -> str:
    """What stands at a line in a chart."""
    return f"GPU {throttling.gpu} throttles on {_SLOWED[throttling.cause]}"


def soak_title(step: int | None) -> str:
    """The title of its table; the step, from 0, is named if there are several."""
    of = "" if step is None else f" of step {step + 1}"
    return f"How the box did at the beginning and at the end{of}"


def soak_note(soak: Soak) -> str:
    """What the table under it shows."""
    first, last = (duration(round(w.length_s)) for w in (soak.ends.first, soak.ends.last))
    said = ""
    if soak.untested:
        said = f"Too few answers to tell: {_named(soak.untested)}. "
    elif not soak.changes:
        said = "Nothing changed for clients by more than chance. "
    return (
        f"{said}The first {first} against the last {last}. A change stands there only if it is "
        "more than chance, and 5 % or more (times: 10 %)."
    )


def _named(quantities: Sequence[str]) -> str:
    return listed([_NAMES[quantity] for quantity in quantities])


def _untested(n: Numbers) -> str:
    return f"too few answers to tell whether the step ended as it began: {_named(n['untested'])}"


def soak_rows(soak: Soak) -> list[tuple[str, str, str, str]]:
    """Each quantity of a long step by its name, in the first and in the last quarter."""
    return [_row(pair) for pair in soak.pairs]


def _row(pair: QuarterPair) -> tuple[str, str, str, str]:
    name = _SHORT.get(pair.quantity) or _NAMES[pair.quantity]
    return (
        " ".join(filter(None, (pair.about, name))),
        _value(pair.quantity, pair.first),
        _value(pair.quantity, pair.last),
        _TOO_FEW if pair.changed is None else _changed(pair) if pair.changed else "",
    )


def _changed(pair: QuarterPair) -> str:
    """In percent; by how many degrees or points where percent would mean nothing."""
    by = pair.last - pair.first
    if pair.quantity.endswith(("_c", "_percent")):
        sign = "\N{MINUS SIGN}" if by < 0 else "+"
        return f"{sign}{_value(pair.quantity, abs(by))}"
    if pair.change is None or pair.change >= _MANIFOLD:
        return f"{number(pair.last / pair.first)}-fold" if pair.first else "from 0"
    return _signed(pair.change)


def _advice(n: Numbers) -> str:
    if n["cause"] == "thermal":
        return (
            "Improve the cooling of the box. Until then, plan with the last quarter at most: a "
            "box that still gets slower serves less."
        )
    if n["cause"] == "power":
        return (
            "Raise the power limit of the GPU if its supply and cooling allow it. Until then, plan "
            "with the last quarter."
        )
    if n["changes"] and any(change["worse"] for change in n["changes"]):
        seen = "" if n["gpus"] else " Join the box's monitor (--monitor) to see clocks and heat."
        return f"Plan with the last quarter at most.{seen}"
    if n["leaks"]:
        return "Find the program that grows, and restart it before the memory is full."
    return (
        "Perhaps the endpoint was not warm yet (use a longer --warmup), or other work on the box "
        "ended."
    )


SOAK_KINDS = {
    "soak": Kind(
        meaning="A step of ten minutes or more did not end as it began: throughput, response times "
        "or memory of its first and last quarter differ.",
        cause="Heat or a power limit that slows a GPU down, a leak of memory, other work on the "
        "box; or an endpoint that was not warm yet.",
        advice="Plan with the last quarter. See docs/box.md.",
        message=_soak,
        advise=_advice,
    ),
    "soak_unclear": Kind(
        meaning="A step of ten minutes or more had too few answers to tell whether it ended as it "
        "began.",
        cause="A median needs 5 answers in each twentieth of the step, and a p95 needs 20.",
        advice="Hold the load for longer, or more of it: a step needs 100 answers for its median, "
        "and 400 for its p95.",
        message=_untested,
    ),
}
