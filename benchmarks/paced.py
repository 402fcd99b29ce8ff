"""What do requests at fixed instants cost, and how punctual are they? `python -m benchmarks.paced`

Each load is sent by one worker process on one core to nginx on another. CPU is that of all
processes of the load test, over a window, per request that the server counts. Lag is sent minus due
by our own log (generator lag: a client whose last answer was late is counted from that answer),
over the step without its warm-up. In turn with it, a C program sends the same load without checking
or logging (`paced_floor.c`): that is what the load costs here at least. The ratio is the least of
ours to the least of the C program's. Runs that had less than 95 % of their core are thrown away.

On a machine that others share, a part of the lag is the kernel's: the sending process was ready and
had no core (*waited*; that includes waiting for its own parent process, on the same core), or the
hypervisor had taken it away (*stolen*). In so many percent of the time, whatever falls due is late,
whoever sends it. If they are half of what lies beyond a percentile, 0.5 % for p99, that percentile
says little about us.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import ours
from benchmarks.c_program import compiled
from benchmarks.core_share import (
    LEAST_SHARE,
    TOO_NOISY,
    CoreAccount,
    core_times,
    enough,
    least_ratio,
    look,
    share_had,
)
from benchmarks.ending import NoFigures, end_with
from benchmarks.nginx import DETECTOR_ID, Nginx, cores, nginx
from benchmarks.ours import PICTURE
from benchmarks.peers import PATH
from benchmarks.process_tree import await_requests, kill
from benchmarks.table import markdown, parser, present, spread
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import RunLog
from edgeload.read.log.open import read_log

LOADS = "100x10,500x10,10000x1"
LAGS = ("p50", "p99", "p99.9")
_QUANTILES = ("p50", "p99", "p999")
_WARM_UP_S = 2.0
_SPIN_US = 30
_ENDS_WITHIN_S = 60.0

Load = tuple[int, float]
"""Clients, and the requests per second of each."""


@dataclass(frozen=True)
class Pace:
    """One run of one program at one load."""

    cpu_us: float
    """CPU microseconds per request, of all its processes."""
    cores: float
    """The same as a share of one core."""
    lag_us: tuple[float, ...]
    """p50, p99 and p99.9; nan: too few requests."""
    waited: float
    """Share of the time for which the process that sends was ready and had no core."""
    stolen: float
    """Share of the core's time that the hypervisor took."""
    core_had: float

    @property
    def kept(self) -> bool:
        """Whether it had enough of its core to be compared."""
        return self.core_had >= LEAST_SHARE

    def ours(self, lag: str) -> bool:
        """Whether a percentile of the lag says something about the program: see above."""
        beyond = 1.0 - float(lag[1:]) / 100.0
        return self.waited + self.stolen < beyond / 2


@dataclass
class PacedRuns:
    """All runs at one load: of ours, and of the C program."""

    ours: list[Pace]
    floor: list[Pace]

    def ratio(self) -> float | None:
        """Least CPU per request to the floor's; None: too many runs were thrown away."""
        own, floor = ([run.cpu_us for run in runs if run.kept] for runs in (self.ours, self.floor))
        if not (enough(len(own), len(self.ours)) and enough(len(floor), len(self.floor))):
            return None
        return least_ratio(own, floor)


def measure(server: Nginx, load: Load, seconds: float, folder: Path) -> Pace:
    """One run of ours, of so many seconds after the warm-up. Raises NoFigures."""
    _, core = cores()
    length_s = _WARM_UP_S + seconds
    command = ours.command(server.url, DETECTOR_ID, *load, length_s, folder, "--workers", "1")
    before, errors = server.requests(), folder / "errors"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            cwd=ours.ROOT,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env={**ours.ENVIRONMENT, "HOME": str(folder)},
        )
    try:
        await_requests("edgeload", process, server, before, errors)
        time.sleep(_WARM_UP_S / 2)  # the rest of the warm-up covers the look itself
        tree = psutil.Process(process.pid)
        start, count = look(tree, core), server.requests()
        time.sleep(seconds)  # the window itself
        end, count = look(tree, core), server.requests() - count
        code = process.wait(_ENDS_WITHIN_S)
    except subprocess.TimeoutExpired as late:
        raise NoFigures(f"edgeload did not end within {_ENDS_WITHIN_S:g} s") from late
    finally:
        kill(process)
    ours.check(code, errors.read_text(encoding="utf-8", errors="replace"))
    log = read_log(ours.log_in(folder))
    used_s = end.cpu_s - start.cpu_s
    return Pace(
        used_s / max(1, count) * 1e6,
        used_s / (end.at_s - start.at_s),
        _lag_us(log),
        waited_share(log),
        _stolen(start, end),
        share_had(start, end),
    )


def _lag_us(log: RunLog) -> tuple[float, ...]:
    (step,) = analyse(log).steps
    if step.generator.lag is None:
        raise NoFigures("edgeload sent nothing")
    found = [step.generator.lag.quantile(name) for name in _QUANTILES]
    return tuple(quantile.value * 1e6 if quantile else float("nan") for quantile in found)


def waited_share(log: RunLog) -> float:
    """Share of the time for which the only worker process was ready and had no core.

    From its second sample on, because it starts before the first. nan: too short to tell.
    """
    told = [sample for sample in log.workers if sample.core_wait_s is not None][1:]
    if len(told) < 2:
        return float("nan")
    waited_s = (told[-1].core_wait_s or 0.0) - (told[0].core_wait_s or 0.0)
    return waited_s / (told[-1].at_s - told[0].at_s)


def _stolen(start: CoreAccount, end: CoreAccount) -> float:
    return (end.stolen_s - start.stolen_s) / (end.at_s - start.at_s)


def measure_floor(server: Nginx, load: Load, seconds: float, folder: Path) -> Pace:
    """One run of the C program, of so many seconds after the warm-up. Raises NoFigures."""
    _, core = cores()
    clients, rate = load
    length_s, port = _WARM_UP_S + seconds, server.url.rpartition(":")[2]
    options = (port, clients, rate, length_s, _WARM_UP_S, _SPIN_US, PICTURE, PATH)
    program = str(compiled("paced_floor", folder))
    command = ["taskset", "-c", str(core), program, *map(str, options)]
    start_s, (_, stolen_s) = time.monotonic(), core_times(core)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoFigures(f"paced_floor ended with {done.returncode}: {done.stderr.strip()}")
    stolen = (core_times(core)[1] - stolen_s) / (time.monotonic() - start_s)
    requests, answers, cpu_us, *lag_us, waited_us = map(float, done.stdout.split())
    if answers < 0.99 * requests:
        raise NoFigures(f"paced_floor got {answers:.0f} answers to {requests:.0f} requests")
    waited = waited_us / (seconds * 1e6)
    cores_used = cpu_us / (seconds * 1e6)
    return Pace(cpu_us / requests, cores_used, tuple(lag_us), waited, stolen, 1.0 - waited - stolen)


def measure_all(
    loads: Sequence[Load], rounds: int, seconds: float
) -> tuple[dict[Load, PacedRuns], str | None]:
    """All loads in turn, round by round; and why there is no C program. Raises NoFigures."""
    found = {load: PacedRuns([], []) for load in loads}
    no_floor: str | None = None
    server_core, _ = cores()
    with nginx(server_core) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(rounds):
            for load, runs in found.items():
                runs.ours.append(measure(server, load, seconds, folder))
                if no_floor is None:
                    try:
                        runs.floor.append(measure_floor(server, load, seconds, folder))
                    except NoFigures as reason:
                        no_floor = str(reason)
    return found, no_floor


def pace_table(found: dict[Load, PacedRuns], no_floor: str | None) -> str:
    """Two rows for each load: ours and the C program."""
    rows = []
    for (clients, rate), runs in found.items():
        for name, paces in (("edgeload", runs.ours), ("C", runs.floor)):
            if paces:
                rows.append([f"{clients:,} x {rate:g}/s", name, *_cells(paces)])
        if runs.floor:
            ratio = runs.ratio()
            rows[-2].append(TOO_NOISY if ratio is None else f"{ratio:.3g}")
            rows[-1].append("1")
    head = [
        "clients", "program", "CPU us per request", "% of a core",
        *(f"lag {lag}, us" for lag in LAGS), "waited, %", "stolen, %", "runs with its core",
        "CPU ÷ C's, least of each",
    ]  # fmt: skip
    rows = [row if len(row) == len(head) else [*row, "-"] for row in rows]
    return markdown(head, rows) + (f"\n\nskipped: C: {no_floor}" if no_floor else "")


def _cells(paces: Sequence[Pace]) -> list[str]:
    columns = [
        [pace.cpu_us for pace in paces],
        [100 * pace.cores for pace in paces],
        *([pace.lag_us[i] for pace in paces] for i in range(len(LAGS))),
        [100 * pace.waited for pace in paces],
        [100 * pace.stolen for pace in paces],
    ]
    kept = sum(pace.kept for pace in paces)
    return [*map(spread, columns), f"{kept} of {len(paces)}"]


def loads_of(text: str) -> list[Load]:
    """(clients, requests/s of each) of every load. Raises ValueError."""
    pairs = [load.split("x") for load in text.split(",")]
    return [(int(clients), float(rate)) for clients, rate in pairs]


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=5)
    options.add_argument("--seconds", type=float, default=8.0, help="of each run, after 2 s")
    options.add_argument("--loads", type=loads_of, default=LOADS, help="clients x requests/s each")
    given = options.parse_args()
    table = pace_table(*measure_all(given.loads, given.rounds, given.seconds))
    title = "Requests at fixed instants, one worker process (min / median / max)"
    present(f"{title}; nan: too few to tell", table, given.output)


if __name__ == "__main__":
    end_with(main)
