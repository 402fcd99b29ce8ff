"""How long steps ended, compared with how they began, as records of summary.json. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.plain_words import sentence
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.soak_result import Leak, QuarterPair, Soak, Throttling
from edgeload.read.output.json_numbers import json_number, rounded
from edgeload.read.output.soak_schema import (
    LeakRecord,
    QuartersRecord,
    SoakRecord,
    ThrottlingRecord,
    WindowRecord,
)
from edgeload.read.statistics.windows import Window
from edgeload.read.words.finding_words import message


def soak_record(soak: Soak, findings: Sequence[Finding]) -> SoakRecord:
    """One long step; its sentence is that of its finding."""
    codes = ("soak", "soak_unclear")
    said = [f for f in findings if f.code in codes and f.about == str(soak.step)]
    return SoakRecord(
        step=soak.step,
        flat=soak.flat,
        sentence=sentence(message(said[0])) if said else None,
        at_s=json_number(soak.at_s),
        limits_s=None if soak.limits_s is None else [rounded(limit) for limit in soak.limits_s],
        located=soak.located,
        gradual=soak.gradual,
        first=_window(soak.ends.first),
        last=_window(soak.ends.last),
        throttling=_throttling(soak.throttling) if soak.throttling else None,
        quarters=[_quarters(pair) for pair in soak.pairs],
        leaks=[_leak(leak) for leak in soak.leaks],
        untested=list(soak.untested),
    )


def _window(window: Window) -> WindowRecord:
    return WindowRecord(start_s=rounded(window.start_s), end_s=rounded(window.end_s))


def _quarters(pair: QuarterPair) -> QuartersRecord:
    return QuartersRecord(
        quantity=pair.quantity,
        about=pair.about or None,
        first=json_number(pair.first),
        last=json_number(pair.last),
        changed=pair.changed,
    )


def _throttling(found: Throttling) -> ThrottlingRecord:
    return ThrottlingRecord(
        gpu=found.gpu,
        cause=found.cause,
        at_s=rounded(found.at_s),
        share_before=json_number(found.before),
        share_after=json_number(found.after),
    )


def _leak(leak: Leak) -> LeakRecord:
    return LeakRecord(
        memory=leak.memory,
        about=leak.about or None,
        bytes_per_s=json_number(leak.bytes_per_s),
        used_bytes=json_number(leak.used_bytes),
        limit_bytes=json_number(leak.limit_bytes),
        full_after_s=json_number(leak.full_after_s),
    )
