"""What a run writes down: one typed record per line of the log.

Instants are seconds of *run time*: 0 is the start of the first ramp step, on the monotonic clock
that all processes of one Linux host share. The header's `anchor` gives run time 0 on the wall
clock. If the wall clock is set during the run, only labels change (method: one clock).

History of `LOG_FORMAT_VERSION`:

* no version: logs of the older form, JSON lines of requests between plain lines `RAMP <n>`
  (`read/log/older_form.py` reads them, nothing writes them);
* 1: every line is JSON: header, preflight (added later), asked_alone (added later), ramp_step,
  step_end (added later), request, missed, worker, worker_died, node_clock (added later), machine
  (added later), end, and those of `box_records` (added later).
"""

from __future__ import annotations

import time
from typing import Any, Literal

import msgspec

from edgeload.box_records import BoxRecord
from edgeload.camera_group import Arrivals, LatePolicy

LOG_FORMAT_VERSION = 1

MissedReason = Literal["late", "skipped", "stopped"]
SearchOver = Literal["clients", "copies", "group", "rate", "headroom"]


BROKEN_TRIAL = "broken"
"""The verdict of a StepEnd if the endpoint broke in the trial, and the load was to be tried again.
"""
REPEATED_TRIAL = "repeated"
"""The verdict of a StepEnd if the trial was INVALID, and the load was to be tried again."""
UNCOUNTED_TRIALS = (BROKEN_TRIAL, REPEATED_TRIAL)
ROLLOUTS_SEEN = "the roll-outs that the run waited for were over"
"""The reason in the End of a run that ended for that: so was its last step, when it stopped."""
BROKE_FOR_GOOD = "the endpoint broke and did not recover"
"""The reason in the End of a search that gave up for that."""


class Anchor(msgspec.Struct, frozen=True):
    """Run time 0 on two clocks: seconds since the Unix epoch, and the host's monotonic seconds."""

    wall_s: float
    monotonic_s: float


class StepRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One ramp step as planned; run time in seconds. The rest are the plan step's own fields."""

    clients: int
    start_s: float
    end_s: float
    cameras: list[int] | None = None
    round: int | None = None
    speed: float = 1.0


class ChainRecord(msgspec.Struct, frozen=True):
    """What follows the first answer to a frame: so many requests at once to one detector."""

    detector_id: str
    requests: int
    detector_name: str | None = None
    confidence_threshold: float | None = None


class GroupRecord(msgspec.Struct, frozen=True):
    """One camera group: its load, its detector, and what was asked of it.

    `requests_per_second` is null for a closed loop. `cameras` are those of one copy of the mix.
    `confidence_threshold` is the detector's own, null if it is not known.
    """

    name: str
    cameras: int
    requests_per_second: float | None
    arrivals: Arrivals
    late: LatePolicy
    detector_id: str
    timeout_s: float
    detector_name: str | None = None
    detector_query: str | None = None
    confidence_threshold: float | None = None
    edge_only: bool | None = None
    always_edge: bool | None = None
    images: dict[str, Any] = {}
    slo: list[str] = []
    then: list[ChainRecord] = []


class SearchRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run that looks for the capacity: what it changes from trial to trial, and how far.

    `over` is what is counted: "clients", "copies" of the mix, cameras of the `group` of this name,
    or hundredths of the "rate" that all `clients` have by their settings; with "headroom", cameras
    of one group after the other, beside `base` copies of the others. Loads go up to `most`.
    `resolution` is how narrow the interval is to be, as a share of the capacity.
    """

    over: SearchOver
    most: int
    resolution: float
    start: int = 1
    group: str | None = None
    clients: int = 0
    budget_s: float | None = None
    base: int = 1


class PlanRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """The complete plan, from which the due time of every frame can be computed again.

    `requests_per_second`, `arrivals` and `late` are those of the only group; null for a mix. Logs
    of before there were groups have no `groups`. A `search` decides about its steps as it goes:
    the plan has none, and the records `ramp_step` and `step_end` say them.
    """

    steps: list[StepRecord]
    requests_per_second: float | None
    arrivals: Arrivals | None
    late: LatePolicy | None
    seed: int
    groups: list[GroupRecord] = []
    ramp_group: str | None = None
    search: SearchRecord | None = None


class NodeRecord(msgspec.Struct, frozen=True):
    """One node of a cluster, and the numbers of the worker processes that it runs.

    When the run began, its monotonic clock was `clock_offset_s` ahead of that of the driver, known
    to `clock_bound_s`. `endpoint` is the URL that it loaded; empty: that of the header.
    """

    name: str
    workers: list[int]
    usable_cores: int
    clock_offset_s: float
    clock_bound_s: float
    log: str = ""
    """The path of its own log on that machine."""
    versions: dict[str, str] = {}
    endpoint: str = ""
    machine: dict[str, Any] = {}
    """As `machine` in the header, of this node. Empty: a log of before that."""


class ClusterRecord(msgspec.Struct, frozen=True):
    """The machines that made the load together. `local`: they were all this machine."""

    nodes: list[NodeRecord]
    local: bool = False


class Header(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="header"):
    """First line: how the log was made. A reader of the log needs nothing else."""

    format_version: int
    run_id: str
    asctime: str
    ts: float
    anchor: Anchor
    plan: PlanRecord
    settings: dict[str, Any]
    """All settings by name, without the token."""
    endpoint: dict[str, Any]
    """`url`, `detector_id`, and `embedded`: the simulator's own description, or null."""
    workers: int
    """Worker processes; client c lives in worker c modulo this."""
    machine: dict[str, Any]
    versions: dict[str, str]
    images: dict[str, Any]
    command: str = ""
    """The command that repeats the run, independent of config.py; without the token."""
    cluster: ClusterRecord | None = None
    """Null: the load was made by the machine of this log alone."""


class RampStepStart(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="ramp_step"
):
    """A ramp step begins: `start_s` as planned, `at_s` as the supervisor noticed it.

    In a search a step is one trial, and is planned here: until `end_s` at the latest, with
    `cameras` and `speed` as in StepRecord.
    """

    asctime: str
    ts: float
    step: int
    clients: int
    start_s: float
    at_s: float
    end_s: float | None = None
    cameras: list[int] | None = None
    speed: float = 1.0


class StepEnd(msgspec.Struct, frozen=True, tag_field="event", tag="step_end"):
    """A trial of a search has ended at `end_s`: nothing is due in it from then on.

    `at_s` is when its last answer was in. `verdict` is what the search made of it: "pass", "fail",
    "undecided" or "invalid"; BROKEN_TRIAL and REPEATED_TRIAL do not count.
    """

    asctime: str
    ts: float
    step: int
    end_s: float
    at_s: float
    verdict: str


class Preflight(msgspec.Struct, frozen=True, tag_field="event", tag="preflight"):
    """One image query before the ramp, which shows that the endpoint answers; in no figure.

    Its instants are negative: run time 0 had not come. `outcome` and `from_edge` are those of a
    Request.
    """

    ts: float
    number: int
    sent_s: float
    done_s: float
    status: int | None
    outcome: str
    from_edge: bool | None
    error: str | None
    detector_id: str = ""


class AskedAlone(msgspec.Struct, frozen=True, tag_field="event", tag="asked_alone"):
    """What the pictures of a camera group got from a detector before the ramp, without load.

    Each of `pictures` was asked twice, one after the other; `unstable` of them got two different
    answers, and are not compared. `answers` counts the others by what was said about them, and
    `models` are the keys of the models that said it, as far as the answers name them. Instants are
    run time, negative as those of Preflight.
    """

    ts: float
    group: str
    detector_id: str
    pictures: int
    unstable: int
    answers: dict[str, int]
    models: list[str]
    start_s: float
    end_s: float


class Request(
    msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag_field="event", tag="request"
):
    """One request that was sent, whether it was answered or not.

    `worker_number` is the number of the client (in the older form every client was a worker) and
    `request_number` counts that client's planned requests from 1. `latency` is the service time,
    done - sent, in seconds. `outcome` is "ok" or the class of the failure (`failure_classes.py`).
    `bytes` is the size of the image that was sent. `from_edge` is null if no answer told. `group`
    is the name of the client's camera group.
    """

    asctime: str
    ts: float
    worker_number: int
    request_number: int
    latency: float
    success: bool
    error: str | None
    step: int
    due_s: float
    sent_s: float
    done_s: float
    status: int | None
    outcome: str
    from_edge: bool | None
    bytes: int
    group: str = ""
    retried: bool = False
    """Whether it was sent again, because the server had closed the kept connection. A line without
    it means no."""
    part: int = 0
    """0: a frame's first request. From 1 on: the further requests that its answer led to, numbered
    in the order of the group's `then`; their `due_s` is the frame's. A line without it means 0."""


class RequestRow(msgspec.Struct, frozen=True, gc=False, tag_field="event", tag="request"):
    """The fields of a Request that the analysis needs; decoding only these takes half the time.

    The client's number and the plan tell the group.
    """

    worker_number: int
    request_number: int
    error: str | None
    step: int
    due_s: float
    sent_s: float
    done_s: float
    status: int | None
    outcome: str
    from_edge: bool | None
    bytes: int
    retried: bool = False
    part: int = 0


class Missed(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="missed"):
    """One request that was due but never sent.

    Reasons: "late" if its step ended while the client was still busy, "skipped" if the client was
    busy when it fell due and drops such requests, or keeps only the newest of them, "stopped" if
    the run was stopped.
    """

    ts: float
    worker_number: int
    request_number: int
    step: int
    due_s: float
    reason: MissedReason
    group: str = ""


class WorkerSample(
    msgspec.Struct, frozen=True, tag_field="event", tag="worker", omit_defaults=True
):
    """What a worker process has spent, once per second; all figures except `at_s` count up.

    Lines leave out the figures that have a default here while they have it, as logs of before they
    existed do.
    """

    ts: float
    worker: int
    pid: int
    at_s: float
    cpu_s: float
    """CPU seconds of this process since its start, user and system together."""
    sent: int
    connects: int
    stale_retries: int
    """Requests that were sent again because the server had closed a kept connection."""
    confident: int = 0
    """Good answers whose confidence was at least the detector's own threshold, if that is known."""
    below_threshold: int = 0
    """Those whose confidence was below it."""
    compared: int = 0
    """Edge answers that were compared with those before the run (--check-answers)."""
    repeated_ids: dict[int, int] = {}
    """Good answers that had the id of an earlier one, by ramp step. Unlike the other figures, those
    since the worker's sample before: a line of a run without any leaves it out."""
    open_connections: int = 0
    """At this moment; those of the SDK are not known."""
    asked_connections: int = 0
    """For so many of them the kernel says the following figures."""
    round_trip_s: float | None = None
    """Their mean, smoothed by the kernel, at this moment."""
    on_the_way_s: float = 0.0
    """Seconds for which requests on these connections were not yet acknowledged, added up."""
    retransmits: int = 0
    """Segments that were sent again on these connections."""
    core_wait_s: float | None = None
    """For so long it was ready to run and had no core; None: the system does not say."""
    core_waits: int = 0
    """How often it was given one, after a wait of any length."""
    limit_periods: int = 0
    """Periods of the CPU limit of its container or cgroup so far, mostly of 100 ms; 0: no limit."""
    limit_stops: int = 0
    """Those in which the limit was used up, so that it was stopped until the next one."""


class WorkerDied(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="worker_died"
):
    """A worker process ended too early; the unsent requests of its clients are missed.

    `node` is the node of the cluster on which it ran, and `lost` says why that node counts as lost.
    What it did after `known_until_s` nobody knows.
    """

    asctime: str
    ts: float
    worker: int
    pid: int
    at_s: float
    exit_code: int | None
    signal: str | None
    clients: int
    node: str = ""
    lost: str = ""
    known_until_s: float | None = None


class NodeClock(msgspec.Struct, frozen=True, tag_field="event", tag="node_clock"):
    """During a run: the clock of a node of the cluster, less what it was when the run began.

    `offset_s` is at most `bound_s` off. The node's times in the log are as much ahead of ours.
    """

    ts: float
    at_s: float
    node: str
    offset_s: float
    bound_s: float


class MachineSample(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="machine"
):
    """Once a second: what a hypervisor has taken from a machine that makes the load, since the run
    began to look: seconds of each CPU that its workers may use, on average. `node` is its node in a
    cluster; empty: this machine.
    """

    ts: float
    at_s: float
    stolen_s: float
    node: str = ""


class End(msgspec.Struct, frozen=True, tag_field="event", tag="end"):
    """Last line. From run time `stopped_s` on nothing was sent."""

    asctime: str
    ts: float
    at_s: float
    stopped_s: float
    interrupted: bool
    reason: str
    counted: dict[str, int]
    """Counts of the workers' shared memory: sent, ok, failed, missed. The log must agree."""


_Other = (
    Header
    | Preflight
    | AskedAlone
    | RampStepStart
    | StepEnd
    | Missed
    | WorkerSample
    | WorkerDied
    | NodeClock
    | MachineSample
    | End
    | BoxRecord
)
Record = _Other | Request
Row = _Other | RequestRow

_encoder = msgspec.json.Encoder()


def encode(records: list[Any]) -> bytes:
    """Records as JSON lines, each with a newline at its end."""
    return _encoder.encode_lines(records)


class WallClock:
    """The labels `ts` and `asctime` for a run time, to the millisecond, from the header's anchor.

    The text for the last millisecond is kept, because busy clients ask for the same one many times.
    """

    def __init__(self, anchor: Anchor) -> None:
        self._wall_s = anchor.wall_s
        self._second = self._milli = -1
        self._second_text = self._text = ""

    def ts(self, run_s: float) -> float:
        """Seconds since the Unix epoch for a run time in seconds."""
        return int((self._wall_s + run_s) * 1000.0) / 1000.0

    def asctime(self, ts: float) -> str:
        """Local time in the form of Python's logging: `2026-11-23 18:30:01,123`."""
        milli = int(ts * 1000.0 + 0.5)
        if milli != self._milli:
            self._milli = milli
            second = milli // 1000
            if second != self._second:
                self._second = second
                self._second_text = time.strftime("%Y-%m-%d %H:%M:%S,", time.localtime(second))
            self._text = f"{self._second_text}{milli % 1000:03d}"
        return self._text

    def labels(self, run_s: float) -> tuple[float, str]:
        """`ts` and `asctime` for a run time, in half the time that the two take."""
        milli = int((self._wall_s + run_s) * 1000.0)
        ts = milli / 1000.0
        return ts, self._text if milli == self._milli else self.asctime(ts)
