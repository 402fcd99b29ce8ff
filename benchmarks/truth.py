"""Are the reported figures true? `python -m benchmarks.truth`

Runs against the simulator and compares with what it knows: percentiles of the service time against
its own log (from the last byte of a request to the last byte of the answer), for servers of several
kinds; and the mean wait with Poisson arrivals against queueing theory (M/D/1, M/M/c). The
difference to the server's log is the network's and both event loops' share.

A wait counts from when the request was due, less the mean difference to the server's log. Its mean
scatters between runs, because neighbouring requests wait for the same backlog: 20 batches of one
run of 8 s show a part of that only: their intervals hold theory in 43 to 87 of 100 runs. So the
interval comes from 2,000 exact simulations of a run as long as this one: they tell how far its mean
may lie from theory by chance. It is a 99 % interval: of 20 runs, one outside is rare. Every round
has its own seed. A run that calls itself INVALID, because our machine could not send in time, is
not judged: its arrivals were not Poisson's. A client holds a request back while its last one is in
flight: that shifts a mean wait by a few percent.

With `--mix`, three camera groups are measured at once, each before a detector of its own.
"""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import ours, truth_of_mix
from benchmarks.ending import end_with
from benchmarks.queues import Queue, response_times
from benchmarks.table import beginning, markdown, parser, present
from edgeload.records import Request
from edgeload.runlog import read_records
from edgeload.simulator.launch import running_simulator
from edgeload.simulator.truth import read_truth_log

Floats = npt.NDArray[np.float64]

_DETECTOR_ID = "det_" + "T" * 27
_SHARES = (0.5, 0.95, 0.99, 0.999)
_CLIENTS = 200
_CONFIDENCE = 0.99
_SIMULATED_RUNS = 2000
_CUT = 0.1  # of a run: the queue starts empty


@dataclass(frozen=True)
class Server:
    """A simulated server, and the share of its capacity that is asked of it."""

    name: str
    servers: int
    service_s: float
    distribution: str
    load: float
    stall_s: float = 0.0
    """Once, past the middle of the run, the whole server stands still for so long."""

    @property
    def rate(self) -> float:
        """Arrivals per second in all."""
        return self.load * self.servers / self.service_s

    def mean_wait_s(self) -> float | None:
        """By theory, with Poisson arrivals; None where there is no closed formula."""
        if self.distribution == "constant" and self.servers == 1:  # Pollaczek-Khinchine
            return self.load * self.service_s / (2 * (1 - self.load))
        if self.distribution == "exponential":  # Erlang C
            a = self.rate * self.service_s
            terms = [a**k / math.factorial(k) for k in range(self.servers)]
            last = a**self.servers / math.factorial(self.servers) / (1 - self.load)
            waits = last / (sum(terms) + last)
            return waits * self.service_s / (self.servers * (1 - self.load))
        return None

    def queue(self) -> Queue:
        """The same server, to be simulated with Poisson arrivals."""
        return Queue(self.name, self.servers, "M", self.distribution)


SERVERS = (
    *(Server(f"M/D/1 at {load:.0%}", 1, 0.01, "constant", load) for load in (0.5, 0.7, 0.9)),
    *(Server(f"M/M/4 at {load:.0%}", 4, 0.04, "exponential", load) for load in (0.5, 0.7, 0.9)),
    Server("lognormal x 4 at 70%", 4, 0.04, "lognormal", 0.7),
    Server("lognormal x 8 at 50%", 8, 0.01, "lognormal", 0.5),
    Server("constant x 4 at 50%, stalls 2 s", 4, 0.04, "constant", 0.5, stall_s=2.0),
    Server("bimodal x 4 at 50%", 4, 0.04, "bimodal", 0.5),
)


@dataclass(frozen=True)
class ComparedQuantity:
    """Our service times beside the server's, request by request; seconds."""

    measured: Floats
    truth: Floats
    waits: Floats
    """What each request waited for a server, by our measurement: response time - time served."""
    valid: bool

    @property
    def mean_wait_s(self) -> float:
        """Less what network and event loops take."""
        return float((self.waits - (self.measured - self.truth)).mean())


def run(server: Server, seconds: float, folder: Path, seed: int) -> ComparedQuantity:
    """One run; requests of the two logs are matched by their id. The first tenth is left out."""
    truth_log, log = folder / "truth.jsonl", ours.log_in(folder)
    options = [
        "--inference-workers", str(server.servers), "--service-time", f"{server.service_s}s",
        "--distribution", server.distribution, "--truth-log", str(truth_log), "--seed", str(seed),
    ]  # fmt: skip
    with running_simulator(options) as simulator:
        if server.stall_s:
            threading.Timer(0.7 * seconds, simulator.stall, [server.stall_s]).start()
        valid = ours.run(
            ours.command(
                simulator.url, _DETECTOR_ID, _CLIENTS, server.rate / _CLIENTS, seconds, folder,
                "--arrivals", "poisson", "--seed", str(seed),
            )
        )  # fmt: skip
    truth = {line.request_id[-16:]: line for line in read_truth_log(truth_log)}
    pairs = [
        (record, truth[f"{record.worker_number:08x}{record.request_number:08x}"])
        for chunk in read_records(log)
        for record in chunk
        if isinstance(record, Request) and record.success and record.due_s > seconds * _CUT
    ]
    served = np.array([(t.end_s or 0.0) - (t.start_s or 0.0) for _, t in pairs])
    return ComparedQuantity(
        measured=np.array([record.latency for record, _ in pairs]),
        truth=np.array([(t.answered_s or 0.0) - t.arrival_s for _, t in pairs]),
        waits=np.array([record.done_s - record.due_s for record, _ in pairs]) - served,
        valid=valid,
    )


@cache
def by_chance(server: Server, seconds: float) -> tuple[float, float]:
    """Between which multiples of theory the mean wait of a run lies, in 99 of 100 runs."""
    theory_s = server.mean_wait_s()
    assert theory_s is not None
    total = round(server.rate * seconds)
    settling = round(total * _CUT)
    waits, _ = response_times(
        server.queue(), server.load, total - settling, settling, _SIMULATED_RUNS, seed=1
    )
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(waits.mean(axis=0) * server.service_s / theory_s, (tail, 1 - tail))
    return float(low), float(high)


def interval_s(server: Server, seconds: float, mean_wait_s: float) -> tuple[float, float]:
    """The 99 % interval of the mean wait that a run's own mean wait tells."""
    low, high = by_chance(server, seconds)
    return mean_wait_s / high, mean_wait_s / low


@dataclass(frozen=True)
class WaitCheck:
    """A run's mean wait with its interval, and theory; seconds."""

    mean_s: float
    low_s: float
    high_s: float
    theory_s: float

    @property
    def inside(self) -> bool:
        """Whether theory lies in the interval."""
        return self.low_s <= self.theory_s <= self.high_s


def check_wait(server: Server, seconds: float, found: ComparedQuantity) -> WaitCheck | None:
    """None: the run is INVALID, or there is no closed formula for this server."""
    theory_s = server.mean_wait_s()
    if theory_s is None or not found.valid:
        return None
    low_s, high_s = interval_s(server, seconds, found.mean_wait_s)
    return WaitCheck(found.mean_wait_s, low_s, high_s, theory_s)


def row(server: Server, found: ComparedQuantity, check: WaitCheck | None) -> list[str]:
    """One line of the table; milliseconds."""
    cells = [server.name, f"{len(found.measured):,}"]
    for share in _SHARES:
        measured, truth = (
            float(np.quantile(column, share, method="inverted_cdf")) * 1000
            for column in (found.measured, found.truth)
        )
        cells.append(f"{measured:.2f} ({measured - truth:+.2f})")
    if check is None:
        verdict = "-" if found.valid else "INVALID"
        return [*cells, f"{found.mean_wait_s * 1000:.2f}", "-", verdict]
    low, high = check.low_s * 1000, check.high_s * 1000
    return [
        *cells,
        f"{check.mean_s * 1000:.2f} ({low:.2f} to {high:.2f})",
        f"{check.theory_s * 1000:.2f}",
        "yes" if check.inside else "no",
    ]


def summary(checks: Sequence[tuple[Server, WaitCheck]]) -> list[list[str]]:
    """For each server: valid runs, the mean of their mean waits, theory, intervals that hold."""
    found: dict[Server, list[WaitCheck]] = {}
    for server, check in checks:
        found.setdefault(server, []).append(check)
    return [
        [
            server.name,
            str(len(runs)),
            f"{1000 * sum(check.mean_s for check in runs) / len(runs):.2f}",
            f"{runs[0].theory_s * 1000:.2f}",
            f"{sum(check.inside for check in runs)} of {len(runs)}",
        ]
        for server, runs in found.items()
    ]


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=1)
    options.add_argument("--seconds", type=float, default=30.0, help="length of each run")
    options.add_argument(
        "--only", default="", help="only servers whose names start with this, e.g. M/M/4"
    )
    options.add_argument("--mix", action="store_true", help="three camera groups at once instead")
    given = options.parse_args()
    if given.mix:
        with tempfile.TemporaryDirectory() as folder:
            table = truth_of_mix.compare(given.rounds, given.seconds, Path(folder))
        title = f"Service time by camera group, {given.rounds} rounds of {given.seconds:g} s"
        present(title, table, given.output)
        return
    servers = beginning(options, given.only, SERVERS)
    rows: list[list[str]] = []
    checks: list[tuple[Server, WaitCheck]] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed, server in product(range(1, given.rounds + 1), servers):
            found = run(server, given.seconds, Path(folder), seed)
            check = check_wait(server, given.seconds, found)
            rows.append(row(server, found, check))
            checks += [(server, check)] if check else []
    head = [
        "server", "n", *(f"p{share * 100:g}, ms (- truth)" for share in _SHARES),
        "mean wait, ms (99 % interval)", "theory, ms", "theory in the interval",
    ]  # fmt: skip
    title = "Service time, and in brackets how much more than the server's own log says"
    tables = [markdown(head, rows)]
    if given.rounds > 1 and checks:
        short = ["server", "valid runs", "mean wait, ms", "theory, ms", "theory in the interval"]
        tables.append(markdown(short, summary(checks)))
    present(title, "\n\n".join(tables), given.output)


if __name__ == "__main__":
    end_with(main)
