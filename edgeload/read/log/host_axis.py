"""Lines of the host's monitor in a log -> its samples, on the clock of the run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from edgeload.box_records import BoxRecord, HostClock, MonitorLine
from edgeload.host.samples import HostSample


@dataclass(frozen=True)
class HostAxis:
    """How the host's monotonic clock lay to run time: the tightest look, and how far it moved.

    `offset_s` is at most `bound_s` off at that moment. `drift_s`: by how much the looks differ,
    over the whole run, beyond what their bounds explain.
    """

    offset_s: float
    bound_s: float
    looks: int
    drift_s: float


def host_axis(clocks: Sequence[HostClock]) -> HostAxis | None:
    """None without a look at the clock."""
    if not clocks:
        return None
    best = min(clocks, key=lambda look: look.bound_s)
    apart = [abs(c.offset_s - best.offset_s) - c.bound_s - best.bound_s for c in clocks]
    return HostAxis(best.offset_s, best.bound_s, len(clocks), max(0.0, *apart))


def joined_samples(box: Sequence[BoxRecord], wall_s: float) -> tuple[HostSample, ...]:
    """The samples that came during the run; their `ts` is that of the run's own clock.

    Between two looks at the host's clock the offset is taken to move in a straight line. A line
    that is no sample is left out: the monitor may be of a later version.
    """
    clocks = sorted((r for r in box if isinstance(r, HostClock)), key=lambda look: look.at_s)
    if not clocks:
        return ()
    theirs = np.array([look.at_s + look.offset_s for look in clocks])
    offsets = np.array([look.offset_s for look in clocks])
    found = []
    for record in box:
        if not isinstance(record, MonitorLine) or record.line.get("event") != "host_sample":
            continue
        try:
            sample = msgspec.convert(record.line, HostSample, strict=False)
        except msgspec.ValidationError:
            continue
        run_s = sample.monotonic_s - float(np.interp(sample.monotonic_s, theirs, offsets))
        found.append(replace(sample, ts=wall_s + run_s))
    return tuple(sorted(found, key=lambda sample: sample.ts))
