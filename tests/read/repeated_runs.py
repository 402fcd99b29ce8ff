"""Series of simulated runs of one endpoint, whose scatter between runs is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import synthetic_log as sl

from edgeload.read.analysis.repeats import Repeats, repeats_of
from edgeload.read.analysis.run_figures import (
    RunBracket,
    RunFigure,
    RunFigures,
    StepFigures,
    figures_of_run,
)
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log

CLIENTS = (10, 30, 60)


def write_run(path: Path, played: sl.Played, number: int = 1, **changes: Any) -> Path:
    """A log like those of `synthetic_log`, with a run id of its own."""
    sl.write(path, played, **changes)
    path.write_text(path.read_text().replace("183001-abcdef", f"183001-{number:06d}"))
    return path


def played_run(
    number: int, slower: float = 1.0, clients: Sequence[int] = CLIENTS, step_s: float = 12.0
) -> sl.Played:
    """A ramp on four servers with lognormal service times around 45 ms; Poisson arrivals."""

    def service(chance: Any) -> float:
        return slower * 0.045 * math.exp(0.3 * chance.gauss(0.0, 1.0))

    plan = sl.plan_of(clients, step_s, 2.0, arrivals="poisson", seed=number)
    return sl.play(plan, servers=4, service=service, seed=1000 + number)


def series_of(folder: Path, slower: Sequence[float], first: int = 1, **changes: Any) -> Repeats:
    """As many runs as factors of the service time, analysed together."""
    runs = []
    for place, factor in enumerate(slower):
        number = first + place
        played = played_run(number, factor, **changes)
        path = write_run(folder / f"run-{number}.log", played, number)
        runs.append(figures_of_run(analyse(read_log(path))))
    return repeats_of(runs)


def made_run(number: int, low: int = 38, high: int | None = 49, **changes: Any) -> RunFigures:
    """A run that counts, made of figures; `changes` replace some of them."""
    step = StepFigures(0, 10, 10, "", 8.0, {"throughput": RunFigure(20.0)})
    run = RunFigures(
        log=f"run-{number}.log",
        run_id=str(number),
        seed=number,
        load_kind=2.0,
        ramp=(10, 38, 50),
        requests_per_second=2.0,
        bracket=RunBracket(low, low, high, 2.0 * low),
        steps=(step,),
    )
    return replace(run, **changes)


def with_p95(values: Sequence[float], half: float) -> list[RunFigures]:
    """Runs with a response p95 at 10 clients, each with an interval of so much on each side."""
    make: Callable[[float], StepFigures] = lambda v: StepFigures(  # noqa: E731
        0, 10, 10, "", 8.0, {"response p95": RunFigure(v, v - half, v + half)}
    )
    return [made_run(i, steps=(make(value),)) for i, value in enumerate(values, 1)]
