"""A log as columns: one row per request sent, a few bytes each, and what else the log says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from edgeload.box_records import BoxRecord
from edgeload.camera_group import DEFAULT_GROUP
from edgeload.host.samples import HostSample
from edgeload.plan import Plan, RampStep
from edgeload.read.statistics.grouped import rise_in_groups
from edgeload.read.statistics.windows import Floats
from edgeload.records import (
    AskedAlone,
    End,
    Header,
    MachineSample,
    NodeClock,
    StepEnd,
    WorkerDied,
    WorkerSample,
)
from edgeload.runlog import DamagedLine

B = TypeVar("B", bound=BoxRecord)

TEXTS_PER_CLASS = 50
OTHER_TEXTS = "(further texts)"
NO_TEXT = -1
MOST_OUTCOMES = 1000
"""Different classes of one log: all HTTP statuses of three digits, and all that have a name."""

# Type codes of the columns, for `array` and numpy alike.
COLUMN_TYPES = {
    "client": "i",
    "number": "i",
    "step": "h",
    "due_s": "d",
    "sent_s": "d",
    "done_s": "d",
    "outcome": "h",
    "error": "i",
    "from_edge": "b",
    "status": "h",
    "bytes": "i",
}

Ints = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]


class ErrorText(NamedTuple):
    """A failure's class and one of its texts, as `Requests.error` refers to them.

    Texts of a class that differ only in numbers and ids count as the first of them.
    """

    outcome: str
    text: str


@dataclass(frozen=True)
class Requests:
    """Requests that were sent, or frames (see `frames`), by columns of one length, in the log's
    order.

    Instants are seconds of run time. Codes: `outcome` indexes `outcomes` (0 is "ok"), `error`
    indexes `errors` (-1 is none), `from_edge` is 1, 0 or -1 (not said), `status` is 0 for none.
    `due_s` is NaN throughout for a log that does not say it (see `RunLog.plan`); `sent_s` is NaN
    if such a log does not say how long an answer took. `part` is None if each row is a frame, or
    the first request of one: no group asked for further answers about its frames.
    """

    client: Ints
    number: Ints
    step: Ints
    due_s: Floats
    sent_s: Floats
    done_s: Floats
    outcome: Ints
    error: Ints
    from_edge: Ints
    status: Ints
    bytes: Ints
    outcomes: tuple[str, ...]
    errors: tuple[ErrorText, ...]
    part: Ints | None = None

    def __len__(self) -> int:
        return len(self.sent_s)

    @property
    def ok(self) -> Bools:
        """Which requests were answered as they should be."""
        return np.asarray(self.outcome == 0, dtype=np.bool_)

    @cached_property
    def clients_in_order(self) -> bool:
        """Whether each client's rows are in the order of their numbers, and of their ends, as those
        of a log are unless its lines were moved.
        """
        return rise_in_groups(self.client, self.number, self.done_s)

    def having(self, outcome: str) -> Bools:
        """Which requests ended in that outcome."""
        return np.asarray(self.outcome == self.code(outcome), dtype=np.bool_)

    def code(self, outcome: str) -> int:
        """The code of an outcome in `outcome`; -1, which no request has, if none ended in it."""
        return self.outcomes.index(outcome) if outcome in self.outcomes else -1

    def rows(self, which: Bools | npt.NDArray[np.intp]) -> Requests:
        """The requests that a mask keeps, or those with these row numbers, in their order."""
        kept = {name: getattr(self, name)[which] for name in COLUMN_TYPES}
        return replace(self, **kept, part=None if self.part is None else self.part[which])


class MissedKind(NamedTuple):
    """What missed frames are counted by: their step, the reason, and the name of their group."""

    step: int
    reason: str
    group: str = DEFAULT_GROUP


def frame_keys(requests: Requests) -> npt.NDArray[np.int64]:
    """One number for each frame: that of its client, and its own within that."""
    return (requests.client.astype(np.int64) << 32) + requests.number.astype(np.int64)


@dataclass(frozen=True)
class Damage:
    """Lines of the log that could not be read: how many, and the first."""

    lines: int
    first: DamagedLine | None


@dataclass(frozen=True)
class ClockJump:
    """From this line on, the clock had been set: by less than 0 s if it was set back.

    Forward it may also be that the generator stood still.
    """

    line: int
    seconds: float


@dataclass(frozen=True)
class Repairs:
    """What a log of the older form did not say as it should, and how it was read all the same.

    `instants_unit` and `latencies_unit` name a unit that is not the second. Requests without an
    instant are taken to have ended with the line before; successes without a latency have no
    service time.
    """

    jumps: tuple[ClockJump, ...] = ()
    instants_unit: str | None = None
    latencies_unit: str | None = None
    without_instant: int = 0
    without_latency: int = 0
    host_lines: int = 0
    """Lines with figures of the host; in `empty_host_lines` of them, zeros stand for no data."""
    empty_host_lines: int = 0


@dataclass(frozen=True)
class CameraLogs:
    """What the logs of upstream's application benchmark say beside their requests."""

    window_known: bool
    """Whether it is known which time was measured, and what was warm-up."""
    left_out: tuple[int, int] = (0, 0)
    """Frames before the time that was measured, and after it."""
    silent: tuple[str, ...] = ()
    """Cameras that were to send and of which nothing was found in that time."""
    failed: tuple[tuple[str, int | None], ...] = ()
    """Processes of cameras that ended with an error, and their exit codes, if they have one."""


@dataclass(frozen=True)
class RunLog:
    """All that a log says. `header` is None for a log of the older form, and so is `plan`, unless
    its lines name their cameras: the plan then has the groups of these, and no due times.

    `wall_s` is the Unix time of run time 0; `last_s` the last instant the log knows, in run time.
    `missed` counts the `missed` lines by kind: requests *known* to be never sent.
    `requests_per_second` is a client's arrival rate; None if neither the log nor the user says it.
    `requests` has one row per frame. `parts` has one per request of a log in which frames need
    several; it is None if a frame is one request: use `sent_requests`.
    """

    path: Path
    header: Header | None
    plan: Plan | None
    steps: tuple[RampStep, ...]
    requests_per_second: float | None
    wall_s: float
    last_s: float
    requests: Requests
    missed: dict[MissedKind, int]
    workers: tuple[WorkerSample, ...]
    deaths: tuple[WorkerDied, ...]
    end: End | None
    damage: Damage
    repairs: Repairs = Repairs()
    host: tuple[HostSample, ...] = ()
    """Samples of the endpoint's host in the log itself: those that its monitor sent, and those that
    some logs of the older form have."""
    asked_alone: tuple[AskedAlone, ...] = ()
    """What pictures got before the run, if its answers were compared with that."""
    parts: Requests | None = None
    retried: Mapping[int, int] = field(default_factory=dict)
    """How many requests were sent again, by step; empty if the log does not record it."""
    step_ends: tuple[StepEnd, ...] = ()
    """What a search wrote down at the end of each of its trials."""
    cameras: CameraLogs | None = None
    """Only of a log of the older form whose lines name their cameras."""
    box: tuple[BoxRecord, ...] = ()
    """What the box said about itself, and the monitor on its host, in the log's order."""
    node_clocks: tuple[NodeClock, ...] = ()
    """How the clocks of the nodes lay during a cluster run."""
    machines: tuple[MachineSample, ...] = ()
    """What hypervisors took from the machines that made the load."""

    @cached_property
    def frame_of_part(self) -> Ints:
        """For each row of `sent_requests`, the row of its frame in `requests`."""
        if self.parts is None:
            return np.arange(len(self.requests))
        frames, parts = frame_keys(self.requests), frame_keys(self.parts)
        order = np.argsort(frames)
        return np.asarray(order[np.searchsorted(frames[order], parts)])

    def box_said(self, kind: type[B]) -> tuple[B, ...]:
        """All lines of one kind that tell of the box, in the log's order."""
        return tuple(record for record in self.box if isinstance(record, kind))

    @property
    def sent_requests(self) -> Requests:
        """Every request that was sent, one row each, be it a whole frame or a part of one."""
        return self.requests if self.parts is None else self.parts

    @property
    def knows_due(self) -> bool:
        """Whether the log says when requests were due; one of the older form does not."""
        return self.header is not None

    @property
    def is_soak(self) -> bool:
        """Whether the run holds one load on purpose: it looks for no limit."""
        return self.settings.get("soak") is not None

    @property
    def is_search(self) -> bool:
        """Whether its steps are the trials of a search for the capacity."""
        return self.header is not None and self.header.plan.search is not None

    @property
    def at_s(self) -> Floats:
        """When each request fell due; when it was sent, if the log does not say more."""
        return self.requests.due_s if self.knows_due else self.requests.sent_s

    @property
    def settings(self) -> dict[str, Any]:
        """The run's resolved settings; empty if the log does not say them."""
        return self.header.settings if self.header else {}
