"""Findings about long steps: those that did not end as they began, or may not have. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeload.read.analysis.finding import Evidence, Finding, Severity
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.soak_result import Leak, QuarterPair, Soak


def find_soak_findings(summary: RunSummary) -> Iterator[Finding]:
    """A flat box is silent. Of a run of one step, the step is not named."""
    for soak in summary.soaks:
        steps = (soak.step,) if len(summary.steps) > 1 else ()
        if soak.flat is False:
            bad = soak.throttling or soak.leaks or any(pair.worse for pair in soak.changes)
            severity: Severity = "warning" if bad else "note"
            yield Finding("soak", severity, steps, soak_numbers(soak), about=str(soak.step))
        if soak.untested and not soak.changes:
            numbers: dict[str, Evidence] = {"untested": without_service(soak.untested)}
            yield Finding("soak_unclear", "note", steps, numbers, about=str(soak.step))


def soak_numbers(soak: Soak) -> dict[str, Evidence]:
    """What the sentence about a long step is made of; instants count from its start."""
    throttling = soak.throttling
    gpus = sorted({pair.about for pair in soak.pairs if pair.about})
    gpu = f"GPU {throttling.gpu}" if throttling else next(iter(gpus), "")
    shown = {name: soak.pair(name, gpu) for name in ("sm_clock_mhz", "temperature_c", "power_w")}
    begin_s = soak.span.start_s
    return {
        "at_s": None if soak.at_s is None else soak.at_s - begin_s,
        "located": soak.located,
        "gradual": soak.gradual,
        "length_s": soak.ends.whole.end_s - begin_s,
        "changes": tuple(_pair(pair) for pair in _felt(soak)),
        "cause": throttling.cause if throttling else None,
        "throttled_from_s": throttling.at_s - begin_s if throttling else None,
        "gpu": gpu,
        "gpus": len(gpus),
        **{name: _ends(pair) for name, pair in shown.items()},
        "leaks": tuple(_leak(leak) for leak in soak.leaks),
    }


def _felt(soak: Soak) -> list[QuarterPair]:
    """What changed for clients; of service times only if response times are not known."""
    responses = any(pair.quantity.startswith("response") for pair in soak.pairs)
    named = [p for p in soak.changes if not (responses and p.quantity.startswith("service"))]
    return named or list(soak.changes)


def without_service(quantities: Sequence[str]) -> tuple[str, ...]:
    """Quantities to be named: service times only where there are no response times."""
    responses = any(quantity.startswith("response") for quantity in quantities)
    return tuple(q for q in quantities if not (responses and q.startswith("service")))


def _pair(pair: QuarterPair) -> dict[str, Evidence]:
    return {
        "quantity": pair.quantity,
        "first": pair.first,
        "last": pair.last,
        "worse": pair.worse,
    }


def _ends(pair: QuarterPair | None) -> tuple[Evidence, ...] | None:
    return None if pair is None else (pair.first, pair.last)


def _leak(leak: Leak) -> dict[str, Evidence]:
    return {
        "memory": leak.memory,
        "about": leak.about,
        "bytes_per_s": leak.bytes_per_s,
        "used_bytes": leak.used_bytes,
        "limit_bytes": leak.limit_bytes,
        "full_after_s": leak.full_after_s,
    }
