"""How exactly are requests sent? `python -m benchmarks.punctuality`

Sent minus due, from our own log, for several loads; and the CPU of the worker processes, as a share
of one core. A client whose last answer was late is counted from that answer (generator lag: only
what is our own fault).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import ours
from benchmarks.ending import NoFigures, end_with
from benchmarks.nginx import DETECTOR_ID, cores, nginx
from benchmarks.table import markdown, parser, present, spread
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log

_LOADS = "1x10,100x10,500x10,10000x1"
_QUANTILES = ("p50", "p99", "p999")


def punctuality(url: str, clients: int, rate: float, seconds: float, folder: Path) -> list[float]:
    """Lag percentiles in microseconds, then CPU in per cent of a core; one worker on one core."""
    _, core = cores()
    command = ours.command(url, DETECTOR_ID, clients, rate, seconds, folder, "--workers", "1")
    ours.run(["taskset", "-c", str(core), *command])
    (step,) = analyse(read_log(ours.log_in(folder))).steps
    if step.generator.lag is None:
        raise NoFigures(f"{clients} clients sent nothing")
    found = [step.generator.lag.quantile(name) for name in _QUANTILES]
    figures = [quantile.value * 1e6 if quantile else float("nan") for quantile in found]
    return [*figures, (step.generator.cpu_cores or float("nan")) * 100]


def _loads(text: str) -> list[tuple[int, float]]:
    """(clients, requests/s of each) of every load. Raises ValueError."""
    pairs = [load.split("x") for load in text.split(",")]
    return [(int(clients), float(rate)) for clients, rate in pairs]


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=3)
    options.add_argument("--seconds", type=float, default=10.0, help="length of each run")
    options.add_argument("--loads", type=_loads, default=_LOADS, help="clients x requests/s each")
    given = options.parse_args()
    found: dict[tuple[int, float], list[list[float]]] = {load: [] for load in given.loads}
    server_core, _ = cores()
    with nginx(server_core) as server, tempfile.TemporaryDirectory() as folder:
        for _ in range(given.rounds):
            for (clients, rate), figures in found.items():
                figures.append(punctuality(server.url, clients, rate, given.seconds, Path(folder)))
    rows = [
        [f"{clients:,} x {rate:g}/s", *(spread(column) for column in zip(*rounds, strict=True))]
        for (clients, rate), rounds in found.items()
    ]
    head = ["clients", "lag p50, us", "p99, us", "p99.9, us", "CPU, % of a core"]
    title = "Generator lag, one worker process (min / median / max); nan: too few requests"
    present(title, markdown(head, rows), given.output)


if __name__ == "__main__":
    end_with(main)
