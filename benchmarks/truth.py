"""Are the reported figures true? `python -m benchmarks.truth`

Runs against the simulator and compares with what it knows: percentiles of the service time against
its own log (from the last byte of a request to the last byte of the answer), for servers of several
kinds; and the mean wait with Poisson arrivals against queueing theory (M/D/1, M/M/c). The
difference to the server's log is the network's and both event loops' share.
"""

from __future__ import annotations

import math
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import ours
from benchmarks.table import markdown, parser, present
from edgeload.records import Request
from edgeload.runlog import read_records
from edgeload.simulator.launch import running_simulator
from edgeload.simulator.truth import read_truth_log

Floats = npt.NDArray[np.float64]

_DETECTOR_ID = "det_" + "T" * 27
_SHARES = (0.5, 0.95, 0.99, 0.999)
_CLIENTS = 200
_BATCHES = 20
_T_95 = 2.093  # Student's t, 19 degrees of freedom, two-sided 95 %


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
    """What each request waited for a server, by our measurement: service time - time served."""


def run(server: Server, seconds: float, folder: Path) -> ComparedQuantity:
    """One run; requests of the two logs are matched by their id. The first tenth is left out."""
    truth_log, log = folder / "truth.jsonl", ours.log_in(folder)
    options = [
        "--inference-workers", str(server.servers), "--service-time", f"{server.service_s}s",
        "--distribution", server.distribution, "--truth-log", str(truth_log),
    ]  # fmt: skip
    with running_simulator(options) as simulator:
        if server.stall_s:
            threading.Timer(0.7 * seconds, simulator.stall, [server.stall_s]).start()
        ours.run(
            ours.command(
                simulator.url, _DETECTOR_ID, _CLIENTS, server.rate / _CLIENTS, seconds, folder,
                "--arrivals", "poisson",
            )
        )  # fmt: skip
    truth = {line.request_id[-16:]: line for line in read_truth_log(truth_log)}
    pairs = [
        (record.latency, truth[f"{record.worker_number:08x}{record.request_number:08x}"])
        for chunk in read_records(log)
        for record in chunk
        if isinstance(record, Request) and record.success and record.due_s > seconds / 10
    ]
    served = [(t.end_s or 0.0) - (t.start_s or 0.0) for _, t in pairs]
    measured = np.array([latency for latency, _ in pairs])
    theirs = np.array([(t.answered_s or 0.0) - t.arrival_s for _, t in pairs])
    return ComparedQuantity(measured, theirs, measured - np.array(served))


def batch_means(values: Floats) -> tuple[float, float]:
    """Mean of a correlated series and half of its 95 % interval, from 20 batches."""
    means = np.array([batch.mean() for batch in np.array_split(values, _BATCHES)])
    half = _T_95 * means.std(ddof=1) / math.sqrt(_BATCHES)
    return float(values.mean()), float(half)


def row(server: Server, found: ComparedQuantity) -> list[str]:
    """One line of the table; milliseconds."""
    cells = [server.name, f"{len(found.measured):,}"]
    for share in _SHARES:
        measured, truth = (
            float(np.quantile(column, share, method="inverted_cdf")) * 1000
            for column in (found.measured, found.truth)
        )
        cells.append(f"{measured:.2f} ({measured - truth:+.2f})")
    mean, half = batch_means(found.waits * 1000)
    theory = server.mean_wait_s()
    if theory is None:
        return [*cells, f"{mean:.2f} ± {half:.2f}", "-", "-"]
    inside = abs(mean - theory * 1000) <= half
    return [*cells, f"{mean:.2f} ± {half:.2f}", f"{theory * 1000:.2f}", "yes" if inside else "no"]


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=1)
    options.add_argument("--seconds", type=float, default=30.0, help="length of each run")
    options.add_argument("--only", help="the servers whose names begin so, as in M/M/4")
    given = options.parse_args()
    servers = [server for server in SERVERS if server.name.startswith(given.only or "")]
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            row(server, run(server, given.seconds, Path(folder)))
            for _ in range(given.rounds)
            for server in servers
        ]
    head = [
        "server", "n", *(f"p{share * 100:g}, ms (- truth)" for share in _SHARES),
        "mean wait, ms", "theory, ms", "theory in the interval",
    ]  # fmt: skip
    title = "Service time, and in brackets how much more than the server's own log says"
    present(title, markdown(head, rows), given.output)


if __name__ == "__main__":
    main()
