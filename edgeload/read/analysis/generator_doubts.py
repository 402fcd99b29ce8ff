"""What makes a step INVALID because our own machine was too slow, by the kernel's account. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.generator_limits import (
    CORE_WAIT_LIMIT_S,
    CPU_LIMIT,
    LATE_SHARE,
    LIMIT_STOPS_SHARE,
    STOLEN_SHARE,
)
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.step_summary import GeneratorWork
from edgeload.read.analysis.worker_effort import LimitStops


def stopped_from_outside(generator: GeneratorWork) -> Iterator[Finding]:
    """What stops all of our processes at once, and explains whatever else is wrong with them."""
    yield from _stopped_by_limit(generator.limit_stops)
    yield from _stolen(generator.stolen_share)


def too_slow(generator: GeneratorWork) -> Iterator[Finding]:
    """Late sends, a busy worker, and one that waited for a core."""
    yield from late_sends(generator)
    yield from _busy(generator.cpu_cores)
    yield from _starved(generator.core_wait_s)


def late_sends(generator: GeneratorWork) -> Iterator[Finding]:
    """Late sends, and how long the kernel kept our processes from sending, which may be why."""
    late_share = generator.late_share
    if late_share is not None and late_share > LATE_SHARE:
        numbers = {
            "late_share": late_share,
            "allowed_share": LATE_SHARE,
            "core_wait_share": generator.core_wait_share,
            "stolen_share": generator.stolen_share,
        }
        yield Finding("generator_late", "invalid", numbers=numbers)


def _busy(cpu_cores: float | None) -> Iterator[Finding]:
    if cpu_cores is not None and cpu_cores > CPU_LIMIT:
        numbers = {"cpu_cores": cpu_cores, "allowed_cores": CPU_LIMIT}
        yield Finding("generator_cpu", "invalid", numbers=numbers)


def _stopped_by_limit(counted: LimitStops | None) -> Iterator[Finding]:
    """A container's CPU limit stops all its processes until the next period begins."""
    if counted is not None and counted.stops > LIMIT_STOPS_SHARE * counted.periods:
        numbers = {"stops": counted.stops, "periods": counted.periods}
        yield Finding("generator_limited", "invalid", numbers=numbers)


def _stolen(stolen_share: float | None) -> Iterator[Finding]:
    """While another virtual machine has our CPU, answers lie unread and requests are not sent."""
    if stolen_share is not None and stolen_share > STOLEN_SHARE:
        numbers = {"stolen_share": stolen_share, "allowed_share": STOLEN_SHARE}
        yield Finding("generator_stolen", "invalid", numbers=numbers)


def _starved(core_wait_s: float | None) -> Iterator[Finding]:
    """A worker that gets no core lets answers lie, and its clients, which wait for them, too."""
    if core_wait_s is not None and core_wait_s > CORE_WAIT_LIMIT_S:
        numbers = {"core_wait_s": core_wait_s, "allowed_s": CORE_WAIT_LIMIT_S}
        yield Finding("generator_starved", "invalid", numbers=numbers)
