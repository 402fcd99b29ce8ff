"""Are reported percentiles those of the server? `python -m benchmarks.reference_server`

A server in C (`reference_server.c`) has a core of its own. It answers each image query after 1 to
20 ms, and writes down when the request's last byte came, by the kernel's stamp, and when it handed
the answer to the kernel. So no event loop of its own is in these times. The load test runs on the
other core and needs about half of it. Its service times are compared with the server's, of the same
requests by their ids, without the warm-up. A percentile is true if it differs by less than 1 % or
50 us. A part of the difference is real: copying the request, and the generator's waking up.

The last columns say how much of the time the generator's process had to wait for its core, and the
hypervisor took that core: what comes then is read late.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import ours
from benchmarks.c_program import compiled
from benchmarks.core_share import core_times
from benchmarks.ending import NoFigures, end_with
from benchmarks.nginx import DETECTOR_ID, cores
from benchmarks.paced import Load, waited_share
from benchmarks.table import markdown, parser, present, significant, spread
from edgeload.read.log.open import read_log
from edgeload.read.statistics.windows import Floats
from edgeload.records import Request
from edgeload.runlog import read_records
from edgeload.simulator.query import same_answer
from edgeload.simulator.routes import ME

SHARES = (0.5, 0.95, 0.99)
LOAD: Load = (500, 10.0)
_WARM_UP_S = 2.0
_WITHIN_S = 50e-6
_WITHIN_SHARE = 0.01


@dataclass(frozen=True)
class Reference:
    """One run: our service times and the server's, request by request, in seconds."""

    measured: Floats
    truth: Floats
    unstamped: int
    """Requests that the kernel did not stamp: for them, when the server read them."""
    waited: float
    stolen: float
    cores: float
    """CPU of the worker process, in cores."""

    def both(self, share: float) -> tuple[float, float]:
        """A percentile of ours and of the server's, seconds."""
        ours_s, truth_s = (
            float(np.quantile(column, share, method="inverted_cdf"))
            for column in (self.measured, self.truth)
        )
        return ours_s, truth_s

    def true(self, share: float) -> bool:
        """Whether a percentile is the server's, within the limits above."""
        return abs(self.difference_s(share)) <= max(_WITHIN_S, _WITHIN_SHARE * self.both(share)[1])

    def difference_s(self, share: float) -> float:
        """By how much a percentile of ours is larger."""
        ours_s, truth_s = self.both(share)
        return ours_s - truth_s


@contextmanager
def reference_server(folder: Path, seed: int) -> Iterator[str]:
    """A server in C on its own core: its URL. Its log is in the folder after its end."""
    core, _ = cores()
    (folder / "answer").write_bytes(same_answer(DETECTOR_ID))
    (folder / "me").write_text(json.dumps(ME), encoding="utf-8")
    files = [str(folder / name) for name in ("answer", "me", "truth")]
    program = str(compiled("reference_server", folder))
    process = subprocess.Popen(
        ["taskset", "-c", str(core), program, *files, str(seed)], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().decode().strip()
        if not port:
            raise NoFigures("reference_server does not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def measure(load: Load, seconds: float, folder: Path, seed: int) -> Reference:
    """One run of so many seconds after the warm-up. Raises NoFigures."""
    _, core = cores()
    with reference_server(folder, seed) as url:
        command = ours.command(
            url, DETECTOR_ID, *load, _WARM_UP_S + seconds, folder, "--workers", "1"
        )
        start_s, (_, stolen_s) = time.monotonic(), core_times(core)
        ours.run(["taskset", "-c", str(core), *command])
        stolen = (core_times(core)[1] - stolen_s) / (time.monotonic() - start_s)
    truth = read_truth(folder / "truth")
    pairs = [
        (record.latency, *truth[f"{record.worker_number:08x}{record.request_number:08x}"])
        for chunk in read_records(ours.log_in(folder))
        for record in chunk
        if isinstance(record, Request) and record.success and record.due_s > _WARM_UP_S
    ]
    if not pairs:
        raise NoFigures("no request was answered")
    measured, true, stamped = (np.array(column) for column in zip(*pairs, strict=True))
    log = read_log(ours.log_in(folder))
    spent = [(sample.at_s, sample.cpu_s) for sample in log.workers]
    cores_used = (spent[-1][1] - spent[0][1]) / (spent[-1][0] - spent[0][0])
    unstamped = int(np.count_nonzero(~stamped))
    return Reference(measured, true, unstamped, waited_share(log), stolen, cores_used)


def read_truth(path: Path) -> dict[str, tuple[float, bool]]:
    """By the last 16 digits of a request's id, which name client and number: the seconds from its
    last byte to the answer, and whether the kernel stamped that byte."""
    found = {}
    for line in path.read_text(encoding="ascii").splitlines():
        name, *instants = line.split()
        stamped, read, answered = map(int, instants)
        found[name[-16:]] = ((answered - (stamped or read)) / 1e9, stamped > 0)
    return found


def truth_table(runs: Sequence[Reference]) -> str:
    """A row for each percentile: ours, the server's, the difference, and in how many it is true."""
    rows = []
    for share in SHARES:
        both = [run.both(share) for run in runs]
        rows.append(
            [
                f"p{100 * share:g}",
                spread([1e3 * ours_s for ours_s, _ in both], 5),
                spread([1e3 * truth_s for _, truth_s in both], 5),
                spread([1e6 * run.difference_s(share) for run in runs]),
                spread([100 * (ours_s / truth_s - 1) for ours_s, truth_s in both], 2),
                f"{sum(run.true(share) for run in runs)} of {len(runs)}",
            ]
        )
    head = [
        "service time",
        "ours, ms",
        "the server's, ms",
        "difference, us",
        "difference, %",
        "true",
    ]
    each = [float(np.median(run.measured - run.truth)) * 1e6 for run in runs]
    facts = [
        ["requests", spread([len(run.measured) for run in runs], 7)],
        ["without a stamp of the kernel", spread([run.unstamped for run in runs], 7)],
        ["difference of one request, median, us", spread(each)],
        ["CPU of the worker, % of a core", spread([100 * run.cores for run in runs])],
        ["waited for its core, %", spread([100 * run.waited for run in runs])],
        ["stolen from its core, %", spread([100 * run.stolen for run in runs])],
    ]
    return markdown(head, rows) + "\n\n" + markdown(["each run", "min / median / max"], facts)


def measure_all(rounds: int, seconds: float, load: Load = LOAD) -> list[Reference]:
    """Rounds with a seed each. Raises NoFigures."""
    with tempfile.TemporaryDirectory() as folder:
        return [measure(load, seconds, Path(folder), seed) for seed in range(1, rounds + 1)]


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=3)
    options.add_argument("--seconds", type=float, default=22.0, help="of each run, after 2 s")
    options.add_argument("--clients", type=int, default=LOAD[0], help="of 10 requests/s each")
    given = options.parse_args()
    runs = measure_all(given.rounds, given.seconds, (given.clients, LOAD[1]))
    limits = f"{100 * _WITHIN_SHARE:g} % or {significant(1e6 * _WITHIN_S)} us"
    title = (
        f"Service times against the server's own log (min / median / max); true: within {limits}"
    )
    present(title, truth_table(runs), given.output)


if __name__ == "__main__":
    end_with(main)
