"""May a step's numbers be presented as the endpoint's? What speaks against it. Pure (method 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeload.plan import RampStep
from edgeload.read.log.columns import Bools, RunLog
from edgeload.read.statistics.format import plural, share
from edgeload.read.statistics.windows import Floats, Window
from edgeload.records import End, WorkerDied, WorkerSample

LATE_LIMIT_S = 0.005
LATE_LIMIT_OF_PERIOD = 0.10
LATE_SHARE = 0.01
CPU_LIMIT = 0.80
GENERATOR = "generator"
"""Outcome of a request that failed on our side: no file descriptor, no port."""


@dataclass(frozen=True)
class Doubt:
    """A reason why a step or run is INVALID, and what to do about it.

    Doubts of one code and one `about` are one reason, even where their figures differ by step.
    """

    code: str
    message: str
    advice: str
    about: str = ""


def is_late(lag_s: Floats, requests_per_second: float | None) -> Bools:
    """Which requests the generator sent late: lag over max(5 ms, 10 % of a client's period)."""
    period_s = 1.0 / requests_per_second if requests_per_second else 0.0
    return np.asarray(lag_s > max(LATE_LIMIT_S, LATE_LIMIT_OF_PERIOD * period_s), dtype=np.bool_)


def cpu_shares(samples: tuple[WorkerSample, ...], window: Window) -> dict[int, float]:
    """CPU of each worker process inside a window, in cores; interpolated between its samples.

    A worker whose samples cover less than half of the window is left out: that is no data.
    """
    shares = {}
    for worker in sorted({sample.worker for sample in samples}):
        own = sorted((s.at_s, s.cpu_s) for s in samples if s.worker == worker)
        at_s, cpu_s = np.array(own, dtype=np.float64).T
        start_s, end_s = max(window.start_s, at_s[0]), min(window.end_s, at_s[-1])
        if end_s - start_s > 0.5 * window.length_s:
            used = np.interp(end_s, at_s, cpu_s) - np.interp(start_s, at_s, cpu_s)
            shares[worker] = float(used / (end_s - start_s))
    return shares


def step_doubts(
    log: RunLog,
    step: RampStep,
    late: Bools | None,
    shares: Mapping[int, float],
    failures: Mapping[str, int],
) -> tuple[Doubt, ...]:
    """All that makes one step INVALID: the generator's faults, and holes in the log."""
    return (
        *_late(late),
        *_busy(shares),
        *_died(log.deaths, step),
        *_own_failures(failures.get(GENERATOR, 0)),
        *(_disagrees(log, log.end) if log.end else _cut(log, step)),
    )


def run_doubts(log: RunLog) -> tuple[Doubt, ...]:
    """What makes a whole run doubtful: no end line, or one that disagrees with the lines."""
    return _disagrees(log, log.end) if log.end else _killed(log)


def _cut(log: RunLog, step: RampStep) -> tuple[Doubt, ...]:
    """A killed log's last step; what had ended before is whole."""
    return () if step.end_s < log.last_s else _killed(log)


def _killed(log: RunLog) -> tuple[Doubt, ...]:
    if log.plan is None:
        return ()
    return (
        Doubt(
            "no_end",
            f"the log stops at {log.last_s:.1f} s without an end line: the run was killed",
            "steps that had ended before are whole; run again for the rest",
        ),
    )


def _disagrees(log: RunLog, end: End) -> tuple[Doubt, ...]:
    ok = int(log.requests.ok.sum())
    logged = {
        "sent": len(log.requests),
        "ok": ok,
        "failed": len(log.requests) - ok,
        "missed": sum(log.missed.values()),
    }
    counted = end.counted
    wrong = [
        f"{counted[name]:,} {name}, the log {lines:,}"
        for name, lines in logged.items()
        if name in counted and counted[name] != lines
    ]
    if not wrong:
        return ()
    return (
        Doubt(
            "log_disagrees",
            f"the workers counted {'; '.join(wrong)}",
            "lines were lost or added: keep the log on a local disk with free space, and let "
            "nothing else write to it",
        ),
    )


def _late(late: Bools | None) -> list[Doubt]:
    if late is None or not len(late) or late.mean() <= LATE_SHARE:
        return []
    return [
        Doubt(
            "generator_late",
            f"the generator sent {share(float(late.mean()))} of the requests late",
            "give the generator more cores (--workers), fewer other programs, or a machine of its "
            "own",
        )
    ]


def _busy(shares: Mapping[int, float]) -> list[Doubt]:
    busiest = max(shares.values(), default=0.0)
    if busiest <= CPU_LIMIT:
        return []
    return [
        Doubt(
            "generator_cpu",
            f"a worker process used {share(busiest)} of a core, over {share(CPU_LIMIT)}",
            "spread the clients over more worker processes (--workers) or machines",
        )
    ]


def _died(deaths: tuple[WorkerDied, ...], step: RampStep) -> list[Doubt]:
    """Worker w hosts clients w, w + workers, ...: it has one in a step of more than w clients."""
    return [
        Doubt(
            "worker_died",
            f"worker {death.worker} (process {death.pid}, {plural(death.clients, 'client')}) "
            f"ended at {death.at_s:.1f} s by {_cause(death)}",
            "what its clients had not sent is missed: look at the system log for the cause, such as"
            " memory running out, and run again",
            about=f"worker {death.worker}",
        )
        for death in deaths
        if death.at_s < step.end_s and death.worker < step.clients
    ]


def _cause(death: WorkerDied) -> str:
    return f"signal {death.signal}" if death.signal else f"exit code {death.exit_code}"


def _own_failures(count: int) -> list[Doubt]:
    if not count:
        return []
    return [
        Doubt(
            "generator_failed",
            f"{plural(count, 'request')} could not be sent by this machine",
            "raise the limit of open files (ulimit -n) and the range of local ports",
        )
    ]
